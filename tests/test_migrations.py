"""What state a SQLite database is in (MySQL and MariaDB: tests/test_schema_servers.py)."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from extensions import db
from migrations import state
from tests.cast import Member
from tests.conftest import close, make_app

REPOSITORY = Path(__file__).resolve().parent.parent


def test_the_schema_file_is_current(app: Flask) -> None:
    with app.app_context():
        assert (REPOSITORY / "schema.sql").read_text() == state.schema()


def test_a_migrated_database_is_equal_to_the_models(empty_app: Flask) -> None:
    with empty_app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


TABLES = ("users", "sessions")


def test_preparing_again_changes_nothing(app: Flask) -> None:
    with app.app_context():
        state.prepare()
        assert db.session.execute(db.text("SELECT COUNT(*) FROM users")).scalar() == 4


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE TABLE recipes (id INTEGER)", "of something else"),
        ("CREATE TABLE alembic_version (version_num VARCHAR(32))", ""),
    ],
)
def test_a_foreign_database_is_refused(tmp_path: Path, statement: str, reason: str) -> None:
    app = make_app(tmp_path)
    with app.app_context():
        with db.engines["writes"].begin() as connection:
            connection.exec_driver_sql(statement)
        if reason:
            with pytest.raises(state.NotReady, match=reason):
                state.prepare()
        else:
            # Alembic's own table without a revision is what an interrupted first start leaves.
            state.prepare()
    close(app)


def test_an_older_database_is_migrated_with_all_that_is_in_it(app: Flask, alice: Member) -> None:
    with app.app_context():
        command.downgrade(state.configuration(), "0001")
        state.prepare()
        assert state.head() != "0001"
        users, sessions = (db.session.execute(db.text(f"SELECT COUNT(*) FROM {table}")).scalar() for table in TABLES)
    assert (users, sessions) == (4, 1)


def test_a_newer_database_is_refused(app: Flask) -> None:
    with app.app_context():
        with db.engines["writes"].begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'fromthefuture'")
        with pytest.raises(state.NotReady, match="newer"):
            state.prepare()


def test_durability_is_not_traded_for_speed(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            with engine.connect() as connection:
                pragmas = {
                    name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "synchronous", "foreign_keys")
                }
            assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
