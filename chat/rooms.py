"""Which rooms there are and who is in them. `visible_to` is the only way to a room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import aliased, scoped_session

from chat import (
    accounts,
    admission,
    broadcasts,
    clock,
    fields,
    general,
    many,
    payloads,
    presence,
    readers,
    summaries,
)
from chat.errors import Forbidden, NotFound
from chat.summaries import Place, Row
from extensions import db
from models import Ban, Membership, Room, User

PAGE = 100

_their = aliased(Membership)
# Built once: that costs more than asking.
_PEERS = (
    select(Membership.room_id, Membership.user_id, _their.last_read_seq, User)
    .join(_their, and_(_their.room_id == Membership.room_id, _their.user_id != Membership.user_id))
    .join(User, User.id == _their.user_id)
    .where(Membership.room_id.in_(bindparam("rooms", expanding=True)))
    .where(Membership.user_id.in_(bindparam("people", expanding=True)))
)


def visible_to(actor: User, room_id: int) -> tuple[Room, Membership]:
    """The room and the actor's membership in it. Raises NotFound: "not yours" and "not there" are the same answer."""
    row = room_id <= fields.IDENTIFIER_MAX and db.session.execute(_mine(actor).where(Room.id == room_id)).first()
    if not row:
        raise NotFound()
    return row.Room, row.Membership


def group_of(actor: User, room_id: int) -> tuple[Room, Membership]:
    """As `visible_to`, for what only group rooms have. Raises NotFound."""
    room, membership = visible_to(actor, room_id)
    if room.is_direct:
        raise NotFound()
    return room, membership


def role(actor: User, room: Room, membership: Membership) -> str:
    """What the actor counts as in a room they are in: administrators, as the owner of public ones."""
    return "owner" if actor.is_admin and room.is_public else membership.role


def is_there() -> ColumnElement[bool]:
    """Of a room: neither deleted nor over."""
    return Room.lasts(clock.now())


def is_public() -> ColumnElement[bool]:
    return and_(Room.kind == "group", Room.visibility == "public")


def locked(session: Transaction, room_id: int) -> Room:
    """A group room in a transaction that changes it: nobody else changes it until the commit. Raises NotFound."""
    room = session.get(Room, room_id, with_for_update=True)
    if room is None or room.is_direct or room.has_ended(clock.now()):
        raise NotFound()
    return room


def admits(actor: User, room: Room) -> bool:
    """Whether somebody may come into a room, by joining it or by a link: the one place that decides."""
    if actor.is_guest and not admission.admits(room):
        return False
    return db.session.get(Ban, (room.id, actor.id)) is None


def those_of(actor: User, room_ids: Sequence[int]) -> set[int]:
    """Those of these rooms that the actor is in."""
    mine = select(Membership.room_id).where(Membership.user_id == actor.id, Membership.room_id.in_(room_ids))
    return set(db.session.scalars(mine))


def writable_by(actor: User, room_id: int) -> Room:
    """The room, if something may be said in it. Raises NotFound; Forbidden where nobody is left to read it."""
    room, membership = visible_to(actor, room_id)
    if room.is_direct and _peers([(room, membership)])[room_id, actor.id][0].is_disabled:
        raise Forbidden(_("This person is no longer here."))
    return room


def member_ids(session: Transaction | scoped_session[Any], room_id: int) -> Sequence[int]:
    return session.scalars(select(Membership.user_id).where(Membership.room_id == room_id)).all()


def payload(actor: User, room_id: int) -> payloads.Payload:
    """One room as `actor` sees it. Raises NotFound."""
    return payloads_of({actor.id: actor}, [visible_to(actor, room_id)])[0]


def page(actor: User, before: int | None = None, limit: int = PAGE) -> tuple[list[payloads.Payload], bool]:
    """The actor's groups and the conversations begun, by last activity, from behind `before`; whether that is all."""
    chosen = _listed(actor)
    if before is not None:
        last, _membership = visible_to(actor, before)
        earlier = and_(Room.active_at == last.active_at, Room.id < last.id)
        chosen = chosen.where(or_(Room.active_at < last.active_at, earlier))
    rows = [(row.Room, row.Membership) for row in db.session.execute(chosen.limit(limit + 1))]
    return payloads_of({actor.id: actor}, rows[:limit]), len(rows) <= limit


def of_people(places: Iterable[Place]) -> list[Row]:
    """Those of these places where somebody is."""
    found = many.among(_places, db.session, ((user_id, room_id) for room_id, user_id in places))
    return [(row.Room, row.Membership) for row in found]


def _places() -> many.Asking:
    return _there(many.NOW), Membership.user_id, Membership.room_id


def latest_ids(user_ids: Iterable[int], limit: int) -> dict[int, list[int]]:
    """Each person's `limit` latest groups and conversations begun, by last activity."""
    found = many.of_each(_latest, [SimpleNamespace(user_id=user_id, limit=limit) for user_id in user_ids])
    latest: dict[int, list[int]] = {user_id: [] for user_id in user_ids}
    for user_id, room_id, _active_at in sorted(found, key=lambda row: (row[2], row[1]), reverse=True):
        latest[user_id].append(room_id)
    return latest


