"""What nobody needs any more goes; what somebody needs stays; and the store and the tables are made to agree."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, update

from chat import (
    clock,
    ephemeral,
    files,
    incoming,
    inventory,
    orphans,
    retention,
    storage,
    transactions,
    uploads,
    whispers,
)
from extensions import db
from models import Blob, File, Room
from tests.cast import Member, make_room, opens, set_message
from tests.files import later, send_file
from tests.uploading import ask, begun, picture, send, sound, upload


@pytest.fixture
def folder(alice: Member) -> Path:
    """Where uploads and files lie."""
    found: Path = alice.app.config["SETTINGS"].UPLOAD_DIR
    return found


def kept(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def sweep(person: Member) -> None:
    with person.app.app_context():
        orphans.sweep()


def tidy(person: Member) -> None:
    with person.app.app_context():
        orphans.tidy()


def change(person: Member, *statements: Any) -> None:
    """Behind the back of the rules."""
    with person.app.app_context():
        for statement in statements:
            transactions.run(lambda session, statement=statement: session.execute(statement))


def count(person: Member, table: type[File | Blob]) -> int:
    with person.app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_uploads_that_nobody_goes_on_with_go(
    alice: Member, room_id: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished = begun(alice, 10)
    send(alice, unfinished, b"abc")
    unsent = upload(alice, picture("red", (900, 900)))
    sent = upload(alice, picture("blue"))
    send_file(alice.connect(), room_id, sent["id"])
    soon = uploads.LIFETIME.total_seconds()
    with later(monkeypatch, soon - 60):
        sweep(alice)
        assert alice.get(f"/files/{unsent['id']}").status_code == 200
        assert ask(alice, "HEAD", unfinished).status_code == 200
    with later(monkeypatch, soon + 5):
        sweep(alice)
    assert alice.get(f"/files/{unsent['id']}").status_code == 404
    assert ask(alice, "HEAD", unfinished).status_code == 404
    assert alice.get(f"/files/{sent['id']}").status_code == 200
    assert len(kept(folder)) == 1
    assert (count(alice, File), count(alice, Blob)) == (1, 1)


def test_each_byte_that_comes_gives_an_upload_more_time(
    alice: Member, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begun(alice, 10)
    monkeypatch.setattr(uploads, "TOUCH", -1.0)  # noted with each piece, as it is once a minute

    def pieces() -> Iterator[bytes]:
        yield b"abc"
        with later(monkeypatch, 40 * 60):
            yield b"def"
        with later(monkeypatch, 80 * 60):
            sweep(alice)
            yield b"g"

    with alice.app.app_context():
        person = db.session.get_one(uploads.User, alice.id)
        uploads.append(person, address.removeprefix("/uploads/"), 0, 10, pieces())
    assert ask(alice, "HEAD", address).headers["Upload-Offset"] == "7"


def ends(how: str) -> Callable[[Member, int, int, pytest.MonkeyPatch], None]:
    """Ways in which a message goes."""

    def deleted(alice: Member, room_id: int, seq: int, _patch: pytest.MonkeyPatch) -> None:
        alice.connect().ok("delete_message", {"room_id": room_id, "seq": seq})

    def expired(alice: Member, room_id: int, seq: int, _patch: pytest.MonkeyPatch) -> None:
        set_message(alice, room_id, seq, expires_at=clock.now() - timedelta(seconds=1))
        with alice.app.app_context():
            retention.purge()

    def with_its_room(alice: Member, room_id: int, _seq: int, _patch: pytest.MonkeyPatch) -> None:
        change(alice, delete(Room).where(Room.id == room_id))

    return {"deleted": deleted, "expired": expired, "with its room": with_its_room}[how]


@pytest.mark.parametrize("how", ["deleted", "expired", "with its room"])
def test_the_file_of_a_message_goes_with_it(
    alice: Member, bob: Member, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    room_id = make_room(alice, bob)
    made, other = upload(alice, picture("red", (900, 900))), upload(alice, picture("blue"))
    talking = alice.connect()
    message = send_file(talking, room_id, made["id"])
    sweep(alice)
    assert bob.get(f"/files/{made['id']}").status_code == 200
    ends(how)(alice, room_id, message["seq"], monkeypatch)
    sweep(alice)
    assert bob.get(f"/files/{made['id']}").status_code == 404
    assert count(alice, File) == 1
    assert len(kept(folder)) == 1
    assert alice.get(f"/files/{other['id']}").status_code == 200


def test_what_was_said_where_nothing_is_kept_goes_from_memory_and_from_the_disk(
    alice: Member, bob: Member, folder: Path
) -> None:
    room_id = make_room(alice, bob, keeps_history=False)
    made = upload(alice, picture())
    send_file(alice.connect(), room_id, made["id"])
    change(alice, update(File).values(touched_at=clock.now() - timedelta(minutes=5)))
    sweep_all(alice)
    assert bob.get(f"/files/{made['id']}").status_code == 200
    ephemeral.forget()
    sweep_all(alice)
    assert bob.get(f"/files/{made['id']}").status_code == 404
    assert kept(folder) == []


def sweep_all(person: Member) -> None:
    with person.app.app_context():
        files.sweep()
    sweep(person)


def test_content_stays_for_as_long_as_one_file_has_it(alice: Member, bob: Member, room_id: int, folder: Path) -> None:
    content = picture()
    mine, yours = upload(alice, content), upload(bob, content)
    talking = alice.connect()
    message = send_file(talking, room_id, mine["id"])
    talking.ok("delete_message", {"room_id": room_id, "seq": message["seq"]})
    sweep(alice)
    assert (count(alice, File), count(alice, Blob), len(kept(folder))) == (1, 1, 1)
    assert bob.get(f"/files/{yours['id']}").status_code == 200
    # And once it is gone, the same content is new.
    assert ask(bob, "DELETE", f"/uploads/{yours['id']}").status_code == 204
    tidy(alice)
    assert (count(alice, File), count(alice, Blob), kept(folder)) == (0, 0, [])
    assert alice.get(f"/files/{upload(alice, content)['id']}").status_code == 200


def test_a_file_that_is_sent_in_the_last_moment_stays(
    alice: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is chosen as forgotten, and sent before the statement that deletes it."""
    made = upload(alice, picture())
    talking, plain = alice.connect(), orphans._delete

    def just_before(*arguments: Any) -> set[str]:
        monkeypatch.setattr(clock, "now", now)
        send_file(talking, room_id, made["id"])
        return plain(*arguments)

    now = clock.now
    monkeypatch.setattr(orphans, "_delete", just_before)
    monkeypatch.setattr(clock, "now", lambda: now() + uploads.LIFETIME + timedelta(seconds=5))
    sweep(alice)
    assert alice.get(f"/files/{made['id']}").status_code == 200


