"""Pictures and sound that people send each other, made by the tests and sent over HTTP and Socket.IO."""

from __future__ import annotations

import io
import wave
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from math import pi, sin
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, expect

from tests.browser.screens import Screen
from tests.servers import Connection, Person, csrf_token, make_client_id
from tests.uploading import BODY_TYPE, TUS, metadata

RATE = 8_000  # samples a second
SWELL = RATE / 3


def picture(size: tuple[int, int] = (1600, 1000), colour: str = "teal", form: str = "JPEG") -> bytes:
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2), fill="orange")
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def animation() -> bytes:
    frames = [Image.new("RGB", (400, 300), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=200, loop=0)
    return file.getvalue()


def sound(seconds: float = 1, pitch: int = 330) -> bytes:
    """A tone that swells and fades, as WAV."""
    volumes = (sin(at / SWELL) ** 2 for at in range(int(seconds * RATE)))
    tone = (int(12_000 * volume * sin(at * pitch * 2 * pi / RATE)) for at, volume in enumerate(volumes))
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(array("h", tone).tobytes())
    return file.getvalue()


def upload(person: Person, content: bytes, name: str, **said: str) -> dict[str, Any]:
    """What the server made of it: a *file*."""
    headers = {"X-CSRFToken": csrf_token(person.get("/logout").text)}
    begun = person.http.post(
        f"{person.origin}{person.prefix}/uploads",
        data=content,
        headers={
            **headers,
            **TUS,
            "Content-Type": BODY_TYPE,
            "Upload-Length": str(len(content)),
            "Upload-Metadata": metadata(filename=name, **said),
        },
    )
    assert begun.status_code == 201, begun.text
    done = person.http.post(f"{person.origin}{begun.headers['Location']}/file", json={}, headers=headers)
    assert done.status_code == 200, done.text
    made: dict[str, Any] = done.json()["file"]
    return made


class Sharer:
    """Somebody who sends files to a room."""

    def __init__(self, person: Person, connection: Connection, room_id: int) -> None:
        self.person = person
        self.connection = connection
        self.room_id = room_id

    def say(self, text: str) -> Any:
        return self.connection.send(self.room_id, text)

    def show(self, content: bytes, name: str = "lake.jpg", body: str = "", **said: str) -> Any:
        """Send a file; returns its message."""
        file = upload(self.person, content, name, **said)
        told = {"room_id": self.room_id, "body": body, "client_id": make_client_id(), "file_id": file["id"]}
        answer = self.connection.call("send_message", told)
        assert answer["ok"], answer
        return answer["message"]

    def record(self, seconds: float = 12, body: str = "", pitch: int = 330) -> Any:
        """Send a voice message."""
        return self.show(sound(seconds, pitch), "voice.wav", body, voice="1")

    def wear(self, content: bytes) -> str:
        """Let a picture stand for this person; returns the file's id."""
        face = str(upload(self.person, content, "me.jpg")["id"])
        answer = self.connection.call("set_avatar", {"file_id": face})
        assert answer["ok"], answer
        return face

    def delete(self, message: Any) -> None:
        answer = self.connection.call("delete_message", {"room_id": self.room_id, "seq": message["seq"]})
        assert answer["ok"], answer


@contextmanager
def sharing(*people: Person, **options: Any) -> Iterator[list[Sharer]]:
    """A new room that these people are in."""
    connections = [person.connect() for person in people]
    try:
        made = connections[0].call("create_room", {"name": make_client_id(), "visibility": "public", **options})
        room_id = made["room"]["id"]
        for connection in connections[1:]:
            assert connection.call("join_room", {"room_id": room_id})["ok"]
        yield [Sharer(person, one, room_id) for person, one in zip(people, connections, strict=True)]
    finally:
        for connection in connections:
            connection.close()


def enter(screen: Screen, person: Person, room_id: int) -> Screen:
    """The screen, with the person at the room."""
    screen.take_cookies_of(person)
    screen.page.goto(f"{screen.url}/#/room/{room_id}")
    screen.is_online()
    expect(screen.composer).to_be_enabled()
    return screen


def at(screen: Screen, message: Any) -> Locator:
    """The row of a message."""
    return screen.page.locator(f'[data-message][data-seq="{message["seq"]}"]')
