"""Sound in a conversation: played, sought, faster, one at a time, one after another."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.screens import PHONE, Screen
from tests.browser.sharing import at, enter, sharing, sound
from tests.servers import Person, wait_until

# Every sound the page makes, in the order of their making.
LISTEN = """
window.sounds = [];
const Plain = window.Audio;
window.Audio = function () { const made = new Plain(); window.sounds.push(made); return made; };
"""
PLAYS = "window.sounds.length === 1 && !window.sounds[0].paused && window.sounds[0].currentTime > 0"


@pytest.fixture
def listen(make_screen: Callable[..., Screen], people: tuple[Person, Person]) -> Callable[..., Screen]:
    """alice's screen at a room, with an ear on it."""

    def come(room_id: int, **options: Any) -> Screen:
        screen = make_screen(**options)
        screen.page.add_init_script(LISTEN)
        return enter(screen, people[0], room_id)

    return come


def player(screen: Screen, message: Any) -> Locator:
    return at(screen, message).locator("[data-sound]")


def play(screen: Screen, message: Any) -> Locator:
    found = player(screen, message)
    found.locator("[data-play]").click()
    expect(found).to_have_attribute("data-state", "playing")
    wait_until(lambda: screen.page.evaluate(PLAYS), 15)
    return found


def seconds(page: Page) -> float:
    return float(page.evaluate("window.sounds[0].currentTime"))


