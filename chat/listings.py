"""Public rooms as anybody finds them: in the list, by name, by address."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select

from chat import admission, fields, payloads, rooms
from chat.errors import NotFound
from extensions import db
from models import Membership, Room, User

PAGE = 100


def page(
    actor: User, words: str = "", after: int | None = None, limit: int = PAGE
) -> tuple[list[payloads.Payload], bool]:
    """Public rooms whose name holds `words`, by name, from behind the room `after`; whether that is all.

    To a guest, those that admit guests.
    """
    chosen = select(Room).where(rooms.is_public(), rooms.is_there())
    if actor.is_guest:
        chosen = chosen.where(admission.admitting())
    if words:
        searched = func.replace(Room.name_key, "ё", "е")  # as in fields.search_key
        chosen = chosen.where(searched.contains(words, autoescape=True))
    last = db.session.get(Room, after) if after else None
    if last is not None and last.name_key is not None:
        behind = and_(Room.name_key == last.name_key, Room.id > last.id)
        chosen = chosen.where(or_(Room.name_key > last.name_key, behind))
    found = db.session.scalars(chosen.order_by(Room.name_key, Room.id).limit(limit + 1)).all()
    return _payloads(actor, found[:limit]), len(found) <= limit


def preview(actor: User | None, room: Room) -> payloads.Payload:
    """A group room as somebody sees it from outside, signed in or not, and whether it is open to guests."""
    return _payloads(actor, [room])[0] | {"open_to_guests": admission.admits(room)}


def preview_public(actor: User | None, room_id: int) -> payloads.Payload | None:
    """A public room as somebody sees it who was given its address; to who is signed out, one that is open to guests.

    Raises NotFound, but not to who is signed out: of other rooms they do not even learn which there are.
    """
    room = public(room_id)
    if actor is None:
        return preview(None, room) if room is not None and admission.admits(room) else None
    if room is None or not rooms.admits(actor, room):
        raise NotFound()
    return preview(actor, room)


def public(room_id: int) -> Room | None:
    """The public room with this id."""
    return _one(rooms.is_public(), Room.id == min(room_id, fields.IDENTIFIER_MAX))


def named(actor: User, name: object) -> Room | None:
    """The room with this name, however it is written, if it is public or the actor is in it. Raises Invalid."""
    mine = select(Membership.room_id).where(Membership.user_id == actor.id)
    return _one(or_(rooms.is_public(), Room.id.in_(mine)), Room.name_key == fields.key(fields.room_name(name)))


def _one(*conditions: ColumnElement[bool]) -> Room | None:
    found = select(Room).where(rooms.is_there(), *conditions)
    return db.session.scalars(found.execution_options(populate_existing=True)).first()


def _payloads(actor: User | None, found: Sequence[Room]) -> list[payloads.Payload]:
    ids = [room.id for room in found]
    counts, mine = rooms.member_counts(ids), rooms.those_of(actor, ids) if actor else set()
    return [payloads.public_room(room, counts[room.id], room.id in mine) for room in found]
