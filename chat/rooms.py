"""Which rooms there are and who is in them. `visible_to` is the only way to a room."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import scoped_session

from chat import (
    accounts,
    admission,
    broadcasts,
    clock,
    fields,
    general,
    payloads,
    presence,
    readers,
    summaries,
    transactions,
)
from chat.errors import Forbidden, Invalid, NotFound
from extensions import db
from models import Ban, Membership, Room, User

PAGE = 100


def open_direct(actor: User, username: object) -> payloads.Payload:
    """The conversation of two people, made if there is none. Nobody is told before something is said in it.

    Raises NotFound for an unknown name, Invalid for one's own.
    """
    peer = accounts.named(actor, username)
    if peer.id == actor.id:
        raise Invalid(_("You cannot write to yourself."), "username")
    pair_key = "{}:{}".format(*sorted((actor.id, peer.id)))
    room = _direct(pair_key) or _make_direct(pair_key, (actor.id, peer.id))
    return payload(actor, room.id)


def _direct(pair_key: str) -> Room | None:
    return db.session.scalars(select(Room).where(Room.pair_key == pair_key)).first()


def _make_direct(pair_key: str, user_ids: Iterable[int]) -> Room:
    try:
        return transactions.run(lambda session: _insert_direct(session, pair_key, user_ids))
    except IntegrityError:
        # The other one was opening it in the same moment.
        room = _direct(pair_key)
        if room is None:
            raise
        return room


def _insert_direct(session: Transaction, pair_key: str, user_ids: Iterable[int]) -> Room:
    now = clock.now()
    room = Room(kind="direct", pair_key=pair_key, created_at=now, active_at=now)
    session.add(room)
    session.flush()
    session.add_all(Membership(room_id=room.id, user_id=user_id, joined_at=now) for user_id in user_ids)
    return room


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
    room, _membership = visible_to(actor, room_id)
    if room.is_direct and _peers(actor, [room_id])[room_id][0].is_disabled:
        raise Forbidden(_("This person is no longer here."))
    return room


def member_ids(session: Transaction | scoped_session[Any], room_id: int) -> Sequence[int]:
    return session.scalars(select(Membership.user_id).where(Membership.room_id == room_id)).all()


def payload(actor: User, room_id: int) -> payloads.Payload:
    """One room as `actor` sees it. Raises NotFound."""
    return _payloads(actor, [visible_to(actor, room_id)])[0]


def page(actor: User, before: int | None = None, limit: int = PAGE) -> tuple[list[payloads.Payload], bool]:
    """The actor's groups and the conversations begun, by last activity, from behind `before`; whether that is all."""
    chosen = _listed(actor)
    if before is not None:
        last, _membership = visible_to(actor, before)
        earlier = and_(Room.active_at == last.active_at, Room.id < last.id)
        chosen = chosen.where(or_(Room.active_at < last.active_at, earlier))
    rows = db.session.execute(chosen.limit(limit + 1)).all()
    return _payloads(actor, [(row.Room, row.Membership) for row in rows[:limit]]), len(rows) <= limit


def unknown(actor: User, held: Container[int], limit: int) -> list[payloads.Payload]:
    """Those of the actor's `limit` latest rooms that are not among the `held` ones."""
    rows = db.session.execute(_listed(actor).limit(limit)).all()
    return _payloads(actor, [(row.Room, row.Membership) for row in rows if row.Room.id not in held])


def among(actor: User, room_ids: Iterable[int]) -> list[tuple[payloads.Payload, Room, Membership]]:
    """Those of these rooms that `actor` is in, with the rows they were made of."""
    found = db.session.execute(_mine(actor).where(Room.id.in_(list(room_ids)))).all()
    rows = [(row.Room, row.Membership) for row in found]
    return [(shown, *row) for shown, row in zip(_payloads(actor, rows), rows, strict=True)]


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
    """The actor's rooms, read anew even where this greenlet has read them before."""
    mine = select(Room, Membership).join(Membership, Membership.room_id == Room.id)
    return mine.where(Membership.user_id == actor.id, is_there()).execution_options(populate_existing=True)


def _payloads(actor: User, rows: Sequence[tuple[Room, Membership]]) -> list[payloads.Payload]:
    if not rows:
        return []
    peers = _peers(actor, [room.id for room, _ in rows if room.is_direct])
    latest = summaries.latest(actor, rows)
    unread = summaries.unread(actor, rows)
    groups = _groups(actor, [row for row in rows if not row[0].is_direct])
    return [
        payloads.room(
            room,
            mine,
            peer=accounts.payload(peers[room.id][0]) if room.id in peers else None,
            peer_read_seq=peers[room.id][1] if room.id in peers else 0,
            unread=unread.get(room.id, 0),
            last_message=latest.get(room.id),
            group=groups.get(room.id),
        )
        for room, mine in rows
    ]


def _groups(actor: User, rows: Sequence[tuple[Room, Membership]]) -> dict[int, payloads.Payload]:
    """What only group rooms have."""
    counts = member_counts([room.id for room, _ in rows])
    read_by = readers.marks(db.session, counts)
    general_id = general.general_id(db.session) if rows else None
    return {
        room.id: payloads.shared_room(room, counts[room.id])
        | {"role": role(actor, room, mine), "notify": mine.notify, "general": room.id == general_id}
        | {"read_by": read_by[room.id]}
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


def _peers(actor: User, room_ids: Sequence[int]) -> dict[int, tuple[User, int]]:
    """The other person of each direct room, and how far they have read."""
    rows = db.session.execute(
        select(Membership.room_id, Membership.last_read_seq, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.room_id.in_(room_ids), Membership.user_id != actor.id)
    )
    return {row.room_id: (row.User, row.last_read_seq) for row in rows}
