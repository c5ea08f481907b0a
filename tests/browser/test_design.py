"""One design: themes before the first paint, accents one can read, columns that fold, nothing cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.screens import PHONE, Screen
from tests.servers import wait_until

THEMES = ("light", "dark")
ACCENTS = ("jade", "ocean", "violet", "rose", "amber", "slate")
DARK = "rgb(20, 25, 29)"
DARK_WASH = "rgb(15, 20, 23)"

# What lies on what; icons and edges need 3:1, texts 4.5:1 (WCAG 2.2, 1.4.3 and 1.4.11).
PAIRS = [
    ("--accent", "--surface", 4.5),
    ("--accent", "--surface-raised", 4.5),
    ("--accent", "--surface-conversation", 4.5),
    ("--accent", "--surface-sunken", 4.5),
    ("--accent-text", "--accent", 4.5),
    ("--badge-text", "--badge", 4.5),
    ("--badge-quiet-text", "--badge-quiet", 4.5),
    ("--text", "--bubble-own", 4.5),
    ("--bubble-own-meta", "--bubble-own", 4.5),
    ("--accent", "--bubble-own", 3),
    ("--error", "--surface-raised", 4.5),
    ("--draft", "--surface", 4.5),
    ("--draft", "--surface-hover", 4.5),
    ("--text-meta", "--surface", 4.5),
    ("--text-meta", "--bubble-other", 4.5),
    ("--edge", "--surface-raised", 3),
]

RATIO = """([over, under]) => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const probe = document.body.appendChild(document.createElement("i"));
  const luminance = (name) => {
    probe.style.color = `var(${name})`;
    pen.fillStyle = getComputedStyle(probe).color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low, high] = [luminance(over), luminance(under)].sort((a, b) => a - b);
  probe.remove();
  return (high + 0.05) / (low + 0.05);
}"""

WATCH = """
window.seen = [];
const look = () => document.body && window.seen.push(getComputedStyle(document.body).backgroundColor);
document.addEventListener("DOMContentLoaded", look);
requestAnimationFrame(function again() { look(); if (window.seen.length < 20) requestAnimationFrame(again); });
"""


def theme_switch(screen: Screen, theme: str) -> None:
    screen.page.locator("[data-theme-switch]").click()
    expect(screen.page.locator("[data-theme-switch]")).to_have_attribute("data-theme-switch", theme)


def background(screen: Screen) -> str:
    return str(screen.page.evaluate("getComputedStyle(document.body).backgroundColor"))


def seen(screen: Screen) -> set[str]:
    """The page's background in its first twenty frames."""
    return set(wait_until(lambda: screen.page.evaluate("window.seen.length >= 20 && window.seen"), 10, "twenty frames"))


def bar_colour(page: Page) -> str:
    """The theme colour in force, as the browser writes colours."""
    return str(
        page.evaluate("""() => {
            const metas = [...document.querySelectorAll("meta[name=theme-color]")];
            const pen = document.body.appendChild(document.createElement("i"));
            pen.style.color = metas.find((one) => matchMedia(one.media).matches).content;
            const colour = getComputedStyle(pen).color;
            pen.remove();
            return colour;
        }""")
    )


def test_the_theme_of_the_account_is_there_from_the_first_paint(make_screen: Callable[..., Screen]) -> None:
    first = make_screen(color_scheme="light").register("alice")
    assert background(first) != DARK
    theme_switch(first, "light")
    with first.page.expect_response("**/profile/preferences"):
        theme_switch(first, "dark")
    second = make_screen(color_scheme="light").login("alice")
    second.page.add_init_script(WATCH)
    second.reload()
    assert seen(second) == {DARK}


def test_the_browser_remembers_the_theme_of_whoever_signed_out(make_screen: Callable[..., Screen]) -> None:
    screen = make_screen(color_scheme="light").register("alice")
    theme_switch(screen, "light")
    with screen.page.expect_response("**/profile/preferences"):
        theme_switch(screen, "dark")
    screen.page.add_init_script(WATCH)
    screen.page.locator("[data-menu]").click()
    screen.page.locator("[data-sign-out] button").click()
    expect(screen.page.locator("[name=password]")).to_be_visible()
    assert seen(screen) == {DARK_WASH}


