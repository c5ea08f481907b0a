"""What a conversation has collected: pictures and sound by month, live."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.screens import PHONE, Screen
from tests.browser.sharing import Sharer, at, enter, picture, sharing, sound, upload
from tests.servers import ServerProcess, make_client_id

PAGE = 30  # static/js/media.js
THIS_MONTH = "new Intl.DateTimeFormat('en-GB', { month: 'long' }).format(new Date())"


def collect(screen: Screen, tab: str = "image") -> Locator:
    screen.page.locator("[data-open-media]").click()
    screen.page.locator(f"[data-media-tab={tab}]").click()
    return screen.page.locator("[data-media]")


def bury(sharer: Sharer) -> None:
    """Say so much that the page does not hold what was before."""
    for number in range(60):
        sharer.say(f"words {number}")


def test_an_empty_one_says_what_will_be_there(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        screen = enter(make_screen(), people[0], bob.room_id)
        media = collect(screen)
        expect(media.locator("[data-media-empty]")).to_contain_text("No pictures yet")
        screen.page.locator("[data-media-tab=image]").press("ArrowRight")
        expect(screen.page.locator("[data-media-tab=audio]")).to_be_focused()
        expect(media.locator("[data-media-empty]")).to_contain_text("No recordings yet")
        screen.page.keyboard.press("Escape")
        expect(media).to_have_count(0)
        expect(screen.page.locator("[data-open-media]")).to_be_focused()


def test_pictures_stand_by_month_and_change_live(
    make_screen: Callable[..., Screen], people: Any, server: ServerProcess
) -> None:
    with sharing(*people) as (_alice, bob):
        old, new = bob.show(picture(colour="teal"), "old.jpg"), bob.show(picture(colour="red"), "new.jpg")
        bob.record(2)
        with sqlite3.connect(server.folder / "chat.sqlite3") as database:
            moved = "UPDATE messages SET created_at = '2024-05-17 12:00:00.000000' WHERE room_id = ? AND seq = ?"
            assert database.execute(moved, (bob.room_id, old["seq"])).rowcount == 1
        screen = enter(make_screen(), people[0], bob.room_id)
        media = collect(screen)
        expect(media.locator("h3")).to_have_text([screen.page.evaluate(THIS_MONTH), "May 2024"])
        expect(media.locator("[data-tile] img[data-state=shown]")).to_have_count(2)
        assert [tile.get_attribute("title") for tile in media.locator("[data-tile]").all()] == ["new.jpg", "old.jpg"]
        newest = bob.show(picture(colour="blue"), "newest.jpg")
        expect(media.locator("[data-tile]").first).to_have_attribute("title", "newest.jpg")
        bob.delete(new)
        expect(media.locator("[data-tile]")).to_have_count(2)
        media.locator("[data-tile]").last.click()
        expect(screen.page.locator("[data-viewer]")).to_have_attribute("aria-label", "old.jpg")
        screen.page.keyboard.press("ArrowRight")
        expect(screen.page.locator("[data-viewer]")).to_have_attribute("aria-label", "newest.jpg")
        bob.delete(newest)
        expect(screen.page.locator("[data-viewer]")).to_have_attribute("aria-label", "old.jpg")
        screen.page.keyboard.press("Escape")
        expect(media.locator("[data-tile]")).to_have_count(1)
        expect(media.locator("[data-tile]")).to_be_focused()


def test_arrows_lead_from_tile_to_tile(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        for number in range(5):
            bob.show(picture((40 + number, 40)), f"{number}.jpg")
        screen = enter(make_screen(), people[0], bob.room_id)
        media = collect(screen)
        expect(media.locator("[data-tile]")).to_have_count(5)
        expect(media.locator('[data-tile][tabindex="0"]')).to_have_count(1)
        media.locator("[data-tile]").first.focus()
        for key, name in (("ArrowRight", "3.jpg"), ("ArrowDown", "0.jpg"), ("ArrowUp", "3.jpg"), ("End", "0.jpg")):
            screen.page.keyboard.press(key)
            expect(media.locator(f'[data-tile][title="{name}"]')).to_be_focused()


def test_older_ones_are_loaded_as_one_scrolls(make_screen: Callable[..., Screen], people: Any) -> None:
    """The conversation itself holds far fewer."""
    with sharing(*people) as (alice, bob):
        kept = bob.show(picture(), "first.jpg")
        same = kept["file"]
        for number in range(PAGE + 5):
            bob.show(picture((30 + number, 30)), f"{number}.jpg")
        bury(alice)
        screen = enter(make_screen(viewport={"width": 390, "height": 420}), people[0], bob.room_id)
        screen.page.locator("[data-open-details]").click()
        media = collect(screen)
        expect(media.locator("[data-tile]")).to_have_count(PAGE)
        media.locator("[data-tile]").last.scroll_into_view_if_needed()
        expect(media.locator("[data-tile]")).to_have_count(PAGE + 6)
        expect(media.locator(f'[data-tile] img[src$="{same["id"]}/small"]')).to_have_count(1)
        screen.page.locator('[data-tile][title="first.jpg"]').click()
        expect(screen.page.locator("[data-viewer]")).to_have_attribute("aria-label", "first.jpg")
        screen.page.go_back()
        expect(media).to_be_visible()
        assert screen.cut_off() == []


def test_sound_plays_in_the_list_and_leads_to_its_message(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (alice, bob):
        song = bob.show(sound(30), "Song.wav")
        bob.record(12)
        bury(alice)
        screen = enter(make_screen(viewport=PHONE), people[0], bob.room_id)
        screen.page.locator("[data-open-details]").click()
        media = collect(screen, "audio")
        expect(media.locator(".media__name")).to_have_text(["Voice message", "Song.wav"])
        expect(media.locator("[data-position]")).to_have_text(["0:12", "0:30"])
        row = media.locator(".media__row").last
        row.locator("[data-play]").click()
        expect(row).to_have_attribute("data-state", "playing")
        expect(row.locator("[data-position]")).to_have_text(re.compile("^0:0[1-9] / 0:30$"))
        row.locator("[data-jump]").click()
        expect(at(screen, song)).to_be_in_viewport()
        expect(at(screen, song).locator("[data-sound]")).to_have_attribute("data-state", "playing")


def test_a_direct_conversation_collects_too(make_screen: Callable[..., Screen], people: Any) -> None:
    alice, bob = people
    with bob.connect() as connection:
        room_id = connection.open_direct("alice")["id"]
        file = upload(bob, picture(), "lake.jpg")
        told = {"room_id": room_id, "body": "", "client_id": make_client_id(), "file_id": file["id"]}
        assert connection.call("send_message", told)["ok"]
    screen = make_screen()
    screen.take_cookies_of(alice)
    screen.page.goto(screen.url)
    screen.is_online().open("bob")
    expect(collect(screen).locator("[data-tile] img[data-state=shown]")).to_have_count(1)
    screen.page.locator("[data-room]").first.click()
    expect(screen.page.locator("[data-media]")).to_have_count(0)


def test_a_page_that_did_not_come_is_asked_for_again(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (alice, bob):
        bob.show(picture(), "a.jpg")
        bury(alice)
        screen = make_screen()
        screen.network_may_fail = True
        screen.page.route(f"**/rooms/{bob.room_id}/files*", lambda route: route.abort())
        enter(screen, people[0], bob.room_id)
        media = collect(screen)
        media.locator("[data-media-again]").wait_for()
        screen.page.unroute_all()
        media.locator("[data-media-again]").click()
        expect(media.locator("[data-tile]")).to_have_count(1)
