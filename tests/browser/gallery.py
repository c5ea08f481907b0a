"""The screens of the page by name, each with the way there: what is held for all screens is held for this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.browser.screens import Screen
from tests.servers import Person

SECTIONS = ("profile", "looks", "language", "writing", "password", "sessions")


@dataclass
class Visit:
    """alice's tab; bob is there and has read what she wrote, with carol she has not talked yet."""

    screen: Screen
    alice: Person

    def enter(self) -> Screen:
        self.screen.take_cookies_of(self.alice)
        self.screen.page.goto(self.screen.url)
        return self.screen.is_online()

    def refused(self, path: str) -> Screen:
        """A page that comes with a status of 4xx, which Chromium reports like a loss."""
        self.screen.network_may_fail = True
        self.screen.page.goto(self.screen.url + path)
        return self.screen


def sign_in(visit: Visit) -> None:
    visit.screen.page.goto(visit.screen.url + "/login")


def sign_in_refused(visit: Visit) -> None:
    visit.refused("/login").fill_in("alice", "wrong password 9")
    expect(visit.screen.page.get_by_role("alert").first).to_be_visible()


def register_refused(visit: Visit) -> None:
    visit.refused("/register").fill_in("alice", "short")
    expect(visit.screen.page.get_by_role("alert").first).to_be_visible()


def change_password(visit: Visit) -> None:
    visit.enter().page.goto(visit.screen.url + "/password")


def not_found(visit: Visit) -> None:
    visit.refused("/nowhere")


def chat_list(visit: Visit) -> None:
    expect(visit.enter().row("bob")).to_be_visible()


def search_in_vain(visit: Visit) -> None:
    visit.enter().page.locator("[data-search]").fill("zzz")
    expect(visit.screen.page.locator(".list__empty")).to_be_visible()


def empty_conversation(visit: Visit) -> None:
    visit.enter().open("carol")
    expect(visit.screen.page.locator(".log__hint")).to_be_visible()


def every_state_of_a_message(visit: Visit) -> None:
    screen = visit.enter().open("bob")
    expect(screen.page.locator("[data-message][data-state=read]").first).to_be_visible()
    screen.say("sent")
    expect(screen.message("sent").last).to_have_attribute("data-state", "sent")
    screen.leave_unsent("refused: \u0007")
    screen.reload()
    expect(screen.page.locator("[data-state=failed] [data-retry]")).to_be_visible()
    screen.cut().say("waiting")
    expect(screen.message("waiting").locator("[data-cancel]")).to_be_visible()


def offline(visit: Visit) -> None:
    screen = visit.enter().open("bob").cut().say("waiting")
    expect(screen.page.locator("[data-connection-line]:not(:empty)")).to_be_visible(timeout=10_000)


def menu(visit: Visit) -> None:
    visit.enter().page.locator("[data-menu]").click()
    expect(visit.screen.page.locator("[data-add-account]")).to_be_visible()


def switcher(visit: Visit) -> None:
    visit.enter().page.keyboard.press("Control+k")
    expect(visit.screen.page.locator("[data-switcher] [data-option=bob]")).to_be_visible()


def switcher_in_vain(visit: Visit) -> None:
    switcher(visit)
    visit.screen.page.keyboard.type("zzz")
    expect(visit.screen.page.locator(".switcher__none:not(:empty)")).to_be_visible()


def keys(visit: Visit) -> None:
    visit.enter().page.keyboard.press("Control+/")
    expect(visit.screen.page.locator("[data-keys]")).to_be_visible()


def emoji_picker(visit: Visit) -> None:
    visit.enter().open("bob").page.locator("[data-emoji]").click()
    expect(visit.screen.page.locator("[data-picker] button").first).to_be_visible()


def emoji_completion(visit: Visit) -> None:
    visit.enter().open("bob").composer.press_sequentially(":smi")
    expect(visit.screen.page.locator("[data-completion] [role=option]").first).to_be_visible()


def details(visit: Visit) -> None:
    visit.enter().open("bob").page.locator("[data-open-details]").click()
    expect(visit.screen.page.locator("[data-details] [data-mute]")).to_be_visible()


def section(name: str) -> Callable[[Visit], None]:
    def show(visit: Visit) -> None:
        visit.enter().settings(name)

    return show


def signed_out(visit: Visit) -> None:
    screen = visit.enter().open("bob")
    expect(
        screen.messages.first
    ).to_be_visible()  # what is asked for now would be refused afterwards, and complained of
    other = screen.page.context.new_page()
    other.goto(screen.url + "/logout")
    other.locator("[data-sign-out] button").click()
    other.wait_for_url("**/login")  # a page that is closed on its way somewhere may never say that it is closed
    other.close()
    expect(screen.page.locator("[data-notice]")).to_be_visible()


SCREENS: dict[str, Callable[[Visit], None]] = {
    "sign in": sign_in,
    "sign in refused": sign_in_refused,
    "register refused": register_refused,
    "change password": change_password,
    "not found": not_found,
    "list": chat_list,
    "search in vain": search_in_vain,
    "empty conversation": empty_conversation,
    "every state of a message": every_state_of_a_message,
    "offline": offline,
    "menu": menu,
    "switcher": switcher,
    "switcher in vain": switcher_in_vain,
    "keys": keys,
    "emoji picker": emoji_picker,
    "emoji completion": emoji_completion,
    "details": details,
    **{f"settings: {name}": section(name) for name in SECTIONS},
    "signed out": signed_out,
}
