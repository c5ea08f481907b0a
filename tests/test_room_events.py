"""Events of group rooms, one by one: it works, signed out, outsider, the wrong role, bad input, too often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from extensions import db
from tests.cast import Connection, Member

HUGE = 2**63


def valid(event: str, room_id: int, **known: Any) -> dict[str, Any]:
    """Data with which alice's event succeeds: she owns the private room, bob is in it, carol is not.

    `known` are bob's `user_id`, and the `invitation_id` and `token` of a link, where the event is to succeed.
    """
    user_id = known.get("user_id", 1)
    return {
        "create_room": {"name": "New room"},
        "change_room": {"room_id": room_id, "name": "Other name"},
        "delete_room": {"room_id": room_id},
        "undo_delete_room": {"room_id": room_id},
        "join_room": {"room_id": room_id},
        "leave_room": {"room_id": room_id},
        "enter_room": {"room_id": room_id},
        "set_notify": {"room_id": room_id, "notify": "mentions"},
        "invite": {"room_id": room_id, "username": "root"},
        "remove_member": {"room_id": room_id, "user_id": user_id},
        "set_role": {"room_id": room_id, "user_id": user_id, "role": "moderator"},
        "hand_over": {"room_id": room_id, "user_id": user_id},
        "create_invitation": {"room_id": room_id, "expires_in": 3600, "uses": 5},
        "revoke_invitation": {"room_id": room_id, "invitation_id": known.get("invitation_id", 1)},
        "accept_invitation": {"token": known.get("token", "x" * 43)},
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
    "invite",
    "remove_member",
    "set_role",
    "hand_over",
    "create_invitation",
    "revoke_invitation",
    "accept_invitation",
)
IN_A_ROOM = tuple(event for event in EVENTS if event not in ("create_room", "accept_invitation"))
# What a member may not do in a private room.
OF_MODERATORS = ("change_room", "invite", "remove_member", "create_invitation", "revoke_invitation")
OF_THE_OWNER = ("delete_room", "set_role", "hand_over")


@pytest.fixture
def talk(alice: Member) -> Connection:
    return alice.connect()


@pytest.fixture
def tea(alice: Member, bob: Member, talk: Connection) -> int:
    """Alice's private room, with bob in it."""
    room_id = int(alice.make_room(name="Tea room", visibility="private")["id"])
    talk.ok("invite", {"room_id": room_id, "username": "bob"})
    return room_id


def prepare(talk: Connection, room_id: int, event: str) -> dict[str, Any]:
    """Bring the room to where the event can succeed; returns what has to be known for it."""
    if event == "undo_delete_room":
        talk.ok("delete_room", {"room_id": room_id})
    if "invitation" not in event:
        return {"user_id": Member(talk.app, "bob").id}
    invitation = talk.ok("create_invitation", {"room_id": room_id})["invitation"]
    return {"invitation_id": invitation["id"], "token": invitation["url"].removeprefix("/i/")}


@pytest.mark.parametrize("event", EVENTS)
def test_it_is_acknowledged(talk: Connection, tea: int, event: str) -> None:
    known = prepare(talk, tea, event)
    assert talk.call(event, valid(event, tea, **known))["ok"] is True


@pytest.mark.parametrize("event", EVENTS)
def test_a_session_that_was_ended_does_nothing_more(alice: Member, talk: Connection, tea: int, event: str) -> None:
    known = prepare(talk, tea, event)
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("DELETE FROM sessions WHERE id = ?", (alice.session_id,))
    assert talk.error(event, valid(event, tea, **known)) == "unauthenticated"


@pytest.mark.parametrize("event", IN_A_ROOM)
def test_to_an_outsider_the_room_is_not_there(carol: Member, talk: Connection, tea: int, event: str) -> None:
    known = prepare(talk, tea, event)
    outsider = carol.connect()
    refused = outsider.call(event, valid(event, tea, **known))
    assert refused["error"]["code"] == "not_found"
    assert outsider.call(event, valid(event, 999_999, **known)) == refused


@pytest.mark.parametrize("event", [*OF_MODERATORS, *OF_THE_OWNER])
def test_a_member_may_not_do_what_is_for_others(bob: Member, talk: Connection, tea: int, event: str) -> None:
    known = prepare(talk, tea, event)
    assert bob.connect().error(event, valid(event, tea, **known)) == "forbidden"


@pytest.mark.parametrize("event", OF_THE_OWNER)
def test_a_moderator_may_not_do_what_is_for_the_owner(bob: Member, talk: Connection, tea: int, event: str) -> None:
    known = prepare(talk, tea, event)
    talk.ok("set_role", {"room_id": tea, "user_id": bob.id, "role": "moderator"})
    assert bob.connect().error(event, valid(event, tea, **known)) == "forbidden"


@pytest.mark.parametrize("event", sorted({*IN_A_ROOM} - {"join_room"}))
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
    *((event, {"room_id": "1"}, "invalid") for event in IN_A_ROOM),
    *((event, {"room_id": HUGE - 1}, "not_found") for event in IN_A_ROOM),
    *(
        (event, {"user_id": user_id}, code)
        for event in ("remove_member", "set_role", "hand_over")
        for user_id, code in (
            (None, "invalid"),
            ("2", "invalid"),
            (True, "invalid"),
            (0, "invalid"),
            (999, "not_found"),
        )
    ),
    *(("set_role", {"role": role}, "invalid") for role in (None, "owner", "king", 1, ["member"])),
    *(("create_invitation", {"expires_in": seconds}, "invalid") for seconds in (59, 31_536_001, "60", True, 60.5)),
    *(("create_invitation", {"uses": uses}, "invalid") for uses in (0, -1, 10_001, "1", True)),
    *(("revoke_invitation", {"invitation_id": given}, "invalid") for given in (None, "1", 0, True)),
    ("revoke_invitation", {"invitation_id": 999}, "not_found"),
    *(("accept_invitation", {"token": token}, "invalid") for token in (None, 5, [], "\ud800")),
    *(("accept_invitation", {"token": token}, "not_found") for token in ("", "x", "x" * 100_000, "' OR 1=1 --")),
    *(("invite", {"username": username}, "invalid") for username in (None, 5, ["bob"], "\ud800")),
    *(("invite", {"username": username}, "not_found") for username in ("", "nobody", "b" * 100_000)),
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
            {"avatar_id": 5},
            {"avatar_id": ""},
            {"avatar_id": "0" * 32},
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
