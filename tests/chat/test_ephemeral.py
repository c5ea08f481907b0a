"""Rooms that keep nothing: everything works while the process lives, and nothing is on the disk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chat import clock, departures, ephemeral, payloads, presence, retention, transactions
from extensions import db
from models import Room
from tests.cast import Connection, Member, make_room, new_id, set_member

SECRET = "the-cake-is-under-the-stairs"


@pytest.fixture
def group(alice: Member, bob: Member) -> int:
    """Alice's room, with bob; it keeps nothing."""
    return make_room(alice, bob, keeps_history=False)


def page(person: Member, room_id: int, query: str = "") -> dict[str, Any]:
    return person.get_ok(f"/rooms/{room_id}/messages?{query}")


def seqs(person: Member, room_id: int, query: str) -> tuple[list[int], bool]:
    found = page(person, room_id, query)
    return [message["seq"] for message in found["messages"]], found["complete"]


def synced(connection: Connection, room_id: int, version: int) -> list[dict[str, Any]]:
    answer = connection.ok("sync", {"rooms": {str(room_id): version}})
    return list(answer["rooms"][str(room_id)]["messages"])


def test_people_talk_as_everywhere(alice: Member, bob: Member, carol: Member, group: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    first = talking.send(group, "first")
    answer = listening.send(group, "second", reply_to=1)
    assert answer["reply_to"] == {"seq": 1, "sender": first["sender"], "body": "first", "kind": "text", "file": None}
    assert talking.heard("message_sent") == [{"message": first}, {"message": answer}]
    assert page(bob, group)["messages"] == synced(listening, group, 0) == [first, answer]
    room = alice.room(group)
    assert (room["unread"], room["last_message"], room["last_seq"], room["version"]) == (1, answer, 2, 2)
    assert alice.connect().ok("mark_read", {"room_id": group, "seq": 2})["last_read_seq"] == 2
    assert alice.room(group)["unread"] == 0
    assert carol.get_error(f"/rooms/{group}/messages") == (404, "not_found")


def test_messages_are_edited_deleted_and_reacted_to(alice: Member, bob: Member, group: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    talking.send(group, "teh")
    talking.send(group, "regretted")
    edited = talking.ok("edit_message", {"room_id": group, "seq": 1, "body": "the"})["message"]
    assert (edited["body"], edited["version"]) == ("the", 3)
    reaction = {"room_id": group, "seq": 1, "emoji": "👍", "on": True}
    listening.ok("set_reaction", reaction)
    reacted = talking.ok("set_reaction", reaction)["message"]
    assert reacted["reactions"] == [{"emoji": "👍", "count": 2, "user_ids": [bob.id, alice.id]}]
    assert talking.ok("set_reaction", reaction)["message"] == reacted
    gone = talking.ok("delete_message", {"room_id": group, "seq": 2})["message"]
    assert (gone["body"], gone["version"]) == ("", 6)
    assert talking.ok("delete_message", {"room_id": group, "seq": 2})["message"] == gone
    assert [heard["message"]["version"] for heard in listening.heard("message_changed")] == [3, 4, 5, 6]
    assert page(bob, group)["messages"] == [reacted]
    assert synced(listening, group, 2) == [reacted, gone]
    assert bob.room(group)["last_message"] == reacted
    taken = listening.ok("set_reaction", reaction | {"on": False})["message"]
    assert taken["reactions"] == [{"emoji": "👍", "count": 1, "user_ids": [alice.id]}]
    assert talking.error("edit_message", {"room_id": group, "seq": 2, "body": "x"}) == "not_found"
    assert listening.error("edit_message", {"room_id": group, "seq": 1, "body": "x"}) == "forbidden"
    late = {"room_id": group, "body": "x", "client_id": new_id(), "reply_to": 2}
    assert talking.error("send_message", late) == "invalid"


def test_the_same_client_id_again_is_the_first_message(alice: Member, group: int) -> None:
    talking = alice.connect()
    key = new_id()
    first = talking.send(group, "once", key)
    assert talking.send(group, "twice", key) == first
    assert talking.send(group, "next")["seq"] == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ([1, 2, 3, 4, 5], True)),
        ("limit=2", ([4, 5], False)),
        ("before=3", ([1, 2], True)),
        ("before=5&limit=2", ([3, 4], False)),
        ("after=3", ([4, 5], True)),
        ("after=1&limit=2", ([2, 3], False)),
        ("after=1&before=5&limit=2", ([3, 4], False)),
    ],
)
def test_pages_are_those_of_other_rooms(
    alice: Member, bob: Member, group: int, query: str, expected: tuple[list[int], bool]
) -> None:
    stored = make_room(alice, bob)
    talking = alice.connect()
    for room_id in (group, stored):
        for number in range(5):
            talking.send(room_id, str(number))
    assert seqs(bob, group, query) == seqs(bob, stored, query) == expected


def test_only_the_latest_are_remembered(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ephemeral, "MESSAGES_MAX", 3)
    talking = alice.connect()
    for number in range(5):
        talking.send(group, str(number))
    assert seqs(bob, group, "") == ([3, 4, 5], True)