def test_many_go_in_batches(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "BATCH", 10)
    now = clock.now()
    common = {"uploader_id": alice.id, "name": "a", "size": 1, "voice": False, "created_at": now, "touched_at": now}
    rows = [common | {"id": f"{number:032x}", "purpose": "message"} for number in range(95)]
    change(alice, insert(File).values(rows))
    change(alice, insert(File).values(common | {"id": "f" * 32, "purpose": "upload"}))
    monkeypatch.setattr(orphans, "ROUND", 60.0)
    sweep(alice)
    assert count(alice, File) == 1


def test_what_a_crash_left_behind_is_found(alice: Member, folder: Path) -> None:
    waiting = begun(alice, 5)
    made = upload(alice, picture())
    # Killed between two steps: content whose file went, bytes whose upload went, a cleaning nobody heard of.
    change(alice, delete(File).where(File.id == made["id"]))
    for name in ("1" * 32, made["id"]):
        incoming.path(name).write_bytes(b"left")
    (incoming.work_folder("2" * 32) / "original").write_bytes(b"left")
    (folder / "incoming" / "notes.txt").write_text("of the operator")
    sweep(alice)
    assert len(kept(folder)) == 6
    tidy(alice)
    assert kept(folder) == ["incoming/" + waiting.removeprefix("/uploads/"), "incoming/notes.txt"]
    assert count(alice, Blob) == 0


