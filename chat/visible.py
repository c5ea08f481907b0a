"""Which messages of a room somebody may see: the one place that says it, for a query and for a row.

Seen is what came after the mark up to which one's history is cleared, and has not expired; deleted messages are there
as tombstones, and whoever does not want them says so.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from chat import clock
from models import Membership, Message, Room

SAID = ("text", "file")  # the kinds of what people say; the others are lines


def condition(membership: Membership) -> ColumnElement[bool]:
    """What holds for the messages that the owner of the membership may see."""
    return and_(Message.room_id == membership.room_id, Message.seq > membership.cleared_seq, unexpired())


def marks_of_newcomer(room: Room) -> dict[str, int]:
    """Up to where somebody sees nothing who comes into a room now, as columns of their membership."""
    settled = room.last_seq if room.history_from_join else 0
    return {"settled_seq": settled, "cleared_seq": max(settled, room.cleared_seq)}


def unexpired() -> ColumnElement[bool]:
    return or_(Message.expires_at.is_(None), Message.expires_at > clock.now())


def said() -> ColumnElement[bool]:
    """What people said and is still there: what is counted, previewed and answered."""
    return and_(or_(*(Message.kind == kind for kind in SAID)), Message.deleted_at.is_(None))


def has_expired(message: Message) -> bool:
    return message.expires_at is not None and message.expires_at <= clock.now()


def shows(cleared_seq: int, message: Message) -> bool:
    """Whether somebody whose history is cleared up to `cleared_seq` may see it."""
    return message.seq > cleared_seq and not has_expired(message)


def can_be_answered(message: Message | None, cleared_seq: int) -> bool:
    """Whether somebody said it, and such a person sees it now."""
    return message is not None and message.kind in SAID and message.deleted_at is None and shows(cleared_seq, message)
