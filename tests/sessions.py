"""Sessions as the clock, the operator or another process leaves them: nobody in this one is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, update

from chat import accounts, clock, transactions
from models import Session, User
from tests.cast import Member

A_WHILE = accounts.SESSION_TOUCH + timedelta(seconds=1)  # after which a session is marked as used


def unused_for(interval: timedelta, *people: Member) -> None:
    """They did nothing for so long."""
    before = clock.now() - interval
    mine = update(Session).where(Session.id.in_([person.session_id for person in people]))
    with people[0].app.app_context():
        transactions.run(lambda session: session.execute(mine.values(last_used_at=before)))


def ends(person: Member) -> None:
    with person.app.app_context():
        transactions.run(lambda session: session.execute(delete(Session).where(Session.id == person.session_id)))


def grows_too_old(person: Member) -> None:
    unused_for(accounts.SESSION_LIFETIME + timedelta(seconds=1), person)


def is_disabled(person: Member) -> None:
    disabled = update(User).where(User.id == person.id).values(disabled_at=clock.now())
    with person.app.app_context():
        transactions.run(lambda session: session.execute(disabled))


ENDINGS: dict[str, Callable[[Member], None]] = {
    "it was ended": ends,
    "it is too old": grows_too_old,
    "its person was disabled": is_disabled,
}
