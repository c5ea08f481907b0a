"""Who has seen a message: on one's own page, in direct talks and in rooms of a few."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import PHONE, Screen
from tests.browser.test_rooms import enter
from tests.servers import Person, PythonConnection, ServerProcess


@pytest.fixture
def reader(server: ServerProcess) -> Iterator[PythonConnection]:
    with Person(server.url, "bob").register().connect() as bob:
        yield bob


@pytest.fixture
def carol(server: ServerProcess) -> Iterator[PythonConnection]:
    with Person(server.url, "carol").register().connect() as carol:
        yield carol


@pytest.fixture
def tea_room(alice: Screen, reader: PythonConnection, carol: PythonConnection) -> int:
    """Carol's, with alice and bob in it; alice has it open."""
    room = carol.call("create_room", {"name": "Tea room", "visibility": "public"})["room"]
    for username in ("alice", "bob"):
        assert carol.call("invite", {"room_id": room["id"], "username": username})["ok"]
    enter(alice, "Tea room")
    return int(room["id"])


def seen(screen: Screen, text: str) -> Locator:
    """Opens the menu of a message, once it has come, and gives what it says of its readers."""
    screen.message(text).last.hover()
    expect(screen.page.locator("[data-actions]")).to_be_attached()
    screen.message(text).last.locator("[data-body]").click(button="right")
    expect(screen.page.locator("[data-actions]")).to_be_visible()
    return screen.page.locator("[data-actions] [data-seen]")


def closes_menu(screen: Screen) -> None:
    screen.page.keyboard.press("Escape")
    expect(screen.page.locator("[data-actions]")).to_be_hidden()


def says(screen: Screen, text: str, state: str) -> Locator:
    found = screen.message(text).last
    expect(found).to_have_attribute("data-state", state)
    return found


def sends(screen: Screen, text: str) -> int:
    """Returns the message's number."""
    screen.say(text)
    return int(str(says(screen, text, "sent").get_attribute("data-seq")))


def read(person: PythonConnection, room_id: int, seq: int) -> None:
    assert person.call("mark_read", {"room_id": room_id, "seq": seq})["ok"]


def test_in_a_small_room_one_sees_by_name_who_has_seen_a_message(
    alice: Screen, reader: PythonConnection, carol: PythonConnection, tea_room: int
) -> None:
    seq = sends(alice, "tea at five?")
    expect(seen(alice, "tea at five?")).to_have_text("Nobody has seen it yet")
    closes_menu(alice)
    read(reader, tea_room, seq)
    tick = says(alice, "tea at five?", "read").locator(".bubble__tick")
    expect(tick).to_have_attribute("title", "Seen by bob")
    expect(seen(alice, "tea at five?")).to_contain_text("Seen by bob")
    closes_menu(alice)
    read(carol, tea_room, seq)
    expect(tick).to_have_attribute("title", "Seen by everyone")
    expect(seen(alice, "tea at five?").locator(".face")).to_have_count(2)


def test_others_messages_and_whispers_say_nothing_of_readers(
    alice: Screen, carol: PythonConnection, tea_room: int
) -> None:
    carol.send(tea_room, "who is here?")
    expect(alice.message("who is here?")).to_be_visible()
    expect(seen(alice, "who is here?")).to_have_count(0)
    closes_menu(alice)
    carol.call("enter_room", {"room_id": tea_room})
    expect(alice.page.locator("[data-here-count='2']")).to_be_visible()
    alice.composer.fill("/w carol ")
    expect(alice.page.locator("[data-writing=whisper]")).to_be_visible()
    alice.say("between us")
    expect(alice.message("between us")).to_have_attribute("data-state", "sent")
    expect(seen(alice, "between us")).to_have_count(0)


