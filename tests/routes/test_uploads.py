"""Uploads by the tus protocol: the litany, limits, offsets, and what becomes of them."""

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
from chat import clock, contents, incoming, orphans, transactions, uploads
from extensions import db
from models import Blob, File
from tests.cast import Guest, Member, Visitor, make_room
from tests.files import send_file
from tests.uploading import (
    BODY_TYPE,
    arrived,
    ask,
    begin,
    begun,
    error,
    finish,
    metadata,
    noise,
    picture,
    send,
    sound,
    upload,
)

MB = 1024 * 1024
NOBODY = "/uploads/" + "0" * 32


def offset(person: Visitor, address: str) -> int:
    answer = ask(person, "HEAD", address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def left(folder: Path) -> list[str]:
    """Files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def folder(app: Flask) -> Path:
    """Where uploads and files lie."""
    found: Path = app.config["SETTINGS"].UPLOAD_DIR
    return found


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


def doors(address: str) -> dict[str, Callable[[Visitor], Any]]:
    return {
        "begin": lambda person: begin(person, 3),
        "progress": lambda person: ask(person, "HEAD", address),
        "append": lambda person: send(person, address, b"abc"),
        "cancel": lambda person: ask(person, "DELETE", address),
        "overridden": lambda person: ask(person, "POST", address, X_HTTP_Method_Override="DELETE"),
        "finish": lambda person: finish(person, address),
    }


DOORS = sorted(doors(""))
OF_AN_UPLOAD = [door for door in DOORS if door != "begin"]


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


def test_an_upload_comes_in_pieces(alice: Member) -> None:
    content = noise(400)
    address, at = begun(alice, len(content)), 0
    assert len(content) > 400_000
    for end in (1, 2, 100_000, 400_000, len(content)):
        answer = send(alice, address, content[at:end], at)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
        at = end
        assert offset(alice, address) == end
    answer = ask(alice, "HEAD", address)
    assert answer.headers["Upload-Length"] == str(len(content))
    assert finish(alice, address).json["file"]["width"] == 400


def test_a_piece_out_of_order_is_refused(alice: Member) -> None:
    content = picture()
    address = begun(alice, len(content))
    assert error(send(alice, address, content[5:], 5)) == (409, "conflict")
    assert send(alice, address, content[:10]).status_code == 204
    # Repeated, overlapping, and beyond.
    for at in (0, 5, 11):
        assert error(send(alice, address, content[at : at + 10], at)) == (409, "conflict")
    assert offset(alice, address) == 10
    assert send(alice, address, content[10:], 10).status_code == 204
    assert finish(alice, address).status_code == 200


@pytest.mark.parametrize("wrong", [None, "", "-1", "x", "1.0", "0x0"])
def test_an_offset_is_a_whole_number(alice: Member, wrong: str | None) -> None:
    assert error(send(alice, begun(alice, 3), b"abc", Upload_Offset=wrong)) == (400, "invalid")


@pytest.mark.parametrize("type_", ["application/octet-stream", "image/png", "multipart/form-data; boundary=x", ""])
def test_a_piece_has_its_own_type(alice: Member, type_: str) -> None:
    address = begun(alice, 3)
    assert send(alice, address, b"abc", Content_Type=type_).status_code == 415
    assert offset(alice, address) == 0


def test_more_than_was_announced_is_refused(alice: Member) -> None:
    address = begun(alice, 5)
    assert error(send(alice, address, b"123456")) == (413, "too_large")
    assert send(alice, address, b"123").status_code == 204
    assert error(send(alice, address, b"456", 3)) == (413, "too_large")
    assert offset(alice, address) == 3


def test_a_large_form_is_still_refused(alice: Member) -> None:
    """Large bodies are for what is written as it comes, and not for what is held in memory."""
    form = "csrf_token=x&" + "x" * MB
    for path in ("/uploads", begun(alice, 5)):
        answer = ask(alice, "POST", path, form.encode(), Content_Type="application/x-www-form-urlencoded")
        assert error(answer) == (413, "too_large")


def test_an_empty_piece_changes_nothing(alice: Member) -> None:
    address = begun(alice, 3)
    assert send(alice, address, b"").headers["Upload-Offset"] == "0"
    send(alice, address, b"abc")
    assert send(alice, address, b"", 3).headers["Upload-Offset"] == "3"


def test_an_upload_may_begin_with_its_bytes(alice: Member) -> None:
    content = noise(400)
    headers = {"Upload_Length": len(content), "Upload_Metadata": metadata(filename="a.png")}
    answer = ask(alice, "POST", "/uploads", content[:300_000], Content_Type=BODY_TYPE, **headers)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "300000")
    assert send(alice, answer.location, content[300_000:], 300_000).status_code == 204
    assert finish(alice, answer.location).json["file"]["width"] == 400


def test_an_upload_does_not_begin_with_more_than_it_has(alice: Member, folder: Path) -> None:
    answer = ask(alice, "POST", "/uploads", b"abcd", Content_Type=BODY_TYPE, Upload_Length=3)
    assert error(answer) == (413, "too_large")
    assert left(folder) == []


def test_an_upload_says_what_it_was_told(alice: Member) -> None:
    plain = ask(alice, "HEAD", begun(alice, 3, "море.wav", filetype="audio/wav"))
    assert plain.headers["Upload-Metadata"] == metadata(filename="море.wav")
    voice = ask(alice, "HEAD", begun(alice, 3, "a.wav", voice="1"))
    assert voice.headers["Upload-Metadata"] == metadata(filename="a.wav", voice="1")


def test_methods_may_be_overridden(alice: Member) -> None:
    content = picture()
    address = begun(alice, len(content))
    asked = {"Upload_Offset": 0, "Content_Type": BODY_TYPE, "X_HTTP_Method_Override": "PATCH"}
    assert ask(alice, "POST", address, content, **asked).status_code == 204
    assert offset(alice, address) == len(content)
    assert ask(alice, "POST", address, X_HTTP_Method_Override="DELETE").status_code == 204
    assert ask(alice, "HEAD", address).status_code == 404
    for other in (None, "", "GET", "patch"):
        assert error(ask(alice, "POST", address, X_HTTP_Method_Override=other)) == (400, "invalid")


def test_an_upload_says_until_when_it_is_kept(alice: Member) -> None:
    address = begun(alice, 3)
    for answer in (send(alice, address, b"a"), ask(alice, "HEAD", address)):
        ends = answer.headers.get("Upload-Expires", type=lambda text: text)
        assert ends.endswith("GMT")


def test_an_upload_is_given_up(alice: Member, folder: Path) -> None:
    address = begun(alice, 5)
    send(alice, address, b"abc")
    assert left(folder / "incoming") == [address.removeprefix("/uploads/")]
    assert ask(alice, "DELETE", address).status_code == 204
    assert left(folder / "incoming") == []
    for door in OF_AN_UPLOAD:
        assert doors(address)[door](alice).status_code == 404


def test_a_file_that_was_sent_is_no_upload_to_give_up(alice: Member, room_id: int) -> None:
    made = upload(alice, picture())
    send_file(alice.connect(), room_id, made["id"])
    address = f"/uploads/{made['id']}"
    assert ask(alice, "DELETE", address).status_code == 404
    assert alice.get(f"/files/{made['id']}").status_code == 200
    # A client that lost the answer asks again: how far it is, and what came of it.
    assert offset(alice, address) > 0
    assert finish(alice, address).json["file"] == made


def test_who_writes_first_is_not_disturbed(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    address = begun(alice, 6)
    upload_id = address.removeprefix("/uploads/")
    with incoming.writing(upload_id) as writer:
        assert writer.add(b"abc")
        assert offset(alice, address) == 3
        assert error(send(alice, address, b"def", 3)) == (423, "busy")
        # From one that has fallen silent another takes over.
        monkeypatch.setattr(incoming, "STALLED", -1.0)
        assert send(alice, address, b"def", 3).status_code == 204
        assert not writer.add(b"xyz")
    assert offset(alice, address) == 6
    assert incoming.path(upload_id).read_bytes() == b"abcdef"
    assert incoming._writers == {}


def test_an_upload_that_is_given_up_takes_nothing_more(alice: Member, folder: Path) -> None:
    address = begun(alice, 6)
    with incoming.writing(address.removeprefix("/uploads/")) as writer:
        writer.add(b"abc")
        assert ask(alice, "DELETE", address).status_code == 204
        assert not writer.add(b"def")
    assert left(folder / "incoming") == []


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
