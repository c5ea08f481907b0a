"""Whispers: the two hear them, and nobody and nothing else ever holds a trace."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from chat import presence, removals, whispers
from extensions import socketio
from tests.cast import Member, Visitor, make_room, new_id, opens, set_member
from tests.files import SOUND, can_read, is_released, later, send_file, showing, upload
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
    for again in (whisper(group, bob), whisper(group, bob, body="", file_id=upload(alice))):
        opens(bob, group)
        first = talking.ok("whisper", again)["whisper"]
        opens(bob, None)
        second = talking.ok("whisper", again)["whisper"]
        assert second == first | {"created_at": second["created_at"]}
        assert len(listening.heard("whispered")) == 1


def test_a_file_is_whispered_to_one_alone(alice: Member, bob: Member, root: Member, group: int) -> None:
    talking, listening, third = alice.connect(), bob.connect(), root.connect()
    for person in (alice, bob, root):
        opens(person, group)
    file_id = upload(alice, SOUND, name="secret.m4a", voice=True)
    told = talking.ok("whisper", whisper(group, bob, body="", file_id=file_id))["whisper"]
    assert (told["body"], told["file"]["id"], told["file"]["name"]) == ("", file_id, "secret.m4a")
    assert talking.heard("whispered") == listening.heard("whispered") == [{"whisper": told}]
    assert third.client.get_received() == []
    assert [can_read(person, file_id) for person in (alice, bob, root)] == [True, True, False]


def test_a_whispered_file_ends_with_the_membership(alice: Member, bob: Member, group: int) -> None:
    talking, _listening = alice.connect(), bob.connect()
    opens(bob, group)
    file_id = upload(alice)
    talking.ok("whisper", whisper(group, bob, file_id=file_id))
    talking.ok("remove_member", {"room_id": group, "user_id": bob.id})
    assert (can_read(alice, file_id), can_read(bob, file_id)) == (True, False)
    talking.ok("delete_room", {"room_id": group})
    assert not can_read(alice, file_id)


def test_what_cannot_be_whispered_is_told_to_nobody(alice: Member, bob: Member, group: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    opens(bob, group)
    sent, whispered, mine = upload(alice), upload(alice), upload(alice)
    send_file(talking, group, sent)
    talking.ok("whisper", whisper(group, bob, file_id=whispered))
    listening.heard()
    for wrong in (sent, whispered, upload(bob), upload(alice, blob_id=None), "0" * 32, "x", 5, []):
        refused = talking.call("whisper", whisper(group, bob, file_id=wrong))["error"]
        assert (refused["code"], refused["field"]) == ("invalid", "file_id")
    assert talking.error("send_message", showing(group, whispered)) == "invalid"
    opens(bob, None)
    assert talking.error("whisper", whisper(group, bob, file_id=mine)) == "absent"
    assert listening.heard("whispered") == []
    opens(bob, group)
    assert talking.ok("whisper", whisper(group, bob, file_id=mine))["whisper"]["file"]["id"] == mine


def test_a_whispered_file_goes_when_both_have_left(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("chat.whispers.time.monotonic", lambda: now[0])
    talking, _listening = alice.connect(), bob.connect()
    opens(alice, group)
    opens(bob, group)
    file_id = upload(alice)
    talking.ok("whisper", whisper(group, bob, file_id=file_id))

    def swept_after(seconds: float) -> bool:
        now[0] += seconds
        with alice.app.app_context():
            whispers.sweep()
        return is_released(alice, file_id)

    assert not swept_after(1000)
    opens(alice, None)
    assert not swept_after(1000)
    opens(bob, None)
    assert not swept_after(1)
    assert not swept_after(whispers.PATIENCE - 1)
    opens(bob, group)  # a reload is no leaving
    assert not swept_after(1)
    opens(bob, None)
    assert not swept_after(whispers.PATIENCE)  # they were seen here until now
    assert can_read(bob, file_id)
    assert swept_after(whispers.PATIENCE)
    assert not can_read(alice, file_id)
    assert not can_read(bob, file_id)


def test_after_a_restart_a_whispered_file_has_its_minute_anew(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("chat.whispers.time.monotonic", lambda: now[0])
    talking, _listening = alice.connect(), bob.connect()
    opens(bob, group)
    file_id = upload(alice)
    talking.ok("whisper", whisper(group, bob, file_id=file_id))
    presence.forget()
    for restarted, goes in ((False, False), (True, False), (False, True)):
        if restarted:
            whispers.forget()
        with alice.app.app_context():
            whispers.sweep()
        assert is_released(alice, file_id) is goes
        now[0] += whispers.PATIENCE


def test_a_room_that_is_removed_leaves_no_whispered_file(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    talking, _listening = alice.connect(), bob.connect()
    opens(bob, group)
    file_id = upload(alice)
    talking.ok("whisper", whisper(group, bob, file_id=file_id))
    talking.ok("delete_room", {"room_id": group})
    with later(monkeypatch, 13), alice.app.app_context():
        removals.sweep(60)
    assert is_released(alice, file_id)


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
    people: dict[str, Any] = {"alice": alice, "bob": bob, "root": root, "carol": carol, "nobody": Visitor(alice.app)}
    connections = {name: person.connect() for name, person in people.items() if isinstance(person, Member)}
    opens(bob, group)
    for connection in (connections["alice"], connections["bob"]):
        connection.send(group, "said aloud")
    file_id = upload(alice, name="nobodys-cat.png")
    sent = whisper(group, bob, file_id=file_id)
    traces = [SECRET, file_id, "nobodys-cat", sent["client_id"]]
    connections["alice"].ok("whisper", sent)
    connections["alice"].call("whisper", sent)
    opens(bob, None)
    # Refused, and worth just as little to others.
    connections["alice"].error("whisper", sent | {"client_id": new_id()})
    connections["root"].error("whisper", sent | {"client_id": new_id(), "user_id": "x"})

    heard = {name: str(connection.client.get_received()) for name, connection in connections.items()}
    for trace in traces:
        assert {name for name, all_ in heard.items() if trace in all_} == {"alice", "bob"}
    readers = [name for name in connections if can_read(people[name], file_id)]
    assert readers == ["alice", "bob"]
    assert "said aloud" in heard["root"]

    for name, person in people.items():
        for path in routes(alice, group, "x" if name in readers else file_id):
            answer = person.http.get(path).text.replace(path, "")
            assert [trace for trace in traces if trace in answer] == [], path
    for event in all_events():
        for name, connection in connections.items():
            for room in (room_id, group):
                answer = str(connection.call(event, data_of(event, room, carol)))
                assert [trace for trace in traces if trace in answer] == [], (name, event)

    # A file is stored, for as long as the two are there; what was said with it is not.
    assert_nowhere_in(Path(alice.app.instance_path), b"said aloud")
    assert SECRET not in caplog.text
    assert "said aloud" in caplog.text


def routes(person: Member, group: int, file_id: str) -> list[str]:
    """Each GET route with values for what stands in it."""
    files = {"file_id": file_id, "upload_id": file_id, "variant": "small"}
    values = files | {"room_id": group, "username": "alice", "locale": "en", "handle": "x", "version": "x", "path": "x"}
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
