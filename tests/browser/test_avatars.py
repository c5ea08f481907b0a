"""Pictures of people and rooms: cut out by keys, wheel, mouse and fingers, seen by everybody, taken away again."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.screens import PHONE, Screen
from tests.servers import Person, ServerProcess

RED, BLUE = (220, 30, 30), (30, 30, 220)


def test_a_person_chooses_a_picture_that_others_see_and_takes_it_away(alice: Screen, bob: Screen) -> None:
    choose(alice.settings("profile"), halves())
    expect(stage(alice)).to_be_focused()
    save(alice)
    expect(alice.page.locator("[data-preview] [data-avatar]")).to_be_visible()
    expect(bob.row("alice").locator("[data-avatar]")).to_be_visible()
    bob.reload()
    expect(bob.row("alice").locator("[data-avatar]")).to_be_visible()
    alice.page.locator("[data-no-avatar]").click()
    expect(alice.page.locator("[data-preview] [data-avatar]")).to_have_count(0)
    expect(bob.row("alice").locator("[data-avatar]")).to_have_count(0)
    expect(bob.row("alice")).to_contain_text("A")


def test_what_lies_in_the_square_is_taken_512_pixels_wide(alice: Screen, server: ServerProcess) -> None:
    choose(alice.settings("profile"), halves())
    save(alice)
    taken = avatar_of(alice, server)
    assert taken.size == (512, 512)
    assert (near(taken, 30), near(taken, 480)) == (RED, BLUE)


@pytest.mark.parametrize("way", ["keys", "mouse"])
def test_the_picture_is_moved(alice: Screen, server: ServerProcess, way: str) -> None:
    choose(alice.settings("profile"), halves())
    if way == "keys":
        for _ in range(20):
            alice.page.keyboard.press("ArrowLeft")
    else:
        drag(alice, 200)
    save(alice)
    taken = avatar_of(alice, server)
    assert (near(taken, 30), near(taken, 480)) == (RED, RED)


@pytest.mark.parametrize("way", ["keys", "wheel", "slider", "button"])
def test_the_picture_is_enlarged(alice: Screen, way: str) -> None:
    choose(alice.settings("profile"), halves())
    slider = alice.page.locator("[data-zoom]")
    before = float(slider.input_value())
    if way == "keys":
        alice.page.keyboard.press("+")
    elif way == "wheel":
        stage(alice).hover()
        alice.page.mouse.wheel(0, -300)
    elif way == "slider":
        slider.press("PageUp")
    else:
        alice.page.get_by_role("button", name="Larger").click()
    assert before == 0
    expect(slider).not_to_have_value("0")


def test_two_fingers_enlarge_it(make_screen: Callable[..., Screen]) -> None:
    alice = make_screen(viewport=PHONE, has_touch=True, is_mobile=True).register("alice")
    alice.page.locator("[data-menu]").click()
    alice.page.locator("[data-open-panel]").click()
    choose(alice.section("profile"), halves())
    box = stage(alice).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    wire = alice.protocol()
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        fingers = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    twice = 0.43  # on the slider, which is logarithmic up to five times
    assert float(alice.page.locator("[data-zoom]").input_value()) == pytest.approx(twice, abs=0.03)


def test_whoever_changes_their_mind_keeps_what_was(alice: Screen) -> None:
    choose(alice.settings("profile"), halves())
    alice.page.locator("[data-cancel-crop]").click()
    expect(stage(alice)).to_have_count(0)
    choose(alice, halves())
    alice.page.keyboard.press("Escape")
    expect(stage(alice)).to_have_count(0)
    expect(alice.page.locator("[data-panel]")).to_be_visible()
    expect(alice.page.locator("[data-preview] [data-avatar]")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"hello", "Files of this kind cannot be sent here."),
        ("song.wav", b"RIFF", "Files of this kind cannot be sent here."),
        ("empty.png", b"", "This file is empty."),
        ("broken.png", b"\x89PNG\r\n\x1a\n", "This browser cannot open the picture."),
    ],
)
def test_what_is_no_picture_is_refused(alice: Screen, name: str, content: bytes, words: str) -> None:
    given = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    alice.settings("profile").page.locator("[data-avatar-file]").set_input_files([given])  # type: ignore[list-item]
    expect(alice.page.locator("[data-avatar-error]")).to_contain_text(words)
    choose(alice, halves())
    expect(alice.page.locator("[data-avatar-error]")).to_have_count(0)


def test_a_room_has_a_picture(alice: Screen, bob: Screen) -> None:
    alice.page.locator("[data-rooms-menu]").click()
    alice.page.locator("[data-new-room]").click()
    alice.page.locator("dialog [data-field=name]").fill("Lake")
    choose(alice, halves())
    save(alice)
    expect(alice.page.locator("[data-pick-emoji] [data-avatar]")).to_be_visible()
    alice.page.locator("[data-save=room]").click()
    room = '[data-room][data-name="Lake"]'
    expect(alice.page.locator(f"{room} [data-avatar]")).to_be_visible()
    bob.page.locator("[data-rooms-menu]").click()
    bob.page.locator("[data-browse-rooms]").click()
    lake = bob.page.locator("dialog").get_by_role("listitem").filter(has_text="Lake")
    expect(lake.locator("[data-avatar]")).to_be_visible()
    lake.locator("[data-join]").click()
    expect(bob.page.locator(f"{room} [data-avatar]")).to_be_visible()
    alice.page.locator("[data-edit-room]").click()
    alice.page.locator("[data-no-avatar]").click()
    alice.page.locator("[data-save=room]").click()
    expect(alice.page.locator(f"{room} [data-avatar]")).to_have_count(0)
    expect(bob.page.locator(f"{room} [data-avatar]")).to_have_count(0)


def halves() -> Any:
    """Wide, red on the left and blue on the right."""
    picture = Image.new("RGB", (800, 400), RED)
    picture.paste(BLUE, (400, 0, 800, 400))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return {"name": "halves.png", "mimeType": "image/png", "buffer": file.getvalue()}


def choose(screen: Screen, picture: Any) -> None:
    screen.page.locator("[data-avatar-file]").set_input_files([picture])
    expect(stage(screen)).to_be_visible()


def stage(screen: Screen) -> Locator:
    return screen.page.locator("[data-stage]")


def drag(screen: Screen, distance: float) -> None:
    box = stage(screen).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    screen.page.mouse.move(x, y)
    screen.page.mouse.down()
    screen.page.mouse.move(x + distance, y, steps=5)
    screen.page.mouse.up()


def save(screen: Screen) -> None:
    screen.page.locator("[data-save-crop]").click()
    expect(stage(screen)).to_have_count(0)


def avatar_of(screen: Screen, server: ServerProcess) -> Image.Image:
    """As the server keeps it."""
    file_id = screen.page.locator("[data-preview] [data-avatar]").get_attribute("data-avatar")
    name = screen.page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.username")
    return Image.open(io.BytesIO(Person(server.url, name).login().get(f"/files/{file_id}").content)).convert("RGB")


def near(picture: Image.Image, x: int) -> tuple[int, int, int]:
    """Which of the two colours is there, as near as the format keeps it."""
    red, _, blue = picture.getpixel((x, 256))  # type: ignore[misc]
    return RED if red > blue else BLUE
