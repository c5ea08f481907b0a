"""Who connects is looked up together with all others who do: each as if they had come alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

import events
from chat import accounts, admission
from chat.arrivals import Arrival, Arrivals
from extensions import db
from models import Session, User
from routes import doors
from tests import sessions
from tests.cast import Connection, Guest, Member, Visitor
from tests.plans import statements

WAIT = 20  # seconds


@dataclass
class Desk:
    """Who is found in sessions that are looked up together is in `outcomes`, by session."""

    app: Flask
    arrivals: Arrivals
    outcomes: dict[str, User | None] = field(default_factory=dict)

    def look_up(self, *session_ids: str) -> list[int | None]:
        """The ids of those who are found, in one batch."""
        made = [self.arrival(session_id) for session_id in session_ids]
        with self.app.app_context():
            self.arrivals.fulfil(made)
            found = [self.outcomes[session_id] for session_id in session_ids]
            return [person and person.id for person in found]

    def arrival(self, session_id: str) -> Arrival:
        def done(outcome: User | None) -> None:
            assert session_id not in self.outcomes
            self.outcomes[session_id] = outcome

        return Arrival(0, session_id, done)


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app, Arrivals(app))


@pytest.fixture
def together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Who connects is looked up by it."""
    monkeypatch.setattr(events, "_arrivals", desk.arrivals)
    return desk


def last_used(person: Member) -> Any:
    with person.app.app_context():
        return db.session.scalar(select(Session.last_used_at).where(Session.id == person.session_id))


def test_a_session_is_its_persons(desk: Desk, alice: Member, bob: Member) -> None:
    """And can be read by who asked, whatever becomes of the batch."""
    for member in (alice, bob, alice):
        person = desk.arrivals.of(member.session_id)
        assert person is not None
        assert (person.id, person.username, person.is_guest, person.locale) == (member.id, member.username, False, None)


@pytest.mark.parametrize("session_id", ["", "x" * 43, "x' OR '1' = '1", "%", "й" * 50])
def test_an_unknown_session_is_nobodys(desk: Desk, alice: Member, session_id: str) -> None:
    assert desk.arrivals.of(session_id) is None
    assert desk.look_up(alice.session_id, session_id) == [alice.id, None]


@pytest.mark.parametrize("end", sessions.ENDINGS.values(), ids=sessions.ENDINGS)
def test_a_session_that_is_over_is_nobodys_and_the_others_are_found(
    desk: Desk, alice: Member, bob: Member, carol: Member, end: Callable[[Member], None]
) -> None:
    assert desk.look_up(alice.session_id) == [alice.id]
    desk.outcomes.clear()
    end(alice)
    assert desk.look_up(bob.session_id, alice.session_id, carol.session_id) == [bob.id, None, carol.id]
    assert desk.arrivals.of(alice.session_id) is None


def test_of_many_at_once_each_is_told_of_their_own(desk: Desk) -> None:
    members = [Member(desk.app, name) for name in ("root", "alice", "bob", "carol") for _ in range(5)]
    start = threading.Barrier(len(members))

    def arrive(member: Member) -> bool:
        start.wait(WAIT)
        person = desk.arrivals.of(member.session_id)
        return person is not None and person.id == member.id

    with ThreadPoolExecutor(len(members)) as pool:
        assert list(pool.map(arrive, members)) == [True] * len(members)


def test_many_are_looked_up_by_one_statement(desk: Desk) -> None:
    members = [Member(desk.app, name) for name in ("root", "alice", "bob", "carol") for _ in range(5)]
    with statements() as asked:
        found = desk.look_up(*(member.session_id for member in members))
    assert found == [member.id for member in members]
    assert len(asked) == 1, asked


