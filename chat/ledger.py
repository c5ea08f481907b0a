"""The statements of group commit (chat/journal.py, chat/marks.py), few and short: a batch takes as many as one.

What a room is like and who is in it is remembered. That is true as long as the room's `epoch` is the same: the
statement that raises the counters asks for it, inside the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection, and_, or_, select

from chat import accounts
from chat.many import Asked
from chat.messages import Plain
from chat.transactions import Asking, Bare
from models import Membership, Message, Room, User

REMEMBERED = 4096  # rooms
COLUMNS = "room_id, seq, version, sender_id, client_id, kind, body, created_at, expires_at"


class Sent(Protocol):
    """Whose words they are."""

    user_id: int
    words: Plain


S = TypeVar("S", bound=Sent)


class Stale(Exception):
    """A room is not as it was remembered."""


@dataclass(slots=True)
class Known:
    """A room in one of its epochs, and how far it has been counted."""

    epoch: int
    last_seq: int
    version: int
    is_direct: bool
    is_plain: bool  # keeps what is said, has no end in sight, and nobody of a conversation of two has gone
    message_ttl: int | None
    members: frozenset[int]


class Row(NamedTuple):
    """Words to be stored."""

    room_id: int
    seq: int
    version: int
    sender_id: int
    client_id: bytes
    body: str
    expires_at: datetime | None


class Ledger:
    def __init__(self) -> None:
        self._rooms: dict[int, Known] = {}

    def room(self, room_id: int) -> Known | None:
        return self._rooms.get(room_id)

    def known(self, room_id: int) -> Known:
        """One that has been learned, and was there."""
        return self._rooms[room_id]

    def learn(self, session: Asked, room_ids: Collection[int]) -> None:
        """Read the rooms that are not remembered. Their epoch first: what changes meanwhile is noticed."""
        missing = sorted(room_id for room_id in room_ids if room_id not in self._rooms)
        if not missing:
            return
        if len(self._rooms) + len(missing) > REMEMBERED:
            self._rooms = {room_id: self._rooms[room_id] for room_id in room_ids if room_id in self._rooms}
        rooms = session.execute(select(Room.__table__).where(Room.id.in_(missing))).all()
        members, ended = defaultdict(set), set()
        there = select(Membership.room_id, User.id, User.disabled_at).join(User, User.id == Membership.user_id)
        for room_id, user_id, disabled_at in session.execute(there.where(Membership.room_id.in_(missing))):
            members[room_id].add(user_id)
            if disabled_at is not None:
                ended.add(room_id)
        for room in rooms:
            self._rooms[room.id] = Known(
                epoch=room.epoch,
                last_seq=room.last_seq,
                version=room.version,
                is_direct=room.kind == "direct",
                is_plain=_is_plain(room) and not (room.kind == "direct" and room.id in ended),
                message_ttl=room.message_ttl,
                members=frozenset(members[room.id]),
            )

    def catch_up(self, room_ids: Collection[int], connection: Connection) -> None:
        """Somebody else has counted in some of these rooms: read how far; those in another epoch are forgotten."""
        chosen = select(Room.__table__).where(Room.id.in_(sorted(room_ids)))
        rooms = {room.id: room for room in connection.execute(chosen)}
        for room_id in room_ids:
            room, known = rooms.get(room_id), self._rooms.get(room_id)
            if room is not None and known is not None and room.epoch == known.epoch and _is_plain(room):
                known.last_seq, known.version = room.last_seq, room.version
            else:
                self._rooms.pop(room_id, None)

    def counting(self, counted: Mapping[int, int], now: datetime) -> Asking:
        """Takes so many numbers in each room, after those that are remembered. Meets the rooms that still are as they
        are remembered: if these are not all, the transaction has to be given up."""
        numbers, same = [], []
        for room_id, number in sorted(counted.items()):
            room = self._rooms[room_id]
            numbers.append(f"WHEN {room_id} THEN {number}")
            same.append(
                f"id = {room_id} AND epoch = {room.epoch} AND last_seq = {room.last_seq} AND version = {room.version}"
            )
        taken = f"CASE id {' '.join(numbers)} END"
        return (
            f"UPDATE rooms SET last_seq = last_seq + {taken}, version = version + {taken}, active_at = '{stamp(now)}'"  # noqa: S608
            f" WHERE ({' OR '.join(same)}) AND deleted_at IS NULL AND ends_at IS NULL"
        ), ()

    def counted(self, counted: Mapping[int, int]) -> None:
        """It is committed."""
        for room_id, number in counted.items():
            room = self._rooms[room_id]
            room.last_seq += number
            room.version += number


def marking(newest: Mapping[tuple[int, int], int], session_ids: Collection[str], now: datetime, place: str) -> Asking:
    """Who writes has seen what is above: (room, user) → `seq`. Meets all, or nobody when a session is not valid."""
    valid = f"SELECT COUNT(*) {_valid(session_ids, now, place)}"
    return (
        f"UPDATE memberships SET last_read_seq = {_case_of(newest)}"  # noqa: S608
        f" WHERE ({_any_of(newest)}) AND ({valid}) = {len(session_ids)}"
    ), tuple(session_ids)


class Place(NamedTuple):
    """Somebody in a room."""

    room_id: int
    user_id: int
    last_read_seq: int
    last_seq: int  # the room's


def places(bare: Bare, wanted: Collection[tuple[int, int]], now: datetime) -> dict[tuple[int, int], Place]:
    """Of these pairs of room and person, those that are."""
    asked = (
        "SELECT room_id, user_id, last_read_seq, last_seq FROM memberships JOIN rooms ON rooms.id = room_id"  # noqa: S608
        f" WHERE ({_any_of(wanted)}) AND deleted_at IS NULL AND (ends_at IS NULL OR ends_at > '{stamp(now)}')"
    )
    return {row[:2]: Place(*row) for row in bare.execute(asked).fetchall()}


def move_marks(bare: Bare, marks: Mapping[tuple[int, int], int]) -> None:
    """(room, person) → the `seq` up to which that person has read; a mark never goes back."""
    there = " OR ".join(
        f"room_id = {room} AND user_id = {user} AND last_read_seq < {seq}" for (room, user), seq in marks.items()
    )
    bare.execute(f"UPDATE memberships SET last_read_seq = {_case_of(marks)} WHERE {there}")  # noqa: S608


def _any_of(pairs: Iterable[tuple[int, int]]) -> str:
    return " OR ".join(f"room_id = {room} AND user_id = {user}" for room, user in pairs)


def _case_of(marks: Mapping[tuple[int, int], int]) -> str:
    cases = " ".join(f"WHEN room_id = {room} AND user_id = {user} THEN {seq}" for (room, user), seq in marks.items())
    return f"CASE {cases} END"


def valid_sessions(session_ids: Collection[str], now: datetime, bare: Bare) -> set[str]:
    asked = f"SELECT sessions.id {_valid(session_ids, now, bare.place)}"
    return {session_id for (session_id,) in bare.execute(asked, tuple(session_ids)).fetchall()}


def _valid(session_ids: Collection[str], now: datetime, place: str) -> str:
    """As in accounts.in_session."""
    places = ", ".join([place] * len(session_ids))
    return (
        f"FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id IN ({places})"
        f" AND users.disabled_at IS NULL AND last_used_at >= '{stamp(now - accounts.SESSION_LIFETIME)}'"
    )


def fresh(entries: Sequence[S], connection: Connection) -> list[S]:
    """Those that are stored under no `client_id` yet, and each of them once."""
    keys = {(entry.user_id, entry.words.client_id): entry for entry in reversed(entries)}
    same = or_(*(and_(Message.sender_id == sender, Message.client_id == key) for sender, key in keys))
    for sender_id, client_id in connection.execute(select(Message.sender_id, Message.client_id).where(same)):
        keys.pop((sender_id, bytes(client_id)), None)
    return [entry for entry in entries if keys.get((entry.user_id, entry.words.client_id)) is entry]


def inserting(rows: Sequence[Row], now: datetime, place: str) -> Asking:
    """Messages of now: what is no number or moment of ours has a place."""
    created = _literal(now)
    values = (
        f"({row.room_id}, {row.seq}, {row.version}, {row.sender_id}, x'{row.client_id.hex()}', 'text', {place},"
        f" {created}, {_literal(row.expires_at)})"
        for row in rows
    )
    return f"INSERT INTO messages ({COLUMNS}) VALUES {', '.join(values)}", [row.body for row in rows]  # noqa: S608


def _literal(moment: datetime | None) -> str:
    return "NULL" if moment is None else f"'{stamp(moment)}'"


def stamp(moment: datetime) -> str:
    """As all the databases read and SQLite keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _is_plain(room: Any) -> bool:
    return bool(room.keeps_history and room.ends_at is None and room.deleted_at is None)
