"""Sending: check, store, tell (docs/protocol.md). Stored before told; exactly once; in one order for everyone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from chat import (
    broadcasts,
    clock,
    contexts,
    ephemeral,
    fields,
    files,
    limits,
    payloads,
    rooms,
    transactions,
    turns,
    visible,
)
from chat.errors import Invalid, NotFound
from extensions import db
from models import Membership, Message, Room, User

# Who is in a room: user id → up to which `seq` that person sees nothing.
Hearers = dict[int, int]
Teller = Callable[[payloads.Payload, Iterable[int]], None]


class Repeated(Exception):
    """Somebody sends again what a room that keeps nothing knows already."""


def send(
    actor: User, room_id: int, body: object, client_id: object, reply_to: int | None = None, file_id: object = None
) -> payloads.Payload:
    """Store a message, an answer to the one with the `seq` `reply_to` if given, and tell everybody in the room.

    With a `file_id`, it shows that upload of the actor's, and `body` is its caption.
    The same `client_id` again returns the first message and tells nobody.
    Raises Invalid, NotFound, Forbidden, TooOften.
    """
    file = fields.file_id(file_id)
    text, key = fields.body(body, may_be_empty=file is not None), fields.client_id(client_id)
    is_direct = rooms.writable_by(actor, room_id).is_direct
    limits.check_of(actor, "message")
    return _send(actor, room_id, text, key, reply_to, file, is_direct)


class Plain(NamedTuple):
    """Words alone, checked: no answer, no file."""

    room_id: int
    body: str
    client_id: bytes


def plain(given: object) -> Plain | None:
    """What is asked to be sent, if it is plain and right."""
    if not isinstance(given, dict) or given.get("reply_to") is not None or given.get("file_id") is not None:
        return None
    try:
        room_id = fields.identifier(given.get("room_id"), "room_id")
        return Plain(room_id, fields.body(given.get("body")), fields.client_id(given.get("client_id")))
    except Invalid:
        return None


def send_words(actor: User, words: Plain) -> payloads.Payload:
    """What the journal handed back, which has been counted already. Raises as `send` does."""
    is_direct = rooms.writable_by(actor, words.room_id).is_direct
    return _send(actor, words.room_id, words.body, words.client_id, None, None, is_direct)


def _send(
    actor: User, room_id: int, text: str, key: bytes, reply_to: int | None, file: str | None, is_direct: bool
) -> payloads.Payload:
    with turns.take(room_id):
        try:
            sent, hearers = transactions.run(lambda session: _store(session, actor, room_id, text, key, reply_to, file))
        except (IntegrityError, Repeated):
            return _first(actor, room_id, key)
        if is_direct and sent["seq"] == 1:
            _open(room_id, hearers)
        tell(broadcasts.message_sent, sent, hearers)
    return as_seen(sent, hearers[actor.id])


def tell_words(message: payloads.Payload, member_ids: Collection[int], is_direct: bool) -> None:
    """What the journal stored: it quotes nothing, and nobody has cleared what is new."""
    if is_direct and message["seq"] == 1:
        _open(message["room_id"], member_ids)
    broadcasts.message_sent(message, member_ids)


def _store(
    session: Transaction,
    actor: User,
    room_id: int,
    body: str,
    client_id: bytes,
    reply_to: int | None,
    file_id: str | None,
) -> tuple[payloads.Payload, Hearers]:
    """The message, and whom to tell: asked before the commit, so that nothing can fail between storing and telling."""
    now = clock.now()
    counted = update(Room).where(Room.id == room_id)
    session.execute(counted.values(last_seq=Room.last_seq + 1, version=Room.version + 1, active_at=now))
    room = session.get(Room, room_id)
    if room is None or room.has_ended(now):
        raise NotFound()
    if room.idle_ttl is not None:
        room.ends_at = now + timedelta(seconds=room.idle_ttl)
    message = Message(
        room_id=room_id,
        seq=room.last_seq,
        version=room.version,
        sender_id=actor.id,
        client_id=client_id,
        kind="text" if file_id is None else "file",
        body=body,
        reply_to_seq=reply_to,
        file_id=file_id,
        created_at=now,
        expires_at=None if room.message_ttl is None else now + timedelta(seconds=room.message_ttl),
    )
    # Who writes has seen what is above; and who is no longer in the room stores nothing.
    mine = update(Membership).where(Membership.room_id == room_id, Membership.user_id == actor.id)
    if not transactions.affected(session, mine.values(last_read_seq=room.last_seq)):
        raise NotFound()
    if room.keeps_history:
        session.add(message)
        session.flush()  # a repeat ends here, whatever has become of the message it answers
    elif ephemeral.first(room_id, actor.id, client_id):
        raise Repeated()
    else:
        ephemeral.keep(session, message)
    if file_id is not None:
        _attach(session, actor, room, message)
    hearers = everybody_in(session, room_id)
    if reply_to is not None:
        source = found(session, room, reply_to) if reply_to < message.seq else None
        if not visible.can_be_answered(source, hearers[actor.id]):
            raise Invalid(_("The message you answer is no longer there."), "reply_to")
    [sent] = contexts.around(session, [(message, actor)])
    return sent, hearers


def _attach(session: Transaction, actor: User, room: Room, message: Message) -> None:
    """After the message, which the file points to; and after a repeat has ended, whose file is not unsent any more."""
    purpose, seq = ("message", message.seq) if room.keeps_history else ("memory", None)
    files.attach(session, actor, message.file_id or "", purpose, room_id=room.id, seq=seq)


def found(session: Transaction, room: Room, seq: int) -> Message | None:
    """A message of a room, wherever the room keeps it."""
    return session.get(Message, (room.id, seq)) if room.keeps_history else ephemeral.get(room.id, seq)


def everybody_in(session: Transaction, room_id: int) -> Hearers:
    found = session.execute(select(Membership.user_id, Membership.cleared_seq).where(Membership.room_id == room_id))
    return {row.user_id: row.cleared_seq for row in found}


def _first(actor: User, room_id: int, client_id: bytes) -> payloads.Payload:
    """The message that was stored under this `client_id` before."""
    stored = select(Message).where(Message.sender_id == actor.id, Message.client_id == client_id)
    message = ephemeral.first(room_id, actor.id, client_id) or db.session.scalars(stored).one()
    _room, membership = rooms.visible_to(actor, message.room_id)
    [payload] = contexts.around(db.session, [(message, actor)], {message.room_id: membership.cleared_seq}, actor.id)
    return payload


def _open(room_id: int, hearers: Iterable[int]) -> None:
    """Something was said in a conversation for the first time: from now on it is among both people's rooms."""
    for user_id in hearers:
        broadcasts.room_opened(rooms.payload(db.session.get_one(User, user_id), room_id), user_id)


def tell(event: Teller, message: payloads.Payload, hearers: Hearers) -> None:
    """Tell a message to those who may see it, and what it quotes only to those who may see that too."""
    seeing = [user_id for user_id, cleared_seq in hearers.items() if cleared_seq < message["seq"]]
    partly = {user_id for user_id in seeing if hides_quote(message, hearers[user_id])}
    event(message, [user_id for user_id in seeing if user_id not in partly])
    event(without_quote(message), partly)


def as_seen(message: payloads.Payload, cleared_seq: int) -> payloads.Payload:
    """The message as somebody is told it who sees nothing up to `cleared_seq`."""
    return without_quote(message) if hides_quote(message, cleared_seq) else message


def hides_quote(message: payloads.Payload, cleared_seq: int) -> bool:
    return message["reply_to"] is not None and message["reply_to"]["seq"] <= cleared_seq


def without_quote(message: payloads.Payload) -> payloads.Payload:
    return message | {"reply_to": message["reply_to"] and payloads.quote(message["reply_to"]["seq"])}
