"""axe-core finds nothing on any screen of the gallery; focus and states are seen with forced colours and at 200 %."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.gallery import SCREENS, Visit
from tests.browser.screens import PHONE, Screen
from tests.servers import REPOSITORY, Person, ServerProcess
from tests.services import missing

AXE = REPOSITORY / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOCALES = {"en": "en-GB", "ru": "ru-RU", "zh": "zh-CN"}

RUN = f"""axe.run(document, {{ runOnly: {json.dumps(RULES)} }}).then(({{ violations }}) =>
  violations.map(({{ id, nodes }}) => [id, nodes.map(({{ html, failureSummary }}) => html + " " + failureSummary)]))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    rates = dict.fromkeys(("SIGN_IN_RATE", "SIGN_IN_NAME_RATE", "UPLOAD_RATE"), "9999 per minute")
    with ServerProcess(tmp_path_factory.mktemp("server"), **rates) as process:
        alice = Person(process.url, "alice").register()
        Person(process.url, "carol").register()
        with alice.connect() as mine, Person(process.url, "bob").register().connect() as theirs:
            room = mine.open_direct("bob")
            mine.send(room["id"], "Did you find the tent?")
            theirs.send(room["id"], "In the attic, behind the skis 🎿\nhttps://example.com/")
            theirs.call("mark_read", {"room_id": room["id"], "seq": 2})
            mine.call("mark_read", {"room_id": room["id"], "seq": 2})
            options = {"topic": "Lake, tents, kettle", "emoji": "🏕️", "visibility": "public", "message_ttl": 86_400}
            trip = mine.call("create_room", {"name": "Summer trip", **options})["room"]["id"]
            theirs.call("join_room", {"room_id": trip})
            theirs.send(trip, "Who brings the kettle?")
        yield process


@pytest.fixture
def alice(server: ServerProcess, signed_in: dict[str, Person]) -> Person:
    """Signed in once for many screens, and anew after one on which she signed out."""
    if "alice" not in signed_in or signed_in["alice"].get("/rooms").status_code != 200:
        signed_in["alice"] = Person(server.url, "alice").login()
    return signed_in["alice"]


@pytest.fixture(scope="module")
def signed_in() -> dict[str, Person]:
    return {}


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        missing("axe-core")
    return AXE.read_text(encoding="utf-8")


# Colours do not depend on the language, nor names on the width: each language once, both widths, both themes.
WAYS = {"en-wide": {}, "en-phone": {"viewport": PHONE}, "ru-phone": {"viewport": PHONE}, "zh-wide": {}}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SCREENS)
def test_axe_finds_nothing_and_no_text_is_cut_off(
    make_screen: Callable[..., Screen], axe: str, alice: Person, name: str, way: str
) -> None:
    screen = make_screen(locale=LOCALES[way[:2]], reduced_motion="reduce", **WAYS[way])
    SCREENS[name](Visit(screen, alice))
    assert screen.cut_off() == []
    for theme in ("light", "dark"):
        screen.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert found_by(axe, screen) == [], theme


def found_by(axe: str, screen: Screen) -> Any:
    """What axe-core complains of; it comes in past the page's policy, by the browser's own door."""
    wire = screen.protocol()
    wire.send("Runtime.evaluate", {"expression": axe})
    answer = wire.send("Runtime.evaluate", {"expression": RUN, "awaitPromise": True, "returnByValue": True})
    assert "exceptionDetails" not in answer, answer
    return answer["result"]["value"]


def test_axe_would_find_something(make_screen: Callable[..., Screen], axe: str, alice: Person) -> None:
    screen = make_screen()
    SCREENS["list"](Visit(screen, alice))
    screen.page.evaluate("document.querySelector('[data-search]').removeAttribute('aria-label')")
    screen.page.evaluate("document.querySelector('[data-search]').removeAttribute('placeholder')")
    assert [rule for rule, _ in found_by(axe, screen)] == ["label"]


def test_focus_and_choice_are_seen_with_forced_colours(make_screen: Callable[..., Screen], alice: Person) -> None:
    screen = make_screen(forced_colors="active")
    SCREENS["every state of a message"](Visit(screen, alice))
    outline = "one => getComputedStyle(one).outlineStyle + getComputedStyle(one).outlineWidth"
    assert screen.row("bob").evaluate(outline) == "solid2px"
    for selector in ("[data-search]", '[data-person="bob"]', "[data-composer]", "[data-cancel]", "[data-log]"):
        one = screen.page.locator(selector)
        screen.page.evaluate("document.activeElement.blur()")
        before = one.evaluate(SEEN)
        one.focus()
        assert one.evaluate(SEEN) != before, f"the focus on {selector} is not seen"


# Outlines and borders are what forced colours leave; a focus may also be shown by what is around.
SEEN = """one => [one, one.parentElement].map((each) => getComputedStyle(each))
  .map((style) => [style.outlineStyle, style.outlineWidth, style.borderTopStyle].join()).join()"""


def test_at_200_percent_everything_is_there(make_screen: Callable[..., Screen], alice: Person) -> None:
    """A window of 1280 × 1024 at 200 % is one of 640 × 512 (WCAG 2.2, 1.4.4 and 1.4.10)."""
    screen = make_screen(viewport={"width": 640, "height": 512}, device_scale_factor=2)
    SCREENS["every state of a message"](Visit(screen, alice))
    wide = screen.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 640
    expect(screen.composer).to_be_in_viewport()
    expect(screen.message("waiting")).to_be_in_viewport()
    screen.page.keyboard.press("Control+k")
    expect(screen.page.locator("[data-switcher] [role=option]").first).to_be_in_viewport()
