"""Who may read a file, and until when it is there: as long as what shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from chat import clock, ephemeral, files, profiles, removals, retention, transactions
from extensions import db
from models import File, Room, User
from tests.cast import Member, make_room, set_member, set_message
from tests.files import can_read, is_released, later, media, page, send_file, showing, upload


def test_an_upload_is_its_owners_alone(alice: Member, bob: Member, root: Member, room_id: int) -> None:
    file_id, unfinished = upload(alice), upload(alice, blob_id=None)
    assert can_read(alice, file_id)
    assert not can_read(bob, file_id)
    assert not can_read(root, file_id)
    assert not can_read(alice, unfinished)
    assert not can_read(alice, "0" * 32)
    assert not can_read(alice, "x" * 5000)


def test_a_sent_file_is_for_the_people_of_its_room(alice: Member, bob: Member, carol: Member, root: Member) -> None:
    for keeps in (True, False):
        room_id = make_room(alice, bob, keeps_history=keeps)
        file_id = upload(alice)
        send_file(alice.connect(), room_id, file_id)
        assert [can_read(person, file_id) for person in (alice, bob, carol, root)] == [True, True, False, False]


Taking = Callable[[Member, Member, int], object]
ENDINGS: dict[str, tuple[Taking, tuple[bool, bool]]] = {
    # What happens to alice's file in her room with bob; whether alice and bob can read it then.
    "bob leaves": (lambda _alice, bob, room_id: bob.connect().ok("leave_room", {"room_id": room_id}), (True, False)),
    "bob is removed": (
        lambda alice, bob, room_id: alice.connect().ok("remove_member", {"room_id": room_id, "user_id": bob.id}),
        (True, False),
    ),
    "alice leaves": (
        lambda alice, _bob, room_id: alice.connect().ok("leave_room", {"room_id": room_id}),
        (False, True),
    ),
    "bob's history is cleared": (lambda _alice, bob, room_id: set_member(bob, room_id, cleared_seq=99), (True, False)),
    "it is deleted": (
        lambda alice, _bob, room_id: alice.connect().ok(
            "delete_message", {"room_id": room_id, "seq": seq_of(alice, room_id)}
        ),
        (False, False),
    ),
    "it expires": (
        lambda alice, _bob, room_id: expire(alice, room_id),
        (False, False),
    ),
    "the room is deleted": (
        lambda alice, _bob, room_id: alice.connect().ok("delete_room", {"room_id": room_id}),
        (False, False),
    ),
    "the room ends": (lambda alice, _bob, room_id: set_room(alice, room_id, ends_at=clock.now()), (False, False)),
    "the room keeps nothing any more": (
        lambda alice, _bob, room_id: alice.connect().ok("change_room", {"room_id": room_id, "keeps_history": False}),
        (False, False),
    ),
    "the room keeps from now on": (
        lambda alice, _bob, room_id: alice.connect().ok("change_room", {"room_id": room_id, "keeps_history": True}),
        (False, False),
    ),
}


def seq_of(person: Member, room_id: int) -> int:
    """Of the one file in the room."""
    [message] = person.get_ok(f"/rooms/{room_id}/files")["messages"]
    return int(message["seq"])


def expire(person: Member, room_id: int) -> None:
    seq = seq_of(person, room_id)
    moment = clock.now()
    set_message(person, room_id, seq, expires_at=moment)
    kept = ephemeral.get(room_id, seq)
    if kept is not None:
        kept.expires_at = moment


def set_room(person: Member, room_id: int, **columns: Any) -> None:
    with person.app.app_context():
        transactions.run(lambda session: session.execute(update(Room).where(Room.id == room_id).values(**columns)))


NOT_FOR = {("the room keeps nothing any more", False), ("the room keeps from now on", True)}


@pytest.mark.parametrize(
    ("ending", "keeps"),
    [(ending, keeps) for ending in ENDINGS for keeps in (True, False) if (ending, keeps) not in NOT_FOR],
)
def test_access_ends_at_once(alice: Member, bob: Member, ending: str, keeps: bool) -> None:
    room_id = alice.make_room(visibility="private", keeps_history=keeps)["id"]
    connected = alice.connect(), bob.connect()
    connected[0].ok("invite", {"room_id": room_id, "username": "bob"})
    file_id = upload(alice)
    send_file(connected[0], room_id, file_id)
    assert (can_read(alice, file_id), can_read(bob, file_id)) == (True, True)
    end, expected = ENDINGS[ending]
    end(alice, bob, room_id)
    assert (can_read(alice, file_id), can_read(bob, file_id)) == expected


def test_a_deletion_that_is_undone_brings_the_file_back(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(visibility="public")["id"]
    talking, file_id = alice.connect(), upload(alice)
    send_file(talking, room_id, file_id)
    talking.ok("delete_room", {"room_id": room_id})
    assert not can_read(alice, file_id)
    talking.ok("undo_delete_room", {"room_id": room_id})
    assert can_read(alice, file_id)
    assert not can_read(bob, file_id)
    bob.connect().ok("join_room", {"room_id": room_id})
    assert can_read(bob, file_id)


# Until when it is there


def swept(person: Member) -> None:
    """What the clock does."""
    with person.app.app_context():
        retention.purge_round()
        files.sweep()


@pytest.mark.parametrize("keeps", [True, False])
def test_a_deleted_message_lets_go_of_its_file_at_once(alice: Member, bob: Member, keeps: bool) -> None:
    room_id = make_room(alice, bob, keeps_history=keeps)
    talking, listening = alice.connect(), bob.connect()
    file_id, kept = upload(alice), upload(alice)
    send_file(talking, room_id, file_id, "look")
    send_file(talking, room_id, kept)
    gone = talking.ok("delete_message", {"room_id": room_id, "seq": 1})["message"]
    assert (gone["body"], gone["file"], gone["kind"]) == ("", None, "file")
    assert listening.heard("message_changed") == [{"message": gone}]
    assert is_released(alice, file_id)
    assert not is_released(alice, kept)
    assert talking.ok("delete_message", {"room_id": room_id, "seq": 1})["message"] == gone
    assert [message["seq"] for message in page(bob, room_id)] == [2]
    assert alice.connect().error("send_message", showing(room_id, file_id)) == "invalid"


@pytest.mark.parametrize("keeps", [True, False])
def test_an_expired_message_lets_go_of_its_file(
    alice: Member, bob: Member, keeps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    room_id = make_room(alice, bob, keeps_history=keeps, message_ttl=60)
    file_id = upload(alice)
    send_file(alice.connect(), room_id, file_id)
    with later(monkeypatch, 30):
        swept(alice)
        assert not is_released(alice, file_id)
    with later(monkeypatch, 60):
        assert not can_read(bob, file_id)
        swept(alice)
        assert is_released(alice, file_id)


def test_a_room_that_is_removed_leaves_no_file(alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, unkept = (make_room(alice, bob, keeps_history=keeps) for keeps in (True, False))
    talking = alice.connect()
    held = [upload(alice) for _ in range(2)]
    for room_id, file_id in zip((kept, unkept), held, strict=True):
        send_file(talking, room_id, file_id)
        talking.ok("delete_room", {"room_id": room_id})
    with later(monkeypatch, 13), alice.app.app_context():
        removals.sweep(60)
        assert db.session.scalars(select(Room.id).where(Room.id.in_([kept, unkept]))).all() == []
    assert [is_released(alice, file_id) for file_id in held] == [True, True]


def test_a_room_that_is_to_keep_nothing_lets_go_of_its_files(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(visibility="public")["id"]
    talking, file_id = alice.connect(), upload(alice)
    send_file(talking, room_id, file_id)
    talking.ok("change_room", {"room_id": room_id, "keeps_history": False})
    assert is_released(alice, file_id)
    assert media(alice, room_id) == ([], True)


def test_memory_holds_a_file_as_long_as_its_message(
    alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ephemeral, "MESSAGES_MAX", 2)
    room_id = make_room(alice, bob, keeps_history=False)
    talking, file_id = alice.connect(), upload(alice)
    send_file(talking, room_id, file_id)
    talking.send(room_id, "one")
    with later(monkeypatch, 60):
        swept(alice)
        assert not is_released(alice, file_id)
        talking.send(room_id, "two")
        assert not can_read(bob, file_id)
        swept(alice)
        assert is_released(alice, file_id)


def test_memory_that_is_about_to_hold_a_file_is_waited_for(
    alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the commit and the memory there is a moment in which only the table knows it."""
    room_id = make_room(alice, bob, keeps_history=False)
    file_id = upload(alice)
    send_file(alice.connect(), room_id, file_id)
    ephemeral.forget()
    swept(alice)
    assert not is_released(alice, file_id)
    with later(monkeypatch, 10):
        swept(alice)
        assert is_released(alice, file_id)


def test_who_deletes_their_account_leaves_their_files_in_what_was_said(
    alice: Member, bob: Member, room_id: int
) -> None:
    file_id = upload(bob)
    send_file(bob.connect(), room_id, file_id)
    with alice.app.app_context():
        profiles.end_accounts([bob.id], User.id == bob.id, "deleted")
    assert can_read(alice, file_id)
    [message] = page(alice, room_id)
    assert (message["sender"]["kind"], message["file"]["id"]) == ("deleted", file_id)


def test_whatever_removes_the_message_lets_go_of_the_file(alice: Member, room_id: int) -> None:
    """The database sees to it itself: also an operator who deletes rows leaves nothing behind."""
    file_id = upload(alice)
    send_file(alice.connect(), room_id, file_id)
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("DELETE FROM messages")
    assert is_released(alice, file_id)
    with alice.app.app_context():
        row = db.session.get_one(File, file_id)
        assert (row.purpose, row.room_id, row.seq) == ("message", None, None)
