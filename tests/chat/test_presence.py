"""Who is here, with a grace for reloads."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from chat import departures, presence
from extensions import db
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


# Rooms


@pytest.fixture
def tea(alice: Member, bob: Member, carol: Member) -> int:
    """Alice's public room, with bob and carol in it."""
    room_id = int(alice.make_room(visibility="public")["id"])
    for person in (bob, carol):
        person.connect().ok("join_room", {"room_id": room_id})
    return room_id


def settle_rooms(person: Member) -> None:
    with person.app.app_context():
        presence.settle_rooms()


def test_who_has_a_room_open_hears_who_else_has(alice: Member, bob: Member, carol: Member, tea: int) -> None:
    watching, coming, elsewhere = alice.connect(), bob.connect(), carol.connect()
    assert watching.ok("enter_room", {"room_id": tea})["here"] == [alice.id]
    settle_rooms(alice)
    watching.heard()
    assert coming.ok("enter_room", {"room_id": tea})["here"] == [alice.id, bob.id]
    assert presence.here(tea) == {alice.id, bob.id}
    assert (presence.is_here(bob.id, tea), presence.is_here(carol.id, tea)) == (True, False)
    settle_rooms(alice)
    settle_rooms(alice)
    [heard] = watching.heard("here_changed")
    assert (heard["room_id"], [person["username"] for person in heard["came"]], heard["gone"]) == (tea, ["bob"], [])
    assert elsewhere.heard("here_changed") == []
    members = alice.get_ok(f"/rooms/{tea}/members")["members"]
    assert {member["username"]: member["here"] for member in members} == {"alice": True, "bob": True, "carol": False}


@pytest.mark.parametrize("how", ["another room", "no room", "disconnecting", "leaving", "signing out"])
def test_who_goes_is_no_longer_here(alice: Member, bob: Member, tea: int, how: str) -> None:
    watching, going = alice.connect(), bob.connect()
    for connection in (watching, going):
        connection.ok("enter_room", {"room_id": tea})
    settle_rooms(alice)
    watching.heard()
    if how == "another room":
        going.ok("enter_room", {"room_id": bob.make_room(name="Other")["id"]})
    elif how == "no room":
        assert going.ok("enter_room", {"room_id": None})["here"] == []
    elif how == "disconnecting":
        going.close()
    elif how == "leaving":
        bob.connect().ok("leave_room", {"room_id": tea})
    else:
        bob.signs_out()
    assert presence.here(tea) == {alice.id}
    settle_rooms(alice)
    assert watching.heard("here_changed") == [{"room_id": tea, "came": [], "gone": [bob.id]}]


def test_the_last_page_with_a_room_open_is_one(alice: Member, bob: Member, tea: int) -> None:
    watching, one, two = alice.connect(), bob.connect(), bob.connect()
    for connection in (watching, one, two):
        connection.ok("enter_room", {"room_id": tea})
    settle_rooms(alice)
    watching.heard()
    one.close()
    settle_rooms(alice)
    assert watching.heard("here_changed") == []
    two.close()
    assert presence.here(tea) == {alice.id}


def test_who_looks_in_for_a_moment_is_not_told(alice: Member, bob: Member, tea: int) -> None:
    watching, passing = alice.connect(), bob.connect()
    watching.ok("enter_room", {"room_id": tea})
    settle_rooms(alice)
    watching.heard()
    passing.ok("enter_room", {"room_id": tea})
    passing.ok("enter_room", {"room_id": None})
    settle_rooms(alice)
    assert watching.heard("here_changed") == []


def test_nobody_is_in_a_room_that_is_not_theirs(alice: Member, bob: Member, tea: int) -> None:
    private = alice.make_room(name="Private")["id"]
    outside = bob.connect()
    outside.ok("enter_room", {"room_id": tea})
    assert outside.error("enter_room", {"room_id": private}) == "not_found"
    assert presence.here(private) == presence.here(tea) == set()


def test_a_deleted_room_is_empty(alice: Member, bob: Member, tea: int) -> None:
    bob.connect().ok("enter_room", {"room_id": tea})
    alice.connect().ok("delete_room", {"room_id": tea})
    assert presence.here(tea) == set()


def test_who_enters_while_others_come_and_go_hears_the_rest(alice: Member, bob: Member, tea: int) -> None:
    """Lost and back within a second: nothing for those who were there, all for who came in between."""
    lost = alice.connect()
    lost.ok("enter_room", {"room_id": tea})
    settle_rooms(alice)
    lost.close()
    coming = bob.connect()
    assert coming.ok("enter_room", {"room_id": tea})["here"] == [bob.id]
    alice.connect().ok("enter_room", {"room_id": tea})
    settle_rooms(alice)
    [heard] = coming.heard("here_changed")
    assert "alice" in [person["username"] for person in heard["came"]]
    assert heard["gone"] == []


def test_thousands_who_go_offline_are_asked_for_together(app: Flask) -> None:
    asked: list[str] = []
    with app.app_context():
        presence.left.update(range(10_000, 12_000))

        def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
            asked.append(statement)

        for engine in db.engines.values():
            event.listen(engine, "before_cursor_execute", note)
        departures.settle()
        for engine in db.engines.values():
            event.remove(engine, "before_cursor_execute", note)
    assert presence.left == set()
    assert 0 < len(asked) < 10, asked
