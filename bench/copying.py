"""The corpus on a database server: every row of the SQLite file, loaded as fast as the server takes it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
from sqlalchemy import Table

from extensions import Base
from tests.conftest import prepared
from tests.services import Account, DatabaseServer, MySQL, mysql_script

AT_ONCE = 50_000  # rows in one file
# As whoever has as many messages would set it: MySQL's own 128 MB hold a small part of them, where SQLite has the whole
# memory of the machine.
BUFFER_POOL = 1 << 30  # bytes
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})


@contextmanager
def real_mysql() -> Iterator[MySQL | None]:
    """A running MySQL, or None where nothing can start one."""
    if mysql_script() is None or os.geteuid() != 0:
        yield None
    else:
        with MySQL() as server:
            yield server


def copied(path: Path, server: DatabaseServer, database: str) -> str:
    """Make a database with all that the SQLite file at `path` holds; returns its URL."""
    settings = "SET GLOBAL local_infile = ON", f"SET GLOBAL innodb_buffer_pool_size = {BUFFER_POOL}"
    server.root.execute(f"CREATE DATABASE {database}", *settings)
    url = server.chat.url(database)
    with tempfile.TemporaryDirectory() as folder, prepared(Path(folder), url):
        tables = [table for table in Base.metadata.sorted_tables if not table.info.get("bind_key")]
    with sqlite3.connect(path) as source, connected(server.root, database) as target:
        for table in tables:
            copy(table, source, target)
    return url


def connected(account: Account, database: str) -> pymysql.Connection:
    connection = pymysql.connect(
        host="127.0.0.1",
        port=account.port,
        user=account.user,
        password=account.password,
        database=database,
        charset="utf8mb4",
        local_infile=True,
        autocommit=True,
    )
    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0, unique_checks = 0")
    return connection


def copy(table: Table, source: sqlite3.Connection, target: pymysql.Connection) -> None:
    with target.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table.name}")
    binary = [column.type.python_type is bytes for column in table.columns]
    names = [column.name for column in table.columns]
    order = ", ".join(column.name for column in table.primary_key)
    rows = source.execute(f"SELECT {', '.join(names)} FROM {table.name} ORDER BY {order}")
    while some := rows.fetchmany(AT_ONCE):
        load(target, table.name, names, binary, some)


def load(
    target: pymysql.Connection, table: str, names: Sequence[str], binary: Sequence[bool], rows: Iterable[Sequence[Any]]
) -> None:
    taken = [f"@{name}" if is_binary else name for name, is_binary in zip(names, binary, strict=True)]
    turned = [f"{name} = UNHEX(@{name})" for name, is_binary in zip(names, binary, strict=True) if is_binary]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n") as file:
        file.writelines("\t".join(map(written, row)) + "\n" for row in rows)
        file.flush()
        with target.cursor() as cursor:
            cursor.execute(
                f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE {table} CHARACTER SET utf8mb4 ({', '.join(taken)})"
                + (f" SET {', '.join(turned)}" if turned else "")
            )


def written(value: Any) -> str:
    if value is None:
        return "\\N"
    return value.hex() if isinstance(value, bytes) else str(value).translate(ESCAPES)
