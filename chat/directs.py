"""Conversations of two: each pair of people has one at most."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from chat import accounts, clock, payloads, rooms, transactions
from chat.errors import Invalid
from extensions import db
from models import Membership, Room, User


def open_with(actor: User, username: object) -> payloads.Payload:
    """The conversation of two people, made if there is none. Nobody is told before something is said in it.

    Raises NotFound for an unknown name, Invalid for one's own.
    """
    peer = accounts.named(actor, username)
    if peer.id == actor.id:
        raise Invalid(_("You cannot write to yourself."), "username")
    pair_key = "{}:{}".format(*sorted((actor.id, peer.id)))
    room = _found(pair_key) or _make(pair_key, (actor.id, peer.id))
    return rooms.payload(actor, room.id)


def _found(pair_key: str) -> Room | None:
    return db.session.scalars(select(Room).where(Room.pair_key == pair_key)).first()


def _make(pair_key: str, user_ids: Iterable[int]) -> Room:
    try:
        return transactions.run(lambda session: _insert(session, pair_key, user_ids))
    except IntegrityError:
        # The other one was opening it in the same moment.
        room = _found(pair_key)
        if room is None:
            raise
        return room


def _insert(session: Transaction, pair_key: str, user_ids: Iterable[int]) -> Room:
    now = clock.now()
    room = Room(kind="direct", pair_key=pair_key, created_at=now, active_at=now)
    session.add(room)
    session.flush()
    session.add_all(Membership(room_id=room.id, user_id=user_id, joined_at=now) for user_id in user_ids)
    return room