def test_a_recording_says_how_long_it_is_and_plays(listen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.record(12)
        asked: list[str] = []
        screen = listen(bob.room_id)
        screen.page.on("request", lambda request: asked.append(request.url))
        expect(player(screen, shown).locator("[data-position]")).to_have_text("0:12")
        assert player(screen, shown).locator("path").count() == 2, "the waveform, and what has been heard of it"
        assert [url for url in asked if shown["file"]["id"] in url] == [], "nothing is loaded before it plays"
        found = play(screen, shown)
        expect(found.locator("[data-position]")).to_have_text(re.compile("^0:0[1-9] / 0:12$"))
        expect(found.locator("[data-play]")).to_have_attribute("aria-label", "Pause: Voice message (0:12)")
        found.locator("[data-play]").click()
        expect(found).to_have_attribute("data-state", "paused")
        assert screen.page.evaluate("window.sounds[0].paused")


def test_it_is_sought_by_pointer_and_keys(listen: Callable[..., Screen], people: Any) -> None:
    """The server is asked for the part that is wanted."""
    with sharing(*people) as (_alice, bob):
        shown = bob.record(60)
        screen = listen(bob.room_id)
        slider = player(screen, shown).locator("[role=slider]")
        box = slider.bounding_box()
        assert box
        screen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(player(screen, shown).locator("[data-position]")).to_have_text("0:30 / 1:00")
        with screen.page.expect_response(lambda answer: shown["file"]["id"] in answer.url) as answered:
            play(screen, shown)
        assert answered.value.status == 206
        assert answered.value.request.headers["range"].startswith("bytes=")
        assert 30 <= seconds(screen.page) < 40
        player(screen, shown).locator("[data-play]").click()
        expect(player(screen, shown)).to_have_attribute("data-state", "paused")
        slider.focus()
        before = round(seconds(screen.page))
        screen.page.keyboard.press("ArrowRight")
        assert round(seconds(screen.page)) == before + 5
        screen.page.keyboard.press("ArrowLeft")
        screen.page.keyboard.press("ArrowLeft")
        assert round(seconds(screen.page)) == before - 5
        screen.page.keyboard.press("Home")
        assert seconds(screen.page) == 0
        expect(slider).to_have_attribute("aria-valuenow", "0")
        expect(slider).to_have_attribute("aria-valuetext", "0:00 / 1:00")
        expect(slider).to_have_attribute("aria-valuemax", "60")
        screen.page.keyboard.press("End")
        assert seconds(screen.page) > 58
        screen.page.keyboard.press("Home")
        screen.page.keyboard.press(" ")
        expect(player(screen, shown)).to_have_attribute("data-state", "playing")


def test_the_speed_is_kept(listen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        first, second = bob.record(12), bob.record(12, pitch=440)
        screen = listen(bob.room_id)
        speed = play(screen, first).locator("[data-speed]")
        for expected in ("1.5", "2", "1", "1.5"):
            speed.click()
            expect(speed).to_have_attribute("data-speed", expected)
            assert screen.page.evaluate("window.sounds[0].playbackRate") == float(expected)
        play(screen, second)
        assert screen.page.evaluate("window.sounds[0].playbackRate") == 1.5
        screen.reload()
        expect(play(screen, first).locator("[data-speed]")).to_have_attribute("data-speed", "1.5")
        assert screen.page.evaluate("window.sounds[0].playbackRate") == 1.5


def test_one_plays_at_a_time_and_is_found_where_it_was_left(listen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        first, second = bob.record(30), bob.record(30, pitch=440)
        screen = listen(bob.room_id)
        play(screen, first)
        expect(player(screen, first).locator("[data-position]")).to_have_text(re.compile("^0:0[2-7] / 0:30$"))
        play(screen, second)
        expect(player(screen, first)).to_have_attribute("data-state", "idle")
        expect(player(screen, first).locator("[data-position]")).to_have_text(re.compile("^0:0[2-7] / 0:30$"))
        play(screen, first)
        assert 2 <= seconds(screen.page) < 8


def test_the_next_recording_of_the_same_person_goes_on(listen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (alice, bob):
        first = bob.record(1)
        other = alice.record(9, pitch=220)
        bob.say("and then")
        third = bob.record(3, pitch=440)
        screen = listen(bob.room_id)
        player(screen, first).locator("[data-play]").click()
        expect(player(screen, third)).to_have_attribute("data-state", "playing")
        expect(player(screen, first)).to_have_attribute("data-state", "idle")
        expect(player(screen, third)).to_have_attribute("data-state", "idle")
        expect(player(screen, other)).to_have_attribute("data-state", "idle")
        assert screen.page.evaluate("window.sounds[0].paused")


@pytest.mark.parametrize("viewport", [None, PHONE])
def test_it_plays_on_elsewhere_with_a_way_to_stop_it(listen: Callable[..., Screen], people: Any, viewport: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.record(60)
        screen = listen(bob.room_id, **({"viewport": viewport} if viewport else {}))
        play(screen, shown)
        now = screen.page.locator("[data-now]")
        expect(now).to_have_count(0)
        if viewport:
            screen.page.locator("[data-back]").click()
        else:
            screen.open("bob")
        expect(now).to_be_visible()
        expect(now).to_contain_text("Voice message")
        assert not screen.page.evaluate("window.sounds[0].paused")
        assert screen.cut_off() == []
        now.locator("[data-play]").click()
        expect(now).to_have_attribute("data-state", "paused")
        now.locator("[data-play]").click()
        expect(now).to_have_attribute("data-state", "playing")
        now.locator("[data-now-go]").click()
        expect(player(screen, shown)).to_have_attribute("data-state", "playing")
        expect(now).to_have_count(0)


def test_what_is_deleted_or_expires_falls_silent(listen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people, message_ttl=20) as (_alice, bob):
        deleted, ending = bob.record(60, pitch=440), bob.record(60)
        screen = listen(bob.room_id)
        play(screen, deleted)
        bob.delete(deleted)
        wait_until(lambda: screen.page.evaluate("window.sounds[0].paused"), 15)
        expect(at(screen, deleted).locator("[data-sound]")).to_have_count(0)
        play(screen, ending)
        expect(at(screen, ending)).to_have_count(0, timeout=30_000)
        assert screen.page.evaluate("window.sounds[0].paused")
        expect(screen.page.locator("[data-now]")).to_have_count(0)


def test_music_has_its_name_and_its_size(listen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.show(sound(5), "Song of the lake.wav", body="listen")
        screen = listen(bob.room_id)
        expect(player(screen, shown).locator(".sound__name")).to_have_text("Song of the lake.wav")
        expect(player(screen, shown).locator(".sound__size")).to_have_text("78 kB")
        expect(player(screen, shown).locator("[data-not-portable]")).to_have_count(0)
        expect(at(screen, shown).locator("[data-body]")).to_have_text("listen")


def test_what_cannot_be_played_says_so_and_is_tried_again(listen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.record(5)
        screen = listen(bob.room_id)
        screen.network_may_fail = True
        screen.page.route(f"**/files/{shown['file']['id']}", lambda route: route.abort())
        player(screen, shown).locator("[data-play]").click()
        expect(player(screen, shown).locator("[data-sound-trouble]")).to_be_visible()
        screen.page.unroute_all()
        player(screen, shown).locator("[data-sound-again]").click()
        expect(player(screen, shown)).to_have_attribute("data-state", "playing")
        expect(player(screen, shown).locator("[data-sound-trouble]")).to_have_count(0)
