"""Clearing a history in the page: what is asked and counted, what goes from all open pages, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import create_engine, text

from tests.browser.screens import PHONE, Screen
from tests.browser.sharing import Sharer, picture
from tests.servers import Person, PythonConnection, ServerProcess, wait_until


@pytest.fixture
def carol(server: ServerProcess) -> Iterator[PythonConnection]:
    with Person(server.url, "carol").register().connect() as connection:
        yield connection


def dialog(screen: Screen) -> Locator:
    return screen.page.locator("dialog[data-sheet=clearing]")


def ask(screen: Screen) -> Locator:
    """Open the question about the conversation that is open."""
    if not screen.page.locator("[data-clear-history]").is_visible():
        screen.page.locator("[data-open-details]").click()
    screen.page.locator("[data-clear-history]").click()
    expect(dialog(screen)).to_be_visible()
    return dialog(screen)


def choose(screen: Screen, value: str) -> None:
    dialog(screen).locator(f"input[value={value}]").check()


def clear(screen: Screen, amount: str) -> None:
    expect(dialog(screen).locator("[data-count=known]")).to_have_text(amount)
    dialog(screen).locator("[data-confirm]").click()
    expect(dialog(screen)).to_have_count(0)


def texts(screen: Screen) -> Locator:
    return screen.page.locator("[data-message] [data-body]")


def undo(screen: Screen) -> None:
    screen.page.locator("[data-toast-action]").click()


def talk(alice: Screen, bob: Screen) -> None:
    """Both have the conversation open, with three messages in it."""
    alice.reload().open("bob").say("first", "second").shows(["first", "second"])
    bob.reload().open("alice").say("third")
    for screen in (alice, bob):
        expect(texts(screen)).to_have_text(["first", "second", "third"])


def test_for_oneself_the_other_keeps_everything(alice: Screen, bob: Screen, make_screen: Callable[..., Screen]) -> None:
    talk(alice, bob)
    other = make_screen(alice.page.context)
    other.page.goto(alice.url)
    other.is_online().open("bob")
    expect(texts(other)).to_have_count(3)
    expect(ask(alice)).to_contain_text("bob keeps everything")
    clear(alice, "3 messages")
    for screen in (alice, other):
        expect(texts(screen)).to_have_count(0)
        expect(screen.row("bob")).not_to_contain_text("third")
    expect(texts(bob)).to_have_count(3)
    undo(alice)
    for screen in (alice, other):
        expect(texts(screen)).to_have_text(["first", "second", "third"])
        expect(screen.row("bob")).to_contain_text("third")
    alice.say("fourth")
    expect(texts(bob)).to_have_text(["first", "second", "third", "fourth"])


def test_for_both_it_goes_from_both_and_comes_back_to_both(alice: Screen, bob: Screen) -> None:
    talk(alice, bob)
    bob.page.evaluate("parleyTests.turn(true)")
    ask(alice)
    choose(alice, "everyone")
    expect(dialog(alice)).to_contain_text("It goes for bob too.")
    expect(dialog(alice).locator("[data-confirm]")).to_have_text("Clear for both")
    clear(alice, "3 messages")
    for screen, peer in ((alice, "bob"), (bob, "alice")):
        expect(texts(screen)).to_have_count(0)
        expect(screen.page.locator("[data-line]")).to_have_text("alice cleared the history")
        expect(screen.row(peer)).to_be_visible()
        expect(screen.row(peer)).not_to_contain_text("third")
    undo(alice)
    for screen in (alice, bob):
        expect(texts(screen)).to_have_text(["first", "second", "third"])
        expect(screen.page.locator("[data-line]")).to_have_count(0)


def test_then_it_is_gone_for_good_with_its_files(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    talk(alice, bob)
    person = Person(server.url, "bob").login()
    with person.connect() as connection:
        Sharer(person, connection, connection.open_direct("alice")["id"]).show(picture(), "lake.jpg")
    expect(alice.page.locator("img.picture__image[data-state=shown]")).to_be_visible()
    stored = server.folder / "uploads"

    def files() -> list[str]:
        return [path.name for path in stored.rglob("*") if path.is_file()]

    assert files()
    ask(alice)
    choose(alice, "everyone")
    clear(alice, "4 messages, 1 file")
    expect(bob.page.locator("[data-line]")).to_have_text("alice cleared the history")
    wait_until(lambda: not files(), 40, "the end of the files")
    for screen in (alice, bob):
        screen.reload()
        expect(screen.page.locator("[data-line]")).to_have_text("alice cleared the history")
        expect(texts(screen)).to_have_count(0)


def test_up_to_a_day_leaves_what_came_later(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    talk(alice, bob)
    day = datetime.now(UTC) - timedelta(days=3)
    engine = create_engine(server.env["DATABASE_URL"])
    with engine.begin() as connection:
        here = "room_id = (SELECT room_id FROM messages WHERE body = 'first')"
        older = text(f"UPDATE messages SET created_at = :moment WHERE seq <= 2 AND {here}")
        connection.execute(older, {"moment": day.replace(tzinfo=None).isoformat(sep=" ")})
    engine.dispose()
    ask(alice)
    choose(alice, "everyone")
    choose(alice, "day")
    expect(dialog(alice).locator("[data-confirm]")).to_have_attribute("aria-disabled", "true")
    field = dialog(alice).locator("[data-field=day]")
    field.fill((day - timedelta(days=1)).date().isoformat())
    expect(dialog(alice).locator("[data-count]")).to_have_text("There is nothing to clear.")
    field.fill(day.date().isoformat())
    clear(alice, "2 messages")
    for screen in (alice, bob):
        expect(texts(screen)).to_have_text(["third"])
    undo(alice)
    for screen in (alice, bob):
        expect(texts(screen)).to_have_text(["first", "second", "third"])


def test_a_page_that_was_offline_catches_up_both_ways(alice: Screen, bob: Screen) -> None:
    talk(alice, bob)
    for expected in ([], ["first", "second", "third"]):
        bob.cut()
        if expected:
            undo(alice)
        else:
            ask(alice)
            choose(alice, "everyone")
            clear(alice, "3 messages")
        expect(texts(alice)).to_have_text(expected)
        bob.mend()
        expect(texts(bob)).to_have_text(expected)


def test_an_answer_that_is_being_written_loses_what_it_answers(alice: Screen, bob: Screen) -> None:
    talk(alice, bob)
    bob.messages.first.hover()
    bob.page.locator("[data-tool=reply]").click()
    bob.composer.fill("about the first")
    expect(bob.page.locator("[data-writing=reply]")).to_be_visible()
    ask(alice)
    choose(alice, "everyone")
    clear(alice, "3 messages")
    expect(bob.page.locator("[data-writing=reply]")).to_have_count(0)
    bob.composer.press("Enter")
    expect(texts(alice)).to_have_text(["about the first"])


def test_what_is_unread_elsewhere_is_not_any_more(alice: Screen, bob: Screen, carol: PythonConnection) -> None:
    talk(alice, bob)
    room = carol.open_direct("alice")["id"]
    for number in range(3):
        carol.send(room, f"number {number}")
    expect(alice.row("carol").locator("[data-unread='3']")).to_be_visible()
    assert carol.call("clear_history", {"room_id": room, "everyone": True, "seq": 2})["ok"]
    expect(alice.row("carol").locator("[data-unread='1']")).to_be_visible()
    assert carol.call("clear_history", {"room_id": room, "everyone": True, "seq": 3})["ok"]
    expect(alice.row("carol").locator("[data-unread]")).to_have_count(0)


def test_in_a_room_members_clear_for_themselves_and_its_owner_for_everybody(alice: Screen, bob: Screen) -> None:
    # The first who registers owns the room that everybody is in.
    for screen in (alice, bob):
        screen.reload().page.locator("[data-room]").first.click()
    alice.say("to everybody")
    expect(texts(bob)).to_have_text(["to everybody"])
    ask(bob)
    expect(dialog(bob).locator("input[value=everyone]")).to_have_count(0)
    dialog(bob).locator("[data-cancel]").click()
    ask(alice)
    choose(alice, "everyone")
    clear(alice, "1 message")
    for screen in (alice, bob):
        expect(texts(screen)).to_have_count(0)
        expect(screen.page.locator("[data-line]")).to_have_text("alice cleared the history")


def test_on_a_phone_it_fits_and_can_be_touched(
    make_screen: Callable[..., Screen], server: ServerProcess, carol: PythonConnection
) -> None:
    phone = make_screen(viewport=PHONE, has_touch=True).register("alice")
    carol.send(carol.open_direct("alice")["id"], "one")
    phone.open("carol")
    expect(texts(phone)).to_have_text(["one"])
    ask(phone)
    choose(phone, "day")
    sheet = dialog(phone)
    expect(sheet.locator("[data-field=day]")).to_be_visible()
    for target in sheet.locator("button, label.choice__one, input[type=date]").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, target
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    choose(phone, "all")
    clear(phone, "1 message")
    expect(phone.page.locator("[data-toast-action]")).to_be_visible()
