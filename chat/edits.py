"""What becomes of a message after it was sent: edited, deleted, reacted to. Each change takes the room's next version.

A change that changes nothing (deleted again, the same reaction twice) succeeds, takes no version and is told to nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import lazy_gettext as _
from sqlalchemy import delete as deletion
from sqlalchemy import func, select
from sqlalchemy.orm import Session as Transaction

from chat import (
    broadcasts,
    clock,
    contexts,
    emoji,
    fields,
    limits,
    messages,
    payloads,
    rooms,
    transactions,
    turns,
    visible,
)
from chat.errors import Forbidden, Invalid, NotFound
from models import Membership, Message, Reaction, Room, User

EMOJI_MAX = 20  # different ones at one message

# Changes the message, and says whether it did. It may refuse.
Change = Callable[[Transaction, Room, Membership, Message], bool]


def edit(actor: User, room_id: int, seq: int, body: object) -> payloads.Payload:
    """Replace the text of one's own message. Raises Invalid, NotFound, Forbidden, TooOften."""
    text = fields.body(body)
    rooms.writable_by(actor, room_id)
    limits.check("message", actor.id)

    def change(_session: Transaction, _room: Room, _mine: Membership, message: Message) -> bool:
        _refuse_deleted(message)
        if message.sender_id != actor.id:
            raise Forbidden(_("Only who wrote a message can edit it."))
        if message.body == text:
            return False
        message.body, message.edited_at = text, clock.now()
        return True

    return _changed(actor, room_id, seq, change)


def delete(actor: User, room_id: int, seq: int) -> payloads.Payload:
    """Blank one's own message, or as the room's owner or moderator anybody's. Raises NotFound, Forbidden."""

    def change(session: Transaction, room: Room, mine: Membership, message: Message) -> bool:
        if message.sender_id != actor.id and rooms.role(actor, room, mine) == "member":
            raise Forbidden(_("Only who wrote a message can delete it."))
        if message.is_deleted:
            return False
        message.body, message.edited_at, message.deleted_at = "", None, clock.now()
        session.execute(deletion(Reaction).where(Reaction.room_id == room.id, Reaction.seq == message.seq))
        return True

    return _changed(actor, room_id, seq, change)


def react(actor: User, room_id: int, seq: int, sign: object, on: bool) -> payloads.Payload:
    """Put one's emoji at a message, or take it away. Raises Invalid, NotFound, Forbidden, TooOften."""
    chosen = emoji.one(sign)
    rooms.writable_by(actor, room_id)
    limits.check("message", actor.id)

    def change(session: Transaction, _room: Room, _mine: Membership, message: Message) -> bool:
        _refuse_deleted(message)
        row = session.get(Reaction, (room_id, seq, actor.id, chosen))
        if (row is not None) is on:
            return False
        if row is not None:
            session.delete(row)
        else:
            _refuse_too_many(session, message, chosen)
            session.add(Reaction(room_id=room_id, seq=seq, user_id=actor.id, emoji=chosen, created_at=clock.now()))
        return True

    return _changed(actor, room_id, seq, change)


def _refuse_deleted(message: Message) -> None:
    if message.is_deleted:
        raise NotFound(_("This message was deleted."))


def _refuse_too_many(session: Transaction, message: Message, chosen: str) -> None:
    others = select(func.count(Reaction.emoji.distinct())).where(
        Reaction.room_id == message.room_id, Reaction.seq == message.seq, Reaction.emoji != chosen
    )
    if session.scalars(others).one() >= EMOJI_MAX:
        raise Invalid(_("A message has at most %(count)d different reactions.", count=EMOJI_MAX), "emoji")


def _changed(actor: User, room_id: int, seq: int, change: Change) -> payloads.Payload:
    """Change one message in its room's turn, and tell those who may see it."""
    rooms.visible_to(actor, room_id)
    with turns.take(room_id):
        message, hearers, cleared_seq = transactions.run(lambda session: _store(session, actor, room_id, seq, change))
        messages.tell(broadcasts.message_changed, message, hearers)
    return messages.as_seen(message, cleared_seq)


def _store(
    session: Transaction, actor: User, room_id: int, seq: int, change: Change
) -> tuple[payloads.Payload, messages.Hearers, int]:
    """The message as it is now, whom to tell, and up to where the actor sees nothing.

    The room's row is locked first: changes of a room come one by one.
    """
    room = session.get(Room, room_id, with_for_update=True)
    mine = session.get(Membership, (room_id, actor.id))
    if room is None or mine is None or room.has_ended(clock.now()):
        raise NotFound()
    message = session.get(Message, (room_id, seq))
    if message is None or not visible.shows(mine.cleared_seq, message):
        raise NotFound()
    if message.kind != "text":
        raise Forbidden()
    changed = change(session, room, mine, message)
    if changed:
        room.version += 1
        message.version = room.version
    [payload] = contexts.around(session, [(message, session.get_one(User, message.sender_id))])
    return payload, messages.everybody_in(session, room_id) if changed else {}, mine.cleared_seq
