"""Pictures as large as the screen: keys, zoom, fingers, back, and what becomes of those that go."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.screens import PHONE, Screen
from tests.browser.sharing import Sharer, at, enter, picture, sharing

ORIGINALS = re.compile(r"/files/[0-9a-f]{32}$")
COLOURS = ("teal", "purple", "olive")
SCALE = "(one) => new DOMMatrix(getComputedStyle(one).transform).a"


def three(bob: Sharer) -> list[Any]:
    """The messages of three pictures."""
    return [bob.show(picture(colour=colour), f"{colour}.jpg") for colour in COLOURS]


def look(screen: Screen, message: Any) -> Page:
    at(screen, message).locator("[data-open-picture]").click()
    expect(screen.page.locator("[data-viewer][open]")).to_be_visible()
    return screen.page


def shows(page: Page, name: str) -> None:
    expect(page.locator("[data-viewer]")).to_have_attribute("aria-label", name)


def scale(page: Page) -> float:
    return float(page.locator("[data-pane]").evaluate(SCALE))


def test_it_opens_on_the_thumbnail_and_turns_to_the_original(make_screen: Callable[..., Screen], people: Any) -> None:
    held: list[Route] = []
    with sharing(*people) as (_alice, bob):
        shown = bob.show(picture((2400, 1500)), "lake.jpg", body="the _lake_")
        screen = make_screen()
        screen.page.route(ORIGINALS, lambda route: held.append(route))
        enter(screen, people[0], bob.room_id)
        expect(at(screen, shown).locator("img.picture__image")).to_have_attribute("data-state", "shown")
        with screen.page.expect_request(ORIGINALS):
            page = look(screen, shown)
        expect(page.locator(".viewer__thumbnail")).to_have_js_property("complete", True)
        assert page.locator(".viewer__thumbnail").evaluate("one => one.naturalWidth") >= 320
        expect(page.locator("[data-original]")).not_to_have_attribute("data-state", "shown")
        assert len(held) == 1
        held[0].continue_()
        expect(page.locator("[data-original]")).to_have_attribute("data-state", "shown")
        expect(page.locator("[data-caption] em")).to_have_text("lake")
        expect(page.locator(".viewer__name")).to_have_text("bob")
        expect(page.locator("[data-viewer] time")).to_contain_text("Today")
        with page.expect_download() as downloading:
            page.locator("[data-download]").click()
        assert downloading.value.suggested_filename == "lake.jpg"
        assert downloading.value.path().read_bytes()[:3] == b"\xff\xd8\xff"


def test_keys_lead_through_the_pictures_and_back(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        pictures = three(bob)
        screen = enter(make_screen(), people[0], bob.room_id)
        opener = at(screen, pictures[1]).locator("[data-open-picture]")
        opener.focus()
        screen.page.keyboard.press("Enter")
        shows(screen.page, "purple.jpg")
        page = screen.page
        expect(page.locator("[data-viewer-tool=close]")).to_be_focused()
        page.keyboard.press("ArrowRight")
        shows(page, "olive.jpg")
        page.keyboard.press("ArrowRight")
        shows(page, "olive.jpg")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        shows(page, "teal.jpg")
        expect(page.locator("[data-place]")).to_contain_text("Picture 1 of 3")
        for _press in range(9):
            page.keyboard.press("Tab")
            assert page.evaluate(
                "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
            )
        page.keyboard.press("Escape")
        expect(page.locator("[data-viewer]")).to_have_count(0)
        expect(opener).to_be_focused()
        expect(page.locator("[data-conversation]")).to_be_visible()


def test_back_closes_it_and_forward_opens_it_again(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        pictures = three(bob)
        screen = enter(make_screen(viewport=PHONE), people[0], bob.room_id)
        page = look(screen, pictures[0])
        page.locator("[data-turn=next]").click()
        shows(page, "purple.jpg")
        page.go_back()
        expect(page.locator("[data-viewer]")).to_have_count(0)
        expect(screen.composer).to_be_visible()
        page.go_forward()
        shows(page, "purple.jpg")
        page.reload()
        shows(page, "purple.jpg")
        page.locator("[data-viewer-tool=close]").click()
        expect(page.locator("[data-viewer]")).to_have_count(0)
        expect(screen.composer).to_be_visible()


def test_wheel_keys_buttons_and_a_double_click_bring_it_nearer(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.show(picture((2000, 1200)))
        screen = enter(make_screen(reduced_motion="reduce"), people[0], bob.room_id)
        page = look(screen, shown)
        assert scale(page) == 1
        page.mouse.move(680, 440)
        page.mouse.wheel(0, -400)
        expect(page.locator("[data-stage]")).to_have_attribute("data-zoomed", "true")
        assert 2 < scale(page) < 3
        before = page.locator("[data-pane]").bounding_box()
        page.mouse.down()
        page.mouse.move(600, 400, steps=4)
        page.mouse.up()
        after = page.locator("[data-pane]").bounding_box()
        assert before
        assert after
        assert (round(before["x"] - after["x"]), round(before["y"] - after["y"])) == (80, 40)
        page.keyboard.press("0")
        assert scale(page) == 1
        page.keyboard.press("+")
        assert scale(page) == 1.5
        page.keyboard.press("-")
        assert scale(page) == 1
        page.locator("[data-viewer-tool=zoom-in]").click()
        assert scale(page) == 1.5
        page.keyboard.press("0")
        page.locator("[data-pane]").dblclick()
        assert scale(page) == 2.5
        page.locator("[data-pane]").dblclick()
        assert scale(page) == 1


def test_a_click_beside_the_picture_closes_it(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.show(picture((300, 300)))
        screen = enter(make_screen(), people[0], bob.room_id)
        page = look(screen, shown)
        page.mouse.click(200, 400)
        expect(page.locator("[data-viewer]")).to_have_count(0)


def touch(screen: Screen, *fingers: list[tuple[int, int]]) -> None:
    """Each finger moves through its points, all at the same time."""
    wire = screen.protocol()
    for kind, step in [("touchStart", 0), *[("touchMove", step) for step in range(1, len(fingers[0]))]]:
        points = [{"x": path[step][0], "y": path[step][1], "id": number} for number, path in enumerate(fingers)]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_fingers_swipe_pinch_and_pull_it_down(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        pictures = three(bob)
        screen = enter(make_screen(viewport=PHONE, has_touch=True, reduced_motion="reduce"), people[0], bob.room_id)
        page = look(screen, pictures[1])
        touch(screen, [(300, 420), (220, 422), (120, 424)])
        shows(page, "olive.jpg")
        touch(screen, [(60, 420), (160, 420), (260, 420)])
        shows(page, "purple.jpg")
        touch(screen, [(180, 420), (120, 420), (60, 420)], [(210, 420), (270, 420), (330, 420)])
        assert scale(page) > 2
        touch(screen, [(300, 420), (220, 422), (120, 424)])
        shows(page, "purple.jpg")  # brought near it is moved, not turned
        page.keyboard.press("0")
        touch(screen, [(200, 400), (202, 480), (204, 580)])
        expect(page.locator("[data-viewer]")).to_have_count(0)
        expect(screen.composer).to_be_visible()


def test_a_picture_that_is_deleted_leaves_the_screen(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        pictures = three(bob)
        screen = enter(make_screen(), people[0], bob.room_id)
        page = look(screen, pictures[2])
        shows(page, "olive.jpg")
        bob.delete(pictures[2])
        shows(page, "purple.jpg")
        bob.delete(pictures[0])
        expect(page.locator("[data-turn=previous]")).to_have_count(0)
        bob.delete(pictures[1])
        expect(page.locator("[data-viewer]")).to_have_count(0)
        expect(screen.composer).to_be_visible()


def test_a_picture_that_expires_leaves_the_screen(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people, message_ttl=10) as (_alice, bob):
        shown = bob.show(picture())
        screen = enter(make_screen(), people[0], bob.room_id)
        expect(at(screen, shown).locator("[data-expires]")).to_be_visible()
        page = look(screen, shown)
        expect(page.locator("[data-viewer]")).to_have_count(0, timeout=15_000)
        expect(at(screen, shown)).to_have_count(0)


def test_an_original_that_did_not_come_is_asked_for_again(make_screen: Callable[..., Screen], people: Any) -> None:
    with sharing(*people) as (_alice, bob):
        shown = bob.show(picture((2400, 1500)))
        screen = make_screen()
        screen.network_may_fail = True
        screen.page.route(ORIGINALS, lambda route: route.abort())
        enter(screen, people[0], bob.room_id)
        page = look(screen, shown)
        expect(page.locator("[data-original-again]")).to_be_visible()
        screen.page.unroute_all()
        page.locator("[data-original-again]").click()
        expect(page.locator("[data-original]")).to_have_attribute("data-state", "shown")
