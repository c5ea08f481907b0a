"""Rooms in the page: made, found, joined, changed, left and deleted, by several people at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.screens import PHONE, Screen
from tests.servers import Person, PythonConnection, ServerProcess

Make = Callable[..., Screen]


@pytest.fixture
def carol(server: ServerProcess) -> PythonConnection:
    """Somebody whose side is played by a program."""
    return Person(server.url, "carol").register().connect()


def make_room(owner: PythonConnection, name: str, **options: Any) -> int:
    answer = owner.call("create_room", {"name": name, "visibility": "public", **options})
    assert answer["ok"], answer
    return int(answer["room"]["id"])


def row(screen: Screen, name: str) -> Locator:
    return screen.page.locator(f'[data-room][data-name="{name}"]')


def enter(screen: Screen, name: str) -> Screen:
    row(screen, name).click()
    return is_in(screen, name)


def is_in(screen: Screen, name: str) -> Screen:
    expect(screen.page.locator("[data-conversation] .bar__name")).to_have_text(name)
    expect(screen.composer).to_be_enabled()
    return screen


def lines(screen: Screen) -> Locator:
    return screen.page.locator("[data-line]")


def member(screen: Screen, username: str) -> Locator:
    return screen.page.locator(f'[data-member="{username}"]')


def act(screen: Screen, username: str, name: str) -> None:
    member(screen, username).locator("[data-member-menu]").click()
    screen.page.locator(f"[data-member-actions] [data-act={name}]").click()


def sheet(screen: Screen) -> Locator:
    return screen.page.locator("dialog[data-sheet]")


def search(screen: Screen, text: str) -> None:
    screen.page.locator("[data-search]").fill(text)


def toast(screen: Screen) -> Locator:
    return screen.page.locator("[data-toast]")


def new_room(screen: Screen) -> Locator:
    screen.page.locator("[data-rooms-menu]").click()
    screen.page.locator("[data-new-room]").click()
    return sheet(screen)


def test_a_room_is_made_found_by_its_name_and_talked_in(alice: Screen, bob: Screen) -> None:
    form = new_room(alice)
    form.locator("[data-field=name]").fill("Summer  trip 夏日")
    form.locator("[data-field=topic]").fill("Lake, tents, kettle")
    form.locator("[data-save=room]").click()
    is_in(alice, "Summer trip 夏日")
    expect(lines(alice)).to_have_text(["alice made this room"])

    search(bob, "summer TRIP 夏日")
    expect(row(bob, "Summer trip 夏日")).to_be_visible()
    expect(bob.page.locator("[data-create-room]")).to_have_count(0)
    bob.page.locator("[data-search]").press("Enter")
    is_in(bob, "Summer trip 夏日").say("here I am")

    expect(alice.message("here I am").locator("[data-author]")).to_have_text(re.compile("^bob"))
    expect(alice.messages.locator(".message__face")).to_have_text(["B"])
    expect(lines(alice)).to_have_text(["alice made this room", "bob joined"])
    for screen in (alice, bob):
        expect(screen.page.locator("[data-here-count='2']")).to_be_visible()
        expect(screen.page.locator("[data-topic]")).to_have_text("Lake, tents, kettle")
        expect(screen.page.locator("[data-member][data-here]")).to_have_count(2)
    expect(member(bob, "alice")).to_have_attribute("data-role", "owner")


def test_a_name_that_no_room_has_is_offered_to_be_made(alice: Screen) -> None:
    search(alice, "Физика 11Б")
    alice.page.locator("[data-create-room]").click()
    expect(sheet(alice).locator("[data-field=name]")).to_have_value("Физика 11Б")
    sheet(alice).locator("[data-save=room]").click()
    is_in(alice, "Физика 11Б")


def test_a_name_that_is_taken_is_said_at_the_field(alice: Screen, carol: PythonConnection) -> None:
    make_room(carol, "Secret", visibility="private")
    form = new_room(alice)
    form.locator("[data-field=name]").fill("ｓｅｃｒｅｔ")
    form.locator("[data-save=room]").click()
    field = form.locator("[data-field=name]")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(form.locator("#name-error")).not_to_be_empty()
    field.fill("another name")
    form.locator("[data-save=room]").click()
    is_in(alice, "another name")


def test_a_room_has_an_emoji_for_its_picture(alice: Screen) -> None:
    form = new_room(alice)
    form.locator("[data-field=name]").fill("Tents")
    form.locator("[data-pick-emoji]").click()
    alice.page.locator("[data-picker] input").fill("tent")
    alice.page.locator("[data-picker] .picker__one").first.click()
    expect(form.locator(".face__emoji")).to_have_text("⛺")
    form.locator("[data-save=room]").click()
    expect(row(alice, "Tents").locator(".face__emoji")).to_have_text("⛺")


def test_public_rooms_are_looked_through_and_joined(alice: Screen, carol: PythonConnection) -> None:
    make_room(carol, "Kitchen", topic="What is for dinner")
    make_room(carol, "Hidden", visibility="private")
    alice.page.locator("[data-rooms-menu]").click()
    alice.page.locator("[data-browse-rooms]").click()
    expect(sheet(alice).locator(".room-browse__name")).to_have_text(["General", "Kitchen"])
    expect(sheet(alice).locator(".room-browse__one").nth(1)).to_contain_text("1 member")
    sheet(alice).locator("[data-room-search]").fill("kit")
    expect(sheet(alice).locator(".room-browse__name")).to_have_text(["Kitchen"])
    sheet(alice).locator("[data-join]").click()
    is_in(alice, "Kitchen")
    expect(sheet(alice)).to_have_count(0)


def test_many_who_come_and_go_are_one_quiet_line(alice: Screen, server: ServerProcess, carol: PythonConnection) -> None:
    room_id = make_room(carol, "Station")
    for name in ("dora", "emil", "fritz"):
        with Person(server.url, name).register().connect() as passer:
            assert passer.call("join_room", {"room_id": room_id})["ok"]
    assert alice.page.evaluate("location.hash") == ""
    search(alice, "station")
    row(alice, "Station").click()
    is_in(alice, "Station")
    expect(lines(alice)).to_have_text(["carol made this room", "dora, emil and 2 others joined"])


def test_the_owner_changes_a_room_for_everybody(alice: Screen, carol: PythonConnection) -> None:
    new_room(alice).locator("[data-field=name]").fill("Old name")
    sheet(alice).locator("[data-save=room]").click()
    is_in(alice, "Old name")
    room_id = int(str(row(alice, "Old name").get_attribute("data-room")))
    assert carol.call("join_room", {"room_id": room_id})["ok"]
    alice.page.locator("[data-edit-room]").click()
    sheet(alice).locator("[data-field=name]").fill("New name")
    sheet(alice).locator("[data-field=message_ttl]").select_option("3600")
    sheet(alice).locator("[data-field=visibility] input[value=private]").check()
    sheet(alice).locator("[data-save=room]").click()
    expect(sheet(alice)).to_have_count(0)
    is_in(alice, "New name")
    expect(alice.page.locator("[data-forgets]")).to_contain_text("Messages vanish after 1 hour")
    expect(alice.page.locator("[data-kept]")).to_contain_text("By invitation only")
    heard = carol.wait_for(
        lambda one: [told for told in one.heard("room_changed") if told["room"]["name"] == "New name"]
    )
    assert (heard[-1]["room"]["message_ttl"], heard[-1]["room"]["visibility"]) == (3600, "private")


def test_somebody_who_is_removed_keeps_what_they_were_writing(alice: Screen, bob: Screen) -> None:
    new_room(alice).locator("[data-field=name]").fill("Garden")
    sheet(alice).locator("[data-field=visibility] input[value=private]").check()
    sheet(alice).locator("[data-save=room]").click()
    is_in(alice, "Garden")
    alice.page.locator("[data-invite]").click()
    sheet(alice).locator("[data-candidate=bob] [data-invite-person]").click()
    expect(sheet(alice).locator("[data-candidate=bob] [data-inside]")).to_be_visible()
    sheet(alice).locator("[data-close]").click()

    enter(bob, "Garden").composer.fill("not yet said")
    expect(member(alice, "bob").locator(".member__state")).to_have_text("here now")
    act(alice, "bob", "promote")
    expect(member(bob, "bob")).to_have_attribute("data-role", "moderator")
    act(alice, "bob", "remove")
    sheet(alice).locator("[data-confirm]").click()

    expect(toast(bob)).to_contain_text("You were removed from “Garden”.")
    expect(toast(bob).locator("[data-toast-action]")).to_have_text("Copy what I wrote")
    expect(row(bob, "Garden")).to_have_count(0)
    expect(bob.page.locator("[data-part=welcome]")).to_be_visible()
    expect(member(alice, "bob")).to_have_count(0)

    alice.page.locator("[data-invite]").click()
    sheet(alice).locator("[data-candidate=bob] [data-invite-person]").click()
    enter(bob, "Garden")
    expect(bob.composer).to_have_value("not yet said")


def test_a_room_is_handed_over(alice: Screen, bob: Screen) -> None:
    new_room(alice).locator("[data-field=name]").fill("Heritage")
    sheet(alice).locator("[data-save=room]").click()
    is_in(alice, "Heritage")
    search(bob, "heritage")
    row(bob, "Heritage").click()
    is_in(bob, "Heritage")
    expect(bob.page.locator("[data-edit-room], [data-delete-room]")).to_have_count(0)
    act(alice, "bob", "hand-over")
    sheet(alice).locator("[data-confirm]").click()
    expect(member(alice, "bob")).to_have_attribute("data-role", "owner")
    expect(member(alice, "alice")).to_have_attribute("data-role", "moderator")
    expect(bob.page.locator("[data-edit-room], [data-delete-room]")).to_have_count(2)


def test_a_deleted_room_is_gone_for_all_and_can_be_brought_back(alice: Screen, bob: Screen) -> None:
    new_room(alice).locator("[data-field=name]").fill("Mistake")
    sheet(alice).locator("[data-save=room]").click()
    is_in(alice, "Mistake").say("first words")
    search(bob, "mistake")
    row(bob, "Mistake").click()
    is_in(bob, "Mistake")
    expect(bob.message("first words")).to_be_visible()
    search(bob, "")
    alice.page.locator("[data-delete-room]").click()
    sheet(alice).locator("[data-confirm]").click()
    expect(toast(bob)).to_contain_text("“Mistake” was deleted.")
    expect(row(bob, "Mistake")).to_have_count(0)
    expect(row(alice, "Mistake")).to_have_count(0)
    toast(alice).locator("[data-toast-action]").click()
    is_in(alice, "Mistake")
    expect(alice.message("first words")).to_be_visible()
    expect(row(bob, "Mistake")).to_be_visible()


def test_leaving_leads_back_to_the_list_and_general_cannot_be_left(alice: Screen, carol: PythonConnection) -> None:
    make_room(carol, "Waiting room")
    search(alice, "waiting room")
    row(alice, "Waiting room").click()
    is_in(alice, "Waiting room")
    search(alice, "")
    alice.page.locator("[data-leave-room]").click()
    expect(sheet(alice)).to_contain_text("You can come back whenever you like.")
    sheet(alice).locator("[data-confirm]").click()
    expect(alice.page.locator("[data-part=welcome]")).to_be_visible()
    expect(row(alice, "Waiting room")).to_have_count(0)
    expect(toast(alice)).to_have_count(0)
    enter(alice, "General")
    expect(member(alice, "carol")).to_be_visible()
    expect(alice.page.locator("[data-leave-room]")).to_have_count(0)


def test_an_invitation_link_is_made_copied_and_revoked(alice: Screen) -> None:
    alice.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    new_room(alice).locator("[data-field=name]").fill("Club")
    sheet(alice).locator("[data-field=visibility] input[value=private]").check()
    sheet(alice).locator("[data-save=room]").click()
    is_in(alice, "Club")
    with alice.page.expect_response("**/invitations"):
        alice.page.locator("[data-invite]").click()
    links = sheet(alice).locator("[data-link]")
    expect(links).to_have_count(0)
    sheet(alice).locator("[data-field=expires_in]").select_option("3600")
    sheet(alice).locator("[data-field=uses]").select_option("10")
    sheet(alice).locator("[data-create-link]").click()
    expect(links).to_have_count(1)
    expect(links).to_contain_text("10 uses left")
    expect(links.locator("[data-copy]")).to_contain_text("Copied")
    copied = alice.page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(re.escape(alice.url) + r"/i/[\w-]{20,}", copied)
    links.locator("[data-revoke]").click()
    expect(links).to_have_count(0)


def test_a_link_made_while_the_others_come_stays(alice: Screen) -> None:
    held: list[Route] = []
    new_room(alice).locator("[data-field=name]").fill("Club")
    sheet(alice).locator("[data-field=visibility] input[value=private]").check()
    sheet(alice).locator("[data-save=room]").click()
    is_in(alice, "Club")
    alice.page.route(
        "**/invitations", lambda route: held.append(route) if route.request.method == "GET" else route.continue_()
    )
    with alice.page.expect_request("**/invitations"):
        alice.page.locator("[data-invite]").click()
    sheet(alice).locator("[data-create-link]").click()
    links = sheet(alice).locator("[data-link]")
    expect(links).to_have_count(1)
    with alice.page.expect_response("**/invitations"):
        held.pop().fulfill(json={"ok": True, "invitations": []})  # as it was when it was asked
    alice.page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(links).to_have_count(1)


def test_who_writes_in_a_room_is_named(alice: Screen, carol: PythonConnection) -> None:
    room_id = make_room(carol, "Talk")
    search(alice, "talk")
    row(alice, "Talk").click()
    is_in(alice, "Talk")
    search(alice, "")
    assert carol.call("set_typing", {"room_id": room_id, "typing": True})["ok"]
    expect(alice.page.locator("[data-typing]")).to_have_text("carol is typing…")
    expect(row(alice, "Talk").locator(".row__typing")).to_have_text("carol is typing…")


def test_a_room_address_that_is_not_open_to_one_leads_to_the_list(alice: Screen, carol: PythonConnection) -> None:
    room_id = make_room(carol, "Private", visibility="private")
    alice.page.goto("about:blank")  # so that the page comes with the address
    alice.page.goto(f"{alice.url}/#/room/{room_id}")
    expect(toast(alice)).to_contain_text("This room is not there")
    expect(alice.page.locator("[data-part=welcome]")).to_be_visible()
    assert alice.page.evaluate("location.hash") == ""


def test_the_room_is_found_again_after_a_loss_of_the_connection(alice: Screen, bob: Screen) -> None:
    """A new connection says anew which room is open, and hears who came meanwhile."""
    enter(alice, "General")
    expect(alice.page.locator("[data-here-count='1']")).to_be_visible()
    alice.cut()
    enter(bob, "General")
    alice.mend().is_online()
    for screen in (alice, bob):
        expect(screen.page.locator("[data-here-count='2']")).to_be_visible()


def test_on_a_phone_one_goes_from_the_room_to_its_people_and_back(make_screen: Make, carol: PythonConnection) -> None:
    alice = make_screen(viewport=PHONE, has_touch=True).register("alice")
    enter(alice, "General")
    alice.page.locator("[data-open-details]").click()
    expect(member(alice, "carol")).to_be_visible()
    act(alice, "carol", "write")
    alice.has_open("carol")


def test_of_a_room_one_hears_as_much_as_one_chose(alice: Screen, carol: PythonConnection) -> None:
    room_id = make_room(carol, "Loud")
    search(alice, "loud")
    row(alice, "Loud").click()
    is_in(alice, "Loud")
    search(alice, "")
    alice.page.locator("[data-notify]").select_option("mentions")
    expect(row(alice, "Loud").locator("[data-muted]")).to_be_visible()
    carol.send(room_id, "hello")
    alice.reload()
    expect(alice.page.locator("[data-notify]")).to_have_value("mentions")


def test_a_message_that_expires_counts_down_and_goes_and_the_readers_place_stays(
    alice: Screen, carol: PythonConnection
) -> None:
    room_id = make_room(carol, "Embers")
    search(alice, "embers")
    row(alice, "Embers").click()
    is_in(alice, "Embers")
    search(alice, "")
    assert carol.call("change_room", {"room_id": room_id, "message_ttl": 10})["ok"]
    for number in range(4):
        carol.send(room_id, f"fleeting {number}\n" * 6)
    assert carol.call("change_room", {"room_id": room_id, "message_ttl": None})["ok"]
    for number in range(12):
        carol.send(room_id, f"lasting {number}\n" * 6)
    expect(alice.messages).to_have_count(16)
    expect(alice.page.locator("[data-expires]")).to_have_count(4)
    expect(alice.page.locator("[data-expires]").first).to_contain_text(re.compile(r"\ds"))
    middle = alice.messages.filter(has_text="lasting 5")
    middle.evaluate("(row) => row.scrollIntoView({ block: 'start' })")
    expect(alice.page.locator("[data-to-end]")).to_be_visible()
    before = middle.evaluate("(row) => row.getBoundingClientRect().top")
    expect(alice.messages).to_have_count(12, timeout=20_000)
    after = middle.evaluate("(row) => row.getBoundingClientRect().top")
    assert abs(after - before) < 2
    expect(row(alice, "Embers")).to_contain_text("lasting 11")


def test_the_list_does_not_show_what_has_expired_in_a_room_that_is_not_open(
    alice: Screen, carol: PythonConnection
) -> None:
    room_id = make_room(carol, "Ashes", topic="Short words", message_ttl=10)
    search(alice, "ashes")
    row(alice, "Ashes").click()
    is_in(alice, "Ashes")
    search(alice, "")
    enter(alice, "General").reload()
    carol.send(room_id, "gone soon")
    expect(row(alice, "Ashes")).to_contain_text("gone soon")
    expect(row(alice, "Ashes").locator("[data-unread='1']")).to_be_visible()
    expect(row(alice, "Ashes")).to_contain_text("Short words", timeout=20_000)
    expect(row(alice, "Ashes").locator("[data-unread]")).to_have_count(0)