def test_who_came_later_sees_nothing_from_before(alice: Member, bob: Member, group: int) -> None:
    talking = alice.connect()
    talking.send(group, "before bob")
    set_member(bob, group, cleared_seq=1, last_read_seq=1)
    talking.send(group, "about that", reply_to=1)
    [message] = page(bob, group)["messages"]
    assert (message["seq"], message["reply_to"]) == (2, payloads.quote(1))


def test_a_message_that_was_not_committed_is_not_kept(
    alice: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    talking = alice.connect()
    with monkeypatch.context() as broken:
        broken.setattr("chat.contexts.around", lambda *_a, **_k: 1 / 0)
        data = {"room_id": group, "body": "lost", "client_id": new_id()}
        assert talking.error("send_message", data) == "internal"
    assert page(alice, group)["messages"] == []
    assert talking.send(group, "kept")["seq"] == 1


def test_messages_expire_here_too(alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    group = make_room(alice, bob, keeps_history=False, message_ttl=60)
    alice.connect().send(group, "short-lived")
    moment = clock.now() + timedelta(seconds=60)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert page(bob, group)["messages"] == []
    with alice.app.app_context():
        retention.purge_round()
    assert ephemeral.get(group, 1) is None


def test_nothing_of_it_is_on_the_disk(alice: Member, bob: Member, group: int, room_id: int) -> None:
    talking = alice.connect()
    talking.send(room_id, "kept on the disk")
    talking.send(group, SECRET)
    talking.send(group, "teh")
    talking.ok("edit_message", {"room_id": group, "seq": 2, "body": f"{SECRET} again"})
    talking.send(group, "answer", reply_to=1)
    assert len(page(bob, group)["messages"]) == 3
    contents = {path: path.read_bytes() for path in Path(alice.app.instance_path).rglob("*") if path.is_file()}
    assert any(b"kept on the disk" in content for content in contents.values())
    assert [path for path, content in contents.items() if SECRET.encode() in content] == []


def test_what_was_stored_goes_when_a_room_is_to_keep_nothing(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(name="Tea", visibility="public")["id"]
    bob.connect().ok("join_room", {"room_id": room_id})
    talking = alice.connect()
    talking.send(room_id, SECRET)
    talking.ok("change_room", {"room_id": room_id, "keeps_history": False})
    with alice.app.app_context():
        question = text("SELECT COUNT(*) FROM messages WHERE room_id = :room_id AND kind = 'text'")
        assert db.session.execute(question, {"room_id": room_id}).scalar() == 0
    assert [each for each in page(bob, room_id)["messages"] if each["kind"] == "text"] == []
    talking.send(room_id, "unkept")
    assert page(bob, room_id)["messages"][-1]["body"] == "unkept"
    talking.ok("change_room", {"room_id": room_id, "keeps_history": True})
    with alice.app.app_context():
        retention.purge_round()
    assert ephemeral._rooms == {}
    assert "unkept" not in [each["body"] for each in page(bob, room_id)["messages"]]
    talking.send(room_id, "kept again")
    assert page(bob, room_id)["messages"][-1]["body"] == "kept again"


def test_who_goes_offline_has_left_and_the_last_one_ends_the_room(
    alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("chat.presence.time.monotonic", lambda: now[0])
    room_id = alice.make_room(name="Fleeting", visibility="public", keeps_history=False)["id"]
    kept = alice.make_room(name="Lasting", visibility="public")["id"]
    staying, leaving = alice.connect(), bob.connect()
    for each in (room_id, kept):
        leaving.ok("join_room", {"room_id": each})
    settle(alice)
    staying.heard()
    leaving.close()
    now[0] += presence.GRACE - 1
    settle(alice)
    assert staying.heard("members_changed") == []
    now[0] += 2
    settle(alice)
    [changed] = staying.heard("members_changed")
    assert (changed["room_id"], changed["gone"]) == (room_id, [bob.id])
    assert bob.get_error(f"/rooms/{room_id}/messages") == (404, "not_found")
    assert bob.get(f"/rooms/{kept}/messages").status_code == 200
    staying.close()
    now[0] += presence.GRACE + 1
    settle(alice)
    assert alice.get_error(f"/rooms/{room_id}/messages") == (404, "not_found")
    assert bob.make_room(name="Fleeting", visibility="public")["name"] == "Fleeting"


def settle(person: Member) -> None:
    with person.app.app_context():
        departures.settle()


def test_at_start_such_rooms_are_gone_and_their_names_free(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(name="Fleeting", keeps_history=False)["id"]
    kept = alice.make_room(name="Lasting")["id"]
    with alice.app.app_context():
        departures.begin()
    assert alice.get_error(f"/rooms/{room_id}/messages") == (404, "not_found")
    assert alice.get(f"/rooms/{kept}/messages").status_code == 200
    assert bob.make_room(name="Fleeting")["name"] == "Fleeting"


def test_somebody_is_taken_out_later_when_the_database_was_away(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("chat.presence.time.monotonic", lambda: now[0])
    staying, leaving = alice.connect(), bob.connect()
    leaving.close()
    now[0] += presence.GRACE + 1
    with monkeypatch.context() as away:
        away.setattr(transactions, "run", lambda _change: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            settle(alice)
    settle(alice)
    assert bob.get_error(f"/rooms/{group}/messages") == (404, "not_found")
    assert staying.heard("members_changed")[-1]["gone"] == [bob.id]
    with alice.app.app_context():
        assert db.session.get(Room, group) is not None
