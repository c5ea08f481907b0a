"""What stands around messages is found by key: no answer reads a whole table, however much was said elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text

from extensions import db
from tests.cast import Member, make_room, new_id

LARGE = ("messages", "reactions", "files")


@pytest.fixture
def talked(alice: Member, bob: Member, room_id: int) -> list[int]:
    """Two rooms with answers and reactions."""
    rooms = [room_id, make_room(alice, bob)]
    with_bob = bob.connect()
    for room in rooms:
        first = with_bob.send(room, "first")
        with_bob.send(room, "about it", new_id(), reply_to=first["seq"])
        with_bob.ok("set_reaction", {"room_id": room, "seq": first["seq"], "emoji": "👍", "on": True})
    return rooms


def plans(person: Member, *paths: str) -> list[str]:
    """How SQLite finds what these answers hold: a line for each table of each statement."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    with person.app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        for path in paths:
            assert person.get(path).status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        with db.engine.connect() as connection:
            explained = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", given).all() for one, given in asked]
            assert connection.execute(text("SELECT count(*) FROM messages")).scalar()
    return [line[-1] for lines in explained for line in lines]


def test_no_answer_reads_a_whole_table(alice: Member, talked: list[int]) -> None:
    lines = plans(alice, "/", "/rooms", *(f"/rooms/{room}/messages" for room in talked))
    assert any(line.startswith("SEARCH messages USING PRIMARY KEY") for line in lines)
    assert any(line.startswith("SEARCH reactions USING PRIMARY KEY") for line in lines)
    assert [line for line in lines if line.startswith(tuple(f"SCAN {table}" for table in LARGE))] == []
