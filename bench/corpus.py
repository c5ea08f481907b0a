"""A database with a long history to measure on: filled with what nobody said, the same each time."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session as Transaction

from bench.words import frequent, pieces
from chat import accounts, segments, transactions
from migrations import state
from models import Membership, Room, User
from tests.conftest import close, make_app
from tests.servers import PASSWORD

SEED = 6
WORDS = 20_000  # of each language
SENDERS = 20
OTHERS = 10  # rooms beside the two that are measured
SMALL = 1_000  # messages
BEGUN = datetime(2025, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=600)  # from a room's first message to its last
AT_ONCE = 20_000  # rows in one transaction

Vocabulary = tuple[list[str], list[float]]


def vocabularies() -> dict[str, Vocabulary]:
    """Of each language the words, the most frequent first, and their frequencies as Zipf has them, added up."""
    rng = random.Random(SEED)
    characters = list(dict.fromkeys([*frequent("zh"), *(chr(0x4E00 + rng.randrange(6_000)) for _ in range(3_000))]))
    weights = list(accumulate(1 / (rank + 5) for rank in range(len(characters))))
    english, russian = pieces("en"), pieces("ru")
    rarer: dict[str, Callable[[], str]] = {
        "en": lambda: "".join(rng.choices(english, k=rng.randint(2, 4))),
        "ru": lambda: "".join(rng.choices(russian, k=rng.randint(2, 4))),
        "zh": lambda: "".join(rng.choices(characters, cum_weights=weights, k=rng.choice((1, 2, 2, 2, 3)))),
    }
    made = {}
    for language in rarer:
        words = dict.fromkeys(frequent(language))
        while len(words) < WORDS:
            words[rarer[language]()] = None
        made[language] = list(words), list(accumulate(1 / (rank + 2) for rank in range(WORDS)))
    return made


def texts(rng: random.Random) -> Iterator[str]:
    """What people say, without end: mostly short, in Russian, Chinese and English, sometimes in two of them."""
    words = vocabularies()

    def sentence(language: str) -> str:
        chosen, weights = words[language]
        count = min(60, 1 + int(rng.lognormvariate(1.9, 0.8)))
        return ("" if language == "zh" else " ").join(rng.choices(chosen, cum_weights=weights, k=count))

    while True:
        languages = rng.choices(("ru", "zh", "en"), (4, 3, 3), k=2 if rng.random() < 0.1 else 1)
        text = ". ".join(map(sentence, languages))
        ending = rng.random()
        yield text + (" https://example.org/" if ending < 0.02 else " 😀" if ending < 0.05 else "")


class Corpus:
    """People and rooms: `large` belongs to alice, `small` to bob, carol is in all of them."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self.path = folder / f"history-{size}.sqlite3"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def room_id(self, name: str) -> int:
        with closing(sqlite3.connect(self.path)) as connection:
            [[found]] = connection.execute("SELECT id FROM rooms WHERE name = ?", (name,))
        return int(found)

    def prepare(self) -> None:
        """Fill it and make its index, unless an earlier run did."""
        if self.path.exists():
            return
        self.folder.mkdir(exist_ok=True)
        part = self.path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            app = make_app(Path(folder), DATABASE_URL=f"sqlite:///{part}")
            with app.app_context():
                state.prepare()
                self._fill(app, part)
                segments.rebuild()
            close(app)
        part.rename(self.path)

    def _fill(self, app: Flask, path: Path) -> None:
        people = [accounts.register(name, PASSWORD, minimum=6) for name in ("root", "alice", "bob", "carol")]
        _root, alice, bob, carol = people
        senders = [accounts.register(f"sender{number}", PASSWORD, minimum=6).id for number in range(SENDERS)]
        rooms = [make_room("large", [alice, carol]), make_room("small", [bob, carol])]
        rooms += [make_room(f"other {number}", [carol]) for number in range(OTHERS)]
        sizes = [self.size, SMALL, *[(2 * self.size - SMALL) // OTHERS] * OTHERS]
        rng = random.Random(SEED)
        spoken = texts(rng)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            for room_id, count in zip(rooms, sizes, strict=True):
                for first in range(1, count + 1, AT_ONCE):
                    some = range(first, min(first + AT_ONCE, count + 1))
                    connection.executemany(INSERT, (row(room_id, seq, count, senders, spoken, rng) for seq in some))
                    connection.commit()
        for room_id, count in zip(rooms, sizes, strict=True):
            grown = {"last_seq": count, "version": count, "active_at": BEGUN + SPAN}
            counted = update(Room).where(Room.id == room_id).values(**grown)
            transactions.run(lambda session, counted=counted: session.execute(counted))


COLUMNS = ("room_id", "seq", "version", "sender_id", "client_id", "kind", "body", "reply_to_seq", "created_at")
INSERT = f"INSERT INTO messages ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


def row(
    room_id: int, seq: int, count: int, senders: Sequence[int], spoken: Iterator[str], rng: random.Random
) -> tuple[Any, ...]:
    moment = (BEGUN + SPAN * (seq / count)).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    key = room_id.to_bytes(8, "big") + seq.to_bytes(8, "big")
    answers = rng.randint(1, seq - 1) if seq > 1 and rng.random() < 0.05 else None
    return room_id, seq, seq, rng.choice(senders), key, "text", next(spoken), answers, moment


def make_room(name: str, people: Sequence[User]) -> int:
    def change(session: Transaction) -> int:
        room = Room(kind="group", name=name, name_key=name, created_at=BEGUN, active_at=BEGUN)
        session.add(room)
        session.flush()
        session.add_all(Membership(room_id=room.id, user_id=person.id, joined_at=BEGUN) for person in people)
        return room.id

    return transactions.run(change)
