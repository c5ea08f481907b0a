"""The statements of group commit (chat/journal.py, chat/marks.py), few and short: a batch takes as many as one.

What a room is like and who is in it is remembered. That is true as long as the room's `epoch` is the same: the
statement that raises the counters asks for it, inside the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, and_, or_, select

from chat import accounts
from chat.messages import Plain
from models import Membership, Message, Room, User

REMEMBERED = 4096  # rooms
COLUMNS = "room_id", "seq", "version", "sender_id", "client_id", "kind", "body", "created_at", "expires_at"


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


class Ledger:
    def __init__(self) -> None:
        self._rooms: dict[int, Known] = {}

    def room(self, room_id: int) -> Known | None:
        return self._rooms.get(room_id)

    def known(self, room_id: int) -> Known:
        """One that has been learned, and was there."""
        return self._rooms[room_id]

    def learn(self, connection: Connection, room_ids: Collection[int]) -> None:
        """Read the rooms that are not remembered. Their epoch first: what changes meanwhile is noticed."""
        missing = sorted(room_id for room_id in room_ids if room_id not in self._rooms)
        if not missing:
            return
        if len(self._rooms) + len(missing) > REMEMBERED:
            self._rooms = {room_id: self._rooms[room_id] for room_id in room_ids if room_id in self._rooms}
        rooms = connection.execute(select(Room.__table__).where(Room.id.in_(missing))).all()
        members, ended = defaultdict(set), set()
        there = select(Membership.room_id, User.id, User.disabled_at).join(User, User.id == Membership.user_id)
        for room_id, user_id, disabled_at in connection.execute(there.where(Membership.room_id.in_(missing))):
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

    def count(self, connection: Connection, counted: Mapping[int, int], now: datetime) -> None:
        """Take so many numbers in each room, after those that are remembered. Raises Stale."""
        by_number: dict[int, list[str]] = defaultdict(list)
        for room_id, number in sorted(counted.items()):
            room = self._rooms[room_id]
            by_number[number].append(
                f"id = {room_id} AND epoch = {room.epoch} AND last_seq = {room.last_seq} AND version = {room.version}"
            )
        for number, same in by_number.items():
            raised = (
                f"UPDATE rooms SET last_seq = last_seq + {number}, version = version + {number},"  # noqa: S608
                f" active_at = '{stamp(now)}' WHERE ({' OR '.join(same)}) AND deleted_at IS NULL AND ends_at IS NULL"
            )
            if _execute(connection, raised).rowcount != len(same):
                raise Stale()

    def counted(self, counted: Mapping[int, int]) -> None:
        """It is committed."""
        for room_id, number in counted.items():
            room = self._rooms[room_id]
            room.last_seq += number
            room.version += number


def mark_read(
    connection: Connection, newest: Mapping[tuple[int, int], int], session_ids: Collection[str], now: datetime
) -> bool:
    """Who writes has seen what is above: (room, user) → `seq`. Whether all these sessions are valid still; if not,
    nobody has."""
    valid = f"SELECT COUNT(*) {_valid(connection, session_ids, now)}"
    marked = (
        f"UPDATE memberships SET last_read_seq = {_case_of(newest)}"  # noqa: S608
        f" WHERE ({_any_of(newest)}) AND ({valid}) = {len(session_ids)}"
    )
    return bool(_execute(connection, marked, tuple(session_ids)).rowcount == len(newest))


def places(connection: Connection, wanted: Collection[tuple[int, int]], now: datetime) -> dict[tuple[int, int], Any]:
    """Of these pairs of room and person, those that are: `last_read_seq`, and the room's `last_seq`."""
    asked = (
        "SELECT room_id, user_id, last_read_seq, last_seq FROM memberships JOIN rooms ON rooms.id = room_id"  # noqa: S608
        f" WHERE ({_any_of(wanted)}) AND deleted_at IS NULL AND (ends_at IS NULL OR ends_at > '{stamp(now)}')"
    )
    return {(row.room_id, row.user_id): row for row in _execute(connection, asked)}


def move_marks(connection: Connection, marks: Mapping[tuple[int, int], int]) -> None:
    """(room, person) → the `seq` up to which that person has read; a mark never goes back."""
    there = " OR ".join(
        f"room_id = {room} AND user_id = {user} AND last_read_seq < {seq}" for (room, user), seq in marks.items()
    )
    _execute(connection, f"UPDATE memberships SET last_read_seq = {_case_of(marks)} WHERE {there}")  # noqa: S608


def _any_of(pairs: Iterable[tuple[int, int]]) -> str:
    return " OR ".join(f"room_id = {room} AND user_id = {user}" for room, user in pairs)


def _case_of(marks: Mapping[tuple[int, int], int]) -> str:
    cases = " ".join(f"WHEN room_id = {room} AND user_id = {user} THEN {seq}" for (room, user), seq in marks.items())
    return f"CASE {cases} END"


def valid_sessions(session_ids: Collection[str], now: datetime, connection: Connection) -> set[str]:
    asked = f"SELECT sessions.id {_valid(connection, session_ids, now)}"
    return {row.id for row in _execute(connection, asked, tuple(session_ids))}


def _valid(connection: Connection, session_ids: Collection[str], now: datetime) -> str:
    """As in accounts.in_session."""
    places = ", ".join([_place(connection)] * len(session_ids))
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


def insert(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Messages, as tuples of COLUMNS."""
    places = ", ".join([_place(connection)] * len(COLUMNS))
    _execute(connection, f"INSERT INTO messages ({', '.join(COLUMNS)}) VALUES ({places})", rows)  # noqa: S608


def stamp(moment: datetime) -> str:
    """As all the databases read and SQLite keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _is_plain(room: Any) -> bool:
    return bool(room.keeps_history and room.ends_at is None and room.deleted_at is None)


def _execute(connection: Connection, statement: str, values: Any = None) -> Any:
    """A statement that holds nothing but numbers and moments of our own, and places for the rest."""
    return connection.exec_driver_sql(statement, values)


def _place(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"
