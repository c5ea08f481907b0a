"""Which rooms there are and who is in them. `visible_to` is the only way to a room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import scoped_session

from chat import accounts, clock, fields, payloads, summaries, transactions
from chat.errors import Forbidden, Invalid, NotFound
from extensions import db
from models import Membership, Room, User

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


def role(actor: User, room: Room, membership: Membership) -> str:
    """What the actor counts as in a room they are in: administrators, as the owner of public ones."""
    return "owner" if actor.is_admin and room.is_public else membership.role


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
    """The actor's rooms in which something was said, by last activity, from behind `before`; whether that is all."""
    chosen = _mine(actor).where(Room.last_seq > 0)
    if before is not None:
        last, _membership = visible_to(actor, before)
        earlier = and_(Room.active_at == last.active_at, Room.id < last.id)
        chosen = chosen.where(or_(Room.active_at < last.active_at, earlier))
    rows = db.session.execute(chosen.order_by(Room.active_at.desc(), Room.id.desc()).limit(limit + 1)).all()
    return _payloads(actor, [(row.Room, row.Membership) for row in rows[:limit]]), len(rows) <= limit


def among(actor: User, room_ids: Iterable[int]) -> dict[int, payloads.Payload]:
    """Those of these rooms that `actor` is in, by id."""
    rows = db.session.execute(_mine(actor).where(Room.id.in_(list(room_ids)))).all()
    return {room["id"]: room for room in _payloads(actor, [(row.Room, row.Membership) for row in rows])}


def _mine(actor: User) -> Select[Room, Membership]:
    """The actor's rooms, read anew even where this greenlet has read them before."""
    mine = select(Room, Membership).join(Membership, Membership.room_id == Room.id)
    return mine.where(Membership.user_id == actor.id).execution_options(populate_existing=True)


def _payloads(actor: User, rows: Sequence[tuple[Room, Membership]]) -> list[payloads.Payload]:
    peers = _peers(actor, [room.id for room, _ in rows if room.is_direct])
    latest = summaries.latest(actor, rows)
    unread = summaries.unread(actor, rows)
    return [
        payloads.room(
            room,
            mine,
            peer=accounts.payload(peers[room.id][0]) if room.id in peers else None,
            peer_read_seq=peers[room.id][1] if room.id in peers else 0,
            unread=unread.get(room.id, 0),
            last_message=latest.get(room.id),
        )
        for room, mine in rows
    ]


def _peers(actor: User, room_ids: Sequence[int]) -> dict[int, tuple[User, int]]:
    """The other person of each direct room, and how far they have read."""
    rows = db.session.execute(
        select(Membership.room_id, Membership.last_read_seq, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.room_id.in_(room_ids), Membership.user_id != actor.id)
    )
    return {row.room_id: (row.User, row.last_read_seq) for row in rows}
