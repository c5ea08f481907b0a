"""The tables of the peers: people, their sessions, who is in a room, what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, insert

db = SQLAlchemy()
Number = db.BigInteger().with_variant(db.Integer, "sqlite")


class User(UserMixin, db.Model):  # type: ignore[name-defined,misc]
    id = db.Column(Number, primary_key=True, autoincrement=False)
    name = db.Column(db.String(80))


class SignedIn(db.Model):  # type: ignore[name-defined,misc]
    id = db.Column(db.String(64), primary_key=True)
    user_id = db.Column(Number, db.ForeignKey("user.id"))


class Member(db.Model):  # type: ignore[name-defined,misc]
    room_id = db.Column(Number, primary_key=True, autoincrement=False)
    user_id = db.Column(Number, db.ForeignKey("user.id"), primary_key=True, index=True)


class Told(db.Model):  # type: ignore[name-defined,misc]
    id = db.Column(Number, primary_key=True)
    room_id = db.Column(Number, index=True)
    sender_id = db.Column(Number)
    client_id = db.Column(db.String(36))
    body = db.Column(db.Text)
    created_at = db.Column(db.DateTime)


def session_id(number: int) -> str:
    return f"bench-session-{number:029d}"


def prepare(url: str, people: int, rooms: Sequence[range], told: int) -> None:
    """Fill an empty database: so many people who are signed in, and rooms, numbered from 1, with so many messages."""
    engine = create_engine(url)
    db.Model.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(User), [{"id": one, "name": f"Person {one}"} for one in range(people)])
        connection.execute(insert(SignedIn), [{"id": session_id(one), "user_id": one} for one in range(people)])
        members = [{"room_id": place, "user_id": one} for place, within in enumerate(rooms, 1) for one in within]
        for table, values in ((Member, members), (Told, list(messages(rooms, told)))):
            if values:
                connection.execute(insert(table), values)
    engine.dispose()


def messages(rooms: Sequence[range], told: int) -> Iterator[dict[str, Any]]:
    """Their numbers go through the first room, the second, …"""
    for place, within in enumerate(rooms, 1):
        for number in range(told):
            yield {
                "room_id": place,
                "sender_id": within[number % len(within)],
                "client_id": str(UUID(int=place << 32 | number)),
                "body": "what somebody said a while ago",
                "created_at": datetime(2026, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None),
            }
