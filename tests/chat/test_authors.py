"""How people are shown inside messages is remembered, and no longer than it is true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, update

from chat import authors
from extensions import db
from models import User
from tests.cast import Member


@pytest.fixture
def connection(app: Flask) -> Iterator[Connection]:
    with app.app_context(), db.engine.connect() as connection:
        yield connection


def rename(connection: Connection, person: Member, name: str) -> None:
    connection.execute(update(User).where(User.id == person.id).values(display_name=name))


def test_somebody_is_read_once(connection: Connection, alice: Member, bob: Member) -> None:
    asked: list[Any] = []
    note = lambda *arguments: asked.append(arguments)  # noqa: E731 - one object, to be removed again
    event.listen(connection, "before_cursor_execute", note)
    for _ in range(3):
        shown = authors.of(connection, [alice.id, bob.id])
        assert {user_id: person["username"] for user_id, person in shown.items()} == {alice.id: "alice", bob.id: "bob"}
    event.remove(connection, "before_cursor_execute", note)
    assert len(asked) == 1


def test_who_is_shown_in_another_way_is_read_again(connection: Connection, alice: Member, bob: Member) -> None:
    authors.of(connection, [alice.id, bob.id])
    rename(connection, alice, "Алиса")
    rename(connection, bob, "Боб")
    authors.changed(alice.id)
    shown = authors.of(connection, [alice.id, bob.id])
    assert [shown[person.id]["display_name"] for person in (alice, bob)] == ["Алиса", "bob"]


def test_what_changes_while_it_is_read_is_not_remembered(connection: Connection, alice: Member) -> None:
    def changes(*_arguments: Any) -> None:
        authors.changed(alice.id)

    event.listen(connection, "after_cursor_execute", changes)
    authors.of(connection, [alice.id])
    event.remove(connection, "after_cursor_execute", changes)
    rename(connection, alice, "Алиса")
    assert authors.of(connection, [alice.id])[alice.id]["display_name"] == "Алиса"


def test_what_another_process_changes_is_known_within_a_minute(
    connection: Connection, alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(authors.time, "monotonic", lambda: clock[0])
    authors.of(connection, [alice.id])
    rename(connection, alice, "Алиса")
    for clock[0], name in ((1059.0, "alice"), (1061.0, "Алиса")):
        assert authors.of(connection, [alice.id])[alice.id]["display_name"] == name
