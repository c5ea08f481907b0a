"""The one way to write: a short transaction on the writing engine, tried again when the database asks for it.

Reading goes through `db.session`, whose engine commits by itself and so costs no round trip to begin or end.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Engine, UpdateBase, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from extensions import BEGIN, db

T = TypeVar("T")

Asking = tuple[str, Sequence[object]]  # a statement, and its values

ATTEMPTS = 5
# MySQL's numbers for a deadlock's victim, a lock waited for too long, and (MariaDB 11.6+) a record changed meanwhile.
_TRY_AGAIN = frozenset({1213, 1205, 1020})


def run(change: Callable[[Session], T]) -> T:
    """Call `change(session)` and commit; what it returns is true from then on. Rolled back when it raises.

    `change` may run several times, so it must do nothing but talk to the session.
    """
    return _tried(lambda: _once(change))


def run_plain(change: Callable[[Connection], T]) -> T:
    """As `run`, for statements without the ORM: that costs less, and what was read before is not read again."""
    return _tried(lambda: _once_plain(change))


@dataclass(frozen=True, slots=True)
class Bare:
    """A transaction as the driver has it."""

    cursor: Any  # PEP 249
    place: str  # what stands in a statement for a value
    takes_many: bool  # statements at once

    def execute(self, statement: str, values: Sequence[object] = ()) -> Any:
        """The cursor, with the rows in it or how many were met."""
        self.cursor.execute(statement, values)
        return self.cursor

    def met(self, *statements: Asking) -> Generator[int]:
        """How many rows each of them met, one after another. A server is sent all of them at once: that saves most of
        the time they take. Whoever asks no further gives up the transaction."""
        if not self.takes_many:
            for statement, values in statements:
                yield self.execute(statement, values).rowcount
            return
        words, values = zip(*statements, strict=True)
        self.cursor.execute(";".join(words), list(chain(*values)))
        try:
            yield self.cursor.rowcount
            while self.cursor.nextset():
                yield self.cursor.rowcount
        finally:
            with suppress(Exception):  # of what nobody asks any more
                while self.cursor.nextset():
                    pass


def run_bare(change: Callable[[Bare], T]) -> T:
    """As `run`, for the few statements that are on every message's way: SQLAlchemy around them costs more than they do.

    What goes wrong is raised as SQLAlchemy raises it.
    """
    return _tried(lambda: _once_bare(change))


def _tried(once: Callable[[], T]) -> T:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return once()
        except DBAPIError as error:
            if attempt == ATTEMPTS or not _should_try_again(error):
                raise
    raise AssertionError("unreachable")


def affected(session: Session, statement: UpdateBase) -> int:
    """How many rows an UPDATE or DELETE met: what decides a race."""
    result = cast("CursorResult[Any]", session.execute(statement))
    return result.rowcount


def ping() -> None:
    """Ask the database for a sign of life. Raises what SQLAlchemy raises when there is none."""
    db.session.execute(text("SELECT 1"))


def _once(change: Callable[[Session], T]) -> T:
    with Session(db.engines["writes"], expire_on_commit=False) as session, session.begin():
        result = change(session)
    # What this greenlet has read before is older than what it has just written.
    db.session.expire_all()
    return result


def _once_plain(change: Callable[[Connection], T]) -> T:
    with db.engines["writes"].begin() as connection:
        return change(connection)


def _once_bare(change: Callable[[Bare], T]) -> T:
    engine = db.engines["writes"]
    is_file = engine.dialect.name == "sqlite"
    try:
        connection = engine.raw_connection()
    except _driver_error(engine) as error:
        raise _as_sqlalchemy(engine, error) from error
    try:
        cursor = connection.cursor()
        if is_file:
            cursor.execute(BEGIN)
        result = change(Bare(cursor, "?" if is_file else "%s", takes_many=not is_file))
        connection.commit()
    except _driver_error(engine) as error:
        _give_up(connection, engine)
        raise _as_sqlalchemy(engine, error, connection) from error
    except Exception:
        _give_up(connection, engine)
        raise
    except BaseException as ended:  # in the middle of a statement, maybe: nobody knows what comes next on it
        connection.invalidate(ended)
        raise
    finally:
        connection.close()
    return result


def _give_up(connection: Any, engine: Engine) -> None:
    try:
        connection.rollback()
    except _driver_error(engine) as lost:
        connection.invalidate(lost)


def _driver_error(engine: Engine) -> type[Exception]:
    error: type[Exception] = engine.dialect.loaded_dbapi.Error
    return error


def _as_sqlalchemy(engine: Engine, error: Any, connection: Any = None) -> DBAPIError:
    """Of its classes, and with its word for a connection that was lost."""
    is_lost = connection is not None and engine.dialect.is_disconnect(error, connection.driver_connection, None)
    base = _driver_error(engine)
    made = DBAPIError.instance(None, None, error, base, connection_invalidated=is_lost, dialect=engine.dialect)
    return cast("DBAPIError", made)


def _should_try_again(error: DBAPIError) -> bool:
    number = error.orig.args[0] if error.orig and error.orig.args else None
    return number in _TRY_AGAIN
