"""Lean-back reading: a conversation that nobody touches goes slowly towards its past, until somebody does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import PHONE, Screen
from tests.servers import Person, PythonConnection, ServerProcess, wait_until

MANY = 90
SMALL = {"width": 1360, "height": 430}  # a screen is read in seconds


@pytest.fixture
def bob(server: ServerProcess) -> Iterator[PythonConnection]:
    """A program that has nobody to talk to yet."""
    Person(server.url, "carol").register()
    with Person(server.url, "bob").register().connect() as connection:
        yield connection


@pytest.fixture
def talk(server: ServerProcess, bob: PythonConnection) -> Callable[..., Screen]:
    """Opens a long conversation with bob, at its end: alice wrote all of it."""

    def begin(screen: Screen, count: int = MANY) -> Screen:
        with Person(server.url, "alice").register().connect() as alice:
            room_id = alice.open_direct("bob")["id"]
            for number in range(count):
                alice.send(room_id, f"line {number}")
        screen.login("alice").open("bob")
        expect(screen.message(f"line {count - 1}")).to_be_visible()
        at_end(screen)
        return screen

    return begin


def top(screen: Screen) -> float:
    return float(screen.page.locator("[data-log]").evaluate("(log) => log.scrollTop"))


def at_end(screen: Screen) -> None:
    screen.page.locator("[data-log]").evaluate("(log) => (log.scrollTop -= 100)")  # so that it is seen to go there
    screen.page.locator("[data-log]").press("End")
    below = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"
    wait_until(lambda: screen.page.locator("[data-log]").evaluate(below) < 2, 10)


def wheel(screen: Screen, by: int) -> None:
    screen.page.locator("[data-log]").hover()
    screen.page.mouse.wheel(0, by)


def sign(screen: Screen) -> Locator:
    return screen.page.locator("[data-leaning]")


def leans_back(screen: Screen) -> Screen:
    screen.page.keyboard.press("Alt+PageUp")
    expect(sign(screen)).to_have_text("Reading back by itself. Any touch or key stops it.")
    return screen


def moves(screen: Screen, by: int) -> None:
    """Towards the past by so much, from where it is now."""
    goal = top(screen) - by
    wait_until(lambda: top(screen) <= goal, 10)


def rests(screen: Screen) -> None:
    """It has ended: the place is the same after many frames."""
    expect(sign(screen)).to_have_count(0)
    places = screen.page.evaluate(
        """async () => {
          const log = document.querySelector("[data-log]");
          const places = new Set();
          for (let frames = 0; frames < 30; frames += 1) {
            await new Promise(requestAnimationFrame);
            if (frames) places.add(log.scrollTop);
          }
          return [...places];
        }"""
    )
    assert len(places) == 1


def test_it_leaves_the_end_by_itself_at_the_pace_of_a_reader(
    make_screen: Callable[..., Screen], talk: Callable[..., Screen]
) -> None:
    alice = leans_back(talk(make_screen()))
    moves(alice, 60)
    # Of a pause between two frames only a tenth of a second counts, so a busy machine goes more slowly.
    path = alice.page.evaluate(
        """async () => {
          const log = document.querySelector("[data-log]");
          const frame = () => new Promise(requestAnimationFrame);
          const begun = await frame();
          const places = [log.scrollTop];
          let last = begun;
          let counted = 0;
          while (last - begun < 2000) {
            const now = await frame();
            counted += Math.min(now - last, 100) / 1000;
            last = now;
            places.push(log.scrollTop);
          }
          return { places, counted };
        }"""
    )
    steps = [before - after for before, after in itertools.pairwise(path["places"])]
    assert all(0 <= step <= 4 for step in steps), "it glides and does not leap"
    assert sum(steps) == pytest.approx(32 * path["counted"], abs=5)


TOUCHES: dict[str, Callable[[Screen], object]] = {
    "wheel": lambda screen: screen.page.mouse.wheel(0, -1),
    "pointer": lambda screen: screen.page.mouse.click(*CENTRE),
    "key": lambda screen: screen.page.keyboard.press("Shift+a"),
    "escape": lambda screen: screen.page.keyboard.press("Escape"),
    "the same key": lambda screen: screen.page.keyboard.press("Alt+PageUp"),
    "focus": lambda screen: screen.composer.evaluate("(box) => box.focus()"),
    "hidden": lambda screen: screen.turns_away(),
    "another conversation": lambda screen: screen.page.evaluate("() => { location.hash = '#/carol' }"),
}
CENTRE = (800, 400)


def test_any_touch_ends_it(make_screen: Callable[..., Screen], talk: Callable[..., Screen]) -> None:
    alice = talk(make_screen(), 60)
    alice.page.mouse.move(*CENTRE)
    for touch, act in TOUCHES.items():
        leans_back(alice)
        moves(alice, 5)
        act(alice)
        expect(sign(alice), touch).to_have_count(0)
        if touch == "hidden":
            alice.turns_back()
        rests(alice)


def test_a_moved_mouse_and_a_held_key_are_no_touch(
    make_screen: Callable[..., Screen], talk: Callable[..., Screen]
) -> None:
    alice = leans_back(talk(make_screen(), 60))
    alice.page.mouse.move(600, 300)
    alice.page.keyboard.press("Shift")
    moves(alice, 20)
    expect(sign(alice)).to_be_visible()


def test_older_messages_come_before_they_are_reached(
    make_screen: Callable[..., Screen], talk: Callable[..., Screen]
) -> None:
    """From just below where they are asked for, while the row under the eye goes on without a leap."""
    alice = talk(make_screen(viewport=SMALL))
    held = alice.messages.count()
    assert held < MANY
    wheel(alice, -100)
    alice.page.locator("[data-log]").evaluate("(log) => (log.scrollTop = log.clientHeight + 30)")
    assert alice.messages.count() == held
    leans_back(alice)
    heights = alice.page.evaluate(
        """async (held) => {
          const log = document.querySelector("[data-log]");
          const edge = log.getBoundingClientRect().top;
          const rows = () => [...log.querySelectorAll("[data-message]")];
          const eye = rows().find((row) => row.getBoundingClientRect().top > edge + 40);
          const tops = [];
          const until = performance.now() + 12000;
          let after = 30;
          while (after > 0 && performance.now() < until) {
            await new Promise(requestAnimationFrame);
            tops.push(eye.getBoundingClientRect().top);
            if (rows().length > held) after -= 1;
          }
          return after ? null : tops;
        }""",
        held,
    )
    assert heights, "older messages were loaded"
    steps = [after - before for before, after in itertools.pairwise(heights)]
    assert all(-1 <= step <= 5 for step in steps)


def test_what_comes_meanwhile_is_not_read(
    make_screen: Callable[..., Screen], talk: Callable[..., Screen], bob: PythonConnection
) -> None:
    alice = leans_back(talk(make_screen(), 60))
    room = bob.open_direct("alice")
    moves(alice, 10)
    sent = bob.send(room["id"], "are you reading?")
    expect(alice.page.locator("[data-to-end]")).to_contain_text("1")
    moves(alice, 20)
    assert bob.open_direct("alice")["peer_read_seq"] < sent["seq"]
    expect(sign(alice)).to_be_visible()
    at_end(alice)
    expect(alice.page.locator("[data-to-end]")).to_have_count(0)
    bob.wait_for(lambda one: any(told["last_read_seq"] >= sent["seq"] for told in one.heard("messages_read")))


def test_at_the_beginning_it_ends(make_screen: Callable[..., Screen], talk: Callable[..., Screen]) -> None:
    alice = talk(make_screen(viewport=SMALL), 12)
    leans_back(alice)
    expect(sign(alice)).to_have_count(0)
    assert top(alice) == 0


def test_whoever_wants_no_motion_has_the_pages_turned(
    make_screen: Callable[..., Screen], talk: Callable[..., Screen]
) -> None:
    alice = talk(make_screen(viewport=SMALL, reduced_motion="reduce"), 60)
    leans_back(alice)
    places = alice.page.evaluate(
        """async () => {
          const log = document.querySelector("[data-log]");
          const places = new Set();
          const until = performance.now() + 15000;
          while (places.size < 3 && performance.now() < until) {
            await new Promise(requestAnimationFrame);
            places.add(log.scrollTop);
          }
          return { places: [...places], height: log.clientHeight };
        }"""
    )
    *_first, before, after = places["places"]
    assert 0.75 * places["height"] < before - after < places["height"]


def test_the_switch_in_the_details_begins_and_ends_it(
    make_screen: Callable[..., Screen], talk: Callable[..., Screen]
) -> None:
    alice = talk(make_screen(), 60)
    switch = alice.page.locator("[data-lean-back]")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    moves(alice, 10)
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    rests(alice)


def test_on_a_phone_the_details_give_way_to_it(make_screen: Callable[..., Screen], talk: Callable[..., Screen]) -> None:
    alice = talk(make_screen(viewport=PHONE, has_touch=True), 60)
    alice.page.locator("[data-open-details]").click()
    alice.page.locator("[data-lean-back]").click()
    expect(sign(alice)).to_be_visible()
    moves(alice, 10)
    assert alice.cut_off() == []
    alice.page.touchscreen.tap(195, 400)
    rests(alice)
    expect(alice.composer).to_be_visible()


def test_escape_closes_nothing_besides(make_screen: Callable[..., Screen], talk: Callable[..., Screen]) -> None:
    alice = talk(make_screen(viewport=PHONE), 60)
    leans_back(alice)
    alice.page.keyboard.press("Escape")
    rests(alice)
    alice.has_open("bob")
