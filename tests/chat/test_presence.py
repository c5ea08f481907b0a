"""Who is here, with a grace for reloads."""

from __future__ import annotations

import pytest

from chat import presence
from tests.cast import Member


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until its one entry is changed."""
    now = [1000.0]
    monkeypatch.setattr("chat.presence.time.monotonic", lambda: now[0])
    return now


def settle(person: Member) -> None:
    with person.app.app_context():
        presence.settle()


def test_the_first_connection_is_told_once(alice: Member, bob: Member) -> None:
    watching = alice.connect()
    settle(alice)
    watching.heard()
    bob.connect()
    bob.connect()
    settle(alice)
    settle(alice)
    assert watching.heard("presence_changed") == [{"online": [bob.id], "offline": []}]
    assert alice.get_ok("/people?q=bob")["people"][0]["online"] is True


def test_a_reload_is_not_a_departure(alice: Member, bob: Member, clock: list[float]) -> None:
    watching, leaving = alice.connect(), bob.connect()
    settle(alice)
    watching.heard()
    leaving.close()
    clock[0] += presence.GRACE - 1
    settle(alice)
    bob.connect()
    clock[0] += presence.GRACE + 1
    settle(alice)
    assert watching.heard("presence_changed") == []


def test_the_last_closed_connection_is_one(alice: Member, bob: Member, clock: list[float]) -> None:
    watching, one, two = alice.connect(), bob.connect(), bob.connect()
    settle(alice)
    watching.heard()
    one.close()
    clock[0] += presence.GRACE + 1
    settle(alice)
    assert watching.heard("presence_changed") == []
    two.close()
    clock[0] += presence.GRACE + 1
    settle(alice)
    [heard] = watching.heard("presence_changed")
    assert heard["online"] == []
    [gone] = heard["offline"]
    assert gone["id"] == bob.id
    [seen] = alice.get_ok("/people?q=bob")["people"]
    assert (seen["online"], seen["last_seen_at"]) == (False, gone["last_seen_at"])


def test_who_comes_and_goes_within_a_moment_is_not_told(alice: Member, bob: Member, clock: list[float]) -> None:
    watching = alice.connect()
    settle(alice)
    watching.heard()
    bob.connect().close()
    clock[0] += presence.GRACE + 1
    settle(alice)
    assert [heard["online"] for heard in watching.heard("presence_changed")] == [[]]


def test_a_client_can_ask_who_is_here(alice: Member, bob: Member) -> None:
    bob.connect()
    assert alice.connect().ok("load_presence", {})["online"] == sorted([alice.id, bob.id])
