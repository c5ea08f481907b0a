"""What is said in rooms that keep nothing: in the memory of this process alone, the latest of each room.

The same rows as elsewhere, but never given to a database session. They are kept the moment the room's counters are
committed, so memory and counters go together; and changed only as a whole, by a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session as Transaction

from chat import visible
from extensions import db
from models import Membership, Message, Room

MESSAGES_MAX = 500  # in each room

# (emoji, user id) in the order of their coming
Reacted = list[tuple[str, int]]
Key = tuple[int, int]  # room_id, seq


@dataclass
class Memory:
    """What is known of one room, by `seq`."""

    messages: dict[int, Message] = field(default_factory=dict)
    reactions: dict[int, Reacted] = field(default_factory=dict)

    def drop(self, seq: int) -> None:
        self.messages.pop(seq, None)
        self.reactions.pop(seq, None)


_rooms: dict[int, Memory] = {}


def keep(session: Transaction, message: Message) -> None:
    """Keep a new message as soon as `session` commits, and let the oldest go where there are too many."""

    def add() -> None:
        memory = _rooms.setdefault(message.room_id, Memory())
        memory.messages[message.seq] = message
        while len(memory.messages) > MESSAGES_MAX:
            memory.drop(min(memory.messages))

    _at_commit(session, add)


def _at_commit(session: Transaction, what: Callable[[], None]) -> None:
    event.listen(session, "after_commit", lambda _session: what(), once=True)


def first(room_id: int, sender_id: int, client_id: bytes) -> Message | None:
    """The message that was kept under this `client_id` before."""
    kept = _of(room_id).messages.values()
    return next((message for message in kept if (message.sender_id, message.client_id) == (sender_id, client_id)), None)


def holding(room_id: int, file_id: str) -> Message | None:
    """The message that shows a file."""
    return next((message for message in list(_of(room_id).messages.values()) if message.file_id == file_id), None)


def get(room_id: int, seq: int) -> Message | None:
    return _of(room_id).messages.get(seq)


def first_since(room_id: int, moment: datetime) -> int | None:
    """The `seq` of the first message from that moment on."""
    kept = _of(room_id).messages
    return min((seq for seq, message in kept.items() if message.created_at >= moment), default=None)


def shown_to(mine: Membership) -> list[Message]:
    """What the owner of the membership sees, tombstones included, by `seq`."""
    kept = _of(mine.room_id).messages
    return [kept[seq] for seq in sorted(kept) if visible.shows(mine.cleared_seq, kept[seq])]


def said_by(room_id: int, user_id: int) -> list[int]:
    """The `seq` of what somebody said in a room and did not delete."""
    kept = _of(room_id).messages.values()
    return sorted(
        one.seq for one in kept if one.sender_id == user_id and one.kind in visible.SAID and not one.is_deleted
    )


def reactions(keys: Iterable[Key]) -> dict[Key, Reacted]:
    found = {(room_id, seq): _of(room_id).reactions.get(seq, []) for room_id, seq in keys}
    return {key: reacted for key, reacted in found.items() if reacted}


def _of(room_id: int) -> Memory:
    return _rooms.get(room_id) or Memory()


class Draft:
    """A message and its reactions as they are to be: a copy, which takes their place when the change is committed."""

    def __init__(self, session: Transaction, kept: Message) -> None:
        self.session = session
        columns = inspect(Message).column_attrs.keys()
        self.message = Message(**{name: getattr(kept, name) for name in columns})
        self.reactions = list(_of(kept.room_id).reactions.get(kept.seq, []))
        _at_commit(session, self._save)

    def has(self, user_id: int, emoji: str) -> bool:
        return (emoji, user_id) in self.reactions

    def put(self, user_id: int, emoji: str) -> None:
        self.reactions.append((emoji, user_id))

    def take(self, user_id: int, emoji: str) -> None:
        self.reactions.remove((emoji, user_id))

    def clear(self) -> None:
        self.reactions.clear()

    def emoji(self) -> set[str]:
        return {emoji for emoji, _user_id in self.reactions}

    def _save(self) -> None:
        memory = _rooms.get(self.message.room_id)
        if memory is not None and self.message.seq in memory.messages:
            memory.messages[self.message.seq] = self.message
            memory.reactions[self.message.seq] = self.reactions


def drop(room_id: int, seqs: Collection[int]) -> None:
    """Forget some messages for good."""
    memory = _of(room_id)
    for seq in [seq for seq in memory.messages if seq in seqs]:
        memory.drop(seq)


def drop_at_commit(session: Transaction, room_id: int, seq: int) -> None:
    _at_commit(session, lambda: drop(room_id, [seq]))


def sweep() -> None:
    """Drop what has expired, and all of rooms that are no longer there or keep what is said by now."""
    if not _rooms:
        return
    left = select(Room.id).where(Room.id.in_(_rooms), Room.keeps_history.is_(False))
    there = set(db.session.scalars(left))
    for room_id in list(_rooms):
        if room_id not in there:
            del _rooms[room_id]
            continue
        for message in list(_rooms[room_id].messages.values()):
            if visible.has_expired(message):
                _rooms[room_id].drop(message.seq)


def forget() -> None:
    """Begin anew, as a fresh process does."""
    _rooms.clear()
