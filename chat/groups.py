"""Group rooms themselves: making, finding, changing and deleting them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from chat import (
    avatars,
    broadcasts,
    changes,
    clock,
    emoji,
    fields,
    general,
    lines,
    payloads,
    presence,
    removals,
    rooms,
    transactions,
    turns,
)
from chat.changes import MODERATOR, OWNER, Change
from chat.errors import Conflict, Forbidden, NotFound
from extensions import db
from models import Membership, Room, User

TOPIC_MAX = 500
YEAR = 365 * 24 * 3600  # seconds
MESSAGE_TTL_MIN, IDLE_TTL_MIN = 10, 60  # seconds

# What moderators may change too, and what the owner alone.
LOOKS = ("name", "topic", "emoji", "avatar_id")
_CHECKS: dict[str, Callable[[object, str], Any]] = {
    "name": fields.room_name,
    "topic": lambda value, field: fields.line(value, field, 0, TOPIC_MAX),
    "emoji": lambda value, field: "" if value == "" else emoji.one(value, field),
    "avatar_id": fields.file_id,
    "visibility": lambda value, field: fields.choice(value, field, ("public", "private")),
    "keeps_history": fields.flag,
    "history_from_join": fields.flag,
    "admits_guests": fields.flag,
    "message_ttl": lambda value, field: fields.interval(value, field, MESSAGE_TTL_MIN, YEAR),
    "idle_ttl": lambda value, field: fields.interval(value, field, IDLE_TTL_MIN, YEAR),
}


class RoomNameTaken(Conflict):
    sentence = _("There is a room with this name already.")

    def __init__(self) -> None:
        super().__init__(field="name")


def create(actor: User, given: dict[str, Any]) -> payloads.Payload:
    """Make a group room with the actor in it, from a name and whatever else is `given`.

    Raises Invalid, Forbidden for guests, RoomNameTaken.
    """
    if actor.is_guest:
        raise Forbidden(_("Guests cannot make rooms."))
    values = _checked({"name": None, **given})
    try:
        room = transactions.run(lambda session: _insert(session, actor, values))
    except IntegrityError:
        raise RoomNameTaken() from None
    made = rooms.payload(actor, room.id)
    broadcasts.room_opened(made, actor.id)
    return made


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """The columns' values of what is given. Raises Invalid."""
    values = {name: check(given[name], name) for name, check in _CHECKS.items() if name in given}
    if "name" in values:
        values["name_key"] = fields.key(values["name"])
    return values


def _insert(session: Transaction, actor: User, values: dict[str, Any]) -> Room:
    avatar_id = values.get("avatar_id")
    room = lines.begin(session, actor, **values | {"avatar_id": None})
    avatars.put(session, actor, room, avatar_id)
    room.ends_at = _end(room.idle_ttl)
    mine = Membership(room_id=room.id, user_id=actor.id, role=OWNER, joined_at=room.created_at)
    mine.last_read_seq = room.last_seq
    session.add(mine)
    return room


def _end(idle_ttl: int | None) -> datetime | None:
    return clock.now() + timedelta(seconds=idle_ttl) if idle_ttl else None


def change(actor: User, room_id: int, given: dict[str, Any]) -> payloads.Payload:
    """Change what of a room is given, and tell everybody in it.

    Raises Invalid, NotFound, Forbidden (looks are for the owner and moderators, options for the owner), RoomNameTaken.
    """
    rooms.group_of(actor, room_id)
    values = _checked(given)
    try:
        emptied = changes.make(actor, room_id, lambda step: _change(step, values))
    except IntegrityError:
        raise RoomNameTaken() from None
    if emptied:
        removals.empty(room_id, emptied)
    return rooms.payload(actor, room_id)


def _change(step: Change, values: dict[str, Any]) -> int:
    """Returns up to which `seq` the room's messages are to be deleted."""
    room = step.room
    step.require(*((OWNER, MODERATOR) if all(name in (*LOOKS, "name_key") for name in values) else (OWNER,)))
    new = {name: value for name, value in values.items() if getattr(room, name) != value}
    if general.is_general(step.session, room.id):
        _spare_general(new)
    emptied = _set(step, new)
    if "name" in new:
        step.line("renamed", body=room.name or "")
    if new.keys() - {"name", "name_key"}:
        step.line("changed")
    if new:
        step.alter()
    return emptied


def _set(step: Change, new: dict[str, Any]) -> int:
    room = step.room
    if "avatar_id" in new:
        avatars.put(step.session, step.actor, room, new["avatar_id"])
    for name, value in new.items():
        setattr(room, name, value)
    if "idle_ttl" in new:
        room.ends_at = _end(room.idle_ttl)
    step.session.flush()
    if new.get("keeps_history", True):
        return 0
    # Who goes offline leaves a room that keeps nothing, and so who is offline has left it.
    for user_id in rooms.member_ids(step.session, room.id):
        if user_id != step.actor.id and not presence.is_online(user_id):
            step.go(step.member(user_id)[0], "left")
    # Hidden at once; the rows follow in small batches.
    here = update(Membership).where(Membership.room_id == room.id)
    step.session.execute(here.values(cleared_seq=room.last_seq, settled_seq=room.last_seq))
    return room.last_seq


def _spare_general(new: dict[str, Any]) -> None:
    """What everybody is in stays: public, kept, without an end. Raises Forbidden."""
    if new.get("visibility", "public") != "public" or not new.get("keeps_history", True) or new.get("idle_ttl"):
        raise Forbidden(_("The room that everybody is in stays public and keeps what is said."))


def delete(actor: User, room_id: int) -> str:
    """Take a room from everybody's page at once; returns until when that can be undone. Raises NotFound, Forbidden."""
    rooms.group_of(actor, room_id)
    return changes.make(actor, room_id, _delete)


def _delete(step: Change) -> str:
    step.require(OWNER)
    others = select(Room.id).where(rooms.is_public(), rooms.is_there(), Room.id != step.room.id)
    if general.is_general(step.session, step.room.id) and step.session.scalars(others.limit(1)).first() is None:
        raise Forbidden(_("This is the last public room; it cannot be deleted."))
    step.end("deleted")
    step.room.deleted_by_id = step.actor.id
    return payloads.instant(clock.now() + removals.UNDO) or ""


def undo_delete(actor: User, room_id: int) -> payloads.Payload:
    """Bring back what one has just deleted, and tell everybody who was in it. Raises NotFound when it is too late."""
    recent = Room.deleted_at > clock.now() - removals.UNDO
    mine = update(Room).where(Room.id == room_id, Room.deleted_by_id == actor.id, recent)
    back = mine.values(deleted_at=None, deleted_by_id=None, version=Room.version + 1)
    with turns.take(room_id):
        if not transactions.run(lambda session: transactions.affected(session, back)):
            raise NotFound()
        for person in _online(room_id):
            time.sleep(0)  # they may be thousands, and others want to go on
            broadcasts.room_opened(rooms.payload(person, room_id), person.id)
    return rooms.payload(actor, room_id)


def _online(room_id: int) -> Sequence[User]:
    """Those in the room who have a page open; the others find the room when they come."""
    online = [user_id for user_id in rooms.member_ids(db.session, room_id) if presence.is_online(user_id)]
    return db.session.scalars(select(User).where(User.id.in_(online))).all()
