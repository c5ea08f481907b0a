"""A stranger looks in: by a link, with a nickname; comes back, becomes a member, or goes for good."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.screens import PHONE, Screen
from tests.servers import PASSWORD, Person, PythonConnection, ServerProcess

Make = Callable[..., Screen]


@pytest.fixture
def carol(server: ServerProcess) -> Iterator[PythonConnection]:
    """A member whose side is played by a program."""
    with Person(server.url, "carol").register().connect() as connection:
        yield connection


@pytest.fixture
def room_id(carol: PythonConnection) -> int:
    answer = carol.call("create_room", {"name": "Open house", "topic": "Come as you are", "visibility": "public"})
    assert answer["ok"], answer
    carol.send(answer["room"]["id"], "welcome")
    return int(answer["room"]["id"])


def is_in(screen: Screen, name: str) -> Screen:
    expect(screen.page.locator("[data-conversation] .bar__name")).to_have_text(name)
    expect(screen.composer).to_be_enabled()
    return screen


def badge(screen: Screen) -> Locator:
    return screen.page.locator("[data-menu] [data-guest]")


def test_a_stranger_talks_in_two_clicks_comes_back_and_becomes_a_member(
    make_context: Callable[..., BrowserContext], make_screen: Make, carol: PythonConnection, room_id: int
) -> None:
    context = make_context()
    link = f"/r/{room_id}"
    guest = make_screen(context)
    guest.page.goto(guest.url + link)
    expect(guest.page.get_by_role("heading")).to_have_text("Open house")
    guest.page.locator("[name=nickname]").fill("swallow")
    guest.page.get_by_role("button", name="Come in").click()
    is_in(guest.is_online(), "Open house").shows(["welcome"])
    expect(badge(guest)).to_be_visible()
    guest.say("I only look around").shows(["welcome", "I only look around"])
    carol.wait_for(lambda one: [message["body"] for message in one.messages if message["kind"] == "text"][1:])
    assert carol.messages[-1]["sender"]["kind"] == "guest"

    # The tab is closed; the same browser comes back to the same account, by the same link or without it.
    guest.page.close()
    back = make_screen(context)
    back.page.goto(back.url + link)
    is_in(back.is_online(), "Open house").shows(["welcome", "I only look around"])
    expect(back.message("I only look around")).not_to_have_attribute("data-state", "received")

    back.page.locator("[data-menu]").click()
    back.page.locator("[data-become-member]").click()
    expect(back.field("username")).to_have_value("swallow")
    for name in ("password", "sessions"):
        expect(back.page.locator(f"[data-section={name}]")).to_have_count(0)
    back.field("password").fill(PASSWORD)
    expect(back.page.locator("[data-panel] [data-score]")).to_be_visible()
    with back.page.expect_event("load"):  # the page comes anew
        back.save("membership")
    expect(back.page.locator("[data-section=password]")).to_be_visible()
    back.is_online()
    expect(badge(back)).to_have_count(0)
    expect(back.page.locator("[data-section=membership]")).to_have_count(0)
    back.page.locator("[data-panel-close]").click()
    is_in(back, "Open house").shows(["welcome", "I only look around"])

    elsewhere = make_screen().login("swallow")
    elsewhere.page.goto(elsewhere.url + f"/#/room/{room_id}")
    is_in(elsewhere, "Open house").shows(["welcome", "I only look around"])


def test_a_name_that_is_taken_is_offered_with_a_number(make_screen: Make, room_id: int) -> None:
    screen = make_screen()
    screen.server_may_refuse = True
    screen.page.goto(screen.url + "/login")
    screen.page.locator("[data-guest]").click()
    nickname = screen.page.locator("[name=nickname]")
    nickname.fill("Carol")
    nickname.press("Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("“Carol2” is free")
    expect(nickname).to_be_focused()
    expect(nickname).to_have_value("Carol2")
    nickname.press("Enter")
    screen.is_online()
    expect(screen.page.locator("[data-menu]")).to_contain_text("Carol2")


def test_what_is_wrong_with_becoming_a_member_is_said_beside_the_field(make_screen: Make, room_id: int) -> None:
    guest = make_screen().look_in("swallow")
    guest.server_may_refuse = True
    guest.page.locator("[data-menu]").click()
    guest.page.locator("[data-become-member]").click()
    guest.field("username").fill("carol")
    guest.field("password").fill(PASSWORD)
    guest.save("membership")
    expect(guest.field("username")).to_have_attribute("aria-invalid", "true")
    expect(guest.field("username")).to_be_focused()
    expect(guest.field("password")).to_have_value(PASSWORD)
    guest.field("username").fill("reseda")
    with guest.page.expect_event("load"):
        guest.save("membership")
    guest.is_online()
    expect(guest.page.locator("[data-panel-content=profile]")).to_contain_text("reseda")


def test_signing_out_asks_first(make_screen: Make, room_id: int) -> None:
    guest = make_screen().look_in("swallow")
    for go_on in (False, True):
        guest.page.locator("[data-menu]").click()
        guest.page.locator("[data-sign-out] button").click()
        expect(guest.page.locator("[data-nickname-lost]")).to_be_visible()
        if go_on:
            guest.page.get_by_role("button", name="Sign out").click()
            expect(guest.page.locator("[name=password]")).to_be_visible()
        else:
            guest.page.get_by_role("link", name="Back to the chat").click()
            guest.is_online()
            expect(badge(guest)).to_be_visible()
    assert guest.page.evaluate("localStorage.getItem('parley.accounts')") is None
    # The nickname is free for the next one.
    make_screen().look_in("swallow")


def test_a_guest_who_is_no_longer_let_in_is_told_so(make_screen: Make, server: ServerProcess, room_id: int) -> None:
    guest = make_screen().look_in("swallow", f"/r/{room_id}")
    guest.network_may_fail = True
    server.env["GUESTS"] = "off"
    server.restart()
    expect(guest.page.locator("[data-notice]")).to_contain_text("Guests are no longer let in here", timeout=30_000)
    guest.page.locator("[data-continue]").click()
    expect(guest.page.get_by_role("alert")).to_contain_text("Guests are no longer let in here")
    expect(guest.page.locator("[data-guest]")).to_have_count(0)


def test_a_guest_sees_no_more_than_a_guest_may(make_screen: Make, room_id: int) -> None:
    guest = make_screen().look_in("swallow", f"/r/{room_id}")
    guest.page.locator("[data-rooms-menu]").click()
    expect(guest.page.locator("[data-browse-rooms]")).to_be_visible()
    expect(guest.page.locator("[data-new-room]")).to_be_hidden()
    guest.page.keyboard.press("Escape")
    guest.settings("profile")
    expect(guest.field("display_name")).to_be_visible()
    expect(guest.field("email")).to_have_count(0)
    expect(guest.page.locator("[data-preview] [data-guest]")).to_be_visible()
    guest.field("display_name").fill("The Swallow")
    guest.save("profile")
    expect(guest.page.locator("[data-menu]")).to_contain_text(re.compile("The Swallow"))


def test_on_a_phone_it_is_the_same_two_touches(make_screen: Make, room_id: int) -> None:
    guest = make_screen(viewport=PHONE, has_touch=True, is_mobile=True).look_in("swallow", f"/r/{room_id}")
    is_in(guest, "Open house").composer.fill("from the tram")
    guest.page.locator("[data-send]").click()
    guest.shows(["welcome", "from the tram"])
