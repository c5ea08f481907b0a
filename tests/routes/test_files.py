"""Files as they are fetched: by whom, whole or in ranges, and under which name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from werkzeug.http import http_date, parse_options_header
from werkzeug.test import TestResponse

from chat import storage
from extensions import db
from models import Blob
from tests.cast import Member, Visitor, set_member
from tests.files import send_file
from tests.uploading import noise, picture, sound, upload

VARIANTS = ("", "/small", "/large")
NOBODY = "/files/" + "0" * 32


@pytest.fixture
def made(alice: Member) -> dict[str, Any]:
    """A picture of alice's with both thumbnails, and its address."""
    file = upload(alice, picture("tomato", (1600, 900)), "море.png")
    return file | {"address": f"/files/{file['id']}"}


@pytest.fixture
def heard(alice: Member) -> str:
    """The address of a recording, 16,044 bytes long."""
    file = upload(alice, sound(), "a.wav")
    assert file["size"] == 16_044
    return f"/files/{file['id']}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_signed_out(app: Flask, made: dict[str, Any], variant: str) -> None:
    assert Visitor(app).get_error(made["address"] + variant) == (401, "unauthenticated")


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_outsider_does_not_learn_that_it_is_there(carol: Member, made: dict[str, Any], variant: str) -> None:
    refused, missing = carol.get(made["address"] + variant), carol.get(NOBODY + variant)
    assert (refused.status_code, refused.data) == (missing.status_code, missing.data)
    assert carol.get_error(made["address"] + variant) == (404, "not_found")


@pytest.mark.parametrize("address", ["/files/x", "/files/..", "/files/" + "0" * 31, "/files/%00", "/files/" + "é" * 40])
def test_what_is_no_name_is_not_there(alice: Member, address: str) -> None:
    assert alice.get(address).status_code == 404


def test_too_often(make: Callable[..., Flask], registered: Any) -> None:
    alice = Member(make(EVENT_RATE="2 per minute"), "alice")
    assert [alice.get(NOBODY).status_code for _ in range(3)] == [404, 404, 429]


def test_access_ends_with_membership(alice: Member, bob: Member, room_id: int, made: dict[str, Any]) -> None:
    assert bob.get(made["address"]).status_code == 404
    message = send_file(alice.connect(), room_id, made["id"])
    for variant in VARIANTS:
        assert bob.get(made["address"] + variant).status_code == 200
    tag = bob.get(made["address"]).headers["ETag"]
    set_member(bob, room_id, cleared_seq=message["seq"])
    assert bob.get(made["address"]).status_code == 404
    # Not even whether it is still the same.
    assert bob.get(made["address"], **{"If-None-Match": tag}).status_code == 404
    assert alice.get(made["address"]).status_code == 200


def test_a_deleted_message_takes_its_file_along(alice: Member, bob: Member, room_id: int, made: dict[str, Any]) -> None:
    talking = alice.connect()
    message = send_file(talking, room_id, made["id"])
    talking.ok("delete_message", {"room_id": room_id, "seq": message["seq"]})
    for person in (alice, bob):
        assert person.get(made["address"]).status_code == 404


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_in_a_file_can_run(alice: Member, made: dict[str, Any], variant: str) -> None:
    headers = alice.get(made["address"] + variant).headers
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Type"] == ("image/webp" if variant else "image/png")


def test_thumbnails_are_smaller(alice: Member, made: dict[str, Any]) -> None:
    sizes = [len(alice.get(made["address"] + variant).data) for variant in ("/small", "/large", "")]
    assert sizes == sorted(sizes)
    assert sizes[-1] == made["size"]


def test_where_there_is_no_thumbnail_the_file_itself_is_good_enough(alice: Member, heard: str) -> None:
    for variant in VARIANTS:
        answer = alice.get(heard + variant)
        assert (answer.mimetype, len(answer.data)) == ("audio/wav", 16_044)


