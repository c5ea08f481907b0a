"""What becomes of an upload that is whole: a clean file, stored once, or a refusal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

import media
from chat import clock, contents, incoming, orphans, transactions
from extensions import db
from models import Blob, File
from tests.cast import Member
from tests.routes.uploads.doors import doors
from tests.uploading import (
    arrived,
    ask,
    begun,
    error,
    finish,
    left,
    noise,
    offset,
    picture,
    send,
    sound,
    upload,
)

MB = 1024 * 1024


def test_a_file_is_made_of_what_is_whole(alice: Member) -> None:
    content = picture()
    address = begun(alice, len(content))
    send(alice, address, content[:-1])
    assert error(finish(alice, address)) == (409, "conflict")
    send(alice, address, content[-1:], len(content) - 1)
    made = finish(alice, address).json["file"]
    assert finish(alice, address).json["file"] == made
    # And a client that goes on after a reload sees that nothing is missing.
    assert offset(alice, address) == len(content)
    assert error(send(alice, address, b"x", len(content))) == (413, "too_large")


@pytest.mark.parametrize(
    "hints",
    [
        {"waveform": []},
        {"waveform": [1] * 65},
        {"waveform": [101]},
        {"waveform": [-1]},
        {"waveform": [1.5]},
        {"waveform": "abc"},
        {"waveform": [True]},
        {"duration": 0},
        {"duration": -5},
        {"duration": "5"},
        {"duration": 10**9},
    ],
)
def test_bad_hints_are_refused(alice: Member, hints: dict[str, Any]) -> None:
    address = arrived(alice, sound(), "a.wav")
    assert error(finish(alice, address, **hints)) == (400, "invalid")
    assert finish(alice, address).status_code == 200


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '"x"'])
def test_anything_but_an_object_is_refused(alice: Member, body: str) -> None:
    address = arrived(alice, picture())
    headers = {"X-CSRFToken": alice.csrf, "Content-Type": "application/json"}
    assert error(alice.http.post(f"{address}/file", data=body, headers=headers)) == (400, "invalid")


def test_what_the_recorder_says_is_believed_only_where_nothing_is_known(
    alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = finish(alice, arrived(alice, sound(), "a.wav"), waveform=[1, 2, 3], duration=5).json["file"]
    assert known["duration"] == 1000
    assert known["waveform"] != [1, 2, 3]
    plain = media.clean

    def knowing_nothing(*arguments: Any) -> media.Made:
        made = plain(*arguments)
        return media.Made(**{**made.__dict__, "duration": None, "waveform": None})

    monkeypatch.setattr(media, "clean", knowing_nothing)
    hinted = finish(alice, arrived(alice, sound(2), "b.wav"), waveform=[1, 2, 3], duration=5).json["file"]
    assert (hinted["duration"], hinted["waveform"]) == (5, [1, 2, 3])
    # A picture has neither, whatever is said.
    seen = finish(alice, arrived(alice, picture()), waveform=[1, 2, 3], duration=5).json["file"]
    assert (seen["duration"], seen["waveform"]) == (None, None)


@pytest.mark.parametrize(
    ("content", "name", "expected", "sentence"),
    [
        (
            b"<!doctype html><script>1</script>",
            "a.png",
            (415, "unsupported"),
            "Files of this kind cannot be sent here.",
        ),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "a.png",
            (415, "unsupported"),
            "Files of this kind cannot be sent here.",
        ),
        (picture()[:-30], "a.png", (415, "unsupported"), "This file is damaged and cannot be read."),
        (b"\0" * 1000, "a.mp3", (415, "unsupported"), "Files of this kind cannot be sent here."),
    ],
)
def test_what_is_no_picture_and_no_sound_goes_at_once(
    alice: Member, folder: Path, content: bytes, name: str, expected: tuple[int, str], sentence: str
) -> None:
    address = arrived(alice, content, name)
    answer = finish(alice, address)
    assert error(answer) == expected
    assert answer.json["error"]["message"] == sentence
    assert left(folder) == []
    assert ask(alice, "HEAD", address).status_code == 404
    # Who lost the answer gets it again, and nobody else does.
    assert finish(alice, address).json == answer.json


def test_a_refusal_is_the_uploaders_own(alice: Member, bob: Member) -> None:
    address = arrived(alice, b"<html>", "a.png")
    finish(alice, address)
    assert error(finish(bob, address)) == (404, "not_found")


def test_a_picture_with_too_many_pixels_is_refused(make: Callable[..., Flask]) -> None:
    alice = Member(make(IMAGE_MEGAPIXELS="1"), "alice")
    answer = finish(alice, arrived(alice, picture(size=(1001, 1000))))
    assert error(answer) == (413, "too_large")
    assert answer.json["error"]["message"] == "Pictures may have at most 1 megapixels."
    assert upload(alice, picture(size=(1000, 1000)))["width"] == 1000


def test_a_picture_that_says_it_is_sound_has_the_limit_of_pictures(make: Callable[..., Flask]) -> None:
    alice = Member(make(IMAGE_MAX_MB="1"), "alice")
    answer = finish(alice, arrived(alice, noise(700), "a.mp3"))
    assert error(answer) == (413, "too_large")
    assert answer.json["error"]["message"] == "Pictures may be at most 1 MB large."


def test_a_name_fits_what_the_file_is(alice: Member) -> None:
    assert upload(alice, picture(form="JPEG"), "shot.png")["name"] == "shot.jpg"
    assert upload(alice, picture(form="JPEG"), "shot.JPEG")["name"] == "shot.JPEG"
    assert upload(alice, sound(), "../../etc/пример.mp3")["name"] == "пример.wav"


def blobs(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Blob.id)))


def test_the_same_content_is_stored_once(alice: Member, bob: Member, folder: Path, monkeypatch: Any) -> None:
    content = picture(size=(900, 900))
    first = upload(alice, content, "mine.png")
    kept = left(folder)
    # It is not even cleaned a second time.
    monkeypatch.setattr(media, "clean", None)
    second = upload(bob, content, "yours.jpeg")
    assert second == first | {"id": second["id"], "name": "yours.png"}
    assert len(blobs(alice.app)) == 1
    assert left(folder) == kept
    for person, own, others in ((alice, first, second), (bob, second, first)):
        assert person.get(f"/files/{own['id']}").status_code == 200
        assert person.get(f"/files/{others['id']}").status_code == 404


def test_a_recording_made_here_is_not_the_same_as_a_file(alice: Member) -> None:
    """It may have become another format."""
    upload(alice, sound(), "a.wav")
    upload(alice, sound(), "a.wav", voice="1")
    assert len(blobs(alice.app)) == 2


def test_another_recipe_makes_another_file(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(alice, picture())
    monkeypatch.setattr(media, "RECIPE", "another")
    upload(alice, picture())
    assert len(blobs(alice.app)) == 2


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Cleaning goes on only when this is set, and nobody waits for it."""
    go_on, plain = threading.Event(), media.clean
    started: list[threading.Thread] = []

    class Errand:
        """As on the loop: it is done beside whoever began it."""

        def __init__(self, function: Callable[[], Any]) -> None:
            self.answer: Any = None
            self.thread = threading.Thread(target=self.run, args=[function])
            started.append(self.thread)
            self.thread.start()

        def run(self, function: Callable[[], Any]) -> None:
            with suppress(FileNotFoundError):  # an upload that was given up meanwhile
                self.answer = function()

        def wait(self, seconds: float) -> bool:
            self.thread.join(seconds)
            return not self.thread.is_alive()

        def result(self) -> Any:
            return self.answer

    def clean(*arguments: Any) -> media.Made:
        go_on.wait(30)
        return plain(*arguments)

    monkeypatch.setattr(contents, "PATIENCE", 0.05)
    monkeypatch.setattr(contents.threads, "Errand", Errand)
    monkeypatch.setattr(media, "clean", clean)
    yield go_on
    go_on.set()
    for thread in started:
        thread.join()


