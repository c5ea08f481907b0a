"""What a list of rooms says of each: its last message, and how much is unread. For all rooms in one statement each.

Only what people said counts, and only while it is there: system lines, deleted and expired messages do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, literal, select, tuple_, union_all

from chat import contexts, ephemeral, visible
from chat.payloads import Payload
from extensions import db
from models import Membership, Message, Room, User

UNREAD_MAX = 1000
# SQLite takes at most 500 selects in one statement.
AT_ONCE = 250

Rows = Sequence[tuple[Room, Membership]]


def unread(actor: User, rows: Rows) -> dict[int, int]:
    """How many messages of others `actor` has not read, up to UNREAD_MAX, in each room where there are any."""
    news = [(room, mine) for room, mine in rows if room.last_seq > max(mine.last_read_seq, mine.cleared_seq)]
    behind = [mine for room, mine in news if room.keeps_history]
    counted = dict(row for some in _parts(behind) for row in db.session.execute(union_all(*map(_count, some))))
    return counted | {room.id: _count_remembered(mine) for room, mine in news if not room.keeps_history}


def _count_remembered(mine: Membership) -> int:
    return sum(message.seq > mine.last_read_seq and message.sender_id != mine.user_id for message in _remembered(mine))


def _remembered(mine: Membership) -> list[Message]:
    """What people said in a room that keeps nothing, and is still there."""
    return [message for message in ephemeral.shown_to(mine) if visible.can_be_answered(message, mine.cleared_seq)]


def _count(mine: Membership) -> Select[int, int]:
    """The room and the number, by a range of the key that ends at UNREAD_MAX messages."""
    first = (
        select(Message.seq)
        .where(visible.condition(mine), visible.said())
        .where(Message.seq > mine.last_read_seq, Message.sender_id != mine.user_id)
        .limit(UNREAD_MAX)
        .subquery()
    )
    return select(literal(mine.room_id), func.count(first.c.seq))


def latest(actor: User, rows: Rows) -> dict[int, Payload]:
    """The newest message of each room that `actor` sees."""
    talked = [(room, mine) for room, mine in rows if room.last_seq > mine.cleared_seq]
    kept = [mine for room, mine in talked if room.keeps_history]
    keys = [key for some in _parts(kept) for key in db.session.execute(union_all(*map(_newest, some)))]
    remembered = [_remembered(mine)[-1:] for room, mine in talked if not room.keeps_history]
    found = contexts.with_authors(db.session, [message for last in remembered for message in last])
    if keys:
        stored = select(Message, User).join(User, User.id == Message.sender_id)
        chosen = stored.where(tuple_(Message.room_id, Message.seq).in_(keys))
        found += [(row.Message, row.User) for row in db.session.execute(chosen)]
    if not found:
        return {}
    cleared = {mine.room_id: mine.cleared_seq for _room, mine in talked}
    shown = contexts.around(db.session, found, cleared, actor.id)
    return {message["room_id"]: message for message in shown}


def _newest(mine: Membership) -> Select[int, int]:
    """The key of the newest message, the first that is met from the end of the room."""
    newest = (
        select(Message.room_id, Message.seq)
        .where(visible.condition(mine), visible.said())
        .order_by(Message.seq.desc())
        .limit(1)
        .subquery()
    )
    return select(newest.c.room_id, newest.c.seq)


def _parts(memberships: Sequence[Membership]) -> list[Sequence[Membership]]:
    return [memberships[start : start + AT_ONCE] for start in range(0, len(memberships), AT_ONCE)]
