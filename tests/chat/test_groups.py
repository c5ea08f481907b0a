"""Group rooms: making, finding, changing, deleting; the lines that say so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chat import clock, groups, payloads, removals, retention
from chat.errors import Conflict, NotFound
from extensions import db
from models import Membership, Message, Room, User
from tests.cast import Member, new_id


def lines(person: Member, room_id: int) -> list[tuple[str, str, str | None]]:
    """(kind, who, whom) of what the server wrote."""
    messages = person.get_ok(f"/rooms/{room_id}/messages")["messages"]
    return [(each["kind"], each["sender"]["username"], each["body"]) for each in messages if each["kind"] != "text"]


def passes(person: Member, room_id: int, column: str, seconds: float) -> None:
    """Move a moment of the room into the past."""
    moment = clock.now() - timedelta(seconds=seconds)
    with person.app.app_context(), db.engines["writes"].begin() as connection:
        connection.execute(Room.__table__.update().where(Room.id == room_id).values({column: moment}))


def run(person: Member, job: Callable[[], None]) -> None:
    with person.app.app_context():
        job()


def test_a_room_is_made_with_its_defaults(alice: Member) -> None:
    here, there = alice.connect(), alice.connect()
    room = here.ok("create_room", {"name": " Чай\u00a0 и  печенье "})["room"]
    assert here.heard("room_opened") == there.heard("room_opened") == [{"room": room}]
    expected = {
        "kind": "group",
        "name": "Чай и печенье",
        "topic": "",
        "emoji": "",
        "visibility": "private",
        "keeps_history": True,
        "history_from_join": False,
        "admits_guests": False,
        "message_ttl": None,
        "idle_ttl": None,
        "ends_at": None,
        "owner_id": alice.id,
        "role": "owner",
        "member_count": 1,
        "notify": "all",
        "general": False,
        "peer": None,
        "peer_read_seq": 0,
        "last_seq": 1,
        "version": 1,
        "unread": 0,
    }
    assert {name: room[name] for name in expected} == expected
    assert lines(alice, room["id"]) == [("created", "alice", "")]
    assert alice.get_ok("/rooms")["rooms"][0] == room


def test_a_room_is_made_as_wished(alice: Member) -> None:
    wished = {
        "name": "Tea",
        "topic": "leaves only",
        "emoji": "🫖",
        "visibility": "public",
        "history_from_join": True,
        "admits_guests": True,
        "message_ttl": 10,
        "idle_ttl": 60,
    }
    room = alice.make_room(**wished)
    assert {name: room[name] for name in wished} == wished
    assert room["ends_at"] > (payloads.instant(clock.now()) or "")


def test_of_two_who_make_one_name_one_is_refused(alice: Member, bob: Member) -> None:
    """Whoever is first: the unique key decides, not a look beforehand."""
    answers: list[str] = []

    def make(person: Member, name: str) -> None:
        with person.app.app_context():
            try:
                groups.create(db.session.get_one(User, person.id), {"name": name})
                answers.append("made")
            except Conflict as refusal:
                answers.append(refusal.details["field"])

    threads = [threading.Thread(target=make, args=(person, name)) for person, name in ((alice, "Same"), (bob, "ＳAME"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["made", "name"]


def test_a_change_is_told_to_everybody_in_the_room(alice: Member, bob: Member, carol: Member) -> None:
    room = alice.make_room(visibility="public")
    changing, watching, outside = alice.connect(), bob.connect(), carol.connect()
    watching.ok("join_room", {"room_id": room["id"]})
    changing.heard()
    given = {"room_id": room["id"], "name": "Coffee", "topic": "beans", "message_ttl": 3600}
    changed = changing.ok("change_room", given)["room"]
    heard = watching.heard("message_sent", "room_changed")
    kinds = [(each["message"]["kind"], each["message"]["version"]) for each in heard[:-1]]
    assert kinds == [("renamed", 3), ("changed", 4)]
    told = heard[-1]["room"]
    assert told == {name: changed[name] for name in told}
    assert (told["name"], told["topic"], told["version"]) == ("Coffee", "beans", 5)
    assert outside.heard("room_changed", "message_sent") == []
    # The same again changes nothing.
    assert changing.ok("change_room", given)["room"]["version"] == 5
    assert watching.heard("message_sent", "room_changed") == []


def test_options_are_for_the_owner(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(visibility="public")["id"]
    joined = bob.connect()
    joined.ok("join_room", {"room_id": room_id})
    for given in ({"name": "Mine"}, {"topic": "mine"}, {"keeps_history": False}, {"visibility": "private"}):
        assert joined.error("change_room", {"room_id": room_id, **given}) == "forbidden"
    assert joined.error("delete_room", {"room_id": room_id}) == "forbidden"


def test_an_administrator_counts_as_owner_of_public_rooms_they_are_in(alice: Member, root: Member) -> None:
    room_id = alice.make_room(visibility="public")["id"]
    admin = root.connect()
    assert admin.error("change_room", {"room_id": room_id, "topic": "x"}) == "not_found"
    assert admin.ok("join_room", {"room_id": room_id})["room"]["role"] == "owner"
    assert admin.ok("change_room", {"room_id": room_id, "visibility": "private"})["room"]["role"] == "member"
    assert admin.error("change_room", {"room_id": room_id, "visibility": "public"}) == "forbidden"


def test_what_was_said_is_gone_when_a_room_keeps_nothing_any_more(
    alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH_MIN", 2)
    room_id = alice.make_room()["id"]
    talking = alice.connect()
    for body in ("one", "two", "three"):
        talking.send(room_id, body)
    talking.ok("change_room", {"room_id": room_id, "keeps_history": False})
    # What says so is the first that is kept in memory alone.
    assert [message["kind"] for message in alice.get_ok(f"/rooms/{room_id}/messages")["messages"]] == ["changed"]
    with alice.app.app_context():
        assert db.session.scalars(db.select(Message.body).where(Message.room_id == room_id)).all() == []


def test_who_is_offline_is_not_in_a_room_that_keeps_nothing(alice: Member, bob: Member, carol: Member) -> None:
    room_id = alice.make_room(visibility="public")["id"]
    owner, online = alice.connect(), bob.connect()
    for name in ("bob", "carol"):
        owner.ok("invite", {"room_id": room_id, "username": name})
    owner.heard()
    owner.ok("change_room", {"room_id": room_id, "keeps_history": False})
    assert [heard["gone"] for heard in owner.heard("members_changed")] == [[carol.id]]
    assert owner.error("invite", {"room_id": room_id, "username": "carol"}) == "absent"
    assert online.ok("join_room", {"room_id": room_id})["room"]["member_count"] == 2
    carol.connect()
    assert owner.ok("invite", {"room_id": room_id, "username": "carol"})["member"]["id"] == carol.id


def test_a_deleted_room_is_gone_for_everybody_at_once(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(visibility="public")["id"]
    deleting, watching = alice.connect(), bob.connect()
    watching.ok("join_room", {"room_id": room_id})
    watching.ok("enter_room", {"room_id": room_id})
    deleting.ok("delete_room", {"room_id": room_id})
    assert watching.heard("room_closed") == [{"room_id": room_id, "reason": "deleted"}]
    assert deleting.heard("room_closed") == [{"room_id": room_id, "reason": "deleted"}]
    said = {"room_id": room_id, "body": "too late", "client_id": new_id()}
    assert watching.error("send_message", said) == "not_found"
    assert bob.get_error(f"/rooms/{room_id}/messages") == (404, "not_found")
    assert [room["name"] for room in bob.get_ok("/rooms/public")["rooms"]] == ["General"]
    assert watching.error("join_room", {"room_id": room_id}) == "not_found"
    assert watching.ok("sync", {"rooms": {str(room_id): 2}})["closed"] == [room_id]
    # Of two who delete, the second finds nothing; and only the first may take it back.
    assert deleting.error("delete_room", {"room_id": room_id}) == "not_found"
    assert watching.error("undo_delete_room", {"room_id": room_id}) == "not_found"


def test_deleting_can_be_undone_for_ten_seconds(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(visibility="public")["id"]
    deleting, watching = alice.connect(), bob.connect()
    watching.ok("join_room", {"room_id": room_id})
    deleting.send(room_id, "kept")
    deleting.ok("delete_room", {"room_id": room_id})
    run(alice, removals.sweep)
    watching.heard()
    back = deleting.ok("undo_delete_room", {"room_id": room_id})["room"]
    [opened] = watching.heard("room_opened")
    assert (opened["room"]["id"], opened["room"]["last_message"]["body"]) == (room_id, "kept")
    assert back["version"] == 4
    assert deleting.error("undo_delete_room", {"room_id": room_id}) == "not_found"
    deleting.ok("delete_room", {"room_id": room_id})
    passes(alice, room_id, "deleted_at", 11)
    assert deleting.error("undo_delete_room", {"room_id": room_id}) == "not_found"


def test_what_is_left_of_a_deleted_room_goes_in_batches(
    alice: Member, bob: Member, carol: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removals, "BATCH", 2)
    monkeypatch.setattr(retention, "BATCH_MIN", 2)
    room_id = alice.make_room()["id"]
    talking = alice.connect()
    for name in ("bob", "carol"):
        talking.ok("invite", {"room_id": room_id, "username": name})
    talking.send(room_id, "one")
    talking.ok("delete_room", {"room_id": room_id})
    assert talking.error("create_room", {"name": "Tea room"}) == "conflict"
    passes(alice, room_id, "deleted_at", 13)
    # What does not fit into one round waits for the next.
    monkeypatch.setattr(removals, "ROUND", 0)
    run(alice, removals.sweep)
    assert left(alice, room_id) == (1, 2, 3)
    monkeypatch.setattr(removals, "ROUND", 60)
    run(alice, removals.sweep)
    assert left(alice, room_id) == (0, 0, 0)
    assert talking.ok("create_room", {"name": "Tea room"})["room"]["id"] != room_id


def left(person: Member, room_id: int) -> tuple[int, ...]:
    """How many rows there are of the room, its messages, its memberships."""
    with person.app.app_context():
        tables: tuple[Any, ...] = (Room.id, Message.room_id, Membership.room_id)
        return tuple(len(db.session.scalars(db.select(key).where(key == room_id)).all()) for key in tables)


def test_of_two_who_delete_one_has_deleted(alice: Member) -> None:
    room_id = alice.make_room()["id"]
    answers: list[str] = []

    def delete() -> None:
        with alice.app.app_context():
            try:
                answers.append(groups.delete(db.session.get_one(User, alice.id), room_id)[:2])
            except NotFound:
                answers.append("not there")

    threads = [threading.Thread(target=delete) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["20", "not there"]


def test_a_room_ends_when_its_idle_interval_is_over(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(visibility="public", idle_ttl=60)["id"]
    watching = bob.connect()
    watching.ok("join_room", {"room_id": room_id})
    run(alice, removals.end_idle)
    assert watching.heard("room_closed") == []
    passes(alice, room_id, "ends_at", 0)
    assert bob.get_error(f"/rooms/{room_id}/messages") == (404, "not_found")
    run(alice, removals.end_idle)
    run(alice, removals.end_idle)
    assert watching.heard("room_closed") == [{"room_id": room_id, "reason": "ended"}]
    assert watching.ok("create_room", {"name": "Tea room"})["room"]["owner_id"] == bob.id


@pytest.mark.parametrize("given", [{"visibility": "private"}, {"keeps_history": False}, {"idle_ttl": 60}], ids=str)
def test_the_room_of_everybody_stays(root: Member, given: dict[str, Any]) -> None:
    [general] = root.get_ok("/rooms")["rooms"]
    assert (general["general"], general["role"], general["name"]) == (True, "owner", "General")
    owner = root.connect()
    assert owner.error("change_room", {"room_id": general["id"], **given}) == "forbidden"
    assert owner.error("leave_room", {"room_id": general["id"]}) == "forbidden"
    owner.ok("change_room", {"room_id": general["id"], "name": "Lobby", "message_ttl": 60})


def test_the_room_of_everybody_is_deleted_only_while_there_is_another_public_one(root: Member, alice: Member) -> None:
    [general] = root.get_ok("/rooms")["rooms"]
    owner = root.connect()
    alice.make_room(visibility="private", name="Private")
    assert owner.error("delete_room", {"room_id": general["id"]}) == "forbidden"
    alice.make_room(visibility="public")
    owner.ok("delete_room", {"room_id": general["id"]})
    assert root.get_ok("/rooms")["rooms"] == []
