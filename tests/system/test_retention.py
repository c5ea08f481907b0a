"""100,000 messages expire while people chat: they go, and nobody waits for that.

How long it takes is measured by `make bench ONLY=removing`.
"""

from __future__ import annotations

import re
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.servers import Connection, Person, ServerProcess
from tests.system.filling import fill, moment, seconds_at_once

COUNT = 100_000
WITHIN = 180.0  # seconds in which everything overdue is gone, on the busiest machine
ANSWER_MAX = 1.0  # seconds that an acknowledgement may take at the least: a disk may stall
A_PART = 50_000  # messages, by which it is measured what the machine can do
PURGED = re.compile(r"purged (\d+) messages, at most ([\d.]+) ms at a time")


def test_a_great_purge_holds_nobody_up(tmp_path: Path, database_url: str) -> None:
    rates = {"MESSAGE_RATE": "100000 per second", "EVENT_RATE": "100000 per second"}
    with ServerProcess(tmp_path, database_url, **rates) as server:
        names = ("root", "alice", "bob", "carol")
        root, alice, bob, _carol = (Person(server.url, name).register() for name in names)
        with alice.connect() as sender, bob.connect() as reader:
            crowded, room, other = (sender.open_direct(name)["id"] for name in ("root", "bob", "carol"))
            later = datetime.now(UTC) + timedelta(days=1)
            fill(database_url, crowded, COUNT, later)
            fill(database_url, other, A_PART, later)
            at_once = seconds_at_once(database_url, other, A_PART // 2)
            expire(database_url, crowded)
            waits = waits_until_purged(root, sender, room)
            reader.wait_for(lambda heard: len(heard.messages) == len(waits))
        at_once += seconds_at_once(database_url, other, A_PART)  # half before, half after: a busy time may be short
        purged = [(int(count), float(longest) / 1000) for count, longest in PURGED.findall(server.log_text())]
    assert sum(count for count, _ in purged) > COUNT * 0.9, purged  # small rounds leave no line
    # Beside what one statement for half of them takes on this machine now. The longest of each round is measured
    # along with the stalls of a busy machine: half of the rounds have none.
    assert statistics.median(longest for _, longest in purged) < at_once / 2, (purged, at_once)
    assert len(waits) > 20, waits
    assert statistics.quantiles(waits, n=20)[-1] < max(at_once, ANSWER_MAX), (sorted(waits)[-20:], at_once)
    assert statistics.median(waits) < at_once / 2, (statistics.median(waits), at_once)


def expire(url: str, room_id: int) -> None:
    """All its messages at the same moment, however long it took to write them."""
    engine = create_engine(url)
    with engine.begin() as connection:
        statement = text("UPDATE messages SET expires_at = :now WHERE room_id = :room")
        connection.execute(statement, {"room": room_id, "now": moment(datetime.now(UTC))})
    engine.dispose()


def waits_until_purged(root: Person, sender: Connection, room: int) -> list[float]:
    """How long each message waited for its acknowledgement, for as long as something is overdue."""
    waits: list[float] = []
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        for _ in range(10):
            begun = time.monotonic()
            sender.send(room, f"message {len(waits)}")
            waits.append(time.monotonic() - begun)
        if root.get_json("/panel")["overdue_since"] is None:
            return waits
    raise AssertionError("the purge did not end")