@pytest.mark.parametrize("system", THEMES)
def test_the_switch_goes_round_and_the_browsers_bar_follows(make_screen: Callable[..., Screen], system: Any) -> None:
    screen = make_screen(color_scheme=system).register("alice")
    names = {screen.page.locator("[data-theme-switch]").get_attribute("aria-label")}
    backgrounds = {"system": background(screen)}
    for theme in ("light", "dark", "system"):
        theme_switch(screen, theme)
        names.add(screen.page.locator("[data-theme-switch]").get_attribute("aria-label"))
        assert bar_colour(screen.page) == background(screen)
        assert backgrounds.setdefault(theme, background(screen)) == background(screen)
    assert backgrounds["dark"] == DARK
    assert backgrounds["system"] == backgrounds[system] != backgrounds["dark" if system == "light" else "light"]
    assert len(names) == 3


def test_every_accent_can_be_read_in_both_themes(alice: Screen) -> None:
    unreadable = []
    for theme in THEMES:
        for accent in ACCENTS:
            alice.page.evaluate(
                "chosen => Object.assign(document.documentElement.dataset, chosen)", {"theme": theme, "accent": accent}
            )
            for over, under, least in PAIRS:
                ratio = alice.page.evaluate(RATIO, [over, under])
                if ratio < least:
                    unreadable.append((theme, accent, over, under, round(ratio, 2)))
    assert unreadable == [], unreadable


