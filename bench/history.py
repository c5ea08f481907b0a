"""History: reading and searching in a room of 1,000,000 messages within 3,000,000, as a page asks for it over HTTP.

On SQLite and on real MySQL, by a server process each; `SIZE=50000` makes the room smaller.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import building
from bench.copying import copied, real_mysql
from bench.corpus import BEGUN, SEED, SMALL, SPAN, Corpus, vocabularies
from bench.peers.scans import FullText, LikeInSQLite, LikeOnServer, Peer
from bench.rows import Row, row
from bench.words import pieces
from chat import payloads
from tests.servers import Person, ServerProcess

OUT = Path(__file__).resolve().parent / "out"
SIZE = int(os.environ.get("SIZE", "1000000"))  # messages of the room
LESSER = min(SIZE, 30_000)  # messages of the room beside which an index is made
TURNS = 60  # of each kind of reading, in each of the two rooms
SAMPLE = 40  # different things to look for, of each class
BESIDE = 5  # of them, asked of the peers too: LIKE takes seconds
MISSED = 100  # changes that a page catches up with
READ_GOAL = 2.0  # times the small room
MEDIAN_GOAL, LATE_GOAL = 30, 100  # ms
PAGE = 50
DATABASE = "chat_history"
WARM = 5  # answers that are not counted
CHINESE_FROM = "\u4e00"
RATES = dict.fromkeys(("MESSAGE_RATE", "EVENT_RATE", "SEARCH_RATE"), "100000 per second")


def measure() -> Iterator[Row]:
    corpus, lesser = Corpus(OUT, SIZE), Corpus(OUT, LESSER)
    corpus.prepare()
    lesser.prepare()
    large = corpus.room_id("large")
    yield from on_sqlite(corpus, large)
    yield from building.on_sqlite(lesser)
    with real_mysql() as server:
        if server is None:
            yield row("history, MySQL: not measured, there is none here", None, "")
            return
        url = copied(corpus.path, server, DATABASE)
        fulltext = FullText(server, DATABASE)
        yield row("history, MySQL: making its FULLTEXT index", fulltext.prepare(large), "s")
        yield from on("MySQL", url, [LikeOnServer(server, DATABASE, large), fulltext])
        yield from building.on_server("MySQL", lesser, server)


def on_sqlite(corpus: Corpus, large: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        path = Path(folder) / "chat.sqlite3"
        shutil.copyfile(corpus.path, path)
        yield from sizes(path)
        yield from on("SQLite", f"sqlite:///{path}", [LikeInSQLite(path, large)])


def sizes(path: Path) -> list[Row]:
    with sqlite3.connect(path) as connection:
        [[texts]] = connection.execute("SELECT sum(length(CAST(body AS BLOB))) FROM messages")
        [[slices]] = connection.execute("SELECT sum(length(content)) FROM search_slices")
    share = slices / texts
    return [row("history: size of the index, of the texts'", share, "times", "< 2", share < 2)]


def on(name: str, url: str, peers: list[Peer]) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder), url, **RATES) as server:
        alice, bob = (Person(server.url, person).login() for person in ("alice", "bob"))
        yield from reading(name, alice, bob)
        yield from searching(name, alice, peers)


def reading(name: str, alice: Person, bob: Person) -> Iterator[Row]:
    """The two rooms in turns: alice is only in the large one, bob only in the small one."""
    rng = random.Random(SEED)
    readers = [Reader(alice, "large"), Reader(bob, "small")]
    for work, ask in READINGS.items():
        if ask is Reader.around and not readers[0].can_jump():
            yield row(f"history, {name}: {work}: not measured, there is none yet", None, "")
            continue
        took: tuple[list[float], list[float]] = [], []
        for turn in range(WARM + TURNS):
            share = rng.random()
            for reader, times in zip(readers, took, strict=True):
                begun = time.perf_counter()
                ask(reader, share)
                if turn >= WARM:
                    times.append((time.perf_counter() - begun) * 1000)
        large, small = map(statistics.median, took)
        holds = large <= READ_GOAL * small
        yield row(f"history, {name}: {work}", large, "ms", "<= 2x", holds, "room of 1,000", small)
    for reader in readers:
        reader.connection.close()


class Reader:
    """Somebody with one room, who asks for what a page asks for."""

    def __init__(self, person: Person, name: str) -> None:
        self.person = person
        self.room = next(room for room in person.get_json("/rooms")["rooms"] if room["name"] == name)
        self.path = f"/rooms/{self.room['id']}/messages"
        self.connection = person.connect()

    def newest(self, _share: float) -> None:
        assert len(self.page("")) == PAGE

    def oldest(self, _share: float) -> None:
        assert self.page("?after=0")[0]["seq"] == 1

    def can_jump(self) -> bool:
        return "complete_after" in self.person.get_json(f"{self.path}?around=1")

    def around(self, share: float) -> None:
        moment = BEGUN + SPAN * share
        messages = self.page(f"?at={quote(moment.isoformat())}")
        assert messages[0]["created_at"] <= payloads.instant(moment) <= messages[-1]["created_at"]

    def unread(self, _share: float) -> None:
        rooms = self.person.get_json("/rooms")["rooms"]
        assert next(room for room in rooms if room["id"] == self.room["id"])["unread"] >= SMALL * 0.9

    def catch_up(self, share: float) -> None:
        versions = {str(self.room["id"]): self.room["version"] - MISSED - int(50 * share)}
        told = self.connection.call("sync", {"rooms": versions})["rooms"][str(self.room["id"])]
        assert len(told["messages"]) >= MISSED

    def page(self, query: str) -> list[Any]:
        messages: list[Any] = self.person.get_json(self.path + query)["messages"]
        return messages


READINGS: dict[str, Callable[[Reader, float], None]] = {
    "newest page": Reader.newest,
    "oldest page": Reader.oldest,
    "page around a date": Reader.around,
    "unread count": Reader.unread,
    "since version": Reader.catch_up,
}


def searching(name: str, alice: Person, peers: list[Peer]) -> Iterator[Row]:
    room = Reader(alice, "large").room["id"]
    for work, (words, suits) in questions(alice, room).items():
        took, asked = [], []
        for word in words:
            begun = time.perf_counter()
            found = alice.get_json(f"/search?q={quote(typed(word))}&room={room}")
            spent = (time.perf_counter() - begun) * 1000
            if suits(found):
                took.append(spent)
                asked.append(word)
            if len(took) == WARM + SAMPLE:
                break
        assert len(took) > SAMPLE / 2, f"too little to ask for: {work}"
        median, late = statistics.median(took[WARM:]), statistics.quantiles(took[WARM:], n=20)[-1]
        what = f"search, {name}: {work}"
        yield row(f"{what}, median", median, "ms", f"<= {MEDIAN_GOAL}", median <= MEDIAN_GOAL)
        yield row(f"{what}, 95 %", late, "ms", f"<= {LATE_GOAL}", late <= LATE_GOAL)
        for peer in peers:
            theirs = statistics.median(peer.ask(word) for word in asked[WARM : WARM + BESIDE])
            yield row(f"{what}, beside {peer.name}", median, "ms", "", True, peer.name, theirs)


def typed(word: str) -> str:
    return f'"{word}"' if " " in word else word


Question = tuple[Iterable[str], Callable[[Any], bool]]


def questions(person: Person, room_id: int) -> dict[str, Question]:
    """Of each class what to look for, all different, and what an answer must be like for it to belong there."""
    rng = random.Random(SEED)
    words = vocabularies()
    said = [chosen for chosen, _weights in words.values()]
    common = {word for chosen in said for word in chosen[:200] if len(word) >= (2 if word >= CHINESE_FROM else 3)}
    rare = [word for chosen in said for word in rng.sample(chosen[len(chosen) // 2 :], 100) if len(word) > 1]
    absent = ["".join(rng.choices(pieces(rng.choice(list(words))), k=rng.randint(3, 4))) for _ in range(300)]
    characters = list(dict.fromkeys("".join(words["zh"][0])))
    return {
        "a common word": (shuffled(common, rng), lambda found: found["next"] is not None),
        "a rare word": (shuffled(rare, rng), lambda found: 1 <= len(found["messages"]) <= 20),
        "an absent word": (absent, lambda found: not found["messages"]),
        "one Chinese character": (rng.sample(characters, 100), lambda _found: True),
        "a phrase": (phrases(person, room_id, rng), lambda found: bool(found["messages"])),
    }


def phrases(person: Person, room_id: int, rng: random.Random) -> Iterator[str]:
    """What stands together somewhere in the room."""
    while True:
        before = rng.randint(1_000, SIZE)
        for message in person.get_json(f"/rooms/{room_id}/messages?before={before}")["messages"][::10]:
            words = message["body"].split()
            if len(words) >= 5:
                first = rng.randrange(len(words) - 2)
                yield " ".join(words[first : first + rng.choice((2, 3))])
            elif len(words[0]) > 8 and words[0] >= CHINESE_FROM:
                first = rng.randrange(len(words[0]) - 5)
                yield words[0][first : first + rng.choice((3, 4, 5))]


def shuffled(words: Iterable[str], rng: random.Random) -> list[str]:
    there = sorted(words)
    return rng.sample(there, len(there))
