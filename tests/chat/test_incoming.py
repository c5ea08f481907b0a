"""A disk that is full, or cannot be written: said clearly, logged, and nothing half is left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from chat import incoming, storage
from extensions import db
from models import File
from tests.cast import Member
from tests.services import missing
from tests.uploading import arrived, ask, begin, begun, error, finish, noise, picture, send

KB = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        missing("the right to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def alice(make: Callable[..., Flask], disk: Path, monkeypatch: pytest.MonkeyPatch) -> Member:
    """Her uploads come to the small disk, all of which is for them."""
    monkeypatch.setattr(incoming, "RESERVE", 0)
    return Member(make(UPLOAD_DIR=str(disk / "uploads")), "alice")


def fill(disk: Path, leave: int) -> Path:
    """Something else takes the disk, but for so many bytes."""
    other = disk / "other"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    other.write_bytes(b"x" * (free - leave))
    return other


def kept(disk: Path) -> list[str]:
    return sorted(path.name for path in disk.rglob("*") if path.is_file())


def uploads_of(person: Member) -> int:
    with person.app.app_context():
        return db.session.scalar(select(func.count()).select_from(File)) or 0


def test_what_has_no_room_does_not_begin(alice: Member, disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    answer = begin(alice, 3 * KB * KB)
    assert error(answer) == (507, "full")
    assert answer.json["error"]["message"] == "The server has no room for more files. Please tell whoever runs it."
    assert "No space left on device" in caplog.text
    assert (kept(disk), uploads_of(alice)) == ([], 0)
    assert begin(alice, KB * KB).status_code == 201


def test_the_database_keeps_some_room(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "RESERVE", KB * KB)
    assert begin(alice, KB * KB + KB).status_code == 507
    # Each alone would find room, both do not.
    first, second = begun(alice, 700 * KB), begun(alice, 700 * KB)
    assert send(alice, first, b"x" * (700 * KB)).status_code == 204
    assert error(send(alice, second, b"x" * (700 * KB))) == (507, "full")
    assert ask(alice, "HEAD", first).headers["Upload-Offset"] == str(700 * KB)


def test_a_disk_that_fills_up_in_the_middle_ends_the_upload(
    alice: Member, disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = b"x" * (600 * KB)
    address = begun(alice, len(content))
    assert send(alice, address, content[: 100 * KB]).status_code == 204
    other = fill(disk, 64 * KB)
    assert error(send(alice, address, content[100 * KB :], 100 * KB)) == (507, "full")
    assert "No space left on device" in caplog.text
    assert (kept(disk), uploads_of(alice)) == (["other"], 0)
    assert ask(alice, "HEAD", address).status_code == 404
    other.unlink()
    assert begin(alice, 600 * KB).status_code == 201


def test_a_file_that_cannot_be_stored_waits_until_it_can(
    alice: Member, disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    address = arrived(alice, noise(300))
    other = fill(disk, 32 * KB)
    assert error(finish(alice, address)) == (507, "full")
    assert "cannot be stored" in caplog.text
    assert not [name for name in kept(disk) if name.endswith((".small", ".large"))]
    assert list((disk / "uploads").glob("??/??/*")) == []
    other.unlink()
    made = finish(alice, address).json["file"]
    assert alice.get(f"/files/{made['id']}").status_code == 200
    assert len(kept(disk)) == 1


def test_a_disk_that_is_read_only_is_said_so(alice: Member, disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    address = begun(alice, 3)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert error(begin(alice, 3)) == (507, "full")
    assert error(send(alice, address, b"abc")) == (507, "full")
    assert caplog.text.count("Read-only file system") >= 2
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


def test_a_file_where_the_folder_should_be(make: Callable[..., Flask], tmp_path: Path) -> None:
    """What even root cannot write to."""
    (tmp_path / "uploads").write_text("")
    alice = Member(make(UPLOAD_DIR=str(tmp_path / "uploads")), "alice")
    assert error(begin(alice, 3)) == (507, "full")
    assert uploads_of(alice) == 0


def test_what_fails_half_way_into_the_store_leaves_nothing_there(
    make: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture went in, its thumbnail did not."""
    alice = Member(make(), "alice")
    folder: Path = alice.app.config["SETTINGS"].UPLOAD_DIR
    plain = storage.Folder.put

    def failing(store: storage.Folder, key: str, path: Path) -> None:
        if key.endswith(".small"):
            raise OSError("the disk is gone")
        plain(store, key, path)

    address = arrived(alice, picture("tomato", (900, 900)))
    with monkeypatch.context() as patch:
        patch.setattr(storage.Folder, "put", failing)
        assert error(finish(alice, address)) == (507, "full")
    assert [path for path in folder.glob("??/??/*") if path.is_file()] == []
    assert finish(alice, address).status_code == 200
