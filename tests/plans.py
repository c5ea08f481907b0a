"""What the database is asked, and how SQLite finds it, for tests that nothing reads a whole table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from extensions import db

LARGE = ("messages", "reactions", "files", "search_slices")


@contextmanager
def statements() -> Iterator[list[str]]:
    """What any database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def explained() -> Iterator[list[str]]:
    """In the context of an application: a line for each table of each statement that is asked meanwhile."""
    asked: list[tuple[str, Any]] = []
    lines: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield lines
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    with db.engine.connect() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines += [line[-1] for line in plan]


def scans(lines: list[str]) -> list[str]:
    """Those that read a large table from end to end."""
    return [line for line in lines if line.startswith(tuple(f"SCAN {table}" for table in LARGE))]


@contextmanager
def steps() -> Iterator[list[int]]:
    """In the context of an application: how many instructions SQLite carries out meanwhile for the session."""
    found = [0]

    def count() -> None:
        found[0] += 1

    connection = db.session.connection().connection.dbapi_connection
    assert isinstance(connection, sqlite3.Connection)
    connection.set_progress_handler(count, 1)
    try:
        yield found
    finally:
        connection.set_progress_handler(None, 1)
