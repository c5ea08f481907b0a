"""How far each person has read, told in rooms small enough for everybody to be somebody: who has seen a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import scoped_session

from chat import payloads
from models import Membership

READERS_MAX = 20  # people in a room, above which nobody is told what the others have read


def everybody(session: Transaction | scoped_session[Any], room_id: int) -> Sequence[int]:
    """The ids of all in a small room; nobody's of a larger one, whose people are not even counted."""
    some = select(Membership.user_id).where(Membership.room_id == room_id).limit(READERS_MAX + 1)
    user_ids = session.scalars(some).all()
    return user_ids if len(user_ids) <= READERS_MAX else []


def marks(
    session: Transaction | scoped_session[Any], member_counts: Mapping[int, int]
) -> dict[int, list[payloads.Payload]]:
    """How far everybody has read in each of these rooms, given with their member counts; nothing of larger ones."""
    found: dict[int, list[payloads.Payload]] = {room_id: [] for room_id in member_counts}
    small = [room_id for room_id, count in member_counts.items() if count <= READERS_MAX]
    if small:
        columns = Membership.room_id, Membership.user_id, Membership.last_read_seq, Membership.joined_at
        chosen = select(*columns).where(Membership.room_id.in_(small))
        for row in session.execute(chosen.order_by(Membership.room_id, Membership.user_id)):
            found[row.room_id].append(payloads.reader(row.user_id, row.last_read_seq, row.joined_at))
    return found
