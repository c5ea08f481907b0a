"""What was said, in pages by key: no OFFSET, no COUNT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select

from chat import contexts, ephemeral, moments, payloads, rooms, visible
from extensions import db
from models import Membership, Message, Room, User

Rows = Sequence[tuple[Message, User]]

PAGE, PAGE_MAX = 50, 200


def page(
    actor: User, room_id: int, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> payloads.Payload:
    """`{room, messages, complete}`: messages in ascending order, between `after` and `before` (both excluded).

    With `after` alone the oldest of them, otherwise the newest. Raises NotFound.
    """
    room = rooms.payload(actor, room_id)
    row, membership = rooms.visible_to(actor, room_id)
    upwards = after is not None and before is None
    between = _kept_between if row.keeps_history else _remembered_between
    rows = between(membership, after or 0, before, upwards, limit + 1)
    messages = _payloads(membership, rows[:limit])
    return {
        "room": room,
        "messages": messages if upwards else messages[::-1],
        "complete": len(rows) <= limit,
    }


def around(actor: User, room_id: int, seq: int, limit: int = PAGE) -> payloads.Payload:
    """`{room, messages, complete, complete_after}`: a message, or where it would be, with neighbours on both sides.

    Half of them are older. Raises NotFound.
    """
    return _around(actor, room_id, lambda _row: seq, limit)


def at(actor: User, room_id: int, moment: datetime, limit: int = PAGE) -> payloads.Payload:
    """As `around`, of the first message from that moment on. Raises NotFound."""
    return _around(actor, room_id, lambda row: moments.first_in(row, moment), limit)


def _around(actor: User, room_id: int, seq_in: Callable[[Room], int], limit: int) -> payloads.Payload:
    room = rooms.payload(actor, room_id)
    row, membership = rooms.visible_to(actor, room_id)
    seq = seq_in(row)
    between = _kept_between if row.keeps_history else _remembered_between
    half = limit // 2
    older = between(membership, 0, seq, False, half + 1)
    newer = between(membership, max(seq - 1, 0), None, True, limit - half + 1)
    return {
        "room": room,
        "messages": _payloads(membership, [*older[:half][::-1], *newer[: limit - half]]),
        "complete": len(older) <= half,
        "complete_after": len(newer) <= limit - half,
    }


def _kept_between(membership: Membership, after: int, before: int | None, upwards: bool, limit: int) -> Rows:
    # The bound stands before what is visible: of two lower ones SQLite seeks by the first.
    chosen = _visible(membership, Message.seq > max(after, membership.cleared_seq)).where(Message.deleted_at.is_(None))
    if before is not None:
        chosen = chosen.where(Message.seq < before)
    order = Message.seq.asc() if upwards else Message.seq.desc()
    return [(row.Message, row.User) for row in db.session.execute(chosen.order_by(order).limit(limit))]


def _remembered_between(membership: Membership, after: int, before: int | None, upwards: bool, limit: int) -> Rows:
    """The same, of a room that keeps nothing."""
    chosen = [
        message
        for message in ephemeral.shown_to(membership)
        if not message.is_deleted and after < message.seq and (before is None or message.seq < before)
    ]
    return contexts.with_authors(db.session, (chosen if upwards else chosen[::-1])[:limit])


def _visible(membership: Membership, *bounds: ColumnElement[bool]) -> Select[Message, User]:
    """The messages of a room that the owner of the membership may see, with their senders."""
    within = contexts.stored().where(*bounds)
    return within.where(visible.condition(membership))


def _payloads(membership: Membership, rows: Rows) -> list[payloads.Payload]:
    cleared = {membership.room_id: membership.cleared_seq}
    return contexts.around(db.session, rows, cleared, membership.user_id)
