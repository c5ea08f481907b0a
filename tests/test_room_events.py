"""Events of group rooms, one by one: it works, signed out, outsider, the wrong role, bad input, too often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from extensions import db
from tests.cast import Connection, Member

HUGE = 2**63


def valid(event: str, room_id: int) -> dict[str, Any]:
    """Data with which alice's event succeeds, who owns the private room with bob and carol outside."""
    return {
        "create_room": {"name": "New room"},
        "change_room": {"room_id": room_id, "name": "Other name"},
        "delete_room": {"room_id": room_id},
        "undo_delete_room": {"room_id": room_id},
        "join_room": {"room_id": room_id},
        "leave_room": {"room_id": room_id},
        "enter_room": {"room_id": room_id},
        "set_notify": {"room_id": room_id, "notify": "mentions"},
    }[event]


EVENTS = (
    "create_room",
    "change_room",
    "delete_room",
    "undo_delete_room",
    "join_room",
    "leave_room",
    "enter_room",
    "set_notify",
)
IN_A_ROOM = tuple(event for event in EVENTS if event != "create_room")
OF_THE_OWNER = ("delete_room",)


@pytest.fixture
def tea(alice: Member) -> int:
    """Alice's private room."""
    return int(alice.make_room(name="Tea room", visibility="private")["id"])


@pytest.fixture
def talk(alice: Member) -> Connection:
    return alice.connect()


def prepare(talk: Connection, room_id: int, event: str) -> None:
    if event == "undo_delete_room":
        talk.ok("delete_room", {"room_id": room_id})


@pytest.mark.parametrize("event", EVENTS)
def test_it_is_acknowledged(talk: Connection, tea: int, event: str) -> None:
    prepare(talk, tea, event)
    assert talk.call(event, valid(event, tea))["ok"] is True


@pytest.mark.parametrize("event", EVENTS)
def test_a_session_that_was_ended_does_nothing_more(alice: Member, talk: Connection, tea: int, event: str) -> None:
    prepare(talk, tea, event)
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("DELETE FROM sessions WHERE id = ?", (alice.session_id,))
    assert talk.error(event, valid(event, tea)) == "unauthenticated"


@pytest.mark.parametrize("event", IN_A_ROOM)
def test_to_an_outsider_the_room_is_not_there(carol: Member, talk: Connection, tea: int, event: str) -> None:
    prepare(talk, tea, event)
    outsider = carol.connect()
    refused = outsider.call(event, valid(event, tea))
    assert refused["error"]["code"] == "not_found"
    assert outsider.call(event, valid(event, 999_999)) == refused


@pytest.mark.parametrize("event", set(IN_A_ROOM) - {"join_room"})
def test_a_direct_conversation_is_no_group(talk: Connection, room_id: int, event: str) -> None:
    assert talk.error(event, valid(event, room_id)) == "not_found"


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("data", [(), (None,), ("text",), ([],), (1,), ({}, {})], ids=str)
def test_anything_but_one_object_is_refused(talk: Connection, event: str, data: tuple[Any, ...]) -> None:
    assert talk.error(event, *data) == "invalid"


NAMES = [None, 5, "", "   ", "x" * 81, "\ud800", "a\0b", "\u200b", "\u3164", ["General"], {}]
BAD = [
    *(("create_room", {"name": name}, "invalid") for name in NAMES),
    *(("change_room", {"name": name}, "invalid") for name in NAMES),
    *(("join_room", {"room_id": room_id}, "invalid") for room_id in (None, "1", True, 1.5, 0, -1, HUGE)),
    *(("enter_room", {"room_id": room_id}, "invalid") for room_id in ("1", True, 1.5, 0, -1, HUGE, [])),
    *((event, {"room_id": "1"}, "invalid") for event in EVENTS if event != "create_room"),
    *((event, {"room_id": HUGE - 1}, "not_found") for event in EVENTS if event != "create_room"),
    *(
        (event, wrong, "invalid")
        for event in ("create_room", "change_room")
        for wrong in (
            {"topic": None},
            {"topic": "x" * 501},
            {"topic": 7},
            {"emoji": "x"},
            {"emoji": "😀😀"},
            {"emoji": None},
            {"emoji": "😀" * 40},
            {"visibility": "secret"},
            {"visibility": None},
            {"visibility": ["public"]},
            {"keeps_history": 1},
            {"keeps_history": None},
            {"history_from_join": "true"},
            {"admits_guests": 0},
            {"message_ttl": 9},
            {"message_ttl": 31_536_001},
            {"message_ttl": True},
            {"message_ttl": "60"},
            {"message_ttl": 10.5},
            {"idle_ttl": 59},
            {"idle_ttl": 31_536_001},
            {"idle_ttl": []},
        )
    ),
    ("create_room", {"name": "general"}, "conflict"),
    ("create_room", {"name": "ＧENERAL"}, "conflict"),
    ("create_room", {"name": "tea  ROOM"}, "conflict"),
    ("change_room", {"name": "General"}, "conflict"),
    ("set_notify", {"notify": None}, "invalid"),
    ("set_notify", {"notify": "some"}, "invalid"),
    ("set_notify", {"notify": ["all"]}, "invalid"),
]


@pytest.mark.parametrize(("event", "wrong", "code"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_is_refused(
    alice: Member, talk: Connection, tea: int, event: str, wrong: dict[str, Any], code: str
) -> None:
    before = alice.get_ok("/rooms")["rooms"]
    assert talk.error(event, valid(event, tea) | wrong) == code
    assert alice.get_ok("/rooms")["rooms"] == before


@pytest.mark.parametrize("name", [None, 5, "", "x" * 81])
def test_a_name_that_cannot_be_is_refused_in_joining_too(talk: Connection, name: object) -> None:
    assert talk.error("join_room", {"name": name}) == "invalid"


@pytest.mark.parametrize("event", EVENTS)
def test_too_often_is_refused(make: Callable[..., Flask], event: str) -> None:
    connection = Member(make(EVENT_RATE="1 per hour"), "alice").connect()
    room_id = connection.ok("create_room", {"name": "One"})["room"]["id"]
    assert connection.error(event, valid(event, room_id)) == "too_often"
