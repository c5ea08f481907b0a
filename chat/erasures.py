"""Taking back all that one has said, for who leaves and wants that: in small batches, long after they are gone.

Each message is deleted as its author would have done it: it leaves a tombstone, which the pages of others follow, and
its file goes. That somebody wants it is a row, stored as they leave; it is there until nothing is left, so a crash in
between is finished later. Knows no acting person.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Transaction

from chat import broadcasts, clock, contexts, files, messages, payloads, retention, transactions, turns, visible
from extensions import db
from models import Erasure, File, Message, Reaction, Room

ROUND = 0.9  # seconds of a round of the clock
BATCH_MIN, BATCH_MAX = 5, 200  # messages
# What was on its way when the account ended is stored by then.
MARGIN = timedelta(seconds=3)

_places: dict[int, bytes] = {}  # how far this process has come


def want(session: Transaction, user_id: int) -> None:
    """From the commit on, what this person said goes."""
    session.add(Erasure(user_id=user_id, created_at=clock.now()))


def sweep(seconds: float | None = None) -> None:
    """What the clock does: take some of it back, the rest with the next round."""
    deadline = time.monotonic() + (ROUND if seconds is None else seconds)
    wanted = select(Erasure.user_id).where(Erasure.created_at < clock.now() - MARGIN).order_by(Erasure.created_at)
    for user_id in db.session.scalars(wanted).all():
        if not _erase(user_id, deadline):
            return
        transactions.run(partial(_finish, user_id=user_id))


def _finish(session: Transaction, user_id: int) -> None:
    session.execute(delete(Erasure).where(Erasure.user_id == user_id))


def _erase(user_id: int, deadline: float) -> bool:
    """Whether all of it is gone; False when time was up."""
    size = BATCH_MIN
    while True:
        # By the unique key of sender and client_id, so many rows at a time, whatever they are: no other way leads to
        # somebody's messages alone, and to look for those that are left could take very long.
        theirs = select(Message.client_id, Message.room_id, Message.seq, Message.kind, Message.deleted_at)
        theirs = theirs.where(Message.sender_id == user_id, Message.client_id > _places.get(user_id, b""))
        rows = db.session.execute(theirs.order_by(Message.client_id).limit(size)).all()
        db.session.close()
        if not rows:
            _places.pop(user_id, None)
            return True
        took = _erase_some([(row.room_id, row.seq) for row in rows if row.kind in visible.SAID and not row.deleted_at])
        _places[user_id] = rows[-1].client_id
        size = min(BATCH_MAX, retention.next_size(size, took, BATCH_MIN))
        if time.monotonic() > deadline:
            return False
        time.sleep(took)  # others may go on


def _erase_some(keys: Sequence[tuple[int, int]]) -> float:
    """The longest that one room was held, in seconds."""
    by_room: dict[int, list[int]] = defaultdict(list)
    for room_id, seq in keys:
        by_room[room_id].append(seq)
    return max((_erase_in(room_id, seqs) for room_id, seqs in by_room.items()), default=0.0)


def _erase_in(room_id: int, seqs: Sequence[int]) -> float:
    with turns.take(room_id):
        told, hearers, begun = transactions.run(lambda session: _blank(session, room_id, seqs))
        took = time.monotonic() - begun
        for message in told:
            messages.tell(broadcasts.message_changed, message, hearers)
    return took


def _blank(
    session: Transaction, room_id: int, seqs: Sequence[int]
) -> tuple[list[payloads.Payload], messages.Hearers, float]:
    """The tombstones, whom to tell, and when it began. The room's row is locked first, as for every change."""
    session.connection()
    begun = time.monotonic()
    room = session.get(Room, room_id, with_for_update=True)
    here = Message.room_id == room_id, Message.seq.in_(seqs), visible.said()
    rows = session.execute(contexts.stored().where(*here).order_by(Message.seq)).all()
    if room is None or not rows:
        return [], {}, begun
    held = [message.file_id for message, _author in rows if message.file_id is not None]
    if held:
        files.release(session, File.id.in_(held))
    session.execute(delete(Reaction).where(Reaction.room_id == room_id, Reaction.seq.in_(seqs)))
    now = clock.now()
    for message, _author in rows:
        room.version += 1
        message.version, message.body, message.file_id = room.version, "", None
        message.edited_at, message.deleted_at = None, now
    hearers = messages.everybody_in(session, room_id) if not room.has_ended(now) else {}
    return [payloads.message(message, payloads.sender(author)) for message, author in rows], hearers, begun