def test_sessions_that_were_not_used_for_long_are_marked_as_used_by_one_commit(
    desk: Desk, alice: Member, bob: Member, carol: Member, commits: list[Any]
) -> None:
    sessions.unused_for(sessions.A_WHILE, alice, bob)
    before = {member: last_used(member) for member in (alice, bob, carol)}
    del commits[:]
    assert desk.look_up(*(member.session_id for member in (alice, bob, carol))) == [alice.id, bob.id, carol.id]
    assert len(commits) == 1
    assert last_used(carol) == before[carol]
    for member in (alice, bob):
        assert last_used(member) >= before[member] + sessions.A_WHILE
    desk.outcomes.clear()
    assert desk.look_up(alice.session_id, bob.session_id) == [alice.id, bob.id]
    assert len(commits) == 1


def test_who_was_away_for_a_while_can_be_read_like_all_others(desk: Desk, alice: Member, bob: Member) -> None:
    sessions.unused_for(sessions.A_WHILE, alice)
    person = desk.arrivals.of(alice.session_id)
    assert desk.arrivals.of(bob.session_id), "so the batch before it is over"
    assert person is not None
    assert (person.id, person.username) == (alice.id, "alice")


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, OSError("away")), OSError("broken")], ids=repr)
def test_nobody_waits_for_what_cannot_be_found_out(
    desk: Desk, alice: Member, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """They are looked up alone, which says what is wrong; a database that is away is no accident worth a line."""

    def fails(*_arguments: Any) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(accounts, "in_sessions", fails)
        assert [desk.arrivals.of(alice.session_id) for _ in range(2)] == [None, None]
    assert desk.arrivals.of(alice.session_id) is not None
    assert len(caplog.records) == (0 if isinstance(error, OperationalError) else 2)


# The door


def test_who_comes_is_let_in(together: Desk, alice: Member) -> None:
    with statements() as asked, alice.connect() as connection:
        assert connection.is_open
    of_sessions = [statement for statement in asked if "FROM sessions" in statement]
    assert len(of_sessions) == 1, "nobody is looked up twice"
    assert "IN (" in of_sessions[0]


def test_who_has_no_session_waits_for_nobody(together: Desk) -> None:
    with statements() as asked:
        assert not Connection(Visitor(together.app)).is_open
    assert asked == []


@pytest.mark.parametrize("end", sessions.ENDINGS.values(), ids=sessions.ENDINGS)
def test_who_has_none_any_more_stays_out(together: Desk, alice: Member, end: Callable[[Member], None]) -> None:
    assert alice.connect().is_open
    end(alice)
    assert not alice.connect().is_open


def test_somebody_else_than_expected_stays_out(together: Desk, alice: Member, bob: Member) -> None:
    assert alice.connect(auth={"user_id": alice.id}).is_open
    assert not alice.connect(auth={"user_id": bob.id}).is_open


def test_who_cannot_be_looked_up_with_others_is_looked_up_alone(
    together: Desk, alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: Any) -> None:
        raise OperationalError("SELECT", {}, OSError("away"))

    monkeypatch.setattr(accounts, "in_sessions", fails)
    assert alice.connect().is_open


def test_guests_of_earlier_days_stay_out(make: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    open_to_guests = make(GUESTS="public")
    monkeypatch.setattr(events, "_arrivals", Arrivals(open_to_guests))
    guest = Guest(open_to_guests, "visitor")
    assert guest.connect().is_open
    closed = make(GUESTS="off")
    monkeypatch.setattr(events, "_arrivals", Arrivals(closed))
    again = Visitor(closed)
    again.http.set_cookie("session", guest.http.get_cookie("session").value)
    assert not Connection(again).is_open
    with closed.app_context():
        g.identified = events._arrivals.of(guest.session_id)
        assert g.identified.is_guest
        assert doors.load_identity(guest.session_id) is None
        assert isinstance(doors.refusal(), admission.NoLongerAdmitted)


def test_who_was_found_is_asked_about_once(together: Desk, alice: Member, bob: Member) -> None:
    """What was found for one session is not what the next one is."""
    with together.app.app_context():
        g.identified = together.arrivals.of(alice.session_id)
        found = [doors.load_identity(session_id) for session_id in (alice.session_id, bob.session_id)]
        assert [identity and identity.user.id for identity in found] == [alice.id, bob.id]
