"""All by keyboard: regions, lists, the switcher, the ladder of Escape, and the main story from end to end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import PHONE, Screen
from tests.servers import PASSWORD, Person, ServerProcess


def press(screen: Screen, *keys: str) -> None:
    for key in keys:
        screen.page.keyboard.press(key)


def focused(screen: Screen) -> Locator:
    return screen.page.locator(":focus")


def switcher(screen: Screen) -> Locator:
    return screen.page.locator("[data-switcher]")


def found(screen: Screen) -> Locator:
    return switcher(screen).locator("[data-option]")


def test_the_main_story_with_the_keyboard_alone(make_screen: Callable[..., Screen], server: ServerProcess) -> None:
    bob = Person(server.url, "bob").register()
    Person(server.url, "carol").register()
    alice = make_screen()
    alice.page.goto(alice.url)
    tab_to(alice, 'a[href*="register"]')
    press(alice, "Enter")
    expect(alice.page).to_have_url(alice.url + "/register")
    expect(alice.page.locator("[name=username]")).to_be_visible()
    tab_to(alice, "[name=username]")
    alice.page.keyboard.type("alice")
    tab_to(alice, "[name=password]")
    alice.page.keyboard.type(PASSWORD)
    press(alice, "Enter")
    alice.is_online()
    tab_to(alice, "[data-search]")
    alice.page.keyboard.type("bo")
    expect(alice.row("carol")).to_have_count(0)
    expect(alice.row("bob")).to_be_visible()
    press(alice, "ArrowDown")
    expect(alice.row("bob")).to_be_focused()
    press(alice, "Enter")
    alice.has_open("bob")
    expect(alice.composer).to_be_focused()
    alice.page.keyboard.type("Are you there?")
    press(alice, "Enter")
    alice.shows(["Are you there?"])
    with bob.connect() as connection:
        connection.send(connection.open_direct("alice")["id"], "Right here.")
    alice.shows(["Are you there?", "Right here."])
    press(alice, "Control+k")
    expect(switcher(alice)).to_be_visible()
    alice.page.keyboard.type("car")
    expect(found(alice)).to_have_count(1)
    press(alice, "Enter")
    alice.has_open("carol")
    expect(alice.composer).to_be_focused()
    alice.page.keyboard.type("And you?")
    press(alice, "Enter")
    alice.shows(["And you?"])
    press(alice, "Alt+ArrowDown")
    alice.has_open("bob").shows(["Are you there?", "Right here."])
    tab_to(alice, "[data-menu]")
    press(alice, "Enter")
    expect(alice.page.locator("[data-sign-out] button")).to_be_visible()
    tab_to(alice, "[data-sign-out] button")
    press(alice, "Enter")
    expect(alice.page.locator("[name=password]")).to_be_visible()


def tab_to(screen: Screen, selector: str) -> None:
    """Press Tab until it has the focus; whatever has it on the way must show it."""
    for _ in range(60):
        press(screen, "Tab")
        shown = screen.page.evaluate("document.activeElement.matches(':focus-visible') || !document.hasFocus()")
        assert shown or screen.page.evaluate("document.activeElement === document.body")
        if screen.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")


@pytest.fixture
def talks(server: ServerProcess) -> list[str]:
    """alice has talked with three people, the last of them first; and there is one with whom she has not."""
    alice = Person(server.url, "alice").register()
    names = ["привет", "hello", "общий"]
    for name in [*names, "Ёжик"]:
        Person(server.url, name).register()
    with alice.connect() as connection:
        for name in names:
            connection.send(connection.open_direct(name)["id"], f"to {name}")
    return names[::-1]


@pytest.fixture
def alice_at(talks: list[str], make_screen: Callable[..., Screen]) -> Screen:
    return make_screen().login("alice")


def test_f6_goes_round_the_regions(alice_at: Screen) -> None:
    alice_at.open("hello")
    places = ['[data-person="hello"]', "[data-log]", "[data-composer]"]
    expect(alice_at.composer).to_be_focused()
    for place in places * 2:
        press(alice_at, "F6")
        expect(alice_at.page.locator(place)).to_be_focused()
    for place in ["[data-log]", '[data-person="hello"]', "[data-composer]"]:
        press(alice_at, "Shift+F6")
        expect(alice_at.page.locator(place)).to_be_focused()


def test_alt_and_arrows_go_through_the_conversations(alice_at: Screen, talks: list[str]) -> None:
    expect(alice_at.row(talks[0])).to_be_visible()
    for name in talks:
        press(alice_at, "Alt+ArrowDown")
        alice_at.has_open(name)
    last = alice_at.page.locator("[data-room]", has_text="General")  # silent rooms come last
    for _ in range(2):
        press(alice_at, "Alt+ArrowDown")
        expect(last).to_have_attribute("aria-current", "true")
    press(alice_at, "Alt+ArrowUp")
    alice_at.has_open(talks[-1])


def test_arrows_move_in_the_list_which_is_one_stop(alice_at: Screen, talks: list[str]) -> None:
    alice_at.page.locator("[data-search]").focus()
    press(alice_at, "ArrowDown")
    expect(alice_at.row(talks[0])).to_be_focused()
    press(alice_at, "ArrowDown", "ArrowDown")
    expect(alice_at.row(talks[2])).to_be_focused()
    press(alice_at, "ArrowUp")
    expect(alice_at.row(talks[1])).to_be_focused()
    press(alice_at, "End")
    expect(alice_at.row("Ёжик")).to_be_focused()
    press(alice_at, "Home")
    expect(alice_at.row(talks[0])).to_be_focused()
    press(alice_at, "Tab")
    expect(alice_at.page.locator("[data-menu]")).to_be_focused()


class TestTheSwitcher:
    @pytest.mark.parametrize(
        ("typed", "name"),
        [
            ("j,obq", "общий"),
            ("J<obq", "общий"),
            ("ghbdtn", "привет"),
            ("руддщ", "hello"),
            ("РУДДЩ", "hello"),
            ("HELLO", "hello"),
            ("бщий", None),
            ("ежик", "Ёжик"),
            ("ЁЖ", "Ёжик"),
            ("t;br", "Ёжик"),
            ("`;br", "Ёжик"),
        ],
    )
    def test_it_understands_the_wrong_layout(self, alice_at: Screen, typed: str, name: str | None) -> None:
        press(alice_at, "Control+k")
        expect(switcher(alice_at).get_by_role("combobox")).to_be_focused()
        alice_at.page.keyboard.insert_text(typed)
        expect(found(alice_at)).to_have_count(1)
        expect(found(alice_at)).to_have_attribute("data-option", name or "общий")
        press(alice_at, "Enter")
        alice_at.has_open(name or "общий")
        expect(switcher(alice_at)).to_have_count(0)

    def test_recent_ones_come_first_and_arrows_choose(self, alice_at: Screen, talks: list[str]) -> None:
        press(alice_at, "Control+k")
        expect(found(alice_at)).to_have_count(5)
        names = found(alice_at).evaluate_all("all => all.map((one) => one.dataset.option)")
        general = names[3]
        assert names == [*talks, general, "Ёжик"]
        assert general.startswith("room/")
        chosen = switcher(alice_at).locator("[aria-selected=true]")
        expect(chosen).to_have_attribute("data-option", talks[0])
        press(alice_at, "ArrowDown")
        expect(chosen).to_have_attribute("data-option", talks[1])
        active = switcher(alice_at).get_by_role("combobox").get_attribute("aria-activedescendant")
        assert active == chosen.get_attribute("id")
        press(alice_at, "ArrowUp", "ArrowUp")
        expect(chosen).to_have_attribute("data-option", "Ёжик")
        press(alice_at, "Escape")
        expect(switcher(alice_at)).to_have_count(0)

    def test_it_asks_the_server_for_people_it_does_not_know(
        self, server: ServerProcess, make_screen: Callable[..., Screen]
    ) -> None:
        alice = make_screen().register("alice")
        expect(alice.page.get_by_text("Nobody else is here yet")).to_be_visible()
        alice.cut()
        Person(server.url, "Zoë").register()
        alice.mend().is_online()
        expect(alice.row("Zoë")).to_have_count(0)
        press(alice, "Control+k")
        expect(switcher(alice).get_by_role("combobox")).to_be_focused()
        alice.page.keyboard.insert_text("zo")
        expect(found(alice)).to_have_attribute("data-option", "Zoë")
        switcher(alice).get_by_role("combobox").fill("nobody of that name")
        expect(switcher(alice).get_by_role("status")).to_contain_text("nobody of that name")

    def test_the_focus_returns_to_where_it_was(self, alice_at: Screen) -> None:
        alice_at.page.locator("[data-search]").focus()
        press(alice_at, "Control+k")
        expect(switcher(alice_at).get_by_role("combobox")).to_be_focused()
        press(alice_at, "Escape")
        expect(alice_at.page.locator("[data-search]")).to_be_focused()


def test_the_keys_are_shown(alice_at: Screen) -> None:
    dialog = alice_at.page.locator("[data-keys]")
    press(alice_at, "?")
    expect(dialog).to_contain_text("F6")
    press(alice_at, "Escape")
    expect(dialog).to_have_count(0)
    alice_at.open("hello").composer.focus()
    press(alice_at, "Shift+?")
    expect(alice_at.composer).to_have_value("?")
    expect(dialog).to_have_count(0)
    press(alice_at, "Control+/")
    expect(dialog).to_be_visible()
    dialog.locator("[data-close]").click()
    alice_at.page.locator("[data-menu]").click()
    alice_at.page.locator("[data-show-keys]").click()
    expect(dialog).to_be_visible()
    expect(alice_at.page.locator("#menu")).to_be_hidden()


def test_escape_closes_one_thing_after_another(make_screen: Callable[..., Screen], talks: list[str]) -> None:
    screen = make_screen(viewport=PHONE).login("alice")
    search = screen.page.locator("[data-search]")
    search.fill("hel")
    press(screen, "Escape")
    expect(search).to_have_value("")
    screen.open("hello")
    press(screen, "Control+k")
    expect(switcher(screen)).to_be_visible()
    press(screen, "Escape")
    expect(switcher(screen)).to_have_count(0)
    expect(screen.composer).to_be_visible()
    press(screen, "Escape")
    expect(screen.composer).to_be_hidden()
    expect(screen.row("hello")).to_be_focused()
    screen.page.locator("[data-menu]").click()
    press(screen, "Escape")
    expect(screen.page.locator("#menu")).to_be_hidden()


def test_escape_leads_back_to_writing(alice_at: Screen) -> None:
    alice_at.open("hello")
    press(alice_at, "F6", "F6")
    expect(alice_at.page.locator("[data-log]")).to_be_focused()
    press(alice_at, "Escape")
    expect(alice_at.composer).to_be_focused()


def test_end_leads_to_the_newest(alice_at: Screen, server: ServerProcess) -> None:
    with Person(server.url, "hello").login().connect() as hello:
        room = hello.open_direct("alice")
        for number in range(40):
            hello.send(room["id"], f"{number}\n" * 4)
    expect(alice_at.row("hello").locator("[data-unread='40']")).to_be_visible()
    alice_at.open("hello")
    expect(alice_at.page.locator("[data-to-end]")).to_be_visible()
    press(alice_at, "F6", "F6")
    expect(alice_at.page.locator("[data-log]")).to_be_focused()
    press(alice_at, "End")
    expect(alice_at.messages.last).to_be_in_viewport()
    expect(alice_at.page.locator("[data-to-end]")).to_have_count(0)


def test_keys_of_an_input_method_are_left_alone(alice_at: Screen) -> None:
    alice_at.open("hello").composer.focus()
    wire = alice_at.protocol()
    wire.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    expect(alice_at.composer).to_have_value("ni")
    press(alice_at, "Control+k")
    expect(switcher(alice_at)).to_have_count(0)
