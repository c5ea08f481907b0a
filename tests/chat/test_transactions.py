"""Transactions without SQLAlchemy around them are like those with it; a connection that was lost is not used again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

import extensions
from chat import transactions
from chat.transactions import Asking, Bare
from extensions import db
from tests.conftest import prepared
from tests.services import DatabaseServer
from tests.test_schema_servers import MakeDatabase

TRICKY = "100 % of 'it'; DELETE FROM facts -- \\ 😀 ?"


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    with prepared(tmp_path, database_url) as app:
        yield app


def fact(bare: Bare, name: str, value: str = "") -> Asking:
    return f"INSERT INTO facts (name, value) VALUES ({bare.place}, {bare.place})", (name, value)


def renaming(bare: Bare, name: str) -> Asking:
    return f"UPDATE facts SET value = 'again' WHERE name = {bare.place}", (name,)


def kept() -> dict[str, str]:
    return {row.name: row.value for row in db.session.execute(text("SELECT name, value FROM facts"))}


@pytest.mark.usefixtures("app")
def test_several_statements_are_one_transaction_and_say_what_they_met() -> None:
    def change(bare: Bare) -> list[int]:
        both = fact(bare, "one", TRICKY)[0] + f", ({bare.place}, {bare.place})", ("one", TRICKY, "two", "%s")
        return list(bare.met(both, renaming(bare, "two"), renaming(bare, "two"), renaming(bare, "three")))

    assert transactions.run_bare(change) == [2, 1, 1, 0], "found counts, changed or not"
    assert kept() == {"one": TRICKY, "two": "again"}


@pytest.mark.usefixtures("app")
def test_rows_come_back() -> None:
    transactions.run_bare(lambda bare: list(bare.met(fact(bare, "one", TRICKY))))

    def ask(bare: Bare) -> Any:
        return bare.execute(f"SELECT value FROM facts WHERE name = {bare.place}", ("one",)).fetchall()

    assert [tuple(row) for row in transactions.run_bare(ask)] == [(TRICKY,)]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("asked", [1, 2, 3])
def test_who_gives_up_has_changed_nothing_and_the_next_one_finds_a_clean_connection(asked: int) -> None:
    class GivenUp(Exception):
        pass

    def change(bare: Bare) -> None:
        met = bare.met(fact(bare, "one"), renaming(bare, "one"), fact(bare, "two"))
        for _ in range(asked):
            next(met)
        met.close()
        raise GivenUp()

    for _ in range(3):
        with pytest.raises(GivenUp):
            transactions.run_bare(change)
        assert kept() == {}
    transactions.run_bare(lambda bare: list(bare.met(fact(bare, "three"))))
    assert kept() == {"three": ""}


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("last", "error"),
    [
        (("INSERT INTO facts (name, value) VALUES ('one', '')", ()), IntegrityError),
        (("INSERT INTO nowhere (name) VALUES ('one')", ()), (OperationalError, ProgrammingError)),
        (("SELEKT", ()), (OperationalError, ProgrammingError)),
    ],
    ids=["a key that is taken", "a table that is not there", "no SQL"],
)
def test_what_the_database_refuses_is_raised_as_sqlalchemy_does_and_nothing_is_changed(
    last: Asking, error: type[DBAPIError]
) -> None:
    def change(bare: Bare) -> None:
        list(bare.met(fact(bare, "one"), renaming(bare, "one"), last))

    with pytest.raises(error) as raised:
        transactions.run_bare(change)
    assert not raised.value.connection_invalidated
    assert kept() == {}
    transactions.run_bare(lambda bare: list(bare.met(fact(bare, "one"))))
    assert kept() == {"one": ""}


@pytest.fixture
def on_server(database_server: DatabaseServer, make_database: MakeDatabase, tmp_path: Path) -> Iterator[Flask]:
    url = database_server.chat.url(make_database(database_server, database_server.collations[0]))
    with prepared(tmp_path, url) as app:
        yield app


def cut_all(server: DatabaseServer) -> None:
    """As a server does that goes away for a moment."""
    with server.root.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'chat'")
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")


@pytest.mark.usefixtures("on_server")
def test_connections_that_were_lost_while_they_rested_are_not_used(
    database_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "REST", 0)
    for number in range(3):
        name = f"fact {number}"
        assert name not in kept()
        db.session.close()
        cut_all(database_server)
        assert len(kept()) == number
        cut_all(database_server)
        transactions.run_bare(lambda bare, name=name: list(bare.met(fact(bare, name))))  # type: ignore[misc]
        db.session.close()


@pytest.mark.usefixtures("on_server")
def test_a_connection_that_is_lost_in_a_transaction_is_an_outage_and_the_next_one_is_another(
    database_server: DatabaseServer,
) -> None:
    def change(bare: Bare) -> None:
        list(bare.met(fact(bare, "one")))
        cut_all(database_server)
        list(bare.met(fact(bare, "two")))

    with pytest.raises(OperationalError) as raised:
        transactions.run_bare(change)
    assert raised.value.connection_invalidated
    db.session.close()
    transactions.run_bare(lambda bare: list(bare.met(fact(bare, "three"))))
    db.session.close()
    assert kept() == {"three": ""}
