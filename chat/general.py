"""The room that everybody is in: made when the first person registers, joined by all who follow.

Stands below accounts, which enrols people here while it stores them; so it knows nothing of how rooms are shown.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import scoped_session

from chat import broadcasts, clock, fields, lines, payloads, readers, visible
from models import Fact, Membership, Room, User

FACT = "general"
NAME = "General"

_ID = select(Fact.value).where(Fact.name == FACT)  # asked with every list of rooms


class Enrolment:
    """What is to be told when somebody was enrolled."""

    def __init__(self) -> None:
        self.room_id = 0
        self.line: payloads.Payload | None = None
        self.member_ids: list[int] = []
        self.read_by: list[payloads.Payload] = []


def is_general(session: Transaction | scoped_session[Any], room_id: int) -> bool:
    return general_id(session) == room_id


def general_id(session: Transaction | scoped_session[Any]) -> int | None:
    """The room's id; of a room that may have been deleted since. None before anybody has registered."""
    value = session.scalar(_ID)
    return None if value is None else int(value)


def enrol(session: Transaction, user: User, name: str) -> Enrolment:
    """Put a new person in, in the transaction that stores them; makes the room, called `name`, if there was none.

    The fact's primary key decides between two first ones: raises IntegrityError, and can then be tried again.
    """
    room_id = general_id(session)
    if room_id is None:
        return _found(session, user, name)
    room = session.get(Room, room_id, with_for_update=True)
    enrolment = Enrolment()
    if room is None or room.has_ended(clock.now()):
        return enrolment
    enrolment.room_id = room_id
    enrolment.member_ids = list(session.scalars(select(Membership.user_id).where(Membership.room_id == room_id)))
    marks = visible.marks_of_newcomer(room)
    mine = Membership(room_id=room_id, user_id=user.id, joined_at=clock.now(), **marks)
    if room.owner_id is None:
        mine.role, room.owner_id = "owner", user.id
    if len(enrolment.member_ids) < lines.ANNOUNCED_MAX:
        enrolment.line = lines.write(session, room, user, "joined")
    mine.last_read_seq = room.last_seq
    room.epoch += 1
    session.add(mine)
    session.flush()
    enrolment.read_by = readers.marks(session, {room_id: len(enrolment.member_ids) + 1})[room_id]
    return enrolment


def _found(session: Transaction, owner: User, name: str) -> Enrolment:
    """Make the room with everybody in it: on an older installation there are people already."""
    name = _free(session, name)
    room = lines.begin(session, owner, name=name, name_key=fields.key(name), visibility="public")
    session.add(Fact(name=FACT, value=str(room.id)))
    session.flush()
    everybody = select(
        literal(room.id), User.id, literal(room.created_at, Membership.joined_at.type), literal(1)
    ).where(User.kind == "member")
    session.execute(insert(Membership).from_select(["room_id", "user_id", "joined_at", "last_read_seq"], everybody))
    session.get_one(Membership, (room.id, owner.id)).role = "owner"
    return Enrolment()


def _free(session: Transaction, name: str) -> str:
    """The name, or with a number behind it when somebody was quicker to call a room so."""
    taken, number = name, 1
    while session.scalars(select(Room.id).where(Room.name_key == fields.key(taken))).first() is not None:
        number += 1
        taken = f"{name} {number}"
    return taken


def tell(enrolment: Enrolment, member: payloads.Payload) -> None:
    """Tell those who were in the room who has come."""
    if enrolment.line is not None:
        broadcasts.message_sent(enrolment.line, enrolment.member_ids)
    if enrolment.member_ids:
        count = len(enrolment.member_ids) + 1
        broadcasts.members_changed(enrolment.room_id, count, [member], [], enrolment.read_by, enrolment.member_ids)
