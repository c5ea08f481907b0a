"""Who may upload what, and how an upload begins (tus 1.0): the litany, versions, sizes, names and limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from chat import uploads
from tests.cast import Guest, Member, Visitor, make_room
from tests.files import send_file
from tests.routes.uploads.doors import DOORS, OF_AN_UPLOAD, doors
from tests.uploading import (
    arrived,
    ask,
    begin,
    begun,
    error,
    finish,
    left,
    metadata,
    offset,
    picture,
    send,
    sound,
    upload,
)

MB = 1024 * 1024
NOBODY = "/uploads/" + "0" * 32


def test_a_picture_goes_up_and_comes_back(alice: Member, folder: Path) -> None:
    content = picture(size=(640, 400))
    address = begun(alice, len(content), "C:\\photos\\a sea.png")
    assert send(alice, address, content).headers["Upload-Offset"] == str(len(content))
    made = finish(alice, address).json["file"]
    assert (made["kind"], made["type"], made["name"]) == ("image", "image/png", "a sea.png")
    assert (made["width"], made["height"], made["animated"], made["voice"]) == (640, 400, False, False)
    assert address == f"/uploads/{made['id']}"
    answer = alice.get(f"/files/{made['id']}")
    assert (answer.status_code, answer.mimetype, len(answer.data)) == (200, "image/png", made["size"])
    small = alice.get(f"/files/{made['id']}/small")
    assert (small.mimetype, small.data[8:12]) == ("image/webp", b"WEBP")
    assert left(folder / "incoming") == []


def test_a_recording_says_that_it_is_one(alice: Member) -> None:
    made = upload(alice, sound(), "me.wav", voice="1")
    assert (made["kind"], made["voice"], made["duration"]) == ("audio", True, 1000)
    assert upload(alice, sound(), "me.wav")["voice"] is False


def test_what_is_spoken_here_is_told_to_everybody(app: Flask) -> None:
    answer = Visitor(app).http.options("/uploads")
    assert answer.status_code == 204
    assert {name: answer.headers[name] for name in answer.headers.keys() if name.startswith("Tus")} == {  # noqa: SIM118
        "Tus-Resumable": "1.0.0",
        "Tus-Version": "1.0.0",
        "Tus-Extension": "creation,creation-with-upload,expiration,termination",
        "Tus-Max-Size": str(100 * MB),
    }


def test_an_upload_begins_in_ones_own_slot(alice: Member) -> None:
    token, cookie = alice.csrf, alice.http.get_cookie("session")
    assert cookie is not None
    alice.http.set_cookie("session-1", cookie.value, path="/u/1")
    said = metadata(filename="a.png")
    answer = ask(alice, "POST", "/u/1/uploads", token=token, Upload_Length=3, Upload_Metadata=said)
    assert answer.location.startswith("/u/1/uploads/")
    assert offset(alice, answer.location) == 0


@pytest.mark.parametrize("door", DOORS)
def test_signed_out(app: Flask, alice: Member, door: str) -> None:
    answer = doors(begun(alice, 3))[door](Visitor(app))
    assert answer.status_code == 401


@pytest.mark.parametrize("door", OF_AN_UPLOAD)
def test_someone_elses_upload_is_not_there(alice: Member, bob: Member, room_id: int, door: str) -> None:
    address = begun(alice, 3)
    refused, missing = doors(address)[door](bob), doors(NOBODY)[door](bob)
    assert (refused.status_code, refused.data) == (missing.status_code, missing.data)
    assert refused.status_code == 404
    assert offset(alice, address) == 0


@pytest.mark.parametrize("door", [door for door in DOORS if door != "progress"])
def test_without_a_token_nothing_is_done(alice: Member, door: str) -> None:
    address = begun(alice, 3)
    alice.csrf = "wrong"
    assert error(doors(address)[door](alice)) == (400, "csrf")
    assert offset(alice, address) == 0


@pytest.mark.parametrize("door", DOORS)
def test_who_else_signed_in_here_does_nothing_for_the_first(alice: Member, bob: Member, door: str) -> None:
    address = begun(alice, 3)
    alice.http.environ_base["HTTP_X_ACCOUNT"] = str(bob.id)
    assert doors(address)[door](alice).status_code == 409


@pytest.mark.parametrize("door", [door for door in DOORS if door != "finish"])
@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0", "1.0"])
def test_another_version_is_not_spoken(alice: Member, door: str, version: str | None) -> None:
    address = begun(alice, 3)
    asked = {"Tus_Resumable": version}
    answer = {
        "begin": lambda: ask(alice, "POST", "/uploads", Upload_Length=3, **asked),
        "progress": lambda: ask(alice, "HEAD", address, **asked),
        "append": lambda: send(alice, address, b"abc", **asked),
        "cancel": lambda: ask(alice, "DELETE", address, **asked),
        "overridden": lambda: ask(alice, "POST", address, X_HTTP_Method_Override="DELETE", **asked),
    }[door]()
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert offset(alice, address) == 0


@pytest.mark.parametrize("length", [None, "", "-1", "1.5", "0x10", "٣", "1e3", "12345678901234567890", "3, 3"])
def test_a_length_is_a_whole_number(alice: Member, length: str | None) -> None:
    assert error(ask(alice, "POST", "/uploads", Upload_Length=length)) == (400, "invalid")


@pytest.mark.parametrize(
    "header",
    [
        "filename YS5wbmc=,filename YS5wbmc=",
        "filename YS5wbmc",
        "filename Y*==",
        "filename /w==",
        "filename YS5wbmc= YS5wbmc=",
        "filename  YS5wbmc=",
        ",",
        "filename YS5wbmc=,",
        "filename =",
    ],
)
def test_malformed_metadata_is_refused(alice: Member, header: str) -> None:
    answer = ask(alice, "POST", "/uploads", Upload_Length=3, Upload_Metadata=header)
    assert error(answer) == (400, "invalid")
    assert answer.json["error"]["field"] == "Upload-Metadata"


@pytest.mark.parametrize("header", ["", "filename", "filename YS5wbmc=,other", "other eA==, filename YS5wbmc="])
def test_metadata_may_be_short(alice: Member, header: str) -> None:
    assert ask(alice, "POST", "/uploads", Upload_Length=3, Upload_Metadata=header).status_code == 201


@pytest.mark.parametrize(
    ("name", "type_", "size", "expected", "sentence"),
    [
        ("a.png", "image/png", 0, (400, "invalid"), "This file is empty."),
        ("a.png", "image/png", 20 * MB + 1, (413, "too_large"), "Pictures may be at most 20 MB large."),
        ("a", "image/png", 20 * MB + 1, (413, "too_large"), "Pictures may be at most 20 MB large."),
        ("a.mp3", "", 100 * MB + 1, (413, "too_large"), "Recordings may be at most 100 MB large."),
        (
            "a.webm",
            "audio/webm;codecs=opus",
            100 * MB + 1,
            (413, "too_large"),
            "Recordings may be at most 100 MB large.",
        ),
        ("", "", 100 * MB + 1, (413, "too_large"), "Recordings may be at most 100 MB large."),
        ("a.exe", "", 5, (415, "unsupported"), "Files of this kind cannot be sent here."),
        ("a", "text/html", 5, (415, "unsupported"), "Files of this kind cannot be sent here."),
        ("a.svg", "image/svg+xml", 5, (415, "unsupported"), "Files of this kind cannot be sent here."),
        ("a.exe", "application/octet-stream", 5, (415, "unsupported"), "Files of this kind cannot be sent here."),
        ("png", "video/quicktime", 5, (415, "unsupported"), "Files of this kind cannot be sent here."),
    ],
)
def test_what_cannot_become_a_file_is_refused_before_it_comes(
    alice: Member, name: str, type_: str, size: int, expected: tuple[int, str], sentence: str
) -> None:
    answer = begin(alice, size, name, filetype=type_)
    assert error(answer) == expected
    assert answer.json["error"]["message"] == sentence


@pytest.mark.parametrize(
    ("name", "type_", "size"),
    [
        ("a.png", "image/png", 20 * MB),
        ("a.JPG", "", 20 * MB),
        ("a.mp3", "audio/mpeg", 100 * MB),
        ("voice", "AUDIO/WEBM; codecs=opus", 100 * MB),
        ("a.heic", "application/octet-stream", 1),
        ("", "", 100 * MB),
    ],
)
def test_what_may_become_a_file_can_come(alice: Member, name: str, type_: str, size: int) -> None:
    assert begin(alice, size, name, filetype=type_).status_code == 201


def test_what_may_come_is_the_operators_choice(make: Callable[..., Flask]) -> None:
    alice = Member(make(FILE_FORMATS="flac", AUDIO_MAX_MB="1"), "alice")
    assert error(begin(alice, 5, "a.png")) == (415, "unsupported")
    assert error(begin(alice, MB + 1, "a.flac")) == (413, "too_large")
    assert begin(alice, MB, "a.flac").status_code == 201
    # What was not said is found out.
    assert error(finish(alice, arrived(alice, picture(), "a.flac"))) == (415, "unsupported")


def test_uploads_are_not_begun_too_often(make: Callable[..., Flask]) -> None:
    app = make(UPLOAD_RATE="2 per minute")
    alice, bob = Member(app, "alice"), Member(app, "bob")
    # What is refused for itself does not count.
    begin(alice, 0)
    assert [begin(alice, 3).status_code for _ in range(3)] == [201, 201, 429]
    assert begin(alice, 3).json["error"]["retry_after"] > 0
    assert begin(bob, 3).status_code == 201


def test_nobody_has_more_than_some_uploads_at_a_time(
    make: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "OPEN_MAX", 3)
    app = make()
    alice, bob = Member(app, "alice"), Member(app, "bob")
    room_id = make_room(alice, bob)
    addresses = [begun(alice, 3), begun(alice, 3)]
    made = upload(alice, picture())
    assert error(begin(alice, 3)) == (429, "too_often")
    assert begin(bob, 3).status_code == 201
    # One that is sent is none any more, and neither is one that was given up.
    send_file(alice.connect(), room_id, made["id"])
    addresses.append(begun(alice, 3))
    assert begin(alice, 3).status_code == 429
    assert ask(alice, "DELETE", addresses[0]).status_code == 204
    assert begin(alice, 3).status_code == 201


@pytest.mark.parametrize("door", DOORS)
def test_too_often(make: Callable[..., Flask], door: str) -> None:
    app = make(EVENT_RATE="2 per minute")
    alice = Member(app, "alice")
    address = begun(alice, 3)
    doors(address)[door](alice)
    answer = doors(address)[door](alice)
    assert answer.status_code == 429


def test_guests_have_the_same_doors(app: Flask) -> None:
    guest = Guest(app, "visitor")
    made = upload(guest, picture())
    assert guest.get(f"/files/{made['id']}").status_code == 200
