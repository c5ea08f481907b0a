"""Many people who are signed in, and rooms for them, put into the database: registering takes its time on purpose."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from flask import Flask
from sqlalchemy import insert

from chat import accounts, clock, transactions
from migrations import state
from models import Membership, Room, Session, User
from tests.conftest import close, make_app

PASSWORD = "correct horse 1"
KEY = "a secret key of the bench, long enough"
FIRST = 1000  # their ids begin after it


def prepare(url: str, people: int, groups: Sequence[range] = (), pairs: int = 0) -> tuple[list[int], list[int]]:
    """Fill an empty database: so many people, groups of some of them, and conversations of two between neighbours
    (0 and 1, 2 and 3, …). Returns the ids of the groups and of the conversations."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(Path(folder), DATABASE_URL=url, SECRET_KEY=KEY)
        with app.app_context():
            state.prepare()
            accounts.register("root", PASSWORD, minimum=6)
            made = _fill(people, groups, pairs)
        close(app)
    return made


def _fill(people: int, groups: Sequence[range], pairs: int) -> tuple[list[int], list[int]]:
    now = clock.now()
    ids = range(FIRST, FIRST + people)
    users = [
        {
            "id": number,
            "username": f"person{number}",
            "username_key": f"person{number}",
            "display_name": f"Person {number}",
            "search_key": f"person{number}",
            "created_at": now,
        }
        for number in ids
    ]
    sessions = [{"id": session_id(number), "user_id": number, "created_at": now, "last_used_at": now} for number in ids]
    names = [f"group {place}" for place in range(len(groups))]
    rooms = [{"kind": "group", "name": name, "name_key": name, "last_seq": 0} for name in names]
    rooms += [
        {"kind": "direct", "pair_key": f"{FIRST + 2 * pair}:{FIRST + 2 * pair + 1}", "last_seq": 0}
        for pair in range(pairs)
    ]
    made: list[int] = []

    def change(session) -> None:  # type: ignore[no-untyped-def]
        made.clear()
        session.execute(insert(User), users)
        session.execute(insert(Session), sessions)
        for place, values in enumerate(rooms):
            room = Room(created_at=now, active_at=now, **values)
            session.add(room)
            session.flush()
            made.append(room.id)
            chosen = groups[place] if place < len(groups) else range(2 * (place - len(groups)), len(ids))[:2]
            session.execute(
                insert(Membership),
                [{"room_id": room.id, "user_id": FIRST + number, "joined_at": now} for number in chosen],
            )

    transactions.run(change)
    return made[: len(groups)], made[len(groups) :]


def session_id(number: int) -> str:
    return f"bench-session-{number:029d}"


def cookies(app: Flask, count: int) -> list[str]:
    """The `Cookie` headers of the first so many people."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    name = app.config["SESSION_COOKIE_NAME"]
    return [
        f"{name}={serializer.dumps({'_user_id': session_id(number), '_fresh': True})}"
        for number in range(FIRST, FIRST + count)
    ]
