"""Emoji: completed while one writes, picked from a panel, found in one's own language, in one's own skin."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import PHONE, Screen

KNOWN = "all => all.map((one) => one.querySelector('.emoji').textContent)"


@pytest.fixture
def writer(alice: Screen, bob: Screen) -> Screen:
    return alice.open("bob")


def completion(screen: Screen) -> Locator:
    return screen.page.locator("[data-completion]")


def picker(screen: Screen) -> Locator:
    return screen.page.locator("[data-picker]")


def pick(screen: Screen, name: str) -> Locator:
    return picker(screen).get_by_role("button", name=name, exact=True).first


def has_focus(screen: Screen, name: str) -> bool:
    return bool(screen.page.evaluate("(name) => document.activeElement.getAttribute('aria-label') === name", name))


def test_emoji_are_completed_by_keys_alone(writer: Screen) -> None:
    composer = writer.composer
    composer.press_sequentially("so :t")
    expect(completion(writer)).to_have_count(0)  # one letter may yet be an emoticon
    composer.press_sequentially("ada")
    options = completion(writer).get_by_role("option")
    expect(options.first).to_contain_text("🎉")
    expect(options.first).to_have_attribute("aria-selected", "true")
    active = "document.getElementById(document.querySelector('[data-composer]').getAttribute('aria-activedescendant'))"
    assert writer.page.evaluate(f"{active}.textContent.includes('🎉')")
    composer.press("Enter")
    expect(composer).to_have_value("so 🎉")
    expect(completion(writer)).to_have_count(0)
    assert writer.messages.count() == 0
    # Down and up go around, Tab takes, as does a click.
    composer.press_sequentially(" :hea")
    expect(options).to_have_count(8)
    signs = options.evaluate_all(KNOWN)
    assert signs[0] == "❤️"
    composer.press("ArrowDown")
    composer.press("ArrowDown")
    composer.press("ArrowUp")
    composer.press("Tab")
    expect(composer).to_have_value(f"so 🎉 {signs[1]}")
    composer.press_sequentially(":fir")
    expect(completion(writer)).to_have_count(0)  # inside a word
    composer.press_sequentially(" :fire")
    options.first.click()
    expect(composer).to_have_value(f"so 🎉 {signs[1]}:fir 🔥")
    expect(composer).to_be_focused()
    composer.press("Control+z")
    expect(composer).to_have_value(f"so 🎉 {signs[1]}:fir :fire")


def test_a_whole_shortcode_becomes_its_emoji(writer: Screen) -> None:
    writer.composer.press_sequentially(":+1")
    expect(completion(writer)).to_be_visible()
    writer.composer.press_sequentially(": (:heart:) :nosuchthing: ok")
    expect(writer.composer).to_have_value("👍 (❤️) :nosuchthing: ok")


def test_escape_closes_the_list_and_enter_sends_then(writer: Screen) -> None:
    writer.composer.press_sequentially(":smile")
    expect(completion(writer)).to_be_visible()
    writer.composer.press("Escape")
    expect(completion(writer)).to_have_count(0)
    writer.composer.press_sequentially("y")
    writer.composer.press("Enter")
    writer.shows([":smiley"])


@pytest.mark.parametrize("text", [":) :-) :D :( ;-)", "10:30 http://fire", "`:fire", "```\n:fire", ":zzzzzz"])
def test_the_list_stays_away_from_emoticons_times_and_code(writer: Screen, text: str) -> None:
    writer.composer.press_sequentially(":fire")
    expect(completion(writer)).to_be_visible()  # it works, and is loaded
    writer.composer.fill("")
    for line in text.split("\n"):
        writer.composer.press_sequentially(line)
        writer.composer.press("Shift+Enter")
        writer.composer.press("Backspace")
        if line != text.split("\n")[-1]:
            writer.composer.press("Shift+Enter")
    expect(completion(writer)).to_have_count(0)
    writer.composer.press("Enter")
    writer.shows([text])


def test_an_emoji_is_picked_where_the_caret_is(writer: Screen) -> None:
    writer.composer.fill("before after")
    writer.composer.evaluate("box => box.setSelectionRange(7, 7)")
    button = writer.page.locator("[data-emoji]")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(picker(writer)).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    pick(writer, "grinning face").click()
    expect(writer.composer).to_have_value("before 😀after")
    expect(picker(writer)).to_be_hidden()
    expect(writer.composer).to_be_focused()
    # It is among those used last, also after a reload.
    writer.reload().has_open("bob")
    button.click()
    last = picker(writer).get_by_role("region", name="Used last").get_by_role("button")
    expect(last).to_have_count(1)
    expect(last).to_have_text("😀")


def test_the_picker_is_used_by_keys_alone(writer: Screen) -> None:
    button = writer.page.locator("[data-emoji]")
    keyboard = writer.page.keyboard
    button.press("Enter")
    expect(picker(writer).get_by_role("searchbox")).to_be_focused()
    keyboard.press("ArrowDown")
    assert has_focus(writer, "grinning face")
    keyboard.press("ArrowRight")
    assert has_focus(writer, "grinning face with big eyes")
    keyboard.press("End")
    keyboard.press("ArrowRight")
    assert has_focus(writer, "waving hand")
    keyboard.press("PageDown")
    assert has_focus(writer, "monkey face")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowUp")
    assert has_focus(writer, "monkey face")
    keyboard.press("ArrowUp")
    keyboard.press("ArrowDown")
    assert has_focus(writer, "monkey face")
    keyboard.press("PageUp")
    keyboard.press("PageUp")
    keyboard.press("ArrowUp")
    expect(picker(writer).get_by_role("searchbox")).to_be_focused()
    keyboard.press("Escape")
    expect(picker(writer)).to_be_hidden()
    expect(button).to_be_focused()
    button.press("Enter")
    keyboard.type("rocket")
    keyboard.press("Enter")
    expect(writer.composer).to_have_value("🚀")
    expect(writer.composer).to_be_focused()


def test_a_search_says_how_much_it_found(writer: Screen) -> None:
    writer.page.locator("[data-emoji]").click()
    box = picker(writer).get_by_role("searchbox")
    status = picker(writer).get_by_role("status")
    box.fill("ringed planet")
    expect(status).to_have_text("1 emoji found")
    expect(pick(writer, "ringed planet")).to_have_text("🪐")
    box.fill("nothing like that")
    expect(status).to_have_text("No emoji by this name.")
    expect(picker(writer).locator(".picker__one")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "word", "sign"), [("ru", "радуга", "🌈"), ("zh", "彩虹", "🌈"), ("ru", "tada", "🎉")]
)
def test_emoji_are_found_in_ones_own_language_and_by_shortcode(
    make_screen: Callable[..., Screen], bob: Screen, locale: str, word: str, sign: str
) -> None:
    screen = make_screen(locale=locale).register("alice").open("bob")
    screen.page.locator("[data-emoji]").click()
    picker(screen).get_by_role("searchbox").fill(word)
    expect(picker(screen).locator(".picker__one").first).to_have_text(sign)
    screen.page.keyboard.press("Escape")
    screen.composer.press_sequentially(f":{word}")
    expect(completion(screen).get_by_role("option").first).to_contain_text(sign)


def test_the_skin_tone_is_kept_and_used_everywhere(writer: Screen) -> None:
    writer.page.locator("[data-emoji]").click()
    picker(writer).locator("select").select_option("3")
    expect(pick(writer, "waving hand")).to_have_text("👋🏽")
    expect(pick(writer, "grinning face")).to_have_text("😀")
    pick(writer, "waving hand").click()
    writer.reload().has_open("bob")
    expect(writer.composer).to_have_value("👋🏽")
    writer.composer.press_sequentially(" :wave:")
    expect(writer.composer).to_have_value("👋🏽 👋🏽")


def test_nothing_of_it_is_loaded_before_it_is_needed(writer: Screen) -> None:
    loaded = "performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('emoji'))"
    writer.composer.press_sequentially("no emoji: here :)")
    assert writer.page.evaluate(loaded) == []
    writer.page.locator("[data-emoji]").click()
    expect(picker(writer)).to_be_visible()
    assert len([name for name in writer.page.evaluate(loaded) if name.endswith(".json")]) == 1


def test_without_a_connection_the_picker_says_so_and_comes_later(writer: Screen) -> None:
    writer.cut()
    writer.page.locator("[data-emoji]").click()
    expect(writer.page.locator("[data-note]")).to_contain_text("could not be loaded")
    writer.composer.press_sequentially(":fire goes on")
    writer.composer.press("Enter")
    expect(writer.message(":fire goes on")).to_be_visible()
    writer.mend().is_online()
    writer.page.locator("[data-emoji]").click()
    expect(picker(writer)).to_be_visible()
    expect(writer.page.locator("[data-note]")).to_be_empty()


def test_on_a_phone_it_is_a_sheet_with_large_targets(make_screen: Callable[..., Screen], bob: Screen) -> None:
    phone = make_screen(viewport=PHONE, has_touch=True, is_mobile=True).register("alice").open("bob")
    phone.page.locator("[data-emoji]").tap()
    sheet = picker(phone)
    expect(sheet).to_be_visible()
    expect(sheet.get_by_role("searchbox")).not_to_be_focused()  # no keyboard over the sheet
    box = sheet.evaluate(
        "async one => (await Promise.all(one.getAnimations().map((a) => a.finished)),"
        " one.getBoundingClientRect().toJSON())"
    )
    assert (box["left"], box["width"], box["bottom"]) == (0, PHONE["width"], PHONE["height"])
    sizes = sheet.locator("button:visible").evaluate_all(
        "all => all.slice(0, 60).map((one) => [one.offsetWidth, one.offsetHeight])"
    )
    assert all(width >= 44 and height >= 44 for width, height in sizes), sizes
    phone.page.touchscreen.tap(195, 100)
    expect(sheet).to_be_hidden()