def test_who_waits_for_long_asks_again(alice: Member, slow: threading.Event) -> None:
    address = arrived(alice, picture())
    assert [finish(alice, address).json["file"] for _ in range(3)] == [None, None, None]
    slow.set()
    contents._cleanings[address.removeprefix("/uploads/")].thread.join()  # type: ignore[attr-defined]
    made = finish(alice, address).json["file"]
    assert made["kind"] == "image"
    assert alice.get(f"/files/{made['id']}").status_code == 200


def test_the_same_content_uploaded_by_two_at_once_is_stored_once(
    alice: Member, bob: Member, folder: Path, slow: threading.Event
) -> None:
    content = picture(size=(900, 900))
    addresses = {alice: arrived(alice, content), bob: arrived(bob, content)}
    for person, address in addresses.items():
        assert finish(person, address).json["file"] is None
    slow.set()
    made = []
    for person, address in addresses.items():
        contents._cleanings[address.removeprefix("/uploads/")].thread.join()  # type: ignore[attr-defined]
        made.append(finish(person, address).json["file"])
        assert person.get(f"/files/{made[-1]['id']}").status_code == 200
    assert len(blobs(alice.app)) == 1
    assert len(left(folder)) == 2  # the picture and a thumbnail, of one of them
    assert made[0] | {"id": None} == made[1] | {"id": None}


