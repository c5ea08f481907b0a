"""What making the index of search costs those who talk meanwhile, and for how long it keeps others from writing."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, text

from bench import pace
from bench.copying import copied
from bench.corpus import Corpus
from bench.rows import Row, row
from chat import segments
from extensions import db
from tests.conftest import close, make_app
from tests.servers import Person, ServerProcess
from tests.services import DatabaseServer

ROUNDS = 3
TALKING = 12.0  # seconds; the clock makes something of the index every fifth
HELD_GOAL = 50  # ms
RATES = dict.fromkeys(("MESSAGE_RATE", "EVENT_RATE", "SEARCH_RATE"), "100000 per second")
EMPTY = "DELETE FROM search_slices", "DELETE FROM search_marks"


def on_sqlite(corpus: Corpus) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        urls = []
        for name in ("whole", "without"):
            path = Path(folder) / f"{name}.sqlite3"
            shutil.copyfile(corpus.path, path)
            urls.append(f"sqlite:///{path}")
        return measure("SQLite", *urls)


def on_server(name: str, corpus: Corpus, server: DatabaseServer) -> list[Row]:
    return measure(name, *(copied(corpus.path, server, f"chat_{name}") for name in ("whole", "without")))


def measure(name: str, whole: str, without: str) -> list[Row]:
    rows = held(name, without)
    quiet, busy = [], []
    for _ in range(ROUNDS):
        quiet += delays(whole)
        empty(without)
        busy += delays(without)
        if not lags(without):
            return [*rows, row(f"index, {name}: messages meanwhile: not measured, it was made too soon", None, "")]
    late = [statistics.quantiles(times, n=100)[98] for times in (busy, quiet)]
    holds = late[0] <= 1.5 * late[1]
    rows.append(
        row(
            f"index, {name}: a message while it is made, p99", late[0], "ms", "<= 1.5x", holds, "index is made", late[1]
        )
    )
    return rows


def empty(url: str) -> None:
    run(url, *EMPTY)


def run(url: str, *statements: str) -> list[Any]:
    engine = create_engine(url)
    with engine.begin() as connection:
        found = [connection.execute(text(statement)) for statement in statements]
        rows = found[-1].all() if found[-1].returns_rows else []
    engine.dispose()
    return list(rows)


def lags(url: str) -> bool:
    [[missing]] = run(
        url,
        "SELECT count(*) FROM rooms LEFT JOIN search_marks ON search_marks.room_id = rooms.id"
        " WHERE rooms.last_seq > coalesce(search_marks.seq, 0) + 2048",
    )
    return bool(missing)


def held(name: str, url: str) -> list[Row]:
    """How long the transactions of making the index keep their locks, and on SQLite all others from writing."""
    empty(url)
    begun, times = 0.0, []

    def begin(_connection: Any) -> None:
        nonlocal begun
        begun = time.perf_counter()

    def end(_connection: Any) -> None:
        times.append((time.perf_counter() - begun) * 1000)

    with tempfile.TemporaryDirectory() as folder:
        app = make_app(Path(folder), DATABASE_URL=url)
        with app.app_context():
            event.listen(db.engines["writes"], "begin", begin)
            event.listen(db.engines["writes"], "commit", end)
            started = time.perf_counter()
            count = segments.rebuild()
            took = time.perf_counter() - started
        close(app)
    late = statistics.quantiles(times, n=100)[98]
    return [
        row(f"index, {name}: messages it takes in", count / took, "a second"),
        row(f"index, {name}: a transaction of it, p99", late, "ms", f"<= {HELD_GOAL}", late <= HELD_GOAL),
        row(f"index, {name}: a transaction of it, the longest", max(times), "ms"),
    ]


def delays(url: str) -> list[float]:
    """Milliseconds from sending to being heard by somebody else, at an even pace."""
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder), url, **RATES) as server:
        alice, carol = (Person(server.url, name).login() for name in ("alice", "carol"))
        with alice.connect() as sender, carol.connect() as hearer:
            room = next(room["id"] for room in alice.get_json("/rooms")["rooms"] if room["name"] == "large")
            deadline = time.monotonic() + TALKING
            return pace.delays(sender, hearer, room, lambda: time.monotonic() < deadline)
