"""On real servers: schema.sql, the migrations and the models make one and the same database, whatever its defaults."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

import models  # noqa: F401 - fills the metadata
from extensions import db
from settings import SETTINGS
from tests.servers import REPOSITORY, ServerProcess
from tests.services import DatabaseServer, program

SCHEMA = REPOSITORY / "schema.sql"
SECONDS = 120

MakeDatabase = Callable[[DatabaseServer, str], str]

# Whatever makes two databases different for us. The order of columns does not: a migration adds at the end.
CATALOGUE = {
    "tables": """
        SELECT table_name, engine, table_collation FROM information_schema.tables
        WHERE table_schema = DATABASE()""",
    "columns": """
        SELECT table_name, column_name, column_type, is_nullable, column_default,
               character_set_name, collation_name, extra
        FROM information_schema.columns WHERE table_schema = DATABASE()""",
    "indexes": """
        SELECT table_name, index_name, seq_in_index, column_name, non_unique, sub_part
        FROM information_schema.statistics WHERE table_schema = DATABASE()""",
    "references": """
        SELECT used.table_name, used.constraint_name, used.column_name, used.referenced_table_name,
               used.referenced_column_name, rules.delete_rule, rules.update_rule
        FROM information_schema.key_column_usage AS used
        JOIN information_schema.referential_constraints AS rules
          ON rules.constraint_schema = used.constraint_schema AND rules.constraint_name = used.constraint_name
        WHERE used.table_schema = DATABASE()""",
}


@pytest.fixture(params=range(3))
def collation(request: pytest.FixtureRequest, database_server: DatabaseServer) -> str:
    return database_server.collations[request.param]


def flask(*arguments: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {setting.name: "" for setting in SETTINGS} | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def load_schema(server: DatabaseServer, name: str, client: str = "mariadb") -> None:
    """As an operator does it: `mysql chat < schema.sql`."""
    account = server.chat
    with SCHEMA.open() as schema:
        done = subprocess.run(
            [
                program(client),
                "--no-defaults",
                "--host=127.0.0.1",
                f"--port={account.port}",
                f"--user={account.user}",
                name,
            ],
            env=os.environ | {"MYSQL_PWD": account.password},
            stdin=schema,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    assert done.returncode == 0, done.stderr


def catalogue(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                what: sorted((tuple(row) for row in connection.execute(text(query))), key=repr)
                for what, query in CATALOGUE.items()
            }
    finally:
        engine.dispose()


def differences_from_models(url: str) -> list[Any]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            return list(compare_metadata(MigrationContext.configure(connection, opts=options), db.metadata))
    finally:
        engine.dispose()


def test_schema_sql_is_current(tmp_path: Path) -> None:
    assert flask("schema", INSTANCE_DIR=str(tmp_path)) == SCHEMA.read_text(), "run: make schema"


def test_schema_sql_migrations_and_models_are_one(
    database_server: DatabaseServer, collation: str, make_database: MakeDatabase, tmp_path: Path
) -> None:
    loaded, migrated = (make_database(database_server, collation) for _ in range(2))
    load_schema(database_server, loaded)
    flask("db", "upgrade", DATABASE_URL=database_server.chat.url(migrated), INSTANCE_DIR=str(tmp_path))

    by_schema = catalogue(database_server.chat.url(loaded))
    assert by_schema == catalogue(database_server.chat.url(migrated))
    for name in (loaded, migrated):
        assert differences_from_models(database_server.chat.url(name)) == []
    assert {row[0] for row in by_schema["tables"]} == {*db.metadata.tables, "alembic_version"}
    assert {row[2] for row in by_schema["tables"]} == {"utf8mb4_bin"}
    assert {row[6] for row in by_schema["columns"]} <= {"utf8mb4_bin", None}


def test_the_comparison_sees_a_difference(database_server: DatabaseServer, make_database: MakeDatabase) -> None:
    """What the test above rests on."""
    name = make_database(database_server, database_server.collations[0])
    load_schema(database_server, name)
    url = database_server.chat.url(name)
    before = catalogue(url)
    database_server.root.execute("ALTER TABLE users MODIFY username VARCHAR(31) NOT NULL", database=name)
    assert catalogue(url)["columns"] != before["columns"]
    assert differences_from_models(url) != []


def test_names_are_compared_byte_by_byte(database_server: DatabaseServer, make_database: MakeDatabase) -> None:
    """General collations hold these equal; ours may not."""
    name = make_database(database_server, database_server.collations[0])
    load_schema(database_server, name)
    with database_server.chat.connect(name) as connection, connection.cursor() as cursor:
        for word in ("😀", "😂", "артём", "артем", "ß", "ss"):
            cursor.execute("INSERT INTO facts (name, value) VALUES (%s, 'x')", [word])
        cursor.execute("SELECT COUNT(*) FROM facts")
        assert cursor.fetchone() == (6,)


def test_an_older_database_is_refused_with_the_command_to_run(
    database_server: DatabaseServer, make_database: MakeDatabase, tmp_path: Path
) -> None:
    """A server's database is migrated when its operator says so, after a backup; never by a start."""
    url = database_server.chat.url(make_database(database_server, database_server.collations[0]))
    flask("db", "upgrade", "0001", DATABASE_URL=url, INSTANCE_DIR=str(tmp_path))
    server = ServerProcess(tmp_path, url)
    [refusal] = server.refuse()
    assert "flask db upgrade" in refusal
    flask("db", "upgrade", DATABASE_URL=url, INSTANCE_DIR=str(tmp_path))
    with server:
        assert server.health() == 200
