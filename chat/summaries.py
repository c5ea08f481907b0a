"""What a list of rooms says of each: its last message, and how much is unread. For all rooms in one statement each.

Only what people said counts, and only while it is there: system lines, deleted and expired messages do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, literal, select, tuple_, union_all

from chat import contexts, visible
from chat.payloads import Payload
from extensions import db
from models import Membership, Message, Room, User

UNREAD_MAX = 1000
# SQLite takes at most 500 selects in one statement.
AT_ONCE = 250

Rows = Sequence[tuple[Room, Membership]]


def unread(actor: User, rows: Rows) -> dict[int, int]:
    """How many messages of others `actor` has not read, up to UNREAD_MAX, in each room where there are any."""
    behind = [mine for room, mine in rows if room.last_seq > max(mine.last_read_seq, mine.cleared_seq)]
    return dict(row for some in _parts(behind) for row in db.session.execute(union_all(*map(_count, some))))


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
    talked = [mine for room, mine in rows if room.last_seq > mine.cleared_seq]
    keys = [key for some in _parts(talked) for key in db.session.execute(union_all(*map(_newest, some)))]
    if not keys:
        return {}
    found = db.session.execute(
        select(Message, User)
        .join(User, User.id == Message.sender_id)
        .where(tuple_(Message.room_id, Message.seq).in_(keys))
    )
    cleared = {mine.room_id: mine.cleared_seq for mine in talked}
    shown = contexts.around(db.session, [(row.Message, row.User) for row in found], cleared, actor.id)
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
