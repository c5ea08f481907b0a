"""What stands around messages is found by key: no answer reads a whole table, however much was said elsewhere."""

from __future__ import annotations

import pytest

from tests.cast import Member, make_room, new_id
from tests.plans import explained, scans


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


def test_no_answer_reads_a_whole_table(alice: Member, talked: list[int]) -> None:
    places = ("messages", "messages?around=1", "messages?at=2026-01-31T12:00:00Z", "days?month=2026-01")
    with alice.app.app_context(), explained() as lines:
        for path in ("/", "/rooms", *(f"/rooms/{room}/{place}" for room in talked for place in places)):
            assert alice.get(path).status_code == 200
    assert any(line.startswith("SEARCH messages USING PRIMARY KEY") for line in lines)
    assert any(line.startswith("SEARCH reactions USING PRIMARY KEY") for line in lines)
    assert scans(lines) == []