def test_no_connection_is_held_while_bytes_come_and_files_are_cleaned(
    alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are fewer of them than people who may be sending."""
    held: list[int] = []

    def noting(plain: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any) -> Any:
            held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
            return plain(*arguments)

        return noted

    monkeypatch.setattr(incoming.Writer, "add", noting(incoming.Writer.add))
    monkeypatch.setattr(contents, "_digest", noting(contents._digest))
    monkeypatch.setattr(media, "clean", noting(media.clean))
    upload(alice, picture())
    assert held == [0, 0, 0]


def test_who_asks_twice_at_once_gets_one_answer(alice: Member, folder: Path) -> None:
    address = arrived(alice, picture(size=(900, 900)))
    other = Member(alice.app, "alice")
    tokens, answers = [alice.csrf, other.csrf], []
    assert len(set(tokens)) == 2
    work = [threading.Thread(target=lambda each=each: answers.append(finish(each, address))) for each in (alice, other)]  # type: ignore[misc]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert len(left(folder)) == 2


def test_an_upload_that_goes_while_it_is_cleaned_leaves_nothing(
    alice: Member, folder: Path, slow: threading.Event
) -> None:
    address = arrived(alice, picture())
    assert finish(alice, address).json["file"] is None
    assert ask(alice, "DELETE", address).status_code == 204
    assert error(finish(alice, address)) == (404, "not_found")
    slow.set()
    contents._cleanings[address.removeprefix("/uploads/")].thread.join()  # type: ignore[attr-defined]
    assert left(folder) == []
    with alice.app.app_context():
        orphans.tidy()
    assert contents._cleanings == {}


def test_bytes_that_are_lost_end_their_upload(alice: Member) -> None:
    address = begun(alice, 5)
    incoming.path(address.removeprefix("/uploads/")).unlink()
    for door in ("progress", "append", "finish"):
        assert doors(address)[door](alice).status_code == 404


def test_an_upload_in_progress_stays_young(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    address = begun(alice, 5)
    old = clock.now() - timedelta(minutes=40)
    with alice.app.app_context():
        transactions.run(lambda session: session.execute(update(File).values(touched_at=old)))
        send(alice, address, b"abc")
        assert clock.now() - db.session.scalars(select(File.touched_at)).one() < timedelta(minutes=1)
