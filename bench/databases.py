"""Empty databases on a real server, one for each of those that are measured."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bench.copying import real_mysql
from tests.services import PATH, DatabaseServer, MariaDB


@contextmanager
def server() -> Iterator[tuple[str, DatabaseServer | None]]:
    """What it is called, and the running server: MySQL, MariaDB where there is none, or nothing."""
    with real_mysql() as mysql:
        if mysql is not None:
            yield "MySQL", mysql
        elif shutil.which("mariadbd", path=PATH) and shutil.which("mariadb-install-db", path=PATH):
            with MariaDB() as mariadb:
                yield "MariaDB", mariadb
        else:
            yield "MySQL", None


def urls(server: DatabaseServer, names: Sequence[str]) -> list[str]:
    made = [f"chat_engine_{name.lower()}" for name in names]
    server.root.execute(*(f"CREATE DATABASE {name} CHARACTER SET utf8mb4" for name in made))
    # None of them encrypts what stays on this machine, as mysql2 and Parley do not by themselves.
    return [
        make_url(server.chat.url(name)).update_query_dict({"ssl_disabled": "true"}).render_as_string(False)
        for name in made
    ]


def count(url: str, table: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    engine.dispose()
    return int(found)
