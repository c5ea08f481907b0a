"""Pictures and sound in a conversation: their boxes, what is said of them elsewhere, faces."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.screens import PHONE, Screen
from tests.browser.sharing import animation, at, enter, picture, sharing, sound, upload
from tests.servers import Person, ServerProcess, make_client_id

ORIGINALS = re.compile(r"/files/[0-9a-f]{32}$")
THUMBNAILS = re.compile(r"/files/[0-9a-f]{32}/(small|large)")
BOX = "(one) => { const { width, height, top } = one.getBoundingClientRect(); return [width, height, top]; }"


def test_a_picture_keeps_its_box_while_it_comes(make_screen: Callable[..., Screen], people: Any) -> None:
    """Its place is known before a byte of it: what stands below does not move."""
    held: list[Route] = []
    with sharing(*people) as (_alice, bob):
        shown = bob.show(picture((1600, 1000)), "lake.jpg", body="the **lake**")
        bob.say("below")
        screen = make_screen()
        screen.page.route(THUMBNAILS, lambda route: held.append(route))
        with screen.page.expect_request(THUMBNAILS):
            enter(screen, people[0], bob.room_id)
        box = at(screen, shown).locator("[data-file]")
        expect(at(screen, shown).locator(".picture")).to_have_attribute("style", re.compile("--preview: url"))
        before = box.evaluate(BOX)
        assert (before[0], round(before[1])) == (420, 263)
        assert held
        for route in held:
            route.continue_()
        held.clear()
        screen.page.unroute_all()
        image = at(screen, shown).locator("img.picture__image")
        expect(image).to_have_attribute("data-state", "shown")
        assert box.evaluate(BOX) == before
        assert image.get_attribute("alt") == "the lake"
        assert THUMBNAILS.search(str(image.evaluate("one => one.currentSrc")))
        expect(at(screen, shown).locator("[data-body] strong")).to_have_text("lake")


@pytest.mark.parametrize(
    ("size", "box"),
    [((300, 3000), (120, 420)), ((3000, 200), (420, 90)), ((16, 16), (120, 90)), ((900, 900), (420, 420))],
)
def test_every_shape_of_a_picture_can_be_touched(
    make_screen: Callable[..., Screen], people: Any, size: tuple[int, int], box: tuple[int, int]
) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.show(picture(size, form="PNG"), "a.png")
        screen = enter(make_screen(), people[0], bob.room_id)
        expect(at(screen, shown).locator("img.picture__image")).to_have_attribute("data-state", "shown")
        width, height, _top = at(screen, shown).locator("[data-file]").evaluate(BOX)
        assert (round(width), round(height)) == box
        assert at(screen, shown).locator("img.picture__image").get_attribute("alt") == "a.png"


def test_a_picture_fits_a_phone(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.show(picture())
        screen = enter(make_screen(viewport=PHONE), people[0], bob.room_id)
        expect(at(screen, shown).locator("img.picture__image")).to_have_attribute("data-state", "shown")
        width, height, _top = at(screen, shown).locator("[data-file]").evaluate(BOX)
        assert width < 330
        assert abs(width / height - 1.6) < 0.02
        assert screen.cut_off() == []


def test_a_picture_that_did_not_come_says_so_and_comes_again(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.show(picture())
        screen = make_screen()
        screen.network_may_fail = True
        screen.page.route(THUMBNAILS, lambda route: route.abort())
        enter(screen, people[0], bob.room_id)
        again = at(screen, shown).locator("[data-picture-again]")
        expect(again).to_be_visible()
        screen.page.unroute_all()
        again.click()
        expect(at(screen, shown).locator("img.picture__image")).to_have_attribute("data-state", "shown")


def test_lists_quotes_and_answers_say_what_was_sent(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        screen = enter(make_screen(), people[0], bob.room_id)
        about = screen.page.locator(f'[data-room="{bob.room_id}"] .row__about')
        bob.show(sound(2), "Song of the lake.wav")
        expect(about).to_have_text("bob: Song of the lake.wav")
        bob.record(12)
        expect(about).to_have_text("bob: Voice message (0:12)")
        bob.show(picture(), body="the **lake**")
        expect(about).to_have_text("bob: the lake")
        bare = bob.show(picture(colour="red"))
        expect(about).to_have_text("bob: Photo")
        bob.connection.call(
            "send_message",
            {"room_id": bob.room_id, "body": "look", "client_id": make_client_id(), "reply_to": bare["seq"]},
        )
        quote = screen.message("look").locator("[data-quote]")
        expect(quote.locator(".quote__text")).to_have_text("Photo")
        expect(quote.locator("img")).to_have_attribute("data-state", "shown")
        bob.delete(bare)
        expect(screen.message("look").locator("[data-quote][data-gone]")).to_be_visible()
        expect(at(screen, bare)).to_have_attribute("data-gone", "")
        expect(at(screen, bare).locator("img")).to_have_count(0)


def test_an_animation_stands_still_until_it_is_opened(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.show(animation(), "dance.gif")
        screen = enter(make_screen(), people[0], bob.room_id)
        expect(at(screen, shown).locator(".picture__tag")).to_have_text("GIF")
        image = at(screen, shown).locator("img.picture__image")
        expect(image).to_have_attribute("data-state", "shown")
        assert THUMBNAILS.search(str(image.evaluate("one => one.currentSrc")))
        image.click()
        opened = screen.page.locator("[data-original]")
        expect(opened).to_have_attribute("data-state", "shown")
        assert ORIGINALS.search(str(opened.evaluate("one => one.currentSrc")))


def test_a_person_and_a_room_have_faces(make_screen: Callable[..., Screen], people: Any) -> None:
    alice, bob_person = people
    with sharing(bob_person, alice) as (bob, _alice):
        said = bob.say("hello")
        screen = enter(make_screen(), alice, bob.room_id)
        expect(screen.page.locator("[data-avatar]")).to_have_count(0)
        face = bob.wear(picture((400, 400)))
        sign = upload(bob_person, picture((300, 300), "purple"), "us.jpg")["id"]
        assert bob.connection.call("change_room", {"room_id": bob.room_id, "avatar_id": sign})["ok"]
        shown = f'[data-avatar="{face}"][data-state=shown]'
        expect(at(screen, said).locator(shown)).to_be_visible()
        expect(screen.page.locator(f"[data-details] [data-member=bob] {shown}")).to_be_visible()
        for place in (f'[data-room="{bob.room_id}"]', "[data-part=bar]", "[data-details]"):
            expect(screen.page.locator(f'{place} [data-avatar="{sign}"][data-state=shown]').first).to_be_visible()
        screen.reload()
        expect(at(screen, said).locator(shown)).to_be_visible()
        bob.connection.call("set_avatar", {"file_id": None})
        expect(at(screen, said).locator("[data-avatar]")).to_have_count(0)


def test_a_person_in_another_slot_sees_pictures_too(make_screen: Callable[..., Screen], server: ServerProcess) -> None:
    """Addresses of files begin with the slot's."""
    other = Person(server.url, "slotted", slot=2).register()
    with sharing(other) as (sharer,):
        shown = sharer.show(picture())
        screen = enter(make_screen(slot=2), other, sharer.room_id)
        expect(at(screen, shown).locator("img.picture__image")).to_have_attribute("data-state", "shown")