def _latest(their: Any) -> Select[Any]:
    chosen = select(Membership.user_id, Room.id, Room.active_at).join(Room, Room.id == Membership.room_id)
    begun = chosen.where(Membership.user_id == their.user_id, is_there(), or_(Room.last_seq > 0, Room.kind == "group"))
    latest = begun.order_by(Room.active_at.desc(), Room.id.desc()).limit(their.limit).subquery()
    return select(latest.c.user_id, latest.c.id, latest.c.active_at)


def liveliest(actor: User, limit: int) -> Sequence[tuple[Room, Membership]]:
    """The actor's rooms in which something was said, by last activity."""
    return [(row.Room, row.Membership) for row in db.session.execute(_listed(actor).limit(limit))]


def memberships(actor: User, room_ids: Iterable[int]) -> dict[int, int]:
    """Up to which `seq` the actor sees nothing, of those of these rooms that they are in."""
    rows = db.session.execute(_mine(actor).where(Room.id.in_(list(room_ids))))
    return {row.Room.id: row.Membership.cleared_seq for row in rows}


def _listed(actor: User) -> Select[Room, Membership]:
    """The actor's groups and the conversations begun, by last activity."""
    listed = _mine(actor).where(or_(Room.last_seq > 0, Room.kind == "group"))
    return listed.order_by(Room.active_at.desc(), Room.id.desc())


def _mine(actor: User) -> Select[Room, Membership]:
    return _there(clock.now()).where(Membership.user_id == actor.id)


def _there(now: Any) -> Select[Room, Membership]:
    """Rooms and who is in them, read anew even where this greenlet has read them before."""
    there = select(Room, Membership).join(Membership, Membership.room_id == Room.id)
    return there.where(Room.lasts(now)).execution_options(populate_existing=True)


def payloads_of(
    people: Mapping[int, User], rows: Sequence[Row], latest: Mapping[Place, payloads.Payload] | None = None
) -> list[payloads.Payload]:
    """Rooms as the owners of the memberships see them, who are among the `people`, by id; `latest` as summaries.latest
    has it."""
    if not rows:
        return []
    if latest is None:
        latest = summaries.latest(rows)
    peers = _peers([row for row in rows if row[0].is_direct])
    unread = summaries.unread(rows)
    groups = _groups(people, [row for row in rows if not row[0].is_direct])
    return [_payload(room, mine, peers, latest, unread, groups) for room, mine in rows]


def _payload(
    room: Room,
    mine: Membership,
    peers: Mapping[Place, tuple[User, int]],
    latest: Mapping[Place, payloads.Payload],
    unread: Mapping[Place, int],
    groups: Mapping[Place, payloads.Payload],
) -> payloads.Payload:
    place = mine.room_id, mine.user_id
    peer, peer_read_seq = peers.get(place, (None, 0))
    return payloads.room(
        room,
        mine,
        peer=None if peer is None else accounts.payload(peer),
        peer_read_seq=peer_read_seq,
        unread=unread.get(place, 0),
        last_message=latest.get(place),
        group=groups.get(place),
    )


def _groups(people: Mapping[int, User], rows: Sequence[Row]) -> dict[Place, payloads.Payload]:
    """What only group rooms have."""
    if not rows:
        return {}
    by_id = {room.id: room for room, _mine in rows}
    counts = member_counts(list(by_id))
    read_by = readers.marks(db.session, counts)
    general_id = general.general_id(db.session)
    shared = {
        room.id: payloads.shared_room(room, counts[room.id])
        | {"general": room.id == general_id, "read_by": read_by[room.id]}
        for room in by_id.values()
    }
    return {
        (room.id, mine.user_id): shared[room.id]
        | {"role": role(people[mine.user_id], room, mine), "notify": mine.notify}
        for room, mine in rows
    }


def member_counts(room_ids: Sequence[int]) -> dict[int, int]:
    """How many people are in each of these rooms."""
    if not room_ids:
        return {}
    counted = select(Membership.room_id, func.count()).where(Membership.room_id.in_(room_ids))
    found = {row[0]: row[1] for row in db.session.execute(counted.group_by(Membership.room_id))}
    return dict.fromkeys(room_ids, 0) | found


def close(room_id: int, reason: str, user_ids: Sequence[int]) -> None:
    """Tell people that a room is theirs no longer, and see to it that none of their pages has it open."""
    for user_id in user_ids:
        presence.expel(user_id, room_id)
    broadcasts.room_closed(room_id, reason, user_ids)


def member(user: User, membership: Membership) -> payloads.Payload:
    online, here = presence.is_online(user.id), presence.is_here(user.id, membership.room_id)
    return payloads.member(user, membership, online, here)


def _peers(rows: Sequence[Row]) -> dict[Place, tuple[User, int]]:
    """Of conversations of two the other person, and how far they have read."""
    if not rows:
        return {}
    places = {"rooms": [room.id for room, _mine in rows], "people": {mine.user_id for _room, mine in rows}}
    found = db.session.execute(_PEERS, places)
    return {(row.room_id, row.user_id): (row.User, row.last_read_seq) for row in found}
