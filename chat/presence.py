"""Who is here: the connections of each person in this process, with a grace for reloads. Knows nothing of what is sent.

A person is online from the first connection until some seconds after the last one ended; a reload is not a departure.
A person is in a room, "here", while one of the connections has it open; that ends at once.
What changed is collected and told once a second by `jobs.py`.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import datetime

from sqlalchemy import select, update

from chat import broadcasts, clock, company, payloads, transactions
from extensions import db
from models import User

GRACE = 5.0  # seconds
AT_ONCE = 500  # people

_connections: dict[str, int] = {}
_people: dict[int, set[str]] = defaultdict(set)
_leaving: dict[int, float] = {}
_came: set[int] = set()
_guests: set[int] = set()  # of those who are here
left: set[int] = set()  # who went offline, until chat/departures.py has seen to it

_open: dict[str, int] = {}  # connection → the room it has open
_here: dict[int, dict[int, set[str]]] = {}  # room → person → connections
# Room in which something changed since its people were told last → whom all of them hold to be here, and whom any of
# them does. Not the same: who comes in between is told on entering who is here by then.
_told: dict[int, tuple[set[int], set[int]]] = {}


def connected(user_id: int, connection: str, guest: bool = False) -> None:
    """A connection opened."""
    if not is_online(user_id):
        _came.add(user_id)
    if guest:
        _guests.add(user_id)
    _leaving.pop(user_id, None)
    _connections[connection] = user_id
    _people[user_id].add(connection)


def disconnected(connection: str) -> int | None:
    """A connection ended; returns whose it was. Unless another is open, the person leaves when the grace is over."""
    enter(connection, None)
    user_id = _connections.pop(connection, None)
    if user_id is None:
        return None
    _people[user_id].discard(connection)
    if not _people[user_id]:
        del _people[user_id]
        _leaving[user_id] = time.monotonic() + GRACE
    return user_id


def is_online(user_id: int) -> bool:
    return user_id in _people or user_id in _leaving


def online() -> list[int]:
    """The ids of everybody who is here."""
    return sorted({*_people, *_leaving})


def guests() -> set[int]:
    """The guests who are here: they hear only of their company, so whom to tell has to be asked for them."""
    return set(_guests)


def is_guest(user_id: int) -> bool:
    """Of somebody who is here."""
    return user_id in _guests


def became_member(user_id: int) -> None:
    _guests.discard(user_id)


def settle() -> None:
    """Tell everybody who came and who left since the last time."""
    due = time.monotonic()
    gone = [user_id for user_id, deadline in _leaving.items() if deadline <= due]
    for user_id in gone:
        del _leaving[user_id]
        _guests.discard(user_id)
        left.add(user_id)
    came = sorted(user_id for user_id in _came if is_online(user_id))
    _came.clear()
    if came or gone:
        seen_at = clock.now()
        # Told first: who comes or goes is true even while the database is away, and is forgotten here by then.
        broadcasts.presence_changed(came, gone, seen_at)
        _touch([*came, *gone], seen_at)
        _tell_guests(came, gone, seen_at)


def _tell_guests(came: list[int], gone: list[int], seen_at: datetime) -> None:
    for guest_ids, people in company.audiences(_guests, [*came, *gone]):
        here, away = ([user_id for user_id in some if user_id in people] for some in (came, gone))
        broadcasts.presence_changed(here, away, seen_at, guest_ids)


def touch() -> None:
    """Keep "last seen" of those who are here, so that a crash loses at most a minute of it."""
    _touch(online(), clock.now())


def _touch(user_ids: list[int], seen_at: datetime) -> None:
    for start in range(0, len(user_ids), AT_ONCE):
        change = update(User).where(User.id.in_(user_ids[start : start + AT_ONCE])).values(last_seen_at=seen_at)
        transactions.run_plain(lambda connection, change=change: connection.execute(change))  # type: ignore[misc]
        time.sleep(0)  # they may be thousands, and others want to go on


# Rooms


def enter(connection: str, room_id: int | None) -> None:
    """A connection has this room open from now on, and no other; None for no room at all."""
    before = _open.pop(connection, None)
    if before is not None:
        _exit(connection, before)
    if room_id is not None and connection in _connections:
        _mark(room_id)
        _open[connection] = room_id
        _here.setdefault(room_id, {}).setdefault(_connections[connection], set()).add(connection)
        least, most = _told[room_id]
        least &= here(room_id)
        most |= here(room_id) - {_connections[connection]}


def _exit(connection: str, room_id: int) -> None:
    _mark(room_id)
    people, user_id = _here[room_id], _connections[connection]
    people[user_id].discard(connection)
    if not people[user_id]:
        del people[user_id]
    if not people:
        del _here[room_id]


def _mark(room_id: int) -> None:
    if room_id not in _told:
        _told[room_id] = here(room_id), here(room_id)


def expel(user_id: int, room_id: int) -> None:
    """Whatever a person has open, this room is not."""
    for connection in list(_here.get(room_id, {}).get(user_id, ())):
        enter(connection, None)


def here(room_id: int) -> set[int]:
    """The ids of those who have the room open in a browser now."""
    return set(_here.get(room_id, ()))


def is_here(user_id: int, room_id: int) -> bool:
    return user_id in _here.get(room_id, ())


def settle_rooms() -> None:
    """Tell those who have a room open who came and who left it since the last time."""
    changed = {room_id: (here(room_id) - least, most - here(room_id)) for room_id, (least, most) in _told.items()}
    _told.clear()
    people = _shown({user_id for arrived, _left in changed.values() for user_id in arrived})
    for room_id, (arrived, left) in changed.items():
        came = [people[user_id] for user_id in sorted(arrived) if user_id in people]
        gone = sorted(left)
        if came or gone:
            connections = [each for connections in _here.get(room_id, {}).values() for each in connections]
            broadcasts.here_changed(room_id, came, gone, connections)


def _shown(user_ids: set[int]) -> dict[int, payloads.Payload]:
    found = db.session.scalars(select(User).where(User.id.in_(sorted(user_ids)))) if user_ids else ()
    return {person.id: payloads.user(person, is_online(person.id)) for person in found}


def forget() -> None:
    """Begin anew, as a fresh process does."""
    for state in (_connections, _people, _leaving, _came, _guests, left, _open, _here, _told):
        state.clear()
