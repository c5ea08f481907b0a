"""Messages that nobody said, written into our SQLite file as fast as it takes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from bench.corpus import AT_ONCE, INSERT
from bench.words import frequent

WORDS = 7  # of a message
MOMENT = "2026-01-01 12:00:00.000000"
GROWN = "UPDATE rooms SET last_seq = ?, version = ? WHERE id = ?"
# What makes the index of search would work all the while; it is not what is measured, so it is told that it is done.
MARKED = "INSERT INTO search_marks (seq, version, room_id) VALUES (?, ?, ?)"


def fill(path: str, rooms: Mapping[int, Sequence[int]], count: int) -> None:
    """So many messages in each of these empty rooms, by its people in turn (room id → their ids)."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for room_id, senders in rooms.items():
            for first in range(1, count + 1, AT_ONCE):
                some = range(first, min(first + AT_ONCE, count + 1))
                connection.executemany(INSERT, messages(room_id, senders, some))
                connection.commit()
        numbers = [(count, count, room_id) for room_id in rooms]
        connection.executemany(GROWN, numbers)
        connection.executemany(MARKED, numbers)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def messages(room_id: int, senders: Sequence[int], seqs: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    words = [word for language in ("en", "ru") for word in frequent(language)]
    for seq in seqs:
        body = " ".join(words[(seq * 31 + place * 17) % len(words)] for place in range(WORDS))
        key = room_id.to_bytes(8, "big") + seq.to_bytes(8, "big")
        yield room_id, seq, seq, senders[seq % len(senders)], key, "text", body, None, MOMENT
