"""One column, on narrow screens: forth by a tap, back by the button and by the browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.screens import PHONE, WIDE, Screen

NARROW = {"width": 320, "height": 640}


@pytest.fixture
def phone(make_screen: Callable[..., Screen], bob: Screen) -> Screen:
    return make_screen(viewport=PHONE, has_touch=True, is_mobile=True).register("alice")


def shows_list(screen: Screen) -> None:
    expect(screen.row("bob")).to_be_visible()
    expect(screen.composer).to_be_hidden()


def test_forth_and_back(phone: Screen, bob: Screen) -> None:
    shows_list(phone)
    phone.open("bob")
    expect(phone.row("bob")).to_be_hidden()
    phone.page.go_back()
    shows_list(phone)
    phone.open("bob")
    phone.page.locator("[data-back]").click()
    shows_list(phone)
    phone.open("bob").reload().has_open("bob")
    phone.page.locator("[data-back]").click()
    shows_list(phone)


def test_enter_breaks_and_the_button_sends(phone: Screen) -> None:
    phone.open("bob")
    phone.composer.press_sequentially("one")
    phone.composer.press("Enter")
    phone.composer.press_sequentially("two")
    phone.page.locator("[data-send]").tap()
    phone.shows(["one\ntwo"])


def test_touch_targets_are_large_enough(phone: Screen) -> None:
    phone.open("bob")
    sizes = phone.page.locator("button:visible").evaluate_all(
        "all => all.map((one) => [one.offsetWidth, one.offsetHeight])"
    )
    assert sizes
    assert all(width >= 44 and height >= 44 for width, height in sizes), sizes


@pytest.mark.parametrize("viewport", [NARROW, PHONE, WIDE], ids=["320", "390", "1360"])
@pytest.mark.parametrize("locale", ["en", "ru", "zh"])
def test_no_text_is_cut_off(make_screen: Callable[..., Screen], locale: str, viewport: dict[str, int]) -> None:
    screen = make_screen(viewport=viewport, locale=locale)
    for path in ("/login", "/register"):
        screen.page.goto(screen.url + path)
        assert screen.cut_off() == []
    screen.register("alice")
    other = make_screen().register("a_rather_long_name.of_32_letters")
    screen.open("a_rather_long_name.of_32_letters").say("word " * 40 + "x" * 100)
    expect(screen.page.locator("[data-message][data-seq]")).to_have_count(1)
    assert screen.cut_off() == []
    other.open("alice").is_online()
    if viewport is not WIDE:
        screen.page.locator("[data-back]").click()
    screen.page.locator("[data-menu]").click()
    expect(screen.page.locator("[data-add-account]")).to_be_visible()
    assert screen.cut_off() == []
