"""What a database server offers for finding words in texts: LIKE, and MySQL's FULLTEXT with its n-gram parser."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from bench.copying import connected
from tests.services import DatabaseServer

LIKE = "SELECT seq, body FROM messages WHERE room_id = {0} AND body LIKE {0} ORDER BY seq DESC LIMIT 50"
MATCH = "SELECT seq, body FROM told WHERE MATCH(body) AGAINST(%s IN BOOLEAN MODE) ORDER BY seq DESC LIMIT 50"


class Peer(Protocol):
    name: str

    def ask(self, word: str) -> float:
        """Milliseconds for one page of what holds the word or phrase."""
        ...


class LikeInSQLite:
    name = "LIKE"

    def __init__(self, path: Path, room_id: int) -> None:
        self.path, self.room_id = path, room_id

    def ask(self, word: str) -> float:
        with closing(sqlite3.connect(self.path)) as connection:
            begun = time.perf_counter()
            connection.execute(LIKE.format("?"), (self.room_id, f"%{word}%")).fetchall()
            return (time.perf_counter() - begun) * 1000


class OnServer:
    """A statement on the server's own connection."""

    def __init__(self, server: DatabaseServer, database: str) -> None:
        self.server, self.database = server, database

    def took(self, statement: str, values: Sequence[Any]) -> float:
        with closing(connected(self.server.root, self.database)) as connection, connection.cursor() as cursor:
            begun = time.perf_counter()
            cursor.execute(statement, values)
            cursor.fetchall()
            return (time.perf_counter() - begun) * 1000


class LikeOnServer(OnServer):
    name = "LIKE"

    def __init__(self, server: DatabaseServer, database: str, room_id: int) -> None:
        super().__init__(server, database)
        self.room_id = room_id

    def ask(self, word: str) -> float:
        return self.took(LIKE.format("%s"), (self.room_id, f"%{word}%"))


class FullText(OnServer):
    """Over a table with the room's messages alone, which is more than fair. It finds nothing of one character."""

    name = "FULLTEXT ngram"

    def prepare(self, room_id: int) -> float:
        """Make the index; returns how many seconds that took."""
        begun = time.monotonic()
        with closing(connected(self.server.root, self.database)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE told (seq BIGINT PRIMARY KEY, body TEXT NOT NULL) CHARACTER SET utf8mb4")
            cursor.execute("INSERT INTO told SELECT seq, body FROM messages WHERE room_id = %s", (room_id,))
            cursor.execute("ALTER TABLE told ADD FULLTEXT INDEX (body) WITH PARSER ngram")
        return time.monotonic() - begun

    def ask(self, word: str) -> float:
        return self.took(MATCH, (f'"{word}"',))
