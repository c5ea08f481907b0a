"""What going offline and starting anew mean for rooms that keep nothing: they end with the last who leaves them."""

from __future__ import annotations

from sqlalchemy import select, update

from chat import changes, clock, members, presence, transactions
from chat.errors import NotFound
from extensions import db
from models import Membership, Room, User


def settle() -> None:
    """As `presence.settle`; and who is offline now has left the rooms that keep nothing."""
    presence.settle()
    for user_id in list(presence.left):
        if not presence.is_online(user_id):
            _leave(user_id)
        # Only now: the database may have been away, and then it is for the next time.
        presence.left.discard(user_id)


def _leave(user_id: int) -> None:
    user = db.session.get_one(User, user_id)
    for room_id in _forgetful_rooms(user_id):
        try:
            changes.make(user, room_id, members.go_by_oneself)
        except NotFound:
            continue  # it has ended meanwhile


def _forgetful_rooms(user_id: int) -> list[int]:
    mine = select(Room.id).join(Membership, Membership.room_id == Room.id).where(Membership.user_id == user_id)
    return list(db.session.scalars(mine.where(Room.kind == "group", Room.keeps_history.is_(False))))


def begin() -> None:
    """At start nobody is online, and what was in memory is gone: so are such rooms. Their rows go later."""
    over = update(Room).where(Room.kind == "group", Room.keeps_history.is_(False), Room.deleted_at.is_(None))
    ended = over.values(deleted_at=clock.now(), name_key=None)
    transactions.run(lambda session: session.execute(ended))
