"""Whom guests see: the people of the rooms they are in, and nobody else. Members see everybody.

Company are two people who are in one group room, or in a conversation in which something was said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from chat import clock
from extensions import db
from models import Membership, Room, User


def visible_to(actor: User) -> ColumnElement[bool]:
    """A condition on users: those whom `actor` may know of."""
    if not actor.is_guest:
        return true()
    shared = _shared().where(Membership.user_id == actor.id).subquery()
    company = select(Membership.user_id).where(Membership.room_id.in_(select(shared.c.room_id)))
    return or_(User.id == actor.id, User.id.in_(company))


def among(actor: User, user_ids: Iterable[int]) -> list[int]:
    """Those of these people whom `actor` may know of."""
    wanted = list(user_ids)
    if not actor.is_guest:
        return wanted
    known = set(db.session.scalars(select(User.id).where(visible_to(actor))))
    return [user_id for user_id in wanted if user_id in known]


def audiences(guest_ids: Collection[int], user_ids: Collection[int]) -> list[tuple[list[int], set[int]]]:
    """Which of these guests may hear of which of these people: `[(guests, people)]`, each guest once.

    Guests who are in the same rooms, as most are, hear the same and stand together.
    """
    if not guest_ids or not user_ids:
        return []
    rooms_of = _rooms_of(set(guest_ids) | set(user_ids))
    people_in: dict[int, set[int]] = defaultdict(set)
    for user_id in user_ids:
        for room_id in rooms_of.get(user_id, ()):
            people_in[room_id].add(user_id)
    together: dict[frozenset[int], list[int]] = defaultdict(list)
    for guest_id in guest_ids:
        together[frozenset(people_in.keys() & rooms_of.get(guest_id, set()))].append(guest_id)
    heard = [(guests, set().union(*(people_in[room_id] for room_id in rooms))) for rooms, guests in together.items()]
    return [(guests, people) for guests, people in heard if people]


def audience(guest_ids: Collection[int], user_id: int) -> list[int]:
    """Those of these guests who may hear of somebody."""
    return [guest_id for guests, _people in audiences(guest_ids, [user_id]) for guest_id in guests]


def _rooms_of(user_ids: Collection[int]) -> dict[int, set[int]]:
    rooms: dict[int, set[int]] = defaultdict(set)
    for some in _portions(sorted(user_ids)):
        rows = db.session.execute(_shared().add_columns(Membership.user_id).where(Membership.user_id.in_(some)))
        for room_id, user_id in rows:
            rooms[user_id].add(room_id)
    return rooms


# A statement has a limited number of parameters.
_PORTION = 1_000


def _portions(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _PORTION] for start in range(0, len(ids), _PORTION))


def _shared() -> Select[int]:
    """The rooms that make company of their people. A conversation somebody opened without a word is not yet one."""
    counts = and_(Room.lasts(clock.now()), or_(Room.kind == "group", Room.last_seq > 0))
    return select(Membership.room_id).join(Room, Room.id == Membership.room_id).where(counts)
