"""Seen by whom: small rooms tell everybody in them how far each has read, larger ones and others nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from chat import accounts, readers
from tests.cast import PASSWORD, Guest, Member, make_room, new_id, opens


@pytest.fixture
def group(alice: Member, bob: Member) -> int:
    """Alice's public room, with bob; carol is outside."""
    return make_room(alice, bob, name="Tea room", name_key="tea room", visibility="public")


def read_by(person: Member, room_id: int) -> dict[int, int]:
    return seqs(person.room(room_id)["read_by"])


def seqs(read_by: list[dict[str, Any]]) -> dict[int, int]:
    return {reader["user_id"]: reader["seq"] for reader in read_by}


def fill(app: Flask, room_id: int, count: int, name: str = "early") -> list[Member]:
    """So many more people in the room."""
    names = [f"{name}{number}" for number in range(count)]
    with app.app_context():
        for username in names:
            accounts.register(username, PASSWORD, 8)
    people = [Member(app, username) for username in names]
    for person in people:
        person.connect().ok("join_room", {"room_id": room_id})
    return people


def test_everybody_in_a_small_room_hears_how_far_one_has_read(
    alice: Member, bob: Member, carol: Member, group: int
) -> None:
    talking, reading, outside = alice.connect(), bob.connect(), carol.connect()
    seq = talking.send(group, "hello")["seq"]
    reading.ok("mark_read", {"room_id": group, "seq": seq})
    told = {"room_id": group, "user_id": bob.id, "last_read_seq": seq}
    assert talking.heard("messages_read") == [told]
    assert reading.heard("messages_read") == [told]
    assert outside.heard("messages_read") == []
    assert read_by(alice, group) == read_by(bob, group) == {alice.id: seq, bob.id: seq}


def test_who_is_outside_sees_no_marks_and_sets_none(alice: Member, carol: Member, group: int) -> None:
    alice.connect().send(group, "hello")
    [public] = [room for room in carol.get_ok("/rooms/public")["rooms"] if room["id"] == group]
    assert "read_by" not in public
    assert carol.connect().error("mark_read", {"room_id": group, "seq": 1}) == "not_found"
    assert carol.get_error(f"/rooms/{group}/messages") == (404, "not_found")
    assert carol.id not in read_by(alice, group)


def test_sending_tells_of_no_mark_and_yet_moves_it(alice: Member, bob: Member, group: int) -> None:
    """Who writes has read what is above: the message itself says so."""
    talking, listening = alice.connect(), bob.connect()
    seq = talking.send(group, "hello")["seq"]
    assert [heard["message"]["seq"] for heard in listening.heard("message_sent", "messages_read")] == [seq]
    assert read_by(bob, group) == {alice.id: seq, bob.id: 0}