def test_compact_is_denser(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("one", "two").shows(["one", "two"])
    comfortable = heights(alice.page)
    alice.settings("looks").option("density", "compact").check()
    compact = heights(alice.page)
    assert all(less < more for less, more in zip(compact, comfortable, strict=True)), (compact, comfortable)


def heights(page: Page) -> list[int]:
    parts = (".row", "[data-message]", "[data-part=bar]")
    return [page.locator(part).first.evaluate("one => one.offsetHeight") for part in parts]


COLUMNS = """() => [".side", ".pane", "[data-details]"].map((one) => {
  const element = document.querySelector(one);
  return element.checkVisibility({ visibilityProperty: true }) ? element.getBoundingClientRect().width : 0;
})"""

OVERFLOWS = """() => {
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("svg, .visually-hidden")
    && getComputedStyle(one).display !== "inline"; // cut off with an ellipsis
  const out = (one) => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1;
  const wide = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
  const all = [...document.body.querySelectorAll("*")];
  return wide.concat(all.filter((one) => seen(one) && out(one)).map((one) => one.className));
}"""


@pytest.mark.parametrize(
    ("width", "talking", "looking"),
    [
        (320, [0, 320, 0], [0, 0, 320]),
        (390, [0, 390, 0], [0, 0, 390]),
        (768, [280, 488, 0], [280, 488, 340]),
        (1024, [320, 704, 0], [320, 704, 340]),
        (1360, [320, 740, 300], [320, 740, 300]),
        (2560, [320, 1940, 300], [320, 1940, 300]),
    ],
)
def test_three_columns_two_and_one(
    make_screen: Callable[..., Screen], bob: Screen, width: int, talking: list[int], looking: list[int]
) -> None:
    screen = make_screen(viewport={"width": width, "height": 720}, locale="ru").register("alice")
    assert screen.page.evaluate(OVERFLOWS) == []
    screen.open("bob").say("слово " * 30 + "ы" * 200)
    expect(screen.page.locator("[data-message][data-seq]")).to_have_count(1)
    expect(screen.page.locator("[data-details] h2")).to_have_count(1 if width >= 1200 else 0)
    assert screen.page.evaluate(COLUMNS) == talking
    assert screen.page.evaluate(OVERFLOWS) == []
    screen.page.locator("[data-open-details]").click()
    expect(screen.page.locator("[data-details] h2")).to_be_visible()
    still(screen.page)
    assert screen.page.evaluate(COLUMNS) == looking
    assert screen.page.evaluate(OVERFLOWS) == []
    if width < 1200:
        screen.page.go_back()
    wait_until(lambda: screen.page.evaluate(COLUMNS) == talking, 5, "the conversation as before")
    if width < 720:
        screen.page.go_back()
    screen.settings()
    for name in ("profile", "looks", "language", "writing", "password", "sessions"):
        screen.section(name)
        still(screen.page)
        assert screen.page.evaluate(OVERFLOWS) == []
        if width < 720:
            screen.page.locator("[data-panel-back]").click()


def still(page: Page) -> None:
    """Until nothing moves any more."""
    moving = "document.getAnimations().some((one) => one.playState === 'running')"
    wait_until(lambda: not page.evaluate(moving), 5, "a still page")


def test_details_close_by_esc_by_back_and_by_the_button(make_screen: Callable[..., Screen], bob: Screen) -> None:
    phone = make_screen(viewport=PHONE, has_touch=True, is_mobile=True).register("alice").open("bob")
    details = phone.page.locator("[data-details]")
    ways: list[Callable[[], Any]] = [
        lambda: phone.page.keyboard.press("Escape"),
        phone.page.go_back,
        lambda: phone.page.locator("[data-details-close]").click(),
    ]
    for close in ways:
        phone.page.locator("[data-open-details]").click()
        expect(details).to_be_visible()
        expect(details).to_be_focused()
        expect(details).to_contain_text("@bob")
        close()
        expect(details).to_be_hidden()
        expect(phone.page.locator("[data-open-details]")).to_be_focused()
        phone.has_open("bob")


def test_nothing_is_chosen_so_the_composer_rests_and_says_why(alice: Screen) -> None:
    resting = alice.page.locator("[data-part=welcome] textarea")
    expect(resting).to_be_disabled()
    expect(resting).to_have_attribute("placeholder", "First choose whom to write to")
    expect(alice.composer).to_be_hidden()


@pytest.fixture
def held(alice: Screen) -> Iterator[list[Route]]:
    """The messages of a conversation, kept back."""
    routes: list[Route] = []
    alice.page.route("**/rooms/*/messages*", lambda route: routes.append(route))
    yield routes
    alice.page.unroute_all(behavior="ignoreErrors")


def test_skeletons_show_after_a_while_and_go(alice: Screen, bob: Screen, held: list[Route]) -> None:
    with alice.page.expect_request("**/rooms/*/messages*"):
        alice.row("bob").click()
    skeletons = alice.page.locator("[data-log] .skeleton")
    expect(skeletons).to_have_count(5)
    opacity = """([one, at]) => {
        const [animation] = one.getAnimations();
        animation.pause();
        animation.currentTime = at;
        return Number(getComputedStyle(one).opacity);
    }"""
    first = skeletons.first.element_handle()
    assert alice.page.evaluate(opacity, [first, 299]) == 0
    assert alice.page.evaluate(opacity, [first, 400]) > 0.2
    while held:
        held.pop().continue_()
    expect(skeletons).to_have_count(0)
    alice.has_open("bob")


def test_with_less_motion_nothing_moves(make_screen: Callable[..., Screen], bob: Screen) -> None:
    screen = make_screen(viewport=PHONE, reduced_motion="reduce").register("alice").open("bob")
    screen.page.locator("[data-open-details]").click()
    expect(screen.page.locator("[data-details] h2")).to_be_visible()
    assert screen.page.evaluate("document.getAnimations().length") == 0


def test_the_composer_stays_above_a_keyboard_that_covers_the_page(
    make_screen: Callable[..., Screen], bob: Screen
) -> None:
    """As Safari does: the layout keeps its height, the visual viewport shrinks and may be scrolled."""
    phone = make_screen(viewport=PHONE, has_touch=True, is_mobile=True).register("alice").open("bob")
    bob.open("alice").say("hello")
    phone.shows(["hello"])
    phone.page.evaluate("""() => {
        Object.defineProperty(visualViewport, "height", { value: 500 });
        Object.defineProperty(visualViewport, "offsetTop", { value: 40 });
        visualViewport.dispatchEvent(new Event("resize"));
    }""")
    for place in (phone.composer, phone.message("hello"), phone.page.locator("[data-part=bar]")):
        box = place.bounding_box()
        assert box
        assert box["y"] >= 40
        assert box["y"] + box["height"] <= 540
