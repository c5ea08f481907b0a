"""Sending: check, store, tell (docs/protocol.md). Stored before told; exactly once; in one order for everyone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from chat import broadcasts, clock, fields, limits, payloads, rooms, transactions, turns
from chat.errors import NotFound
from extensions import db
from models import Membership, Message, Room, User


def send(actor: User, room_id: int, body: object, client_id: object) -> payloads.Payload:
    """Store a message and tell everybody in the room, the sender too.

    The same `client_id` again returns the first message and tells nobody.
    Raises Invalid, NotFound, Forbidden, TooOften.
    """
    text, key = fields.body(body), fields.client_id(client_id)
    rooms.writable_by(actor, room_id)
    limits.check("message", actor.id)
    with turns.take(room_id):
        try:
            stored, member_ids = transactions.run(lambda session: _store(session, actor.id, room_id, text, key))
        except IntegrityError:
            return _first(actor, key)
        sent = payloads.message(stored, actor)
        _tell(sent, member_ids)
    return sent


def _store(
    session: Transaction, sender_id: int, room_id: int, body: str, client_id: bytes
) -> tuple[Message, Sequence[int]]:
    """The message, and whom to tell: asked before the commit, so that nothing can fail between storing and telling."""
    now = clock.now()
    counted = update(Room).where(Room.id == room_id)
    session.execute(counted.values(last_seq=Room.last_seq + 1, version=Room.version + 1, active_at=now))
    seq, version = session.execute(select(Room.last_seq, Room.version).where(Room.id == room_id)).one()
    message = Message(
        room_id=room_id,
        seq=seq,
        version=version,
        sender_id=sender_id,
        client_id=client_id,
        kind="text",
        body=body,
        created_at=now,
    )
    # Who writes has seen what is above; and who is no longer in the room stores nothing.
    mine = update(Membership).where(Membership.room_id == room_id, Membership.user_id == sender_id)
    if not transactions.affected(session, mine.values(last_read_seq=seq)):
        raise NotFound()
    session.add(message)
    return message, rooms.member_ids(session, room_id)


def _first(actor: User, client_id: bytes) -> payloads.Payload:
    """The message that was stored under this `client_id` before."""
    found = select(Message).where(Message.sender_id == actor.id, Message.client_id == client_id)
    return payloads.message(db.session.scalars(found).one(), actor)


def _tell(message: payloads.Payload, member_ids: Sequence[int]) -> None:
    room_id = message["room_id"]
    if message["seq"] == 1:  # of a direct room: a group begins with a line of its own
        for user_id in member_ids:
            broadcasts.room_opened(rooms.payload(db.session.get_one(User, user_id), room_id), user_id)
    broadcasts.message_sent(message, member_ids)
