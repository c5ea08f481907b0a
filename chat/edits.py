"""What becomes of a message after it was sent: edited, deleted, reacted to. Each change takes the room's next version.

A change that changes nothing (deleted again, the same reaction twice) succeeds, takes no version and is told to nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flask_babel import lazy_gettext as _
from sqlalchemy import delete as deletion
from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from chat import (
    broadcasts,
    clock,
    contexts,
    emoji,
    ephemeral,
    fields,
    files,
    limits,
    messages,
    payloads,
    rooms,
    transactions,
    turns,
    visible,
)
from chat.errors import Forbidden, Invalid, NotFound
from models import File, Membership, Message, Reaction, Room, User

EMOJI_MAX = 20  # different ones at one message


class Draft(Protocol):
    """A message that is being changed, and its reactions."""

    session: Transaction
    message: Message

    def has(self, user_id: int, emoji: str) -> bool: ...
    def put(self, user_id: int, emoji: str) -> None: ...
    def take(self, user_id: int, emoji: str) -> None: ...
    def clear(self) -> None: ...
    def emoji(self) -> set[str]: ...


class Stored:
    """One that lies in the database. Rooms that keep nothing have drafts of their own (chat/ephemeral.py)."""

    def __init__(self, session: Transaction, message: Message) -> None:
        self.session, self.message = session, message
        self.here = Reaction.room_id == message.room_id, Reaction.seq == message.seq

    def has(self, user_id: int, emoji: str) -> bool:
        return self.session.get(Reaction, (self.message.room_id, self.message.seq, user_id, emoji)) is not None

    def put(self, user_id: int, emoji: str) -> None:
        key = {"room_id": self.message.room_id, "seq": self.message.seq, "user_id": user_id, "emoji": emoji}
        self.session.add(Reaction(**key, created_at=clock.now()))

    def take(self, user_id: int, emoji: str) -> None:
        mine = deletion(Reaction).where(*self.here, Reaction.user_id == user_id, Reaction.emoji == emoji)
        self.session.execute(mine)

    def clear(self) -> None:
        self.session.execute(deletion(Reaction).where(*self.here))

    def emoji(self) -> set[str]:
        return set(self.session.scalars(select(Reaction.emoji).where(*self.here).distinct()))


# Changes the draft, and says whether it did. It may refuse.
Change = Callable[[Room, Membership, Draft], bool]


def edit(actor: User, room_id: int, seq: int, body: object) -> payloads.Payload:
    """Replace the text of one's own message, or its file's caption. Raises Invalid, NotFound, Forbidden, TooOften."""
    text = fields.body(body, may_be_empty=True)
    rooms.writable_by(actor, room_id)
    limits.check_of(actor, "message")

    def change(_room: Room, _mine: Membership, draft: Draft) -> bool:
        message = draft.message
        _refuse_deleted(message)
        if message.sender_id != actor.id:
            raise Forbidden(_("Only who wrote a message can edit it."))
        fields.body(text, may_be_empty=message.kind == "file")
        if message.body == text:
            return False
        message.body, message.edited_at = text, clock.now()
        return True

    return _changed(actor, room_id, seq, change)


def delete(actor: User, room_id: int, seq: int) -> payloads.Payload:
    """Blank one's own message, or as the room's owner or moderator anybody's. Raises NotFound, Forbidden."""

    def change(room: Room, mine: Membership, draft: Draft) -> bool:
        message = draft.message
        if message.sender_id != actor.id and rooms.role(actor, room, mine) == "member":
            raise Forbidden(_("Only who wrote a message can delete it."))
        if message.is_deleted:
            return False
        if message.file_id is not None:
            files.release(draft.session, File.id == message.file_id)
        message.body, message.file_id, message.edited_at, message.deleted_at = "", None, None, clock.now()
        draft.clear()
        return True

    return _changed(actor, room_id, seq, change)


def react(actor: User, room_id: int, seq: int, sign: object, on: bool) -> payloads.Payload:
    """Put one's emoji at a message, or take it away. Raises Invalid, NotFound, Forbidden, TooOften."""
    chosen = emoji.one(sign)
    rooms.writable_by(actor, room_id)
    limits.check_of(actor, "message")

    def change(_room: Room, _mine: Membership, draft: Draft) -> bool:
        _refuse_deleted(draft.message)
        if draft.has(actor.id, chosen) is on:
            return False
        if on:
            _refuse_too_many(draft.emoji() | {chosen})
            draft.put(actor.id, chosen)
        else:
            draft.take(actor.id, chosen)
        return True

    return _changed(actor, room_id, seq, change)


def _refuse_deleted(message: Message) -> None:
    if message.is_deleted:
        raise NotFound(_("This message was deleted."))


def _refuse_too_many(signs: set[str]) -> None:
    if len(signs) > EMOJI_MAX:
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
    message = messages.found(session, room, seq)
    if message is None or not visible.shows(mine.cleared_seq, message):
        raise NotFound()
    if message.kind not in visible.SAID:
        raise Forbidden()
    draft: Stored | ephemeral.Draft
    draft = Stored(session, message) if room.keeps_history else ephemeral.Draft(session, message)
    changed = change(room, mine, draft)
    if changed:
        room.version += 1
        draft.message.version = room.version
    author = session.get_one(User, draft.message.sender_id)
    drafted = {(room_id, seq): draft.reactions} if isinstance(draft, ephemeral.Draft) else {}
    [payload] = contexts.around(session, [(draft.message, author)], drafted=drafted)
    return payload, messages.everybody_in(session, room_id) if changed else {}, mine.cleared_seq