RANGES = [
    ("bytes=0-", 0, 16_044),
    ("bytes=0-1", 0, 2),
    ("bytes=100-199", 100, 200),
    ("bytes=16043-", 16_043, 16_044),
    ("bytes=16000-99999", 16_000, 16_044),
    ("bytes=-44", 16_000, 16_044),
    ("bytes=-99999", 0, 16_044),
]
WHOLE = [
    "",
    "bytes",
    "bytes=",
    "bytes=x-y",
    "bytes=5",
    "bytes=9-5",
    "bytes=--5",
    "bytes=0-1,5-9",
    "bytes=0-1,99999-",
    "pages=1-2",
    "bytes=1.5-2",
    "bytes 0-1",
]
BEYOND = ["bytes=16044-", "bytes=99999-100000", "bytes=16044-16044", "bytes=-0"]


@pytest.mark.parametrize(("wanted", "start", "end"), RANGES)
def test_a_range_is_sent(alice: Member, heard: str, wanted: str, start: int, end: int) -> None:
    whole, answer = alice.get(heard), alice.get(heard, Range=wanted)
    assert answer.status_code == 206
    assert answer.data == whole.data[start:end]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/16044"
    assert answer.headers["Content-Length"] == str(end - start)
    same = ("ETag", "Content-Type", "Accept-Ranges", "Cache-Control", "Content-Security-Policy")
    assert {name: answer.headers[name] for name in same} == {name: whole.headers[name] for name in same}


@pytest.mark.parametrize("wanted", WHOLE)
def test_what_is_no_single_range_gets_the_whole(alice: Member, heard: str, wanted: str) -> None:
    answer = alice.get(heard, Range=wanted)
    assert (answer.status_code, len(answer.data)) == (200, 16_044)
    assert "Content-Range" not in answer.headers
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("wanted", BEYOND)
def test_a_range_beyond_the_end_is_refused(alice: Member, heard: str, wanted: str) -> None:
    answer = alice.get(heard, Range=wanted)
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == "bytes */16044"


def test_a_range_is_of_what_is_there_now(alice: Member, heard: str) -> None:
    headers = alice.get(heard).headers
    tag, modified = headers["ETag"], headers["Last-Modified"]

    def asked(condition: str) -> tuple[int, int]:
        answer = alice.get(heard, **{"Range": "bytes=0-9", "If-Range": condition})
        return answer.status_code, len(answer.data)

    assert asked(tag) == asked(modified) == (206, 10)
    earlier = http_date(0)
    for other in ('"another"', f"W/{tag}", tag[:-2] + '"', earlier, "nonsense"):
        assert asked(other) == (200, 16_044), other


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_the_browser_has_is_not_sent_again(alice: Member, made: dict[str, Any], variant: str) -> None:
    tag = alice.get(made["address"] + variant).headers["ETag"]
    for asked in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = alice.get(made["address"] + variant, **{"If-None-Match": asked, "Range": "bytes=0-1"})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
        assert answer.headers["Cache-Control"] == "private, no-cache"
    assert alice.get(made["address"] + variant, **{"If-None-Match": '"x"'}).status_code == 200


def test_each_variant_has_its_own_tag(alice: Member, made: dict[str, Any]) -> None:
    assert len({alice.get(made["address"] + variant).headers["ETag"] for variant in VARIANTS}) == 3


def test_head_tells_all_but_the_bytes(alice: Member, heard: str) -> None:
    for headers in ({}, {"Range": "bytes=5-9"}, {"Range": "bytes=99999-"}):
        full = alice.get(heard, **headers)
        head = alice.http.head(heard, headers=headers)
        assert (head.status_code, head.data) == (full.status_code, b"")
        assert without_date(head) == without_date(full)


def without_date(answer: TestResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name not in ("Date", "Set-Cookie")}


