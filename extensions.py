"""The libraries' objects: created here, configured in `create_app`."""

from __future__ import annotations

import math
import sqlite3
import time
from functools import partial
from typing import Any

from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from pymysql.constants import CLIENT
from sqlalchemy import Connection, Dialect, MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase

from realtime import threads

# Named constraints, so that migrations can alter them and a dump reads the same on every database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

SQLITE_BUSY = 5.0  # seconds to wait for another process
BEGIN = "BEGIN IMMEDIATE"  # of a writing transaction of SQLite
REST = 1.0  # seconds after which a connection to a server is asked whether it is there
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MYSQL_TIMEOUTS = {"connect_timeout": 5, "read_timeout": 30, "write_timeout": 30}  # seconds


class SQLite(sqlite3.Connection):
    """A connection whose commit, which waits for the disk, does not hold the event loop."""

    def commit(self) -> None:
        threads.run(super().commit)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)
migrate = Migrate()
login_manager = LoginManager()
socketio = SocketIO()
csrf = CSRFProtect()
babel = Babel()


def engines(url: str) -> dict[str, Any]:
    """Flask-SQLAlchemy's configuration for one database with two engines.

    `db.session` reads on an engine that commits by itself: nothing to begin or to end. chat/transactions.py writes on
    "writes": on MySQL READ COMMITTED (no gap locks, a reader sees what is committed), on SQLite one connection, so that
    writers wait for each other here and not inside SQLite, which would stop the event loop.
    """
    reads: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    # Whoever writes ends the transaction; to end it once more would be a round trip.
    writes: dict[str, Any] = {"pool_reset_on_return": None}
    if make_url(url).get_backend_name() == "sqlite":
        common: dict[str, Any] = {
            "connect_args": {"check_same_thread": False, "timeout": SQLITE_BUSY, "factory": SQLite}
        }
        writes |= {"pool_size": 1, "max_overflow": 0}
    else:
        common = {
            "connect_args": MYSQL_TIMEOUTS | _encryption(url),
            "pool_size": 20,
            "max_overflow": 20,
            "pool_recycle": 1800,
        }
        common |= {"pool_timeout": 10}
        # FOUND_ROWS is SQLAlchemy's: an UPDATE meets what is found, changed or not. Several statements go at once where
        # chat/transactions.py says so; what people say is in none of them, but in their values.
        flags = {"client_flag": CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS}
        writes |= {"isolation_level": "READ COMMITTED", "connect_args": common["connect_args"] | flags}
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": common | reads,
        "SQLALCHEMY_BINDS": {"writes": {"url": url, **common, **writes}},
    }


def _encryption(url: str) -> dict[str, Any]:
    """What stays on this machine is not encrypted, unless the URL says how: it would cost as much as the statements."""
    parts = make_url(url)
    named = any(name.startswith("ssl") for name in parts.query)
    return {} if named or parts.host not in LOOPBACK else {"ssl_disabled": True}


def tune() -> None:
    """Set up the connections of the two engines of the current application."""
    for engine in db.engines.values():
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _open_sqlite)
        else:
            event.listen(engine, "checkin", _rests)
            event.listen(engine, "checkout", partial(_ask_whether_it_is_there, engine.dialect))
    if db.engine.dialect.name == "sqlite":
        event.listen(db.engines["writes"], "begin", _begin_sqlite)


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the module guesses
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later can fail half-way; one that takes the lock at once cannot.
    connection.exec_driver_sql(BEGIN)


def _rests(_connection: Any, record: Any) -> None:
    record.info["since"] = time.monotonic()


def _ask_whether_it_is_there(dialect: Dialect, connection: Any, record: Any, _fairy: Any) -> None:
    """A server that was away has closed its connections. SQLAlchemy's own way asks each time: a round trip for each
    statement."""
    if time.monotonic() - record.info.get("since", math.inf) < REST:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError() from error
