"""Several accounts in one browser never change places, and a tab whose account is gone says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.screens import Screen
from tests.servers import PASSWORD


@pytest.fixture
def context(make_context: Callable[..., BrowserContext]) -> BrowserContext:
    return make_context()


def whose(screen: Screen) -> str:
    return str(screen.page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.username"))


def test_two_accounts_in_two_tabs_never_change_places(
    context: BrowserContext, make_screen: Callable[..., Screen]
) -> None:
    alice = make_screen(context).register("alice")
    alice.page.locator("[data-menu]").click()
    address = alice.page.locator("[data-add-account]").get_attribute("href")
    assert address == "/u/1/login"
    bob = make_screen(context, slot=1).register("bob")
    alice.page.keyboard.press("Escape")
    alice.open("bob").say("from alice").shows(["from alice"])
    bob.open("alice").say("from bob").shows(["from alice", "from bob"])
    for screen, name in ((alice, "alice"), (bob, "bob"), (bob, "bob"), (alice, "alice")):
        screen.reload()
        assert whose(screen) == name
        screen.shows(["from alice", "from bob"])
    bob.say("bob still")
    alice.shows(["from alice", "from bob", "bob still"])
    expect(alice.message("bob still")).to_have_attribute("data-state", "received")
    expect(bob.message("bob still")).not_to_have_attribute("data-state", "received")


def test_the_menu_leads_to_the_other_account_and_back(
    context: BrowserContext, make_screen: Callable[..., Screen]
) -> None:
    screen = make_screen(context).register("alice")
    make_screen(context, slot=1).register("bob")
    for slot, name in ((1, "bob"), (0, "alice")):
        screen.page.locator("[data-menu]").click()
        screen.page.locator(f'[data-switch-account="{slot}"]').click()
        expect(screen.page.locator("[data-menu]")).to_contain_text(name)
        screen.is_online()
        assert whose(screen) == name


def test_signing_out_in_one_tab_ends_the_other(context: BrowserContext, make_screen: Callable[..., Screen]) -> None:
    first = make_screen(context).register("alice")
    second = make_screen(context)
    second.page.goto(second.url)
    second.is_online()
    second.page.locator("[data-menu]").click()
    second.page.locator("[data-sign-out] button").click()
    expect(second.page.locator("[name=password]")).to_be_visible()
    expect(first.page.locator("[data-notice=unauthenticated]")).to_be_visible()
    assert first.page.evaluate("localStorage.getItem('parley.accounts')") is None
    first.page.locator("[data-continue]").click()
    expect(first.page.locator("[name=password]")).to_be_visible()


def test_a_new_password_ends_every_other_device(make_screen: Callable[..., Screen]) -> None:
    here = make_screen().register("alice")
    elsewhere = make_screen().login("alice")
    here.page.goto(here.url + "/password")
    here.page.locator("[name=current_password]").fill(PASSWORD)
    here.page.locator("[name=new_password]").fill("another horse 2")
    here.page.locator("[name=new_password]").press("Enter")
    expect(here.page.get_by_text("Your password is changed")).to_be_visible()
    notice = elsewhere.page.locator("[data-notice=unauthenticated]")
    expect(notice).to_contain_text("password")
    here.page.goto(here.url)
    here.is_online()


def test_a_tab_whose_account_was_replaced_sends_nothing(
    context: BrowserContext, make_screen: Callable[..., Screen], bob: Screen
) -> None:
    alice = make_screen(context).register("alice").open("bob").say("as alice").shows(["as alice"]).cut()
    alice.say("never as carol")
    other = make_screen(context)
    other.page.goto(other.url + "/logout")
    other.page.locator("[data-sign-out] button").click()
    expect(other.page.locator("[name=password]")).to_be_visible()
    other.register("carol")
    expect(alice.page.locator("[data-notice]")).to_have_count(0)
    alice.mend()
    expect(alice.page.locator("[data-notice=account_changed]")).to_be_visible()
    alice.is_offline()
    bob.open("alice").shows(["as alice"])
    expect(bob.row("carol")).not_to_contain_text("never")
    # What alice wrote is sent when she is back, as her.
    again = make_screen(context, slot=1).login("alice").open("bob")
    again.shows(["as alice", "never as carol"])


def test_another_language_keeps_ones_place(make_screen: Callable[..., Screen], bob: Screen) -> None:
    alice = make_screen().register("alice").open("bob")
    alice.composer.fill("half written")
    alice.page.locator("[data-menu]").click()
    alice.page.locator("[data-languages] [value=ru]").click()
    expect(alice.page.locator("html[lang=ru]")).to_be_attached()
    alice.is_online().has_open("bob")
    expect(alice.composer).to_have_value("half written")


def test_a_password_can_be_shown_and_is_advised_on(make_screen: Callable[..., Screen]) -> None:
    screen = make_screen()
    screen.page.goto(screen.url + "/register")
    password = screen.page.locator("[name=password]")
    meter = screen.page.locator("[data-meter]")
    expect(meter).to_be_hidden()
    password.fill("password")
    expect(meter).to_have_attribute("data-score", "1")
    password.fill("лошадь Батарея скрепка 7")
    expect(meter).to_have_attribute("data-score", "4")
    screen.page.locator("[data-reveal]").click()
    expect(password).to_have_attribute("type", "text")
    # It advises and does not forbid.
    screen.fill_in("alice", "password")
    screen.is_online()


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_refused_form_says_why_and_keeps_the_name(make_screen: Callable[..., Screen], path: str) -> None:
    make_screen().register("alice")
    screen = make_screen()
    screen.network_may_fail = True  # Chromium reports the status of the answer as an error
    screen.page.goto(screen.url + path)
    screen.fill_in("alice", "not the password")
    expect(screen.page.get_by_role("alert")).to_contain_text(" ")
    expect(screen.page.locator("[name=username]")).to_have_value("alice")
