"""What a list of rooms says of each: its last message, and how much is unread. For all rooms in one statement each.

Only what people said counts, and only while it is there: system lines, deleted and expired messages do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select

from chat import contexts, ephemeral, many, visible
from chat.payloads import Payload
from extensions import db
from models import Membership, Message, Room, User

UNREAD_MAX = 1000

Row = tuple[Room, Membership]
Told = tuple[Message, User]
Key = ephemeral.Key
Place = tuple[int, int]  # room and person


def unread(rows: Sequence[Row]) -> dict[Place, int]:
    """How many messages of others each has not read, up to UNREAD_MAX, in each room where there are any."""
    news = [(room, mine) for room, mine in rows if room.last_seq > max(mine.last_read_seq, mine.cleared_seq)]
    counted = many.of_each(_count, [mine for room, mine in news if room.keeps_history])
    remembered = [mine for room, mine in news if not room.keeps_history]
    return {(room_id, user_id): number for room_id, user_id, number in counted} | {
        (mine.room_id, mine.user_id): _count_remembered(mine) for mine in remembered
    }


def _count_remembered(mine: Membership) -> int:
    return sum(message.seq > mine.last_read_seq and message.sender_id != mine.user_id for message in _remembered(mine))


def _remembered(mine: Membership) -> list[Message]:
    """What people said in a room that keeps nothing, and is still there."""
    return [message for message in ephemeral.shown_to(mine) if visible.can_be_answered(message, mine.cleared_seq)]


def _count(mine: Any) -> Select[Any]:
    """The place and the number, by a range of the key that ends at UNREAD_MAX messages."""
    # The bound stands before what is visible: of two lower ones SQLite seeks by the first.
    first = (
        select(Message.seq)
        .where(Message.seq > mine.last_read_seq, Message.sender_id != mine.user_id)
        .where(visible.condition(mine), visible.said())
        .limit(UNREAD_MAX)
        .subquery()
    )
    return select(mine.room_id.label("room_id"), mine.user_id.label("user_id"), func.count(first.c.seq))


def latest(rows: Sequence[Row]) -> dict[Place, Payload]:
    """The newest message of each room that each sees."""
    keys = newest(rows)
    found = contexts.found(db.session, set(keys.values()))
    return shown(rows, keys, found, contexts.Surroundings(db.session, [message for message, _ in found.values()]))


def newest(rows: Sequence[Row]) -> dict[Place, Key]:
    """Which message that is."""
    talked = [(room, mine) for room, mine in rows if room.last_seq > mine.cleared_seq]
    views = {(mine.room_id, mine.cleared_seq): (room, mine) for room, mine in talked}
    kept = many.of_each(_newest, [mine for room, mine in views.values() if room.keeps_history])
    keys = {(room_id, cleared_seq): (room_id, seq) for room_id, cleared_seq, seq in kept}
    for view, (room, mine) in views.items():
        if not room.keeps_history and (said := _remembered(mine)):
            keys[view] = room.id, said[-1].seq
    return {
        (mine.room_id, mine.user_id): keys[view]
        for _room, mine in talked
        if (view := (mine.room_id, mine.cleared_seq)) in keys
    }


def shown(
    rows: Sequence[Row], keys: Mapping[Place, Key], found: Mapping[Key, Told], surroundings: contexts.Surroundings
) -> dict[Place, Payload]:
    """These messages as each is told them; none that is gone by now."""
    cleared = {(mine.room_id, mine.user_id): mine.cleared_seq for _room, mine in rows}
    return {
        place: surroundings.payload(*found[key], cleared[place], place[1])
        for place, key in keys.items()
        if key in found and found[key][0].deleted_at is None
    }


def _newest(mine: Any) -> Select[Any]:
    """Room, mark and number of the newest message, the first that is met from the end of the room."""
    newest = (
        select(Message.room_id, Message.seq)
        .where(visible.condition(mine), visible.said())
        .order_by(Message.seq.desc())
        .limit(1)
        .subquery()
    )
    return select(newest.c.room_id, mine.cleared_seq.label("cleared_seq"), newest.c.seq)