def test_who_comes_later_has_not_seen_what_was_said_before_and_who_goes_is_not_named(
    alice: Screen,
    reader: PythonConnection,
    carol: PythonConnection,
    tea_room: int,
    server: ServerProcess,
    request: pytest.FixtureRequest,
) -> None:
    before = sends(alice, "before")
    read(reader, tea_room, before)
    dave = Person(server.url, "dave").register().connect()
    request.addfinalizer(dave.close)
    assert dave.call("join_room", {"room_id": tea_room})["ok"]
    expect(alice.page.locator("[data-member-count='4']")).to_be_visible()
    expect(says(alice, "before", "read").locator(".bubble__tick")).to_have_attribute("title", "Seen by bob")
    after = sends(alice, "after")
    read(dave, tea_room, after)
    expect(says(alice, "after", "read").locator(".bubble__tick")).to_have_attribute("title", "Seen by dave")
    read(reader, tea_room, after)
    assert carol.call("leave_room", {"room_id": tea_room})["ok"]
    expect(says(alice, "after", "read").locator(".bubble__tick")).to_have_attribute("title", "Seen by everyone")
    assert dave.call("leave_room", {"room_id": tea_room})["ok"]
    expect(says(alice, "after", "read").locator(".bubble__tick")).to_have_attribute("title", "Seen by bob")


def test_what_was_read_while_one_was_away_is_known_afterwards(
    alice: Screen, reader: PythonConnection, tea_room: int
) -> None:
    seq = sends(alice, "are you there?")
    alice.cut()
    read(reader, tea_room, seq)
    alice.mend().is_online()
    says(alice, "are you there?", "read")
    alice.reload()
    expect(says(alice, "are you there?", "read").locator(".bubble__tick")).to_have_attribute("title", "Seen by bob")


def test_in_a_direct_talk_the_menu_says_seen(alice: Screen, bob: Screen) -> None:
    """Bob is a person at a page, who reads by looking."""
    alice.open("bob")
    sends(alice, "hello")
    expect(seen(alice, "hello")).to_have_text("Not seen yet")
    closes_menu(alice)
    bob.open("alice")
    says(alice, "hello", "read")
    expect(seen(alice, "hello")).to_have_text("Seen")


def test_a_person_at_a_page_is_named_in_a_small_room(
    alice: Screen, make_screen: Callable[..., Screen], carol: PythonConnection
) -> None:
    """And reads with the arrows what the menu says, on a phone too."""
    room_id = carol.call("create_room", {"name": "Tea room", "visibility": "public"})["room"]["id"]
    bob = make_screen(viewport=PHONE).register("bob")
    for username in ("alice", "bob"):
        assert carol.call("invite", {"room_id": room_id, "username": username})["ok"]
    enter(alice, "Tea room")
    sends(alice, "hello, room")
    enter(bob, "Tea room")
    says(alice, "hello, room", "read")
    bob.say("here I am")
    says(alice, "hello, room", "read")
    says(bob, "here I am", "read")
    line = seen(bob, "here I am")
    expect(line).to_contain_text("Seen by alice")
    bob.page.keyboard.press("End")
    expect(line).to_be_focused()
    assert bob.cut_off() == []


def test_small_faces_stand_where_each_has_stopped_and_move_nothing(
    alice: Screen, reader: PythonConnection, carol: PythonConnection, tea_room: int
) -> None:
    first, last = sends(alice, "first"), sends(alice, "last")
    places = "(all) => all.map((one) => Object.values(one.getBoundingClientRect().toJSON()))"
    before = alice.page.locator(".bubble").evaluate_all(places)
    read(reader, tea_room, first)
    read(carol, tea_room, last)
    expect(alice.page.get_by_role("img", name="Read up to here: bob")).to_be_visible()
    at_last = alice.message("last").locator("[data-readers]")
    expect(at_last).to_have_attribute("aria-label", "Read up to here: carol")
    assert alice.page.locator(".bubble").evaluate_all(places) == before
    read(reader, tea_room, last)
    expect(at_last).to_have_attribute("aria-label", "Read up to here: bob, carol")
    expect(alice.page.locator("[data-readers]")).to_have_count(1)
    assert alice.cut_off() == []
