"""Places in time and the days of a room: as reading everything would tell them, found without doing so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Connection, event, insert, update

from chat import accounts, history, moments, transactions
from extensions import db
from models import Membership, Message, Room, User
from tests.cast import PASSWORD
from tests.conftest import prepared

BEGUN = datetime(2025, 12, 25, tzinfo=UTC)
ZONES = ("UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Kiritimati", "Europe/Berlin")
MONTHS = ("2025-11", "2025-12", "2026-01", "2026-02", "2026-03")


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    with prepared(tmp_path, database_url) as app:
        yield app


def fill(times: list[datetime | None], cleared: int = 0) -> tuple[User, int]:
    """Somebody in a room with messages of these times; None is a message that was deleted."""
    person = accounts.register("alice", PASSWORD, minimum=6)
    room = Room(kind="group", name="Days", created_at=BEGUN, active_at=BEGUN, last_seq=len(times), version=len(times))

    def change(session: db.Session) -> int:
        session.add(room)
        session.flush()
        session.add(Membership(room_id=room.id, user_id=person.id, joined_at=BEGUN, cleared_seq=cleared))
        rows = [row(person, room, seq, at) for seq, at in enumerate(times, 1)]
        session.execute(insert(Message), rows)
        return room.id

    def row(person: User, room: Room, seq: int, at: datetime | None) -> dict[str, object]:
        known = max((one for one in times[:seq] if one), default=BEGUN)
        numbers = {"room_id": room.id, "seq": seq, "version": seq, "sender_id": person.id}
        gone = BEGUN if at is None else None
        return {**numbers, "client_id": seq.to_bytes(16), "body": "x", "created_at": at or known, "deleted_at": gone}

    return person, transactions.run(change)


@pytest.mark.parametrize("seed", range(3))
def test_days_and_places_are_those_that_reading_everything_gives(app: Flask, seed: int) -> None:
    rng = random.Random(seed)
    times: list[datetime | None] = []
    at = BEGUN
    for _number in range(400):
        at += timedelta(minutes=rng.choice((0, 1, 3, 50, 900)) if rng.random() < 0.95 else 60 * 24 * rng.randint(1, 6))
        times.append(at if rng.random() < 0.9 else None)
    cleared = rng.randint(0, 50)
    alice, room_id = fill(times, cleared)
    seen = {seq: at for seq, at in enumerate(times, 1) if at and seq > cleared}
    for zone in ZONES:
        here = {seq: at.astimezone(ZoneInfo(zone)).date() for seq, at in seen.items()}
        for month in MONTHS:
            expected = sorted({day.day for day in here.values() if f"{day:%Y-%m}" == month})
            answer = moments.days(alice, room_id, month, zone)
            assert (answer["days"], answer["first"]) == (expected, min(here.values()).isoformat())
    for _question in range(20):
        asked = BEGUN + timedelta(minutes=rng.randint(-1_000, 200_000))
        place = next((seq for seq, at in seen.items() if at >= asked), len(times) + 1)
        older = [seq for seq in seen if seq < place][-10:]
        newer = [seq for seq in seen if seq >= place][:10]
        page = history.at(alice, room_id, asked, 20)
        assert [message["seq"] for message in page["messages"]] == older + newer


def steps(app: Flask, *paths: object) -> list[int]:
    """How many hundreds of its machine's steps SQLite takes for each question."""
    counts: list[int] = []

    def count() -> int:
        counts[-1] += 1
        return 0

    def begin(connection: object) -> None:
        connection.connection.driver_connection.set_progress_handler(count, 100)  # type: ignore[attr-defined]

    event.listen(db.engine, "engine_connect", begin)
    for ask in paths:
        counts.append(0)
        db.session.remove()
        ask()  # type: ignore[operator]
    event.remove(db.engine, "engine_connect", begin)
    return counts


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_place_in_a_long_room_is_as_near_as_its_end(app: Flask) -> None:
    """Of two bounds on `seq`, what was cleared and where the page begins, SQLite has to seek by the narrower one."""
    long = 30_000
    alice, room_id = fill([BEGUN + timedelta(minutes=number) for number in range(long)])
    newest, *others = steps(
        app,
        lambda: history.page(alice, room_id),
        lambda: history.page(alice, room_id, after=long - 60),
        lambda: history.page(alice, room_id, before=60),
        lambda: history.around(alice, room_id, long - 30),
        lambda: history.around(alice, room_id, long // 2),
        lambda: history.at(alice, room_id, BEGUN + timedelta(minutes=long - 30)),
        lambda: moments.days(alice, room_id, "2026-01", "Europe/Berlin"),
    )
    assert newest > 0
    assert max(others) <= 4 * newest, (newest, others)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_month_is_told_by_a_few_looks(app: Flask) -> None:
    alice, room_id = fill([BEGUN + timedelta(minutes=3 * number) for number in range(30_000)])
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert len(moments.days(alice, room_id, "2026-01")["days"]) == 31
    assert len(asked) < 150
    assert any("FROM messages" in one for one in asked)


def test_what_is_cleared_for_all_but_one_is_not_first(app: Flask) -> None:
    alice, room_id = fill([BEGUN, BEGUN + timedelta(days=1), None])
    assert moments.days(alice, room_id, "2025-12")["first"] == "2025-12-25"
    mine = update(Membership).where(Membership.room_id == room_id)
    transactions.run(lambda session: session.execute(mine.values(cleared_seq=1)))
    assert moments.days(alice, room_id, "2025-12") == {"days": [26], "first": "2025-12-26"}


def test_a_page_begins_with_its_messages_however_few_the_people(app: Flask) -> None:
    """MySQL would rather begin with the people, where these are few, and read all that each of them ever said."""
    alice, room_id = fill([BEGUN + timedelta(minutes=number) for number in range(3_000)])
    asked: list[tuple[str, Any]] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    history.page(alice, room_id)
    history.page(alice, room_id, before=1_500)
    history.page(alice, room_id, after=1_500)
    pages = [one for one in asked if "users ON users.id = messages.sender_id" in one[0] and "LIMIT" in one[0]]
    assert len(pages) == 3
    with db.engine.connect() as connection:
        for statement, parameters in pages:
            assert first_read(connection, statement, parameters) == "messages by its key"


def first_read(connection: Connection, statement: str, parameters: Any) -> str:
    """The table with which a database begins to answer, and how."""
    dialect = connection.dialect
    if dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).first()
        return "messages by its key" if plan and plan[-1].startswith("SEARCH messages USING PRIMARY KEY") else str(plan)
    shape = "" if dialect.is_mariadb else "FORMAT=TRADITIONAL"  # type: ignore[attr-defined]
    row = connection.exec_driver_sql(f"EXPLAIN {shape} {statement}", parameters).mappings().first()
    return "messages by its key" if row and (row["table"], row["key"]) == ("messages", "PRIMARY") else str(row)
