"""Whispers: the two hear them, and nobody and nothing else ever holds a trace."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from extensions import socketio
from tests.cast import Member, Visitor, make_room, new_id, opens, set_member
from tests.test_events import EVENTS, valid

SECRET = "the-cake-is-under-the-stairs"


@pytest.fixture
def group(alice: Member, bob: Member, root: Member) -> int:
    """Alice's public room, with bob and root, who administers; carol is outside."""
    return make_room(alice, bob, root, visibility="public")


def whisper(group: int, recipient: Member, **changed: Any) -> dict[str, Any]:
    return {"room_id": group, "user_id": recipient.id, "body": SECRET, "client_id": new_id()} | changed


def test_both_hear_a_whisper_on_all_their_connections(alice: Member, bob: Member, root: Member, group: int) -> None:
    talking, other_tab, listening, third = alice.connect(), alice.connect(), bob.connect(), root.connect()
    for person in (alice, bob, root):
        opens(person, group)
    talking.send(group, "aloud")
    told = talking.ok("whisper", whisper(group, bob, body=f" {SECRET} "))["whisper"]
    assert (told["body"], told["after_seq"], told["room_id"]) == (SECRET, 1, group)
    assert (told["sender"]["username"], told["recipient"]["username"]) == ("alice", "bob")
    for connection in (talking, other_tab, listening):
        assert connection.heard("whispered") == [{"whisper": told}]
    assert third.heard("whispered") == []


def test_a_repeat_is_acknowledged_and_told_once(alice: Member, bob: Member, group: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    opens(bob, group)
    again = whisper(group, bob)
    first = talking.ok("whisper", again)["whisper"]
    opens(bob, None)
    second = talking.ok("whisper", again)["whisper"]
    assert second == first | {"created_at": second["created_at"]}
    assert len(listening.heard("whispered")) == 1


def test_who_left_the_room_is_not_whispered_to(alice: Member, bob: Member, group: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    refused = talking.call("whisper", whisper(group, bob))["error"]
    assert (refused["code"], refused["message"]) == ("absent", "bob is not in the room now.")
    opens(bob, group)
    talking.ok("whisper", whisper(group, bob))
    listening.close()
    assert talking.error("whisper", whisper(group, bob)) == "absent"


def test_whom_one_cannot_whisper_to(alice: Member, bob: Member, carol: Member, group: int, room_id: int) -> None:
    talking, _outside = alice.connect(), carol.connect()
    opens(carol, group)
    assert talking.error("whisper", whisper(group, alice)) == "invalid"
    assert talking.error("whisper", whisper(group, carol)) == "not_found"
    assert talking.error("whisper", whisper(group, bob, user_id=999_999)) == "not_found"
    assert talking.error("whisper", whisper(room_id, bob)) == "not_found"
    assert carol.connect().error("whisper", whisper(group, bob)) == "not_found"


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_id": None},
        {"user_id": "1"},
        {"user_id": True},
        {"user_id": 0},
        {"body": None},
        {"body": ""},
        {"body": "x" * 10_001},
        {"body": "nul \0"},
        {"client_id": None},
        {"client_id": "x"},
        {"room_id": None},
        {"room_id": "1"},
    ],
    ids=str,
)
def test_bad_input_is_refused(alice: Member, bob: Member, group: int, wrong: dict[str, Any]) -> None:
    listening = bob.connect()
    opens(bob, group)
    assert alice.connect().error("whisper", whisper(group, bob) | wrong) == "invalid"
    assert listening.heard("whispered") == []


def test_no_route_event_file_or_log_holds_a_trace(
    alice: Member,
    bob: Member,
    root: Member,
    carol: Member,
    group: int,
    room_id: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every route and every event, for everybody; then what is on the disk, and what was logged at the finest."""
    for logger in (None, "sqlalchemy"):
        caplog.set_level(logging.DEBUG, logger)
    people = {"alice": alice, "bob": bob, "root": root, "carol": carol, "nobody": Visitor(alice.app)}
    connections = {name: person.connect() for name, person in people.items() if isinstance(person, Member)}
    opens(bob, group)
    for connection in (connections["alice"], connections["bob"]):
        connection.send(group, "said aloud")
    sent = whisper(group, bob)
    connections["alice"].ok("whisper", sent)
    connections["alice"].call("whisper", sent)
    opens(bob, None)
    # Refused, and worth just as little to others.
    connections["alice"].error("whisper", sent | {"client_id": new_id()})
    connections["root"].error("whisper", sent | {"client_id": new_id(), "user_id": "x"})

    heard = {name: str(connection.client.get_received()) for name, connection in connections.items()}
    assert {name for name, all_ in heard.items() if SECRET in all_} == {"alice", "bob"}
    assert "said aloud" in heard["root"]

    for person in people.values():
        for path in routes(alice, group):
            answer = person.http.get(path).text
            assert SECRET not in answer, path
            assert sent["client_id"] not in answer, path
    for event in all_events():
        for name, connection in connections.items():
            for room in (room_id, group):
                answer = str(connection.call(event, data_of(event, room, carol)))
                assert SECRET not in answer, (name, event)
                assert sent["client_id"] not in answer, (name, event)

    assert_nowhere_in(Path(alice.app.instance_path), b"said aloud")
    assert SECRET not in caplog.text
    assert "said aloud" in caplog.text


def routes(person: Member, group: int) -> list[str]:
    """Each GET route with values for what stands in it."""
    values = {"room_id": group, "username": "alice", "locale": "en", "handle": "x", "version": "x", "path": "x"}
    adapter = person.app.url_map.bind("localhost")
    return [
        adapter.build(rule.endpoint, {name: values.get(name, "x") for name in rule.arguments})
        for rule in person.app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
    ]


def all_events() -> list[str]:
    """What ends a room or somebody's being in it comes last."""
    last = ("change_room", "leave_room", "remove_member", "delete_room", "undo_delete_room")
    registered = {name for name, _handler, _namespace in socketio.handlers} - {"connect", "disconnect", "*"}
    return [*sorted(registered - {*last}), *last]


def data_of(event: str, room_id: int, other: Member) -> dict[str, Any]:
    """With which the event does something, for those who may."""
    if event in EVENTS:
        return valid(event, room_id)
    named = {"name": "Other name", "notify": "all", "role": "moderator", "token": "x", "invitation_id": 1}
    return {"room_id": room_id, "user_id": other.id, "username": other.username, **named}


def assert_nowhere_in(folder: Path, known: bytes) -> None:
    """Not in the database, its log, or any other file; `known` is what the search is proved by."""
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(known in content for content in contents.values())
    assert [path for path, content in contents.items() if SECRET.encode() in content] == []


def test_leaving_the_room_between_is_noticed(alice: Member, bob: Member, group: int) -> None:
    """A membership that ends takes whispers with it, even while the room is still open in a browser."""
    talking, listening = alice.connect(), bob.connect()
    opens(bob, group)
    set_member(bob, group, user_id=4)  # carol, in bob's place
    assert talking.error("whisper", whisper(group, bob)) == "not_found"
    assert listening.heard("whispered") == []
