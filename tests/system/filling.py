"""Long histories, written past the server; and how long the same machine takes to delete one in a single statement."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import create_engine, text

AT_ONCE = 10_000  # rows in one INSERT

INSERT = text(
    "INSERT INTO messages (room_id, seq, version, sender_id, client_id, kind, body, created_at, expires_at)"
    " VALUES (:room, :seq, :seq, 1, :key, 'text', :body, :now, :expiry)"
)


def fill(url: str, room_id: int, number: int, expiry: datetime | None = None) -> None:
    """So many messages of one room, as if they had been said."""
    engine = create_engine(url)
    for first in range(1, number, AT_ONCE):
        rows = [row(room_id, seq, expiry) for seq in range(first, min(first + AT_ONCE, number + 1))]
        with engine.begin() as connection:
            connection.execute(INSERT, rows)
    engine.dispose()


def count(url: str, room_id: int, last_seq: int) -> None:
    """The room knows of them too."""
    engine = create_engine(url)
    with engine.begin() as connection:
        counted = text("UPDATE rooms SET last_seq = :count, version = :count WHERE id = :room")
        connection.execute(counted, {"count": last_seq, "room": room_id})
    engine.dispose()


def row(room_id: int, seq: int, expiry: datetime | None) -> dict[str, Any]:
    values = {"now": moment(datetime.now(UTC)), "expiry": expiry and moment(expiry)}
    key = room_id.to_bytes(8, "big") + seq.to_bytes(8, "big")
    return values | {"room": room_id, "seq": seq, "key": key, "body": f"message {seq}"}


def moment(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def seconds_at_once(url: str, room_id: int, upto: int) -> float:
    """How long it takes to delete the messages of a room up to a `seq` in one statement."""
    engine = create_engine(url)
    with engine.connect() as connection:
        begun = time.monotonic()
        connection.execute(
            text("DELETE FROM messages WHERE room_id = :room AND seq <= :upto"), {"room": room_id, "upto": upto}
        )
        connection.commit()
        took = time.monotonic() - begun
    engine.dispose()
    return took
