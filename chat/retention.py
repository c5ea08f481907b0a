"""What has expired goes from the database, in small batches: nobody waits for it longer than for a message.

No answer holds an expired message (chat/visible.py), so being late here shows to nobody but the operator.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ColumnExpressionArgument, delete, func, select
from sqlalchemy.orm import Session as Transaction

from chat import clock, ephemeral, transactions
from extensions import db
from models import Message

ROUND = 0.9  # seconds of a round of the clock
# How long one batch may hold its locks, and on SQLite the loop: it aims well below the 50 ms that nobody notices.
TARGET = 0.015  # seconds
# Fewer would not be quicker: a commit takes its time whatever is in it.
BATCH_MIN, BATCH_MAX = 100, 2_000  # messages
WORTH_A_LINE = 1_000  # messages

log = logging.getLogger("parley")


@dataclass
class Removal:
    """How far it came: so many messages, the longest time one batch took, and whether that was all."""

    count: int = 0
    longest: float = 0.0  # seconds
    complete: bool = False


def purge_round() -> None:
    """What the clock does: delete what has expired for a moment; the rest comes with the next round."""
    ephemeral.sweep()
    purge(ROUND)


def purge(seconds: float | None = None) -> Removal:
    """Delete what has expired, the oldest first: all of it, or for about so many seconds."""
    removal = remove(Message.expires_at <= clock.now(), Message.expires_at, seconds)
    if removal.count >= WORTH_A_LINE:
        log.info("purged %d messages, at most %.1f ms at a time", removal.count, removal.longest * 1000)
    return removal


def overdue_since() -> datetime | None:
    """When the oldest message expired that is still stored."""
    oldest: datetime | None = db.session.scalar(
        select(func.min(Message.expires_at)).where(Message.expires_at <= clock.now())
    )
    return oldest


def remove(chosen: ColumnElement[bool], order: ColumnExpressionArgument[Any], seconds: float | None = None) -> Removal:
    """Delete the messages that are `chosen`, in `order`, in batches whose size follows from how long they take.

    Between batches others have as long as the last one took. Begins none after `seconds`, if given.
    """
    removal, size, begun = Removal(), BATCH_MIN, time.monotonic()
    while True:
        count, took = _batch(chosen, order, size)
        removal.count += count
        removal.longest = max(removal.longest, took)
        removal.complete = count < size
        if removal.complete or (seconds is not None and time.monotonic() - begun >= seconds):
            return removal
        size = next_size(size, took)
        time.sleep(took)


def next_size(size: int, took: float, least: int | None = None) -> int:
    """Toward the target, at most twice as many at once: a machine that was quick may be slow in the next moment."""
    wanted = int(size * min(2.0, TARGET / max(took, 0.0001)))
    return min(BATCH_MAX, max(least or BATCH_MIN, wanted))


def _batch(chosen: ColumnElement[bool], order: ColumnExpressionArgument[Any], size: int) -> tuple[int, float]:
    """How many messages went, and the seconds from their first lock to the commit."""
    keys = db.session.execute(select(Message.room_id, Message.seq).where(chosen).order_by(order).limit(size)).all()
    if not keys:
        return 0, 0.0
    # Many batches follow each other: the connection is for others meanwhile.
    db.session.close()
    by_room: dict[int, list[int]] = defaultdict(list)
    for room_id, seq in keys:
        by_room[room_id].append(seq)
    begun = transactions.run(lambda session: _delete(session, by_room))
    return len(keys), time.monotonic() - begun


def _delete(session: Transaction, by_room: dict[int, list[int]]) -> float:
    """Delete by keys, since not every database can limit a DELETE; returns when it began."""
    session.connection()  # waiting for it holds nobody up
    begun = time.monotonic()
    for room_id, seqs in by_room.items():
        session.execute(delete(Message).where(Message.room_id == room_id, Message.seq.in_(seqs)))
    return begun
