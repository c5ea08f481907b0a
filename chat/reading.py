"""How far people have read, and who is typing. Unread counts are derived from these marks, never stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import update

from chat import broadcasts, clock, fields, payloads, readers, rooms, transactions
from chat.errors import Invalid
from extensions import db
from models import Membership, User

FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
MUTE_MAX = 366 * 24 * 3600  # seconds


class Plain(NamedTuple):
    room_id: int
    seq: int


def plain(given: object) -> Plain | None:
    """What is asked to be marked, if these are numbers at all."""
    if not isinstance(given, dict):
        return None
    try:
        return Plain(fields.identifier(given.get("room_id"), "room_id"), fields.identifier(given.get("seq"), "seq"))
    except Invalid:
        return None


def mark_plain(actor: User, read: Plain) -> int:
    """What chat/marks.py handed back. Raises as `mark` does."""
    return mark(actor, read.room_id, read.seq)


def mark(actor: User, room_id: int, seq: int) -> int:
    """Move the actor's mark forward to `seq` and tell of it; returns where it is now. It never goes back.

    In conversations of two and in small rooms everybody hears of it, in larger ones only the actor's own pages.
    Raises NotFound, and Invalid for a message that is not there yet.
    """
    room, membership = rooms.visible_to(actor, room_id)
    if seq > room.last_seq:
        raise Invalid(_("There is no such message yet."), "seq")
    moved = update(Membership).where(
        Membership.room_id == room_id, Membership.user_id == actor.id, Membership.last_read_seq < seq
    )
    if not transactions.run(lambda session: transactions.affected(session, moved.values(last_read_seq=seq))):
        return max(membership.last_read_seq, seq)
    broadcasts.messages_read(room_id, actor.id, seq, readers.everybody(db.session, room_id) or [actor.id])
    return seq


def mute(actor: User, room_id: int, seconds: int | None) -> str | None:
    """Keep a room quiet for the actor: for `seconds`, 0 for no longer, None for good; returns until when.

    Raises NotFound.
    """
    rooms.visible_to(actor, room_id)
    until = FOR_GOOD if seconds is None else clock.now() + timedelta(seconds=seconds) if seconds else None
    mine = update(Membership).where(Membership.room_id == room_id, Membership.user_id == actor.id)
    transactions.run(lambda session: session.execute(mine.values(muted_until=until)))
    broadcasts.room_muted(room_id, actor.id, until)
    return payloads.instant(until)


def set_typing(actor: User, room_id: int, typing: bool) -> None:
    """Tell the others in the room. Nothing is stored; they forget it by themselves. Raises NotFound."""
    rooms.visible_to(actor, room_id)
    broadcasts.typing_changed(room_id, actor.id, typing, rooms.member_ids(db.session, room_id))
