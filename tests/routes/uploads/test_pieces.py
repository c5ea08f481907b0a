"""Bytes come in pieces, in their order, and may be given up (tus 1.0)."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat import incoming
from tests.cast import Member
from tests.files import send_file
from tests.routes.uploads.doors import OF_AN_UPLOAD, doors
from tests.uploading import (
    BODY_TYPE,
    ask,
    begun,
    error,
    finish,
    left,
    metadata,
    noise,
    offset,
    picture,
    send,
    upload,
)

MB = 1024 * 1024


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
