"""The clock door."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

import jobs
from chat import accounts, clock
from extensions import db
from models import Session
from tests.cast import Member


def test_every_job_runs(app: Flask) -> None:
    for job, period in jobs.JOBS:
        assert period > 0
        with app.app_context():
            job()


def test_a_job_that_fails_does_not_stop_the_clock(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise RuntimeError("this time")

    jobs._once(app, fails)
    assert "this time" in caplog.text


def test_sessions_nobody_used_are_forgotten(alice: Member, bob: Member) -> None:
    old = clock.now() - accounts.SESSION_LIFETIME - timedelta(minutes=1)
    with alice.app.app_context():
        with db.engines["writes"].begin() as connection:
            connection.execute(
                Session.__table__.update().where(Session.id == alice.session_id).values(last_used_at=old)
            )
        assert accounts.in_session(alice.session_id) is None
        accounts.sweep_sessions()
        left = set(db.session.scalars(db.select(Session.id)))
    assert alice.session_id not in left
    assert bob.session_id in left


def test_a_session_in_use_stays_young(alice: Member) -> None:
    earlier = clock.now() - timedelta(days=29)
    with alice.app.app_context():
        with db.engines["writes"].begin() as connection:
            connection.execute(Session.__table__.update().values(last_used_at=earlier))
        accounts.in_session(alice.session_id)
        found = accounts.in_session(alice.session_id)
        assert found is not None
        assert clock.now() - found[0].last_used_at < timedelta(minutes=1)
