"""The one way to write: a short transaction on the writing engine, tried again when the database asks for it.

Reading goes through `db.session`, whose engine commits by itself and so costs no round trip to begin or end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, UpdateBase, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from extensions import db

T = TypeVar("T")

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


def _should_try_again(error: DBAPIError) -> bool:
    number = error.orig.args[0] if error.orig and error.orig.args else None
    return number in _TRY_AGAIN