@pytest.mark.parametrize(
    ("name", "saved", "plain"),
    [
        ("море.png", "море.png", ".png"),
        ("café.png", "café.png", "cafe.png"),
        ("../../etc/passwd.png", "passwd.png", "passwd.png"),
        ("..\\..\\boot.png", "boot.png", "boot.png"),
        ('a"b\\c.png', "c.png", "c.png"),
        ('say "hi".png', "say _hi_.png", "say _hi_.png"),
        ("new\r\nSet-Cookie: x=1.png", "new Set-Cookie_ x=1.png", "new Set-Cookie_ x=1.png"),
        ("nul\0l.png", "null.png", "null.png"),
        ("cat\u202egnp.exe.png", "catgnp.exe.png", "catgnp.exe.png"),
        ("\u2066a\u2069.png", "a.png", "a.png"),
        ("👨‍👩‍👧.png", "👨‍👩‍👧.png", ".png"),
        ("con.png", "_con.png", "_con.png"),
        (".htaccess", "htaccess.png", "htaccess.png"),
        ("...", "file.png", "file.png"),
        ("", "file.png", "file.png"),
        ("a/", "a.png", "a.png"),
        ("x" * 300 + ".png", "x" * 251 + ".png", "x" * 251 + ".png"),
        ("ж" * 300 + ".png", "ж" * 125 + ".png", ".png"),
        ("100% #1;a=b.png", "100% #1;a=b.png", "100% #1;a=b.png"),
        ("page.html", "page.png", "page.png"),
    ],
)
def test_it_is_saved_under_its_name(alice: Member, name: str, saved: str, plain: str) -> None:
    file = upload(alice, picture(), name, filetype="image/png")
    assert file["name"] == saved
    for query, how in (("", "inline"), ("?download=1", "attachment")):
        header = alice.get(f"/files/{file['id']}{query}").headers["Content-Disposition"]
        assert header.startswith(f'{how}; filename="')
        assert parse_options_header(header) == (how, {"filename": saved})
        assert f'filename="{plain}"' in header
        assert unquote(header.split("filename*=UTF-8''")[1]) == saved


def test_large_files_come_in_pieces(alice: Member) -> None:
    content = noise(500)
    file = upload(alice, content)
    assert file["size"] > 3 * storage.CHUNK
    with closing(alice.http.get(f"/files/{file['id']}")) as answer:
        pieces = list(answer.iter_encoded())
    assert len(pieces) > 3
    assert max(map(len, pieces)) <= storage.CHUNK
    assert len(b"".join(pieces)) == file["size"]


def test_a_download_that_breaks_leaves_no_file_open(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    file = upload(alice, noise(500))
    opened: list[Any] = []
    plain = storage.Folder.open

    def noting(*arguments: Any) -> Any:
        opened.append(plain(*arguments))
        return opened[-1]

    monkeypatch.setattr(storage.Folder, "open", noting)
    for begin in (False, True):
        answer = alice.http.get(f"/files/{file['id']}")
        if begin:
            next(answer.iter_encoded())
        answer.close()
    assert [stream._file.closed for stream in opened] == [True, True]


def test_content_that_is_lost_is_not_there(alice: Member, made: dict[str, Any], caplog: Any) -> None:
    with alice.app.app_context():
        blob_id = db.session.scalars(db.select(Blob.id)).one()
    storage.current().delete(storage.key(blob_id))
    assert alice.get_error(made["address"]) == (404, "not_found")
    assert "not in the store" in caplog.text
    assert alice.get(made["address"] + "/small").status_code == 200


def test_nginx_sends_the_file_where_it_can(make: Callable[..., Flask]) -> None:
    alice = Member(make(ACCEL_LOCATION="/protected-files/"), "alice")
    address = f"/files/{upload(alice, picture('tomato', (900, 900)))['id']}"
    for variant, ending in (("", ""), ("/small", ".small")):
        answer = alice.get(address + variant, Range="bytes=0-1")
        assert (answer.status_code, answer.data) == (200, b"")
        path = answer.headers["X-Accel-Redirect"]
        assert path.startswith("/protected-files/")
        assert path.endswith(ending)
        found = alice.app.config["SETTINGS"].UPLOAD_DIR / path.removeprefix("/protected-files/")
        # Who sends it reads it by its group.
        assert found.stat().st_mode & 0o777 == 0o640
        assert {folder.stat().st_mode & 0o777 for folder in found.parents[:2]} == {0o750}
        tag = answer.headers["ETag"]
        assert alice.get(address + variant, **{"If-None-Match": tag}).status_code == 304
    assert Visitor(alice.app).get(address).status_code == 401


def test_files_are_for_nobody_else_on_the_machine(alice: Member, made: dict[str, Any]) -> None:
    folder = alice.app.config["SETTINGS"].UPLOAD_DIR
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in folder.rglob("*")}
    assert modes == {(True, 0o700), (False, 0o600)}
