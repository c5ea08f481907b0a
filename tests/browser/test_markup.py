"""Marks in messages: what they mean, what stays as typed, and that no text is too hostile or too strange to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsers
from tests.browser.screens import Screen
from tests.servers import ServerProcess

LIMIT = 10_000

# As one reads it: **bold** as <b>, _italic_ as <i>, and so on; an empty line shows where a block ends.
SHOWN = """
const letter = { bold: "b", italic: "i", strike: "s", spoiler: "hide", code: "tt", mention: "at" };
const node = (one) => {
  if (typeof one === "string") return one;
  if (one.kind === "link") return `<a ${one.href}>${one.text}</a>`;
  return `<${letter[one.kind]}>${one.nodes ? one.nodes.map(node).join("") : one.text}</${letter[one.kind]}>`;
};
const inline = (nodes) => nodes.map(node).join("");
const block = {
  text: ({ nodes }) => inline(nodes),
  code: ({ text }) => `<pre>${text}</pre>`,
  quote: ({ blocks }) => `<q>${blocks.map(draw).join("|")}</q>`,
  list: ({ items }) => items.map(({ number, nodes }) => `<li${number === null ? "" : ` ${number}`}>${inline(nodes)}</li>`).join(""),
};
const draw = (one) => block[one.kind](one);
"""  # noqa: E501

MARKS = {
    "**bold** and _italic_": "<b>bold</b> and <i>italic</i>",
    "~~gone~~ ||boo||": "<s>gone</s> <hide>boo</hide>",
    "**bold _both_**, _**both**_.": "<b>bold <i>both</i></b>, <i><b>both</b></i>.",
    "||a **b** c||": "<hide>a <b>b</b> c</hide>",
    "(**a**) «_б_» “_c_”": "(<b>a</b>) «<i>б</i>» “<i>c</i>”",
    "**two\nlines**": "<b>two\nlines</b>",
    "这是**粗体**和_斜体_文字。": "这是<b>粗体</b>和<i>斜体</i>文字。",
    "Слово:**жирно**, _курсив_!": "Слово:<b>жирно</b>, <i>курсив</i>!",
    "`**code**` and ``a`b``": "<tt>**code**</tt> and <tt>a`b</tt>",
    "**a **b**": "**a <b>b</b>",
    "**open _and_": "**open <i>and</i>",
    "```\nlet a = 1;\n  **b**\n```": "<pre>let a = 1;\n  **b**</pre>",
    "```js\na\n\nb```\nafter": "<pre>a\n\nb</pre>|after",
    "```one line```": "<pre>one line</pre>",
    "before\n```not closed\nx": "before\n```not closed\nx",
    "> quoted\n> **more**\nanswer": "<q>quoted\n<b>more</b></q>|answer",
    "> one\n>> two\n> > three": "<q>one|<q>two\nthree</q></q>",
    "> - a\n> - b": "<q><li>a</li><li>b</li></q>",
    "- a\n- **b**\nc": "<li>a</li><li><b>b</b></li>|c",
    "3. c\n4. d\n- e": "<li 3>c</li><li 4>d</li>|<li>e</li>",
}

LINKS = {
    "https://example.com/a_b_c": "<a https://example.com/a_b_c>https://example.com/a_b_c</a>",
    "see http://example.com.": "see <a http://example.com/>http://example.com</a>.",
    "(https://e.org/A_(b))": "(<a https://e.org/A_(b)>https://e.org/A_(b)</a>)",
    "**https://e.org/x**, ok": "<b><a https://e.org/x>https://e.org/x</a></b>, ok",
    "_https://e.org/x_": "<i><a https://e.org/x>https://e.org/x</a></i>",
    "看https://e.org/x?a=1，好": "看<a https://e.org/x?a=1>https://e.org/x?a=1</a>，好",
    "（https://e.org/x）。": "（<a https://e.org/x>https://e.org/x</a>）。",
    "https://e.org很好": "<a https://e.org/>https://e.org</a>很好",
    "example.com, www.e.org/x": "<a https://example.com/>example.com</a>, <a https://www.e.org/x>www.e.org/x</a>",
    "https://localhost:5000/#/bob": "<a https://localhost:5000/#/bob>https://localhost:5000/#/bob</a>",
    "https://e.org/?q=“x”": "<a https://e.org/?q=>https://e.org/?q=</a>“x”",
    "||https://e.org||": "<hide><a https://e.org/>https://e.org</a></hide>",
}

NAMES = {
    "@bob, and (@Анна)!": "<at>@bob</at>, and (<at>@Анна</at>)!",
    "**@bob** _@bob_ ||@bob||": "<b><at>@bob</at></b> <i><at>@bob</at></i> <hide><at>@bob</at></hide>",
    "你好@小明，走吧": "你好<at>@小明</at>，走吧",
    "@bob.keller_2 @bob-keller.": "<at>@bob.keller_2</at> <at>@bob-keller</at>.",
    "bob@example.com a@b @ @! `@bob` @a": "bob@example.com a@b @ @! <tt>@bob</tt> @a",
}

# Of these people, whom a mention means, and how much of it.
MEANT = {
    "@bob": "bob",
    "@BOB": "bob",
    "@bobby": None,
    "@bob.": "bob",
    "@bob.keller": "bob.keller",
    "@bob.kellerman": None,
    "@小明吃饭了吗": "小明",
    "@артём": "Артём",
    "@nobody": None,
}

AS_TYPED = [
    "snake_case_names and file_name.txt, __init__",
    "2*3*4, 2**3**4, a * b, x**2 + y**2, a**b + c**d",
    ":-) ;_; ^_^ ^_^ >_< >_< -_- -_- T_T >:( ¯\\_(ツ)_/¯ (╯°□°)╯ *_* :| :||",
    "好的~~ 谢谢~~，真的~~好吃~~",
    "a || b || c, a||b||c",
    "** a ** _ b _ ~~ c ~~ || d ||",
    "** **, ****, ____, ||||, ~~~~, ``, ***x***",
    "-5 °C\n-a\n1.5\n1)a\n#1\n>",
    "javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd //e.org",
    "https:// http://. https://user:pw@e.org/ https://good.com@evil.com/",
    "bob@example.com readme.md main.py node.js e.g. i.e. т.е. и т.д. end.Next",
    "<b>x</b> <img src=x onerror=alert(1)> &amp;",
]

HOSTILE = {
    "stars": "*" * LIMIT,
    "open bold": "**a " * (LIMIT // 4),
    "open everything": "**_||~~" * (LIMIT // 7),
    "nested quotes": ">" * (LIMIT - 2) + " x",
    "nested spaced quotes": "> " * (LIMIT // 2),
    "open spoilers": "||a " * (LIMIT // 4),
    "backticks": "` `` " * (LIMIT // 5),
    "runs of every length": " ".join("`" * n for n in range(1, 140)),
    "open fences": "```x\n" * (LIMIT // 5),
    "empty fences": "```\n" * (LIMIT // 4),
    "labels": "a." * (LIMIT // 2),
    "schemes": "https://" * (LIMIT // 8),
    "sign-ins": "https://a@" * (LIMIT // 10),
    "brackets": "https://a.ru/" + ")" * (LIMIT - 13),
    "lists": "- **a\n" * (LIMIT // 6),
    "names": "@bob_" * (LIMIT // 5),
    "marks of names": "@b" + "_" * (LIMIT - 2),
    "signs of names": "@" * LIMIT,
}


@pytest.fixture(scope="module")
def page(browsers: Browsers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with ServerProcess(tmp_path_factory.mktemp("markup")) as server:
        page = browsers.running().new_page()
        page.goto(server.url + "/login")
        page.evaluate("async () => (window.markup = await import('/assets/any/js/markup.js'))")
        yield page
        page.close()


def shown(page: Page, text: str) -> str:
    script = "(text) => {" + SHOWN + " return markup.parse(text).map(draw).join('|'); }"
    return str(page.evaluate(script, text))


def steps_of(page: Page, text: str) -> int:
    script = "(text) => { const meter = { steps: 0 }; markup.parse(text, meter); return meter.steps; }"
    return int(page.evaluate(script, text))


def readable(page: Page, text: str) -> str:
    return str(page.evaluate("(text) => markup.readable(text)", text))


@pytest.mark.parametrize("text", MARKS)
def test_marks_mean_what_people_know_them_for(page: Page, text: str) -> None:
    assert shown(page, text) == MARKS[text]


@pytest.mark.parametrize("text", LINKS)
def test_a_link_ends_where_its_address_does(page: Page, text: str) -> None:
    assert shown(page, text) == LINKS[text]


@pytest.mark.parametrize("text", NAMES)
def test_a_name_is_found_where_it_can_be_one(page: Page, text: str) -> None:
    assert shown(page, text) == NAMES[text]


@pytest.mark.parametrize("text", MEANT)
def test_a_mention_means_the_longest_name_that_is_known(page: Page, text: str) -> None:
    script = """async ([text, names]) => {
      const { mentioned, nameKey } = await import("/assets/any/js/text.js");
      const known = new Map(names.map((name) => [nameKey(name), name]));
      return mentioned(text, (key) => known.get(key))?.found ?? null;
    }"""
    assert page.evaluate(script, [text, ["bob", "bob.keller", "小明", "Артём"]]) == MEANT[text]


@pytest.mark.parametrize("text", AS_TYPED)
def test_ordinary_text_stays_as_typed(page: Page, text: str) -> None:
    assert shown(page, text) == text


def test_a_preview_has_no_marks_and_keeps_spoilers_hidden(page: Page) -> None:
    text = "> **He** said\n- `this`\n1. ||never that||"
    assert page.evaluate("(text) => markup.plain(text)", text) == "He said\nthis\n▒▒▒"
    assert readable(page, text) == "He said\nthis\nnever that"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_costs_no_more_than_it_is_long(page: Page, text: str) -> None:
    assert steps_of(page, text) <= 2 * len(text)
    # Twice the text is about twice the work, not four times.
    assert steps_of(page, text + "\n" + text) <= 3 * steps_of(page, text) + 10


def is_within(part: str, whole: str) -> bool:
    """Whether all characters of `part` are in `whole`, in their order."""
    rest = iter(whole)
    return all(one in rest for one in part)


pieces = st.sampled_from(
    [*"*_~|`>-. \n\n()1aяё好。，@/", "**", "||", "~~", "```", "> ", "- ", "1. ", "https://", "e.org", "😀"]
)
texts = st.one_of(st.lists(pieces, max_size=60).map("".join), st.text(max_size=80))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts)
def test_any_text_is_read_and_nothing_is_added(page: Page, text: str) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    script = """(text) => {
      const meter = { steps: 0 };
      markup.parse(text, meter);
      return [markup.readable(text), meter.steps];
    }"""
    read, steps = page.evaluate(script, text)
    assert is_within(read, text)
    assert is_within("".join(one for one in text if one.isalpha() and one not in "js"), read) or "```" in text
    assert steps <= 4 * len(text) + 4


# On the page


@pytest.fixture
def writer(alice: Screen, bob: Screen) -> Screen:
    return alice.open("bob")


def drawn(screen: Screen) -> Any:
    return screen.page.locator("[data-body]").evaluate_all(
        "all => all.map((one) => one.innerHTML.replace(/<!--.*?-->/g, '').replace(/\\s+/g, ' '))"
    )


def test_a_message_looks_the_same_waiting_and_stored_and_to_both(writer: Screen, bob: Screen) -> None:
    text = "Hello **you**\n> quoted _text_\n- one\n- two\n```\na < b\n```\n||secret|| at https://e.org/x."
    words = "Hello you\nquoted text\none\ntwo\na < b\nsecret at https://e.org/x."
    writer.cut()
    writer.composer.fill(text)
    writer.composer.press("Enter")
    expect(writer.messages).to_have_attribute("data-state", "pending")
    waiting = drawn(writer)
    assert writer.bodies() == [words]
    assert writer.page.locator("[data-body] :is(strong, em, blockquote, ul, pre, a)").count() == 6
    writer.mend()
    writer.shows([words])
    assert drawn(writer) == waiting
    expect(bob.row("alice")).to_contain_text("Hello you quoted text one two a < b ▒▒▒ at https://e.org/x.")
    bob.open("alice").shows([words])
    assert drawn(bob) == waiting
    link = bob.page.locator("[data-body] a")
    expect(link).to_have_attribute("href", "https://e.org/x")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(link).to_have_attribute("target", "_blank")


@pytest.mark.parametrize("act", [lambda one: one.click(), lambda one: one.press("Enter"), lambda one: one.press(" ")])
def test_a_spoiler_is_a_button_until_it_was_used(writer: Screen, act: Callable[[Any], None]) -> None:
    writer.say("it was ||the **butler**||").shows(["it was the butler"])
    spoiler = writer.page.locator("[data-spoiler]")
    expect(spoiler).to_have_role("button")
    expect(spoiler).to_have_accessible_name("Spoiler, show it")
    expect(spoiler.get_by_text("butler")).to_be_hidden()
    act(spoiler)
    expect(spoiler.get_by_text("butler")).to_be_visible()
    expect(spoiler).not_to_have_attribute("role", "button")
    expect(spoiler).to_be_focused()
    writer.say("another").shows(["it was the butler", "another"])
    expect(spoiler.get_by_text("butler")).to_be_visible()


def test_the_time_stays_in_the_bubble_under_every_kind_of_end(writer: Screen) -> None:
    texts = ["short", "```\ncode " + "x" * 200 + "\n```", "> quote", "- one\n- two", "**a**\n> b\nlast line"]
    writer.say(*texts)
    expect(writer.page.locator("[data-message][data-seq]")).to_have_count(len(texts))
    inside = """all => all.map((bubble) => {
      const [outer, time] = [bubble, bubble.querySelector("time")].map((one) => one.getBoundingClientRect());
      const text = bubble.querySelector("[data-body]").getClientRects();
      return time.left > outer.left && time.right < outer.right && time.bottom < outer.bottom + 1
        && time.top >= [...text].at(-1).top - 1;
    })"""
    assert writer.page.locator(".bubble").evaluate_all(inside) == [True] * len(texts)
    # A last line of text shares its line with the time.
    shared = """bubble => {
      const time = bubble.querySelector("time").getBoundingClientRect();
      const lines = [...bubble.querySelector("[data-body]").getClientRects()];
      return time.top < lines.at(-1).bottom;
    }"""
    assert writer.page.locator(".bubble").last.evaluate(shared)


@pytest.mark.parametrize(
    ("text", "large"), [("👍", True), ("👨‍👩‍👧 🇨🇳❤️", True), ("😀😀😀😀", False), ("👍 ok", False), ("1", False)]
)
def test_up_to_three_emoji_alone_are_large(writer: Screen, text: str, large: bool) -> None:
    writer.say(text).shows([text])
    assert (writer.page.locator("[data-jumbo]").count() == 1) is large
