"""What a list of rooms says of each: its last message, and how much is unread. For all rooms in one statement each.

Only what people said counts, and only while it is there: system lines, deleted and expired messages do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, TextClause, bindparam, func, select, text

from chat import clock, contexts, ephemeral, visible
from chat.payloads import Payload
from extensions import db
from models import Instant, Membership, Message, Room, User

UNREAD_MAX = 1000
# SQLite takes at most 500 selects in one statement.
AT_ONCE = 250

_OF_ONE = re.compile(r":(room_id|user_id|cleared_seq|last_read_seq)\b(?!_)")

STATEMENTS = 100  # of different lengths that are remembered

Template = Callable[[Any], Select[int, int]]
Rows = Sequence[tuple[Room, Membership]]


def unread(actor: User, rows: Rows) -> dict[int, int]:
    """How many messages of others `actor` has not read, up to UNREAD_MAX, in each room where there are any."""
    news = [(room, mine) for room, mine in rows if room.last_seq > max(mine.last_read_seq, mine.cleared_seq)]
    behind = [mine for room, mine in news if room.keeps_history]
    counted = dict(row for some in _parts(behind) for row in _ask(_count, some))
    return counted | {room.id: _count_remembered(mine) for room, mine in news if not room.keeps_history}


def _count_remembered(mine: Membership) -> int:
    return sum(message.seq > mine.last_read_seq and message.sender_id != mine.user_id for message in _remembered(mine))


def _remembered(mine: Membership) -> list[Message]:
    """What people said in a room that keeps nothing, and is still there."""
    return [message for message in ephemeral.shown_to(mine) if visible.can_be_answered(message, mine.cleared_seq)]


def _count(mine: Any) -> Select[int, int]:
    """The room and the number, by a range of the key that ends at UNREAD_MAX messages."""
    # The bound stands before what is visible: of two lower ones SQLite seeks by the first.
    first = (
        select(Message.seq)
        .where(Message.seq > mine.last_read_seq, Message.sender_id != mine.user_id)
        .where(visible.condition(mine), visible.said())
        .limit(UNREAD_MAX)
        .subquery()
    )
    return select(mine.room_id.label("room_id"), func.count(first.c.seq))


def latest(actor: User, rows: Rows) -> dict[int, Payload]:
    """The newest message of each room that `actor` sees."""
    talked = [(room, mine) for room, mine in rows if room.last_seq > mine.cleared_seq]
    kept = [mine for room, mine in talked if room.keeps_history]
    keys = [key for some in _parts(kept) for key in _ask(_newest, some)]
    remembered = [_remembered(mine)[-1:] for room, mine in talked if not room.keeps_history]
    found = contexts.with_authors(db.session, [message for last in remembered for message in last])
    if keys:
        stored = contexts.stored()
        chosen = stored.where(contexts.at(Message, keys))
        found += [(row.Message, row.User) for row in db.session.execute(chosen)]
    if not found:
        return {}
    cleared = {mine.room_id: mine.cleared_seq for _room, mine in talked}
    shown = contexts.around(db.session, found, cleared, actor.id)
    return {message["room_id"]: message for message in shown}


def _newest(mine: Any) -> Select[int, int]:
    """The key of the newest message, the first that is met from the end of the room."""
    newest = (
        select(Message.room_id, Message.seq)
        .where(visible.condition(mine), visible.said())
        .order_by(Message.seq.desc())
        .limit(1)
        .subquery()
    )
    return select(newest.c.room_id, newest.c.seq)


def _ask(template: Template, memberships: Sequence[Membership]) -> list[tuple[int, int]]:
    """The template's answers for all of these, in one statement."""
    kind: Any = type(db.session.get_bind().dialect)
    statement, fixed, used = _united(template, kind, len(memberships))
    now = clock.now()
    values = {name: now if isinstance(value, datetime) else value for name, value in fixed.items()}
    for number, mine in enumerate(memberships):
        values |= {f"{name}_{number}": getattr(mine, name) for name in used}
    return [(room_id, number) for room_id, number in db.session.execute(statement, values)]


@lru_cache(maxsize=STATEMENTS)
def _united(template: Template, kind: Any, count: int) -> tuple[TextClause, dict[str, Any], list[str]]:
    """The statement, the values that stand in it for all of them (any moment is now), and what it asks of each.

    Written out once and repeated as text: building a hundred selects of expressions costs more than asking them.
    """
    mine = SimpleNamespace(**{name: bindparam(name) for name in ("room_id", "user_id", "cleared_seq", "last_read_seq")})
    compiled = template(mine).compile(dialect=kind(paramstyle="named"))
    sql = str(compiled)
    used = sorted(set(_OF_ONE.findall(sql)))
    fixed = {name: value for name, value in compiled.params.items() if name not in used}
    moments = [bindparam(name, type_=Instant()) for name, value in fixed.items() if isinstance(value, datetime)]
    parts = (_OF_ONE.sub(rf":\1_{number}", sql) for number in range(count))
    return text(" UNION ALL ".join(parts)).bindparams(*moments), fixed, used


def _parts(memberships: Sequence[Membership]) -> list[Sequence[Membership]]:
    return [memberships[start : start + AT_ONCE] for start in range(0, len(memberships), AT_ONCE)]