def test_a_whisper_moves_no_mark(alice: Member, bob: Member, group: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    talking.send(group, "aloud")
    opens(bob, group)
    before = read_by(bob, group)
    talking.ok("whisper", {"room_id": group, "user_id": bob.id, "body": "hush", "client_id": new_id()})
    assert listening.heard("whispered") != []
    assert listening.heard("messages_read") == []
    assert read_by(bob, group) == before


def test_a_room_that_keeps_nothing_tells_it_as_well(alice: Member, bob: Member) -> None:
    group = make_room(alice, bob, keeps_history=False)
    talking, reading = alice.connect(), bob.connect()
    seq = talking.send(group, "hello")["seq"]
    reading.ok("mark_read", {"room_id": group, "seq": seq})
    assert [told["user_id"] for told in talking.heard("messages_read")] == [bob.id]
    assert read_by(alice, group) == {alice.id: seq, bob.id: seq}


def test_a_guest_in_the_room_hears_it_and_is_heard_of(app: Flask, alice: Member) -> None:
    guest = Guest(app, "Robin")
    group = make_room(alice, guest, visibility="public", admits_guests=True)
    talking, visiting = alice.connect(), guest.connect()
    seq = talking.send(group, "hello")["seq"]
    visiting.ok("mark_read", {"room_id": group, "seq": seq})
    for connection in (talking, visiting):
        assert [told["user_id"] for told in connection.heard("messages_read")] == [guest.id]
    assert read_by(guest, group) == {alice.id: seq, guest.id: seq}


def test_a_direct_conversation_has_its_one_mark(alice: Member, bob: Member, room_id: int) -> None:
    alice.connect().send(room_id, "hello")
    assert "read_by" not in alice.room(room_id)
    bob.connect().ok("mark_read", {"room_id": room_id, "seq": 1})
    assert alice.room(room_id)["peer_read_seq"] == 1


def test_who_comes_in_is_told_of_with_the_moment_of_it(alice: Member, carol: Member, group: int) -> None:
    """The newcomer's number is the newest message, which they have not seen for that."""
    talking = alice.connect()
    said = talking.send(group, "before")
    carol.connect().ok("join_room", {"room_id": group})
    [told] = talking.heard("members_changed")
    [newcomer] = [reader for reader in told["read_by"] if reader["user_id"] == carol.id]
    assert newcomer["seq"] > said["seq"]
    assert newcomer["joined_at"] > said["created_at"]
    assert told["read_by"] == alice.room(group)["read_by"] == carol.room(group)["read_by"]


def test_who_goes_is_no_reader_any_more_and_hears_nothing(alice: Member, bob: Member, group: int) -> None:
    talking, going = alice.connect(), bob.connect()
    talking.send(group, "hello")
    going.ok("mark_read", {"room_id": group, "seq": 1})
    going.ok("leave_room", {"room_id": group})
    [told] = talking.heard("members_changed")
    assert seqs(told["read_by"]) == {alice.id: 1}
    going.heard("messages_read")
    seq = talking.send(group, "alone")["seq"]
    alice.connect().ok("mark_read", {"room_id": group, "seq": seq - 1})
    talking.ok("mark_read", {"room_id": group, "seq": seq})
    assert going.heard("messages_read") == []


def test_past_twenty_people_marks_are_ones_own_until_somebody_goes(
    app: Flask, alice: Member, bob: Member, group: int
) -> None:
    talking, reading, other_page = alice.connect(), bob.connect(), bob.connect()
    people = fill(app, group, readers.READERS_MAX - 2)
    assert len(read_by(alice, group)) == readers.READERS_MAX
    [latest] = fill(app, group, 1, "late")
    assert read_by(alice, group) == {}
    assert talking.heard("members_changed")[-1]["read_by"] == []
    seq = talking.send(group, "hello, all")["seq"]
    reading.ok("mark_read", {"room_id": group, "seq": seq})
    assert talking.heard("messages_read") == []
    assert [told["last_read_seq"] for told in other_page.heard("messages_read")] == [seq]
    latest.connect().ok("leave_room", {"room_id": group})
    told = talking.heard("members_changed")[-1]["read_by"]
    assert seqs(told) == read_by(alice, group)
    assert seqs(told)[bob.id] == seq
    assert seqs(told).keys() == {alice.id, bob.id, *(person.id for person in people)}


def test_after_a_lost_connection_the_marks_come_with_the_rooms(alice: Member, bob: Member, group: int) -> None:
    talking = alice.connect()
    sent = talking.send(group, "hello")
    talking.close()
    bob.connect().ok("mark_read", {"room_id": group, "seq": sent["seq"]})
    caught_up = alice.connect().ok("sync", {"rooms": {str(group): sent["version"]}})
    assert seqs(caught_up["rooms"][str(group)]["room"]["read_by"])[bob.id] == sent["seq"]


def test_who_registers_is_told_of_to_the_room_that_everybody_is_in(app: Flask, alice: Member) -> None:
    listening = alice.connect()
    [general] = [room for room in alice.get_ok("/rooms")["rooms"] if room.get("general")]
    with app.app_context():
        accounts.register("dave", PASSWORD, 8)
    [told] = listening.heard("members_changed")
    assert told["room_id"] == general["id"]
    assert told["read_by"] == alice.room(general["id"])["read_by"]
    assert Member(app, "dave").id in seqs(told["read_by"])
