"""What becomes of rooms that are over: people are told, and the rows go in small batches. Knows no acting person."""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session as Transaction

from chat import clock, files, retention, rooms, segments, transactions, turns
from extensions import db
from models import File, Membership, Message, Room

UNDO = timedelta(seconds=10)
# Whoever takes a deletion back in the last moment is not met by the broom.
MARGIN = timedelta(seconds=2)
BATCH = 500  # memberships in one statement
ROUND = 0.25  # seconds of a tick that removing may take


def end_idle() -> None:
    """Close the rooms whose idle interval is over."""
    for room_id in db.session.scalars(
        select(Room.id).where(Room.ends_at <= clock.now(), Room.deleted_at.is_(None))
    ).all():
        _end(room_id)


def _end(room_id: int) -> None:
    now = clock.now()
    # Asked again in the statement itself: something may have been said in this moment. The name is free from now on.
    over = update(Room).where(Room.id == room_id, Room.ends_at <= now, Room.deleted_at.is_(None))
    with turns.take(room_id):
        if not transactions.run(
            lambda session: transactions.affected(session, over.values(deleted_at=now, name_key=None))
        ):
            return
        rooms.close(room_id, "ended", rooms.member_ids(db.session, room_id))


def sweep(seconds: float | None = None) -> None:
    """Remove the rows of rooms that nobody can bring back any more: as many as a tick allows, the rest next time."""
    deadline = time.monotonic() + (ROUND if seconds is None else seconds)
    over = Room.deleted_at <= clock.now() - UNDO - MARGIN
    for room_id in db.session.scalars(select(Room.id).where(over).order_by(Room.deleted_at)).all():
        if not _remove(room_id, deadline):
            return


def _remove(room_id: int, deadline: float) -> bool:
    """Messages and memberships first, then the row and the little that hangs on it; False when time is up."""
    left = deadline - time.monotonic()
    if not retention.remove(Message.room_id == room_id, Message.seq, left).complete:
        return False
    if not segments.forget(room_id, deadline):
        return False
    while _remove_members(room_id):
        time.sleep(0)  # others may go on
        if time.monotonic() > deadline:
            return False
    transactions.run(lambda session: _delete(session, room_id))
    return True


def _delete(session: Transaction, room_id: int) -> None:
    """With the room goes what its messages did not hold: its picture, and what was whispered there."""
    files.release(session, File.room_id == room_id)
    session.execute(delete(Room).where(Room.id == room_id))


def empty(room_id: int, seq: int) -> None:
    """Delete the messages of a room up to `seq`, all that it kept."""
    segments.forget(room_id)
    retention.remove(and_(Message.room_id == room_id, Message.seq <= seq), Message.seq)


def _remove_members(room_id: int) -> int:
    """Delete some memberships by a range of their key: not every database can limit a DELETE."""
    chosen = select(Membership.user_id).where(Membership.room_id == room_id).order_by(Membership.user_id).limit(BATCH)
    keys = db.session.scalars(chosen).all()
    if not keys:
        return 0
    some = Membership.user_id.between(keys[0], keys[-1])
    range_ = delete(Membership).where(Membership.room_id == room_id, some)
    return transactions.run(lambda session: transactions.affected(session, range_))