def test_a_store_that_is_away_stops_nobody(
    alice: Member, room_id: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = upload(alice, picture())

    def away(*_arguments: Any) -> None:
        raise OSError("nobody answers")

    with monkeypatch.context() as patch:
        patch.setattr(storage.Folder, "delete", away)
        assert ask(alice, "DELETE", f"/uploads/{made['id']}").status_code == 204
        tidy(alice)
    assert "nobody answers" in caplog.text
    assert count(alice, Blob) == 0


# `flask files check`


def check(app: Flask, *options: str) -> tuple[int, list[str]]:
    """The exit code, and the lines."""
    done = app.test_cli_runner().invoke(args=["files", "check", *options])
    return done.exit_code, done.output.splitlines()


@pytest.fixture
def sent(alice: Member, room_id: int) -> dict[str, Any]:
    """A picture with thumbnails that was sent an hour ago, and where it lies."""
    made = upload(alice, picture("tomato", (1600, 900)))
    send_file(alice.connect(), room_id, made["id"])
    with alice.app.app_context():
        blob_id = db.session.scalars(select(File.blob_id).where(File.id == made["id"])).one()
    age(alice)
    return made | {"key": storage.key(str(blob_id)), "blob_id": blob_id}


def age(person: Member) -> None:
    """What lies there is no longer new."""
    old = time.time() - 2 * inventory.SETTLED
    for path in person.app.config["SETTINGS"].UPLOAD_DIR.rglob("*"):
        os.utime(path, (old, old))


def test_where_all_is_well_nothing_is_said(alice: Member, sent: dict[str, Any]) -> None:
    begun(alice, 5)
    upload(alice, sound(), "a.wav")
    assert check(alice.app) == (0, ["0 differences."])
    assert check(alice.app, "--repair") == (0, ["0 differences."])


def test_objects_that_nobody_knows_are_found(alice: Member, bob: Member, sent: dict[str, Any], folder: Path) -> None:
    unknown = [storage.key("ab" * 16), storage.key("ab" * 16, "small"), "ab/cd/notes.txt"]
    for key in unknown:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(b"x")
    # What is new may belong to a file that is being stored.
    assert check(alice.app)[0] == 0
    age(alice)
    code, lines = check(alice.app)
    assert code == 1
    assert lines == [*(f"{key}: in the store, not in the tables" for key in sorted(unknown)), "3 differences."]
    assert check(alice.app, "--repair") == (0, [*lines[:-1], "3 differences, repaired."])
    assert check(alice.app) == (0, ["0 differences."])
    assert bob.get(f"/files/{sent['id']}").status_code == 200


def test_a_thumbnail_that_is_lost_can_be_done_without(alice: Member, sent: dict[str, Any], folder: Path) -> None:
    (folder / (sent["key"] + ".small")).unlink()
    (folder / (sent["key"] + ".large")).write_bytes(b"half")
    _code, lines = check(alice.app, "--repair")
    assert lines[0] == f"{sent['key']}.small: not in the store"
    assert lines[1].startswith(f"{sent['key']}.large: 4 bytes, ")
    assert check(alice.app) == (0, ["0 differences."])
    for variant in ("", "/small", "/large"):
        assert alice.get(f"/files/{sent['id']}{variant}").mimetype == "image/png"


@pytest.mark.parametrize("left", [None, b"half"])
def test_content_that_is_lost_is_taken_out_of_its_message(
    alice: Member, room_id: int, sent: dict[str, Any], folder: Path, left: bytes | None
) -> None:
    if left is None:
        (folder / sent["key"]).unlink()
    else:
        (folder / sent["key"]).write_bytes(left)
    code, lines = check(alice.app)
    assert (code, len(lines)) == (1, 2)
    assert lines[0].startswith(f"{sent['key']}: ")
    check(alice.app, "--repair")
    assert check(alice.app) == (0, ["0 differences."])
    assert kept(folder) == []
    assert alice.get(f"/files/{sent['id']}").status_code == 404
    [message] = alice.get_ok(f"/rooms/{room_id}/messages")["messages"]
    assert message["file"] is None


def test_rows_and_bytes_without_each_other_are_found(alice: Member, folder: Path, sent: dict[str, Any]) -> None:
    lost = begun(alice, 5).removeprefix("/uploads/")
    incoming.path(lost).unlink()
    incoming.path("1" * 32).write_bytes(b"left")
    now = clock.now()
    common = {"uploader_id": alice.id, "name": "a", "size": 1, "voice": False, "created_at": now, "touched_at": now}
    change(
        alice,
        insert(File).values(common | {"id": "2" * 32, "purpose": "whisper", "room_id": None}),
        insert(Blob).values(
            id="3" * 32,
            digest=b"3" * 32,
            kind="audio",
            type="audio/mp4",
            size=3,
            animated=False,
            portable=True,
            created_at=now,
        ),
    )
    key = storage.key("3" * 32)
    (folder / key).parent.mkdir(parents=True)
    (folder / key).write_bytes(b"abc")
    assert sorted(check(alice.app)[1]) == sorted(
        [
            f"{'3' * 32}: no file has this content",
            f"file {'2' * 32}: without content",
            f"upload {lost}: without bytes",
            f"incoming/{'1' * 32}: of no upload",
            "4 differences.",
        ]
    )
    check(alice.app, "--repair")
    assert check(alice.app) == (0, ["0 differences."])
    assert alice.get(f"/files/{sent['id']}").status_code == 200
    assert count(alice, File) == 1


def test_checking_needs_no_rights_to_change(alice: Member, folder: Path, sent: dict[str, Any]) -> None:
    """Without --repair nothing is touched."""
    (folder / sent["key"]).unlink()
    before = kept(folder)
    check(alice.app)
    assert kept(folder) == before
    assert (count(alice, File), count(alice, Blob)) == (1, 1)


def test_a_whisper_goes_when_both_have_left(
    alice: Member, bob: Member, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room_id = make_room(alice, bob)
    made = upload(alice, picture())
    first, second = alice.connect(), bob.connect()
    for person in (alice, bob):
        opens(person, room_id)
    whisper = {"room_id": room_id, "user_id": bob.id, "body": "", "client_id": "0" * 8 + "-0000-4000-8000-" + "0" * 12}
    first.ok("whisper", whisper | {"file_id": made["id"]})
    assert bob.get(f"/files/{made['id']}").status_code == 200
    for person in (alice, bob):
        opens(person, None)
    with alice.app.app_context():
        whispers.sweep()
        plain = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: plain() + 120)
        whispers.sweep()
        whispers.sweep()
        monkeypatch.setattr(time, "monotonic", plain)
    sweep(alice)
    assert kept(folder) == []
    second.close()
