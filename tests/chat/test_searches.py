"""Finding messages: the answer equals that of reading everything, whatever the index holds, on every database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from chat import accounts, queries, searches, segments, transactions
from extensions import db
from models import Membership, Message, Room, User
from tests.cast import PASSWORD
from tests.conftest import prepared

BLOCK, PART, STEP = 64, 32, 16  # small, so that a few hundred messages fill several
MESSAGES = 300
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
ALPHABETS = ("abcdefgz ", "абвгдеёж ", "的一是不了人我在 ", "aбв一😀é ", "ＡｂС. 12")
WORDS = ("привет", "ПРИВЕТ", "ёлка", "елка", "hello", "Hello world", "你好", "你好世界", "ﬁne", "Straße", "kitchen")


def some_text(rng: random.Random, most: int) -> str:
    if rng.random() < 0.3:
        return " ".join(rng.choices(WORDS, k=rng.randint(1, 4)))
    return "".join(rng.choices(rng.choice(ALPHABETS), k=rng.randint(1, most)))


folded = cache(queries.fold)


class World:
    """Two rooms of alice, and one that she is not in, with random messages."""

    def __init__(self, app: Flask, rng: random.Random) -> None:
        self.app, self.rng = app, rng
        self.people = [accounts.register(name, PASSWORD, minimum=6) for name in ("alice", "bob", "carol")]
        self.alice = self.people[0]
        self.mine = [self.make_room(self.people[:2], cleared) for cleared in (0, 40)]
        self.other = self.make_room(self.people[1:], 0)

    def make_room(self, people: list[User], cleared: int) -> int:
        room = Room(kind="group", name=f"Room {self.rng.random()}", created_at=BEGUN, active_at=BEGUN)

        def change(session: Any) -> int:
            session.add(room)
            session.flush()
            for person in people:
                seen = {"cleared_seq": cleared if person is self.alice else 0}
                session.add(Membership(room_id=room.id, user_id=person.id, joined_at=BEGUN, **seen))
            return room.id

        return transactions.run(change)

    def say(self, room_id: int, count: int) -> None:
        room = db.session.get(Room, room_id, populate_existing=True)
        assert room is not None
        rows = [self.row(room, number) for number in range(1, count + 1)]
        grown = {
            "last_seq": room.last_seq + count,
            "version": room.version + count,
            "active_at": rows[-1]["created_at"],
        }

        def change(session: Any) -> None:
            session.execute(insert(Message), rows)
            session.execute(update(Room).where(Room.id == room_id).values(**grown))

        transactions.run(change)

    def row(self, room: Room, number: int) -> dict[str, Any]:
        rng, seq = self.rng, room.last_seq + number
        moment = BEGUN + timedelta(hours=3 * seq, minutes=room.id)
        kept = (
            {"expires_at": rng.choice((moment, datetime.now(UTC) + timedelta(days=1)))} if rng.random() < 0.05 else {}
        )
        return {
            "room_id": room.id,
            "seq": seq,
            "version": room.version + number,
            "sender_id": rng.choice(self.people).id,
            "client_id": rng.randbytes(16),
            "kind": "joined" if rng.random() < 0.05 else "text",
            "body": some_text(rng, 40) + (" https://example.org/" if rng.random() < 0.1 else ""),
            "created_at": moment,
            "expires_at": None,
            **kept,
        }

    def change(self, room_id: int) -> None:
        """Edit or delete a few messages, as edits.py does."""
        room = db.session.get(Room, room_id, populate_existing=True)
        assert room is not None
        for version in range(room.version + 1, room.version + 4):
            now = datetime.now(UTC)
            gone = self.rng.random() < 0.4
            values = {"deleted_at": now, "body": ""} if gone else {"edited_at": now, "body": some_text(self.rng, 40)}
            seq = self.rng.randint(1, room.last_seq)
            message = update(Message).where(Message.room_id == room_id, Message.seq == seq, Message.kind == "text")
            counted = update(Room).where(Room.id == room_id).values(version=version)
            for one in (message.values(**values, version=version), counted):
                transactions.run(partial(Session.execute, statement=one))

    def scan(self, query: queries.Query, room_id: int | None) -> list[tuple[int, int]]:
        """What there is to find, by reading everything that alice may see."""
        rows = db.session.execute(
            select(Message, Membership.cleared_seq, User.username_key)
            .join(Membership, (Membership.room_id == Message.room_id) & (Membership.user_id == self.alice.id))
            .join(User, User.id == Message.sender_id)
        ).all()
        now = datetime.now(UTC)
        found = [
            (message.created_at, message.room_id, message.seq)
            for message, cleared, name in rows
            if message.seq > cleared
            and message.kind == "text"
            and message.deleted_at is None
            and (message.expires_at is None or message.expires_at > now)
            and room_id in (None, message.room_id)
            and query.sender in (None, name)
            and (query.since is None or message.created_at >= query.since)
            and (query.until is None or message.created_at < query.until)
            and ("link" not in query.has or "https://" in message.body)
            and all(word in folded(message.body) for word in query.words)
            and not any(word in folded(message.body) for word in query.without)
        ]
        return [(room_id, seq) for _moment, room_id, seq in sorted(found, reverse=True)]

    def find(self, q: str, room_id: int | None, limit: int) -> list[tuple[int, int]]:
        """The same by searching, page after page."""
        found: list[tuple[int, int]] = []
        before = None
        while True:
            page = searches.find(self.alice, q, room_id, before, limit)
            found += [(message["room_id"], message["seq"]) for message in page["messages"]]
            before = page["next"]
            if before is None:
                return found

    def question(self) -> str:
        """Something to look for, mostly out of a message that is there."""
        rng = self.rng
        parts = [self.part() for _ in range(rng.choice((1, 1, 1, 2)))]
        if rng.random() < 0.2:
            parts.append(
                rng.choice(("from:alice", "from:BOB", "from:nobody", "has:link", "after:2026-01-20", "on:2026-02-03"))
            )
        if rng.random() < 0.1:
            parts.append(f"-{self.part()}")
        return " ".join(parts)

    def part(self) -> str:
        rng = self.rng
        if rng.random() < 0.2:
            text = some_text(rng, 6)
        else:
            room_id, seq = rng.choice([*self.mine, self.other]), rng.randint(1, MESSAGES)
            text = db.session.scalar(select(Message.body).where(Message.room_id == room_id, Message.seq == seq)) or "x"
            start = rng.randrange(len(text))
            text = text[start : start + rng.randint(1, 8)]
        text = text.replace('"', "")
        return f'"{text}"' if " " in text.strip() and rng.random() < 0.7 else (text.strip().removeprefix("-") or "z")


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    with prepared(tmp_path, database_url) as app:
        yield app


@pytest.mark.parametrize("seed", [1, 2])
def test_the_answer_equals_that_of_reading_everything(app: Flask, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BLOCK", BLOCK)
    monkeypatch.setattr(segments, "PART", PART)
    monkeypatch.setattr(segments, "FIRST", STEP)
    monkeypatch.setattr(segments, "STEP", STEP)
    world = World(app, random.Random(seed))
    found = asked = 0
    for _round in range(6):
        for room_id in (*world.mine, world.other):
            world.say(room_id, MESSAGES // 6)
            world.change(room_id)
        if world.rng.random() < 0.8:
            segments.extend_round()
        if world.rng.random() < 0.5:
            world.change(world.mine[0])
        for _question in range(40):
            q, room_id = world.question(), world.rng.choice((None, *world.mine))
            expected = world.scan(queries.parse(q), room_id)
            assert world.find(q, room_id, world.rng.choice((7, 50))) == expected, (q, room_id)
            assert searches.count(world.alice, q, room_id) == {"count": len(expected), "more": False}
            asked, found = asked + 1, found + bool(expected)
    assert asked / 4 < found < asked, "the questions prove nothing"
    assert segments.mark_of(world.mine[0]).seq >= 2 * BLOCK
