"""Files that were uploaded, as the tables hold them; their bytes are nowhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from chat import clock, files, transactions
from chat.errors import NotFound
from extensions import db
from models import Blob, File, User
from tests.cast import Connection, Member, new_id

PICTURE = {"kind": "image", "type": "image/png", "width": 800, "height": 600, "thumbhash": b"\x01\x02\x03"}
SQUARE = PICTURE | {"width": 256, "height": 256}
SOUND = {"kind": "audio", "type": "audio/mp4", "duration": 12_345, "waveform": bytes(range(64))}


def upload(person: Member, content: dict[str, Any] | None = None, **changed: Any) -> str:
    """A finished upload of the person's, of a content of its own; `changed` are columns of the file. Returns its id."""
    now = clock.now()
    blob = Blob(id=secrets.token_hex(16), digest=secrets.token_bytes(32), size=1234, created_at=now)
    for name, value in (content or PICTURE).items():
        setattr(blob, name, value)
    columns = {"name": "cat.png", "size": 4321, "created_at": now, "touched_at": now, "blob_id": blob.id} | changed
    file = File(id=secrets.token_hex(16), uploader_id=person.id, **columns)
    with person.app.app_context():
        transactions.run(lambda session: session.add(blob))
        transactions.run(lambda session: session.add(file))
    return file.id


def can_read(person: Member, file_id: str) -> bool:
    """Whether the rules show somebody a file."""
    with person.app.app_context():
        try:
            file, blob = files.visible_to(db.session.get_one(User, person.id), file_id)
        except NotFound:
            return False
        assert (file.id, file.blob_id) == (file_id, blob.id)
        return True


def is_released(person: Member, file_id: str) -> bool:
    """Whether the file goes with the next broom, or has gone."""
    with person.app.app_context():
        db.session.expire_all()
        kept = db.session.scalars(select(File.id).where(File.id == file_id, ~files.is_released())).first()
        return kept is None


def showing(room_id: int, file_id: Any, body: str = "", **more: Any) -> dict[str, Any]:
    return {"room_id": room_id, "body": body, "client_id": new_id(), "file_id": file_id, **more}


def send_file(connection: Connection, room_id: int, file_id: str, body: str = "", **more: Any) -> dict[str, Any]:
    return dict(connection.ok("send_message", showing(room_id, file_id, body, **more))["message"])


def page(person: Member, room_id: int, query: str = "") -> list[dict[str, Any]]:
    return list(person.get_ok(f"/rooms/{room_id}/messages?{query}")["messages"])


def media(person: Member, room_id: int, query: str = "") -> tuple[list[int], bool]:
    answer = person.get_ok(f"/rooms/{room_id}/files?{query}")
    return [message["seq"] for message in answer["messages"]], answer["complete"]


@contextmanager
def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Iterator[None]:
    moment = clock.now() + timedelta(seconds=seconds)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        yield