def test_a_whispered_picture_is_for_the_two(make_screen: Callable[..., Screen], people: Any) -> None:
    alice, bob_person = people
    with sharing(bob_person, alice) as (bob, _alice):
        screen = enter(make_screen(), alice, bob.room_id)
        expect(screen.page.locator("[data-here-count='1']").first).to_be_visible()
        file = upload(bob_person, picture(), "secret.jpg")
        told = {"room_id": bob.room_id, "user_id": bob_person.find("alice")["id"], "body": "", "file_id": file["id"]}
        answer = bob.connection.call("whisper", {**told, "client_id": make_client_id()})
        assert answer["ok"], answer
        whispered = screen.page.locator("[data-message][data-whisper]")
        expect(whispered.locator("img.picture__image")).to_have_attribute("data-state", "shown")
        expect(whispered.locator(".bubble__secret")).to_be_visible()


def test_the_page_asks_for_nothing_new_before_the_first_file(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        bob.say("only words")
        asked: list[str] = []
        screen = make_screen()
        screen.page.on("request", lambda request: asked.append(request.url))
        enter(screen, people[0], bob.room_id)
        expect(screen.message("only words")).to_be_visible()
        late = ("js/files.js", "thumbhash", "playing.js", "viewer")
        assert [url for url in asked if any(name in url for name in late)] == []
        bob.show(picture())
        expect(screen.page.locator("img.picture__image")).to_be_attached()
        assert [url for url in asked if "thumbhash" in url]
