"""Where one writes: keys, input methods, drafts, limits."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.screens import Screen

LIMIT = 10_000


@pytest.fixture
def writer(alice: Screen, bob: Screen) -> Screen:
    return alice.open("bob")


def test_enter_confirms_a_candidate_and_does_not_send(writer: Screen) -> None:
    writer.composer.focus()
    wire = writer.protocol()
    wire.send("Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6})
    expect(writer.composer).to_have_value("ni hao")
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    wire.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    wire.send("Input.insertText", {"text": "你好"})
    wire.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    expect(writer.composer).to_have_value("你好")
    assert writer.messages.count() == 0
    writer.composer.press("End")
    writer.composer.press("Enter")
    writer.shows(["你好"])
    expect(writer.composer).to_have_value("")


def test_enter_inside_a_composition_does_not_send(writer: Screen) -> None:
    """Whatever key code the Enter has: the browser says that it composes."""
    writer.composer.focus()
    wire = writer.protocol()
    wire.send("Input.imeSetComposition", {"text": "zhong", "selectionStart": 5, "selectionEnd": 5})
    writer.page.evaluate("""
        document.querySelector("[data-composer]").addEventListener("keydown", (event) => (window.seen = event), true)
    """)
    writer.page.keyboard.press("Enter")
    assert writer.page.evaluate("window.seen.isComposing && window.seen.key === 'Enter'")
    assert writer.messages.count() == 0


def test_shift_enter_breaks_the_line_and_the_box_grows(writer: Screen) -> None:
    writer.composer.press_sequentially("one")
    low = writer.composer.bounding_box()
    writer.composer.press("Shift+Enter")
    writer.composer.press_sequentially("two")
    high = writer.composer.bounding_box()
    assert low
    assert high
    assert high["height"] > low["height"]
    assert writer.messages.count() == 0
    writer.composer.press("Enter")
    writer.shows(["one\ntwo"])


def test_drafts_stay_with_their_conversation_and_survive_a_reload(
    writer: Screen, make_screen: object, bob: Screen
) -> None:
    assert callable(make_screen)
    make_screen().register("carol")
    writer.composer.fill("for bob")
    writer.open("carol")
    expect(writer.composer).to_have_value("")
    writer.composer.fill("for carol")
    writer.open("bob")
    expect(writer.composer).to_have_value("for bob")
    expect(writer.row("carol")).to_contain_text("Draft: for carol")
    writer.reload().has_open("bob")
    expect(writer.composer).to_have_value("for bob")
    writer.open("carol")
    expect(writer.composer).to_have_value("for carol")


def test_an_acknowledgement_does_not_touch_what_is_being_written(writer: Screen) -> None:
    writer.say("first")
    writer.composer.press_sequentially("second, half")
    expect(writer.message("first")).to_have_attribute("data-seq", "1")
    expect(writer.composer).to_have_value("second, half")
    expect(writer.composer).to_be_focused()


def test_what_is_sent_is_trimmed_and_normalised(writer: Screen) -> None:
    writer.say("  cafe\u0301\u0007 \n ", " \n\t ")
    writer.shows(["caf\u00e9"])


def test_the_counter_guards_the_limit_in_characters_not_units(writer: Screen) -> None:
    count = writer.page.locator("[data-count]")
    send = writer.page.locator("[data-send]")
    writer.composer.fill("😀" * (LIMIT - 1))
    expect(count).to_have_text("1")
    writer.composer.fill("😀" * (LIMIT + 1))
    expect(count).to_contain_text("1 character too many")
    expect(send).to_be_disabled()
    writer.composer.press("Enter")
    assert writer.messages.count() == 0
    writer.composer.fill("😀" * LIMIT)
    expect(send).to_be_enabled()
    send.click()
    writer.shows(["😀" * LIMIT])
