"""What going offline and starting anew mean for rooms that keep nothing: they end with the last who leaves them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import select, update

from chat import changes, clock, members, presence, transactions
from chat.errors import NotFound
from extensions import db
from models import Membership, Room, User

AT_ONCE = 500  # people


def settle() -> None:
    """As `presence.settle`; and who is offline now has left the rooms that keep nothing."""
    presence.settle()
    waiting = sorted(presence.left)
    for start in range(0, len(waiting), AT_ONCE):
        some = waiting[start : start + AT_ONCE]
        for user_id, room_id in _forgetful_rooms(some):
            if not presence.is_online(user_id):
                _leave(user_id, room_id)
        # Only now: the database may have been away, and then it is for the next time.
        presence.left.difference_update(some)
        time.sleep(0)  # they may be thousands, and others want to go on


def _forgetful_rooms(user_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Who of these is in which of them."""
    theirs = select(Membership.user_id, Room.id).join(Room, Room.id == Membership.room_id)
    found = theirs.where(Membership.user_id.in_(user_ids), Room.kind == "group", Room.keeps_history.is_(False))
    return [(user_id, room_id) for user_id, room_id in db.session.execute(found)]


def _leave(user_id: int, room_id: int) -> None:
    with suppress(NotFound):  # it has ended meanwhile
        changes.make(db.session.get_one(User, user_id), room_id, members.go_by_oneself)


def begin() -> None:
    """At start nobody is online, and what was in memory is gone: so are such rooms. Their rows go later."""
    over = update(Room).where(Room.kind == "group", Room.keeps_history.is_(False), Room.deleted_at.is_(None))
    ended = over.values(deleted_at=clock.now(), name_key=None)
    transactions.run(lambda session: session.execute(ended))
