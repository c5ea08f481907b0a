"""Removing: messages expire by the hundred thousand, and a long history is cleared, while two people talk."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import databases
from bench.rows import Row, row
from tests.servers import Person, ServerProcess
from tests.system import test_clearing as clearing
from tests.system import test_retention as retention
from tests.system.filling import count, fill

EXPIRING = 200_000  # messages
WITHIN = 60  # seconds
STATEMENT_MAX = 50  # milliseconds that nobody notices


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from on("SQLite", f"sqlite:///{folder}/chat.sqlite3", Path(folder) / "sqlite")
        with databases.server() as (name, server):
            if server is None:
                yield row(f"removing, {name}: not measured, there is none here", None, "")
                return
            [url] = databases.urls(server, ["ours"])
            yield from on(name, url, Path(folder) / "server")


def on(name: str, url: str, folder: Path) -> Iterator[Row]:
    folder.mkdir()
    with ServerProcess(folder, url, **clearing.RATES) as server:
        yield from expiring(f"removing, {name}, {EXPIRING:,} expire", url, server)
        yield from being_cleared(f"removing, {name}, {clearing.COUNT:,} are cleared", url, server)


def expiring(work: str, url: str, server: ServerProcess) -> Iterator[Row]:
    root, alice, _bob = (Person(server.url, name).register() for name in ("root", "alice", "bob"))
    with alice.connect() as sender:
        crowded, room = (sender.open_direct(name)["id"] for name in ("root", "bob"))
        fill(url, crowded, EXPIRING, datetime.now(UTC) + timedelta(days=1))
        retention.expire(url, crowded)
        begun = time.monotonic()
        waits = retention.waits_until_purged(root, sender, room)
        took = time.monotonic() - begun
    yield row(f"{work}: all are gone", took, "s", f"<= {WITHIN}", took <= WITHIN)
    yield from held_up(work, [longest for _, longest in retention.PURGED.findall(server.log_text())], waits)


def being_cleared(work: str, url: str, server: ServerProcess) -> Iterator[Row]:
    dora, _eric = (Person(server.url, name).register() for name in ("dora", "eric"))
    with dora.connect() as sender:
        room = sender.open_direct("eric")["id"]
        fill(url, room, clearing.COUNT)
        count(url, room, clearing.COUNT)
        clearing.ask(sender, "clear_history", room_id=room, everyone=True, seq=clearing.COUNT)
        waits = clearing.waits_until_gone(url, sender, room)
    yield from held_up(work, [longest for _, longest in clearing.CLEARED.findall(server.log_text())], waits)


def held_up(work: str, longest: list[str], waits: list[float]) -> Iterator[Row]:
    """By statements, the longest of each round, and what that means for messages that are sent meanwhile."""
    statement, wait = statistics.median(map(float, longest)), statistics.median(waits) * 1000
    goal = f"<= {STATEMENT_MAX}"
    yield row(f"{work}: a round's longest statement", statement, "ms", goal, statement <= STATEMENT_MAX)
    yield row(f"{work}: a message meanwhile", wait, "ms", goal, wait <= STATEMENT_MAX)
    yield row(f"{work}: the same, 95 %", statistics.quantiles(waits, n=20)[-1] * 1000, "ms")
