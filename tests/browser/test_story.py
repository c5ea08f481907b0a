"""The whole story of a room, with two members and a guest in three browsers, on every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import Screen
from tests.servers import ServerProcess

ALL = "three browsers see the same"


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path, database_url) as process:
        yield process


def choose(screen: Screen, text: str, action: str) -> None:
    """From the menu of a message."""
    screen.message(text).hover()
    expect(screen.page.locator("[data-tools]")).to_be_visible()
    screen.message(text).locator("[data-body]").click(button="right")
    screen.page.locator(f"[data-actions] [data-action={action}]").click()


def row(screen: Screen, name: str) -> Locator:
    return screen.page.locator(f'[data-room][data-name="{name}"]')


def is_in(screen: Screen, name: str) -> Screen:
    expect(screen.page.locator("[data-conversation] .bar__name")).to_have_text(name)
    expect(screen.composer).to_be_enabled()
    return screen


def sheet(screen: Screen) -> Locator:
    return screen.page.locator("dialog[data-sheet]")


def test_a_room_from_its_making_to_its_end(make_screen: Callable[..., Screen], alice: Screen, bob: Screen) -> None:
    # alice makes a room; bob comes in by its name, a guest by its link.
    alice.page.locator("[data-search]").fill("Сад 花园")
    alice.page.locator("[data-create-room]").click()
    sheet(alice).locator("[data-save=room]").click()
    room_id = is_in(alice, "Сад 花园").page.url.rsplit("/", 1)[1]
    bob.page.locator("[data-search]").fill("САД 花园")
    expect(row(bob, "Сад 花园")).to_be_visible()
    bob.page.locator("[data-search]").press("Enter")
    for screen in (alice, bob):
        screen.page.locator("[data-search]").fill("")
    guest = make_screen().look_in("Вера", f"/r/{room_id}")
    everybody = [is_in(screen, "Сад 花园") for screen in (alice, bob, guest)]
    expect(alice.page.locator("[data-here-count='3']")).to_be_visible()

    # They talk: an answer, a reaction, a changed and a deleted message look the same to all.
    alice.say("Кто поливает?")
    expect(guest.message("Кто поливает?")).to_be_visible()
    choose(guest, "Кто поливает?", "reply")
    guest.say("Я, если покажете где")
    bob.say("oops", "我带水壶")
    expect(alice.message("我带水壶")).to_be_visible()
    choose(bob, "oops", "delete")
    sheet(bob).locator("[data-confirm]").click()
    choose(alice, "Кто поливает?", "edit")
    expect(alice.composer).to_have_value("Кто поливает?")
    alice.composer.fill("Кто поливает в субботу?")
    alice.composer.press("Enter")
    for screen in everybody:
        expect(screen.message("Кто поливает в субботу?")).to_be_visible()
        expect(screen.message("Я, если покажете где").locator("[data-quote]")).to_contain_text("в субботу")
        expect(screen.message("oops")).to_have_count(0)
    expect(alice.message("Я, если покажете где").locator("[data-guest]")).to_be_visible()

    # A whisper is between two; the third sees what is said aloud after it.
    expect(alice.page.locator("[data-writing]")).to_have_count(0)
    alice.composer.press_sequentially("/w Вера ")
    expect(alice.page.locator("[data-writing=whisper]")).to_be_visible()
    alice.say("ключ под ковриком")
    expect(guest.message("ключ под ковриком")).to_be_visible()
    alice.say(ALL)
    for screen in everybody:
        expect(screen.message(ALL)).to_be_visible()
    assert bob.page.get_by_text("ключ под ковриком").count() == 0

    # A fresh page shows what the open ones show, but for the place of what was deleted.
    before = [text for text in bob.bodies() if text != "Message deleted"]
    bob.reload()
    is_in(bob, "Сад 花园")
    expect(bob.message(ALL)).to_be_visible()
    assert bob.bodies() == before

    # bob is removed, and the room is deleted, brought back, and deleted for good.
    alice.page.locator("[data-member=bob] [data-member-menu]").click()
    alice.page.locator("[data-member-actions] [data-act=remove]").click()
    sheet(alice).locator("[data-confirm]").click()
    expect(row(bob, "Сад 花园")).to_have_count(0)
    for undone in (True, False):
        alice.page.locator("[data-delete-room]").click()
        sheet(alice).locator("[data-confirm]").click()
        for screen in (alice, guest):
            expect(row(screen, "Сад 花园")).to_have_count(0)
        if undone:
            alice.page.locator("[data-toast] [data-toast-action]").click()
            row(guest, "Сад 花园").click()
            for screen in (alice, guest):
                expect(is_in(screen, "Сад 花园").message(ALL)).to_be_visible()
