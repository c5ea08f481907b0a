"""Messages that expire: in no answer from their time on, and soon in no table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat import clock, payloads, retention, summaries
from models import Message
from tests.cast import Member, make_room, new_id, set_member, set_message


@pytest.fixture
def group(alice: Member, bob: Member) -> int:
    """A room that forgets after a minute."""
    return make_room(alice, bob, message_ttl=60)


@contextmanager
def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Iterator[None]:
    moment = clock.now() + timedelta(seconds=seconds)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        yield


def rows(person: Member, question: str) -> list[Any]:
    with sqlite3.connect(f"{person.app.instance_path}/parley.sqlite3") as database:
        found = database.execute(question).fetchall()
    database.close()
    return found


def test_a_message_says_when_it_expires(alice: Member, group: int, room_id: int) -> None:
    talking = alice.connect()
    sent = talking.send(group, "for a minute")
    created, expires = (datetime.fromisoformat(sent[name]).astimezone(UTC) for name in ("created_at", "expires_at"))
    assert expires - created == timedelta(seconds=60)
    assert talking.send(room_id, "for good")["expires_at"] is None


def test_from_its_time_on_it_is_in_no_answer(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    talking, listening = alice.connect(), bob.connect()
    talking.send(group, "short-lived")
    kept = talking.send(group, "kept")
    set_message(alice, group, 2, expires_at=None)
    key = new_id()
    answer = talking.send(group, "about it", key, reply_to=1)
    set_message(alice, group, 3, expires_at=None)
    assert [message["seq"] for message in bob.get_ok(f"/rooms/{group}/messages")["messages"]] == [1, 2, 3]
    with later(monkeypatch, 50):
        assert len(bob.get_ok(f"/rooms/{group}/messages")["messages"]) == 3
        assert bob.room(group)["unread"] == 3
    with later(monkeypatch, 60):
        page = bob.get_ok(f"/rooms/{group}/messages")
        assert [message["seq"] for message in page["messages"]] == [2, 3]
        assert page["messages"][1]["reply_to"] == payloads.quote(1)
        synced = listening.ok("sync", {"rooms": {str(group): 0}})["rooms"][str(group)]
        assert [message["seq"] for message in synced["messages"]] == [2, 3]
        room = bob.room(group)
        assert (room["unread"], room["last_message"]["seq"]) == (2, 3)
        for event, more in (
            ("edit_message", {"body": "x"}),
            ("delete_message", {}),
            ("set_reaction", {"emoji": "👍", "on": True}),
        ):
            assert talking.error(event, {"room_id": group, "seq": 1, **more}) == "not_found"
        late = {"room_id": group, "body": "x", "client_id": new_id(), "reply_to": 1}
        assert talking.error("send_message", late) == "invalid"
        assert talking.send(group, "about it", key, reply_to=1)["reply_to"] == payloads.quote(1)
        assert listening.ok("mark_read", {"room_id": group, "seq": 1})["last_read_seq"] == 1
    assert answer["reply_to"]["body"] == "short-lived"
    assert kept["seq"] == 2


def test_the_last_message_is_the_newest_that_is_left(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    talking = alice.connect()
    talking.send(group, "stays")
    set_message(alice, group, 1, expires_at=None)
    talking.send(group, "goes")
    with later(monkeypatch, 61):
        assert bob.room(group)["last_message"]["body"] == "stays"


@pytest.mark.usefixtures("statements_anew")
def test_unread_is_counted_up_to_a_limit(alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "UNREAD_MAX", 3)
    group = make_room(alice, bob)
    talking = alice.connect()
    for number in range(5):
        talking.send(group, str(number))
    assert bob.room(group)["unread"] == 3
    set_member(bob, group, last_read_seq=3)
    assert bob.room(group)["unread"] == 2
    assert alice.room(group)["unread"] == 0


def test_the_clock_deletes_what_has_expired_and_nothing_else(
    alice: Member, bob: Member, group: int, room_id: int
) -> None:
    talking = alice.connect()
    for number in range(1, 6):
        talking.send(group, f"number {number}")
        talking.send(room_id, f"number {number}")
    talking.ok("set_reaction", {"room_id": group, "seq": 2, "emoji": "👍", "on": True})
    past = clock.now() - timedelta(seconds=1)
    for seq in (2, 3, 5):
        set_message(alice, group, seq, expires_at=past)
    with alice.app.app_context():
        assert retention.overdue_since() == past
        retention.purge_round()
        assert retention.overdue_since() is None
    left = rows(alice, f"SELECT seq FROM messages WHERE room_id = {group} ORDER BY seq")
    assert [seq for (seq,) in left] == [1, 4]
    assert rows(alice, f"SELECT COUNT(*) FROM messages WHERE room_id = {room_id}") == [(5,)]
    assert rows(alice, "SELECT COUNT(*) FROM reactions") == [(0,)]
    assert talking.send(group, "next")["seq"] == 6


def test_a_large_purge_goes_in_batches_and_can_be_interrupted(alice: Member, bob: Member, group: int) -> None:
    with sqlite3.connect(f"{alice.app.instance_path}/parley.sqlite3") as database:
        database.executemany(
            "INSERT INTO messages (room_id, seq, version, sender_id, client_id, kind, body, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, 'text', 'x', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')",
            [(group, seq, seq, alice.id, seq.to_bytes(16, "big")) for seq in range(1, 5001)],
        )
    database.close()
    with alice.app.app_context():
        some = retention.remove(Message.room_id == group, Message.seq, seconds=0.01)
        assert 0 < some.count < 5000
        assert not some.complete
        rest = retention.purge()
    assert (some.count + rest.count, rest.complete) == (5000, True)
    assert rows(alice, f"SELECT COUNT(*) FROM messages WHERE room_id = {group}") == [(0,)]


@pytest.mark.parametrize(
    ("size", "took", "following"),
    [
        (100, retention.TARGET, 100),
        (100, retention.TARGET / 10, 200),
        (1000, retention.TARGET * 2, 500),
        (100, 10.0, retention.BATCH_MIN),
        (retention.BATCH_MAX, 0.0, retention.BATCH_MAX),
    ],
)
def test_the_size_of_a_batch_follows_from_the_time_it_took(size: int, took: float, following: int) -> None:
    assert retention.next_size(size, took) == following


def test_purge_by_hand(alice: Member, group: int) -> None:
    alice.connect().send(group, "gone")
    set_message(alice, group, 1, expires_at=clock.now() - timedelta(seconds=1))
    deleted = make_room(alice, deleted_at=clock.now() - timedelta(minutes=1))
    printed = alice.app.test_cli_runner().invoke(args=["purge"])
    assert (printed.exit_code, printed.output.splitlines()[0]) == (0, "1 expired messages were deleted.")
    assert rows(alice, f"SELECT COUNT(*) FROM rooms WHERE id = {deleted}") == [(0,)]
    assert rows(alice, f"SELECT COUNT(*) FROM messages WHERE room_id = {group}") == [(0,)]


def test_each_message_moves_the_end_of_a_room_that_ends_when_idle(
    alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_room(alice, bob, idle_ttl=60, ends_at=clock.now() + timedelta(seconds=5))
    talking = alice.connect()
    sent = talking.send(group, "still here")
    [(ends_at,)] = rows(alice, f"SELECT ends_at FROM rooms WHERE id = {group}")
    end = datetime.fromisoformat(ends_at).replace(tzinfo=UTC)
    assert end == datetime.fromisoformat(sent["created_at"]).astimezone(UTC) + timedelta(seconds=60)
    with later(monkeypatch, 61):
        late = {"room_id": group, "body": "too late", "client_id": new_id()}
        assert talking.error("send_message", late) == "not_found"
        assert talking.error("delete_message", {"room_id": group, "seq": 1}) == "not_found"
