"""Where one writes: keys, input methods, drafts, limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

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


# The Enter that confirms a candidate, as browsers tell of it. Each step is [type, details, ms after the step before].
CONFIRMING = {
    "Chrome": [["keydown", {"key": "Process", "keyCode": 229, "isComposing": True}], ["compositionend", {}]],
    "Chrome, named": [["keydown", {"key": "Enter", "keyCode": 229, "isComposing": True}], ["compositionend", {}]],
    "Firefox": [["keydown", {"key": "Enter", "keyCode": 13, "isComposing": True}], ["compositionend", {}]],
    "Safari": [["compositionend", {}], ["keydown", {"key": "Enter", "keyCode": 229}]],
    "Safari, late": [["compositionend", {}], ["keydown", {"key": "Enter", "keyCode": 13}]],
}
DISPATCH = """(steps) => {
  const box = document.querySelector("[data-composer]");
  box.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
  const prevented = steps.map(([type, details]) => {
    const Kind = type === "keydown" ? KeyboardEvent : CompositionEvent;
    return !box.dispatchEvent(new Kind(type, { bubbles: true, cancelable: true, ...details }));
  });
  return prevented.includes(true);
}"""


@pytest.mark.parametrize("browser", CONFIRMING)
def test_the_enter_of_an_input_method_does_not_send_in_any_browser(writer: Screen, browser: str) -> None:
    writer.composer.fill("你好")
    assert writer.page.evaluate(DISPATCH, CONFIRMING[browser]) is False
    expect(writer.composer).to_have_value("你好")
    assert writer.messages.count() == 0
    # The next Enter is the person's own.
    writer.composer.press("End")
    writer.composer.press("Enter")
    writer.shows(["你好"])


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


def test_the_box_grows_to_less_than_half_of_the_height_and_then_scrolls(writer: Screen) -> None:
    writer.composer.fill("line\n" * 60)
    box = writer.composer.bounding_box()
    assert box
    assert 150 < box["height"] <= 0.4 * 880
    assert writer.composer.evaluate("box => box.scrollHeight > box.clientHeight")
    writer.composer.fill("")
    box = writer.composer.bounding_box()
    assert box
    assert box["height"] < 50


def test_ctrl_enter_sends_also_where_enter_does(writer: Screen) -> None:
    writer.composer.fill("one")
    writer.composer.press("Control+Enter")
    writer.shows(["one"])


# The part alone, for a person who has made the choice.
COMPOSER = """async (sendKey) => {
  const { createComposer } = await import("/assets/any/js/parts/composer.js");
  const mount = document.body.appendChild(document.createElement("div"));
  window.sent = [];
  const nothing = { draft() {}, wrote() {}, jump() {}, act: () => () => {} };
  const actions = { send: (_conversation, body) => sent.push(body), ...nothing };
  createComposer(mount, { limit: 100, ...actions }).draw({
    open: { userId: 1, conversation: { id: 1 } },
    people: new Map([[1, { display_name: "bob" }]]),
    drafts: new Map(),
    replies: new Map(),
    writing: new Map(),
    remark: null,
    connection: { online: true },
    preferences: { send_key: sendKey },
  });
}"""


@pytest.mark.parametrize(("choice", "sent"), [("enter", [["one"], ["one", "two"]]), ("ctrl_enter", [[], ["one\ntwo"]])])
def test_the_key_that_sends_is_a_choice(make_screen: Callable[..., Screen], choice: str, sent: list[list[str]]) -> None:
    screen = make_screen()
    screen.page.goto(screen.url + "/login")
    screen.page.evaluate(COMPOSER, choice)
    screen.composer.press_sequentially("one")
    screen.composer.press("Enter")
    assert screen.page.evaluate("sent") == sent[0]
    screen.composer.press_sequentially("two")
    screen.composer.press("Control+Enter")
    assert screen.page.evaluate("sent") == sent[1]
    expect(screen.composer).to_have_value("")


@pytest.mark.parametrize(("key", "mark"), [("b", "**"), ("i", "_"), ("e", "`")])
def test_a_key_marks_what_is_selected_takes_the_mark_away_and_can_be_undone(
    writer: Screen, key: str, mark: str
) -> None:
    writer.composer.press_sequentially("say it now")
    writer.composer.evaluate("box => box.setSelectionRange(4, 7)")  # a double click selects the space too
    writer.composer.press(f"Control+{key}")
    expect(writer.composer).to_have_value(f"say {mark}it{mark} now")
    writer.composer.press(f"Control+{key}")
    expect(writer.composer).to_have_value("say it now")
    writer.composer.press("Control+z")
    expect(writer.composer).to_have_value(f"say {mark}it{mark} now")
    writer.composer.press("Control+z")
    expect(writer.composer).to_have_value("say it now")
    writer.composer.press("Control+z")
    expect(writer.composer).not_to_have_value("say it now")


def test_the_keys_for_marks_are_found_by_place_on_a_russian_keyboard(writer: Screen) -> None:
    writer.composer.fill("слово")
    writer.composer.evaluate("""box => {
        box.select();
        const details = { key: "и", code: "KeyB", ctrlKey: true, bubbles: true, cancelable: true };
        box.dispatchEvent(new KeyboardEvent("keydown", details));
    }""")
    expect(writer.composer).to_have_value("**слово**")


def test_code_of_several_lines_gets_a_fence(writer: Screen) -> None:
    writer.composer.fill("a\nb")
    writer.composer.press("Control+a")
    writer.composer.press("Control+e")
    expect(writer.composer).to_have_value("```\na\nb\n```")


def test_pasting_brings_text_alone(writer: Screen) -> None:
    writer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    writer.page.evaluate("""() => navigator.clipboard.write([new ClipboardItem({
        "text/html": new Blob(["<b>rich</b><img src=x>"], { type: "text/html" }),
        "text/plain": new Blob(["plain"], { type: "text/plain" }),
    })])""")
    writer.composer.press("Control+v")
    expect(writer.composer).to_have_value("plain")


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


def test_a_draft_comes_back_with_the_caret_at_its_end(writer: Screen) -> None:
    writer.composer.fill("half a sen")
    writer.composer.press("Home")
    writer.reload().has_open("bob")
    expect(writer.composer).to_be_focused()
    writer.page.keyboard.type("tence")
    expect(writer.composer).to_have_value("half a sentence")


def test_a_draft_of_spaces_is_none_and_what_is_sent_is_no_draft(writer: Screen, bob: Screen) -> None:
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('parley.draft.')).length"
    writer.composer.fill("text")
    assert writer.page.evaluate(kept) == 1
    writer.composer.fill("  \n ")
    assert writer.page.evaluate(kept) == 0
    writer.say("sent").shows(["sent"])
    assert writer.page.evaluate(kept) == 0
    writer.reload().has_open("bob")
    expect(writer.composer).to_have_value("")


def test_a_tab_that_is_not_written_in_follows_the_draft_of_the_other(
    make_context: Callable[..., BrowserContext], make_screen: Callable[..., Screen], bob: Screen
) -> None:
    context = make_context()
    here = make_screen(context).register("alice").open("bob")
    there = make_screen(context)
    there.page.goto(there.url + "/#/bob")
    there.is_online().has_open("bob")
    there.page.evaluate("document.activeElement.blur()")
    here.composer.fill("from here")
    expect(there.composer).to_have_value("from here")
    # Both write: nobody's text is taken from under their hands.
    there.composer.fill("from there")
    expect(there.composer).to_be_focused()
    here.composer.fill("once more from here")
    here.say("sent from here").shows(["sent from here"])
    there.shows(["sent from here"])
    expect(there.composer).to_have_value("from there")


def test_what_is_sent_in_one_tab_is_no_draft_in_the_other(
    make_context: Callable[..., BrowserContext], make_screen: Callable[..., Screen], bob: Screen
) -> None:
    context = make_context()
    here = make_screen(context).register("alice").open("bob").say("hello").shows(["hello"])
    there = make_screen(context)
    there.page.goto(there.url)
    here.composer.fill("to be sent")
    expect(there.is_online().row("bob")).to_contain_text("Draft: to be sent")
    here.composer.press("Enter")
    here.shows(["hello", "to be sent"])
    expect(there.row("bob")).not_to_contain_text("Draft:")


def test_an_acknowledgement_does_not_touch_what_is_being_written(writer: Screen) -> None:
    writer.say("first")
    writer.composer.press_sequentially("second, half")
    expect(writer.message("first")).to_have_attribute("data-seq", "1")
    expect(writer.composer).to_have_value("second, half")
    expect(writer.composer).to_be_focused()


def test_what_is_sent_is_trimmed_and_normalised(writer: Screen) -> None:
    writer.say("  cafe\u0301\u0007 \n ", " \n\t ")
    writer.shows(["caf\u00e9"])


def test_the_counter_leaves_the_text_its_width(make_screen: Callable[..., Screen], bob: Screen) -> None:
    narrow = make_screen(viewport={"width": 320, "height": 640}, locale="ru").register("alice").open("bob")
    width = "box => box.getBoundingClientRect().width"
    narrow.composer.fill("слово " * 10)
    before = narrow.composer.evaluate(width)
    narrow.composer.fill("слово " * 2100)
    expect(narrow.page.locator("[data-count]")).to_be_visible()
    assert narrow.composer.evaluate(width) == before


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
