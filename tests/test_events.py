"""The Socket.IO door, event by event: it works, signed out, outsider, bad input, too often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import events
from chat import accounts, syncs, transactions
from extensions import db
from models import Message
from tests import test_room_events
from tests.cast import Connection, Member, Visitor, new_id

TOO_LONG = "я" * 10_001
HUGE = 2**63


def valid(event: str, room_id: int) -> dict[str, Any]:
    """Data with which alice's event succeeds."""
    return {
        "open_direct": {"username": "bob"},
        "send_message": {"room_id": room_id, "body": "hello", "client_id": new_id()},
        "edit_message": {"room_id": room_id, "seq": 1, "body": "first"},
        "delete_message": {"room_id": room_id, "seq": 1},
        "set_reaction": {"room_id": room_id, "seq": 1, "emoji": "👍", "on": True},
        "mark_read": {"room_id": room_id, "seq": 1},
        "count_history": {"room_id": room_id, "everyone": True, "before": None},
        "clear_history": {"room_id": room_id, "everyone": True, "seq": 1},
        "undo_clear_history": {"clearing": 1},
        "mute_room": {"room_id": room_id, "seconds": 3600},
        "set_typing": {"room_id": room_id, "typing": True},
        "whisper": {"room_id": room_id, "user_id": 3, "body": "psst", "client_id": new_id()},
        "set_avatar": {"file_id": None},
        "sync": {"rooms": {str(room_id): 0}},
        "load_presence": {},
    }[event]


IN_A_ROOM = (
    "send_message",
    "edit_message",
    "delete_message",
    "set_reaction",
    "mark_read",
    "count_history",
    "clear_history",
    "mute_room",
    "set_typing",
)
EVENTS = ("open_direct", *IN_A_ROOM, "undo_clear_history", "whisper", "set_avatar", "sync", "load_presence")


@pytest.fixture
def talk(alice: Member, room_id: int) -> Connection:
    """Alice's connection; one message was said in the room."""
    connection = alice.connect()
    connection.send(room_id, "first")
    return connection


def test_these_are_all_events() -> None:
    assert events.HANDLERS.keys() == {*EVENTS, *test_room_events.EVENTS}


# These have a story of their own in tests/chat: with these data they are refused.
IN_A_GROUP = ("whisper",)
OF_A_CLEARING = ("undo_clear_history",)


@pytest.mark.parametrize("event", [event for event in EVENTS if event not in (*IN_A_GROUP, *OF_A_CLEARING)])
def test_it_is_acknowledged(talk: Connection, room_id: int, event: str) -> None:
    assert talk.call(event, valid(event, room_id))["ok"] is True


@pytest.mark.parametrize("event", EVENTS)
def test_a_session_that_was_ended_does_nothing_more(alice: Member, talk: Connection, room_id: int, event: str) -> None:
    with alice.app.app_context():
        row = db.engines["writes"]
        with row.begin() as connection:
            connection.exec_driver_sql("DELETE FROM sessions WHERE id = ?", (alice.session_id,))
    assert talk.error(event, valid(event, room_id)) == "unauthenticated"


@pytest.mark.parametrize("event", [*IN_A_ROOM, *IN_A_GROUP])
def test_to_an_outsider_the_room_is_not_there(carol: Member, talk: Connection, room_id: int, event: str) -> None:
    outsider = carol.connect()
    refused = outsider.call(event, valid(event, room_id))
    assert refused["error"]["code"] == "not_found"
    assert outsider.call(event, valid(event, 999_999)) == refused


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("data", [(), (None,), ("text",), ([],), (1,), ({}, {})], ids=str)
def test_anything_but_one_object_is_refused(talk: Connection, event: str, data: tuple[Any, ...]) -> None:
    assert talk.error(event, *data) == "invalid"


BAD = [
    ("open_direct", {"username": None}, "invalid"),
    ("open_direct", {"username": 5}, "invalid"),
    ("open_direct", {"username": ["bob"]}, "invalid"),
    ("open_direct", {"username": "\ud800"}, "invalid"),
    ("open_direct", {"username": "alice"}, "invalid"),
    ("open_direct", {"username": "ALICE"}, "invalid"),
    ("open_direct", {"username": ""}, "not_found"),
    ("open_direct", {"username": "nobody"}, "not_found"),
    ("open_direct", {"username": "b" * 100_000}, "not_found"),
    ("open_direct", {"username": "bob' OR 1=1 --"}, "not_found"),
    ("send_message", {"room_id": None}, "invalid"),
    ("send_message", {"room_id": "1"}, "invalid"),
    ("send_message", {"room_id": True}, "invalid"),
    ("send_message", {"room_id": 1.5}, "invalid"),
    ("send_message", {"room_id": -1}, "invalid"),
    ("send_message", {"room_id": 0}, "invalid"),
    ("send_message", {"room_id": HUGE}, "invalid"),
    ("send_message", {"room_id": HUGE - 1}, "not_found"),
    ("send_message", {"body": None}, "invalid"),
    ("send_message", {"body": 5}, "invalid"),
    ("send_message", {"body": {"a": 1}}, "invalid"),
    ("send_message", {"body": ""}, "invalid"),
    ("send_message", {"body": " \n\t "}, "invalid"),
    ("send_message", {"body": TOO_LONG}, "invalid"),
    ("send_message", {"body": "nul \0"}, "invalid"),
    ("send_message", {"body": "bell \x07"}, "invalid"),
    ("send_message", {"body": "c1 \x85 x"}, "invalid"),
    ("send_message", {"body": "half a pair \ud83d"}, "invalid"),
    *[
        ("send_message", {"file_id": wrong, "body": body}, "invalid")
        for wrong in (5, True, [], {}, "", "x", "0" * 31, "0" * 32, "0" * 33, "A" * 32, "\ud800", "../" * 10 + "aa")
        for body in ("", "caption")
    ],
    ("send_message", {"file_id": None, "body": ""}, "invalid"),
    ("send_message", {"client_id": None}, "invalid"),
    ("send_message", {"client_id": ""}, "invalid"),
    ("send_message", {"client_id": "not-a-uuid"}, "invalid"),
    ("send_message", {"client_id": 7}, "invalid"),
    ("send_message", {"client_id": "0" * 32}, "invalid"),
    ("send_message", {"client_id": "{6f1a1a52-0c0e-4b8c-9c0a-2f4d5b7e8a90}"}, "invalid"),
    *[("send_message", {"reply_to": wrong}, "invalid") for wrong in ("1", 0, -1, 1.5, True, [], HUGE, 2, HUGE - 1)],
    *[
        (event, {"seq": wrong}, "invalid")
        for event in ("edit_message", "delete_message", "set_reaction")
        for wrong in (None, "1", 0, -1, 1.5, True, [], HUGE)
    ],
    *[
        (event, {"seq": absent}, "not_found")
        for event in ("edit_message", "delete_message", "set_reaction")
        for absent in (2, HUGE - 1)
    ],
    ("edit_message", {"body": None}, "invalid"),
    ("edit_message", {"body": " "}, "invalid"),
    ("edit_message", {"body": TOO_LONG}, "invalid"),
    ("edit_message", {"body": "nul \0"}, "invalid"),
    ("edit_message", {"room_id": None}, "invalid"),
    ("delete_message", {"room_id": "1"}, "invalid"),
    ("set_reaction", {"on": None}, "invalid"),
    ("set_reaction", {"on": 1}, "invalid"),
    *[
        ("set_reaction", {"emoji": wrong}, "invalid")
        for wrong in (None, 5, "", "a", "👍👍", "👍 ", ":+1:", "\ud83d", "\u200d", "\ufe0f", "🏻👍", "x" * 100_000)
    ],
    ("mark_read", {"seq": None}, "invalid"),
    ("mark_read", {"seq": "1"}, "invalid"),
    ("mark_read", {"seq": 0}, "invalid"),
    ("mark_read", {"seq": 2}, "invalid"),
    ("mark_read", {"seq": HUGE}, "invalid"),
    ("mark_read", {"room_id": []}, "invalid"),
    *[
        (event, {"everyone": wrong}, "invalid")
        for event in ("count_history", "clear_history")
        for wrong in (None, 1, "true", [])
    ],
    *[("clear_history", {"seq": wrong}, "invalid") for wrong in (None, "1", 0, -1, 1.5, True, [], 2, HUGE - 1, HUGE)],
    *[
        ("count_history", {"before": wrong}, "invalid")
        for wrong in (
            5,
            "",
            "today",
            "2026-01-31",
            "2026-01-31T10:00:00",
            "2026-13-31T10:00:00Z",
            [],
            "\ud800",
            "9" * 99,
        )
    ],
    ("count_history", {"before": "0001-01-01T00:00:00+14:00"}, "invalid"),
    *[("undo_clear_history", {"clearing": wrong}, "invalid") for wrong in (None, "1", 0, True, HUGE)],
    *[("undo_clear_history", {"clearing": absent}, "not_found") for absent in (1, HUGE - 1)],
    ("mute_room", {"seconds": "60"}, "invalid"),
    ("mute_room", {"seconds": -1}, "invalid"),
    ("mute_room", {"seconds": 10**9}, "invalid"),
    ("mute_room", {"seconds": True}, "invalid"),
    ("set_typing", {"typing": None}, "invalid"),
    ("set_typing", {"typing": 1}, "invalid"),
    ("set_typing", {"room_id": {}}, "invalid"),
    *[("set_avatar", {"file_id": wrong}, "invalid") for wrong in (5, False, [], "", "x", "0" * 32, "\ud800")],
    ("sync", {"rooms": None}, "invalid"),
    ("sync", {"rooms": []}, "invalid"),
    ("sync", {"rooms": {"x": 1}}, "invalid"),
    ("sync", {"rooms": {"-1": 1}}, "invalid"),
    ("sync", {"rooms": {"١": 1}}, "invalid"),
    ("sync", {"rooms": {str(HUGE): 1}}, "invalid"),
    ("sync", {"rooms": {"1": "1"}}, "invalid"),
    ("sync", {"rooms": {"1": -1}}, "invalid"),
    ("sync", {"rooms": {"1": None}}, "invalid"),
    ("sync", {"rooms": {str(n): 0 for n in range(1, syncs.ROOMS_MAX + 2)}}, "invalid"),
]


@pytest.mark.parametrize(("event", "wrong", "code"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_is_refused(
    alice: Member, talk: Connection, room_id: int, event: str, wrong: dict[str, Any], code: str
) -> None:
    assert talk.error(event, valid(event, room_id) | wrong) == code
    assert [message["body"] for message in alice.get_ok(f"/rooms/{room_id}/messages")["messages"]] == ["first"]


@pytest.mark.parametrize("event", EVENTS)
def test_too_often_is_refused_with_a_time_to_wait(make: Callable[..., Flask], event: str) -> None:
    app = make(EVENT_RATE="3 per hour")
    connection = Member(app, "alice").connect()
    room_id = connection.ok("open_direct", {"username": "bob"})["room"]["id"]
    connection.send(room_id, "one")
    connection.ok("load_presence", {})
    refused = connection.call(event, valid(event, room_id))
    assert refused["error"]["code"] == "too_often"
    assert 0 < refused["error"]["retry_after"] <= 3600


def test_messages_have_a_limit_of_their_own(make: Callable[..., Flask]) -> None:
    app = make(MESSAGE_RATE="2 per hour")
    connection = Member(app, "alice").connect()
    room_id = connection.ok("open_direct", {"username": "bob"})["room"]["id"]
    connection.send(room_id, "one")
    connection.send(room_id, "two")
    assert connection.error("send_message", valid("send_message", room_id)) == "too_often"
    assert connection.call("load_presence", {})["ok"] is True


def test_an_unknown_event_is_refused(alice: Member) -> None:
    assert alice.connect().error("make_coffee", {}) == "invalid"


def test_an_accident_is_answered_without_details(
    talk: Connection, room_id: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_arguments: Any) -> None:
        raise RuntimeError("the secret detail")

    monkeypatch.setattr("chat.reading.set_typing", fails)
    answer = talk.call("set_typing", valid("set_typing", room_id))
    assert answer["error"]["code"] == "internal"
    assert "secret" not in str(answer)
    assert "the secret detail" in caplog.text


# Connecting


def test_nobody_is_refused(app: Flask) -> None:
    assert not Connection(Visitor(app)).is_open


def test_somebody_else_than_expected_is_refused(alice: Member, bob: Member) -> None:
    assert alice.connect(auth={"user_id": alice.id}).is_open
    assert not alice.connect(auth={"user_id": bob.id}).is_open


@pytest.mark.parametrize("auth", [None, {}, [], "text", 5], ids=str)
def test_a_client_need_not_say_whom_it_expects(alice: Member, auth: Any) -> None:
    assert alice.connect(auth=auth).is_open


# Talking


def test_both_hear_a_message_and_an_outsider_nothing(alice: Member, bob: Member, carol: Member, room_id: int) -> None:
    talking, listening, outside = alice.connect(), bob.connect(), carol.connect()
    sent = talking.send(room_id, "привет 你好 👋🏽")
    assert talking.heard("message_sent") == [{"message": sent}]
    assert listening.heard("message_sent") == [{"message": sent}]
    assert outside.heard("message_sent", "room_opened", "typing_changed") == []
    assert sent["room_id"] == room_id
    assert (sent["seq"], sent["version"], sent["kind"], sent["body"]) == (1, 1, "text", "привет 你好 👋🏽")
    assert sent["sender"]["username"] == "alice"
    assert sent["created_at"].endswith("Z")


def test_the_first_message_opens_the_room_for_both(alice: Member, bob: Member, room_id: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    talking.send(room_id, "one")
    [opened] = listening.heard("room_opened")
    assert opened["room"]["peer"]["username"] == "alice"
    assert opened["room"]["unread"] == 1
    [own] = talking.heard("room_opened")
    assert own["room"]["peer"]["username"] == "bob"
    assert own["room"]["unread"] == 0
    talking.send(room_id, "two")
    assert listening.heard("room_opened") == []


def test_the_same_client_id_again_is_the_first_message(alice: Member, bob: Member, room_id: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    key = new_id()
    first = talking.send(room_id, "once", key)
    again = talking.send(room_id, "twice", key.upper())
    assert again == first
    assert listening.bodies() == ["once"]
    assert talking.send(room_id, "next")["seq"] == 2


def test_client_ids_of_two_people_do_not_meet(alice: Member, bob: Member, room_id: int) -> None:
    key = new_id()
    assert alice.connect().send(room_id, "mine", key)["seq"] == 1
    assert bob.connect().send(room_id, "mine too", key)["seq"] == 2


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  trimmed \n", "trimmed"),
        ("e\u0301", "é"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("tab\there", "tab\there"),
        ("😀" * 10_000, "😀" * 10_000),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("<b>&amp;", "<b>&amp;"),
        ("٣ שלום", "٣ שלום"),
    ],
    ids=range(8),
)
def test_text_comes_back_as_it_was_meant(alice: Member, room_id: int, typed: str, stored: str) -> None:
    assert alice.connect().send(room_id, typed)["body"] == stored
    [message] = alice.get_ok(f"/rooms/{room_id}/messages")["messages"]
    assert message["body"] == stored


def test_a_direct_room_is_one_for_both(alice: Member, bob: Member, room_id: int) -> None:
    room = bob.connect().ok("open_direct", {"username": "ＡLICE"})["room"]
    assert room["id"] == room_id
    assert room["peer"]["username"] == "alice"


def test_a_disabled_person_cannot_be_written_to(alice: Member, bob: Member) -> None:
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("UPDATE users SET disabled_at = created_at WHERE id = ?", (bob.id,))
    assert alice.connect().error("open_direct", {"username": "bob"}) == "not_found"
    assert not bob.connect().is_open


# Reading


def test_unread_is_what_the_other_one_said_since(alice: Member, bob: Member, room_id: int) -> None:
    talking, reading = alice.connect(), bob.connect()
    for body in ("one", "two", "three"):
        talking.send(room_id, body)
    [room] = bob.conversations()
    assert room["unread"] == 3
    assert reading.ok("mark_read", {"room_id": room_id, "seq": 2})["last_read_seq"] == 2
    assert talking.heard("messages_read") == [{"room_id": room_id, "user_id": bob.id, "last_read_seq": 2}]
    assert bob.conversations()[0]["unread"] == 1
    assert alice.get_ok("/rooms")["rooms"][0]["peer_read_seq"] == 2


def test_a_mark_never_goes_back(alice: Member, bob: Member, room_id: int) -> None:
    talking, reading = alice.connect(), bob.connect()
    talking.send(room_id, "one")
    talking.send(room_id, "two")
    reading.ok("mark_read", {"room_id": room_id, "seq": 2})
    talking.heard("messages_read")
    assert reading.ok("mark_read", {"room_id": room_id, "seq": 1})["last_read_seq"] == 2
    assert talking.heard("messages_read") == []


def test_who_writes_has_read_what_is_above(alice: Member, bob: Member, room_id: int) -> None:
    alice.connect().send(room_id, "question")
    bob.connect().send(room_id, "answer")
    assert bob.conversations()[0]["unread"] == 0
    assert alice.get_ok("/rooms")["rooms"][0]["peer_read_seq"] == 2


def test_typing_is_told_to_the_other_one(alice: Member, bob: Member, carol: Member, room_id: int) -> None:
    typing, watching, outside = alice.connect(), bob.connect(), carol.connect()
    typing.ok("set_typing", {"room_id": room_id, "typing": True})
    assert watching.heard("typing_changed") == [{"room_id": room_id, "user_id": alice.id, "typing": True}]
    assert typing.heard("typing_changed") == []
    assert outside.heard("typing_changed") == []


def test_a_room_is_muted_for_one_person_on_all_their_pages(alice: Member, bob: Member, room_id: int) -> None:
    here, there, other = alice.connect(), alice.connect(), bob.connect()
    here.send(room_id, "hello")
    until = here.ok("mute_room", {"room_id": room_id, "seconds": 60})["muted_until"]
    assert there.heard("room_muted") == [{"room_id": room_id, "muted_until": until}]
    assert other.heard("room_muted") == []
    assert alice.get_ok("/rooms")["rooms"][0]["muted_until"] == until
    assert bob.get_ok("/rooms")["rooms"][0]["muted_until"] is None
    assert here.ok("mute_room", {"room_id": room_id, "seconds": None})["muted_until"].startswith("9999-01-01")
    assert here.ok("mute_room", {"room_id": room_id, "seconds": 0})["muted_until"] is None


# Catching up


def test_sync_tells_what_changed_since(alice: Member, bob: Member, room_id: int) -> None:
    talking = alice.connect()
    sent = [talking.send(room_id, str(number)) for number in range(5)]
    answer = bob.connect().ok("sync", {"rooms": {str(room_id): 3}})
    caught_up = answer["rooms"][str(room_id)]
    assert caught_up["messages"] == sent[3:]
    assert (caught_up["complete"], caught_up["reload"]) == (True, False)
    assert caught_up["room"]["version"] == 5
    assert [room["name"] for room in answer["opened"]] == ["General"]
    assert answer["closed"] == []


def test_sync_opens_unknown_rooms_and_closes_those_of_others(alice: Member, carol: Member, room_id: int) -> None:
    alice.connect().send(room_id, "hello")
    [general] = carol.get_ok("/rooms")["rooms"]
    assert [room["id"] for room in alice.connect().ok("sync", {"rooms": {}})["opened"]] == [room_id, general["id"]]
    outside = carol.connect().ok("sync", {"rooms": {str(room_id): 0, "424242": 7}})
    assert outside == {"ok": True, "rooms": {}, "opened": [general], "closed": [room_id, 424242]}


@pytest.mark.usefixtures("statements_anew")
def test_sync_goes_in_pages_until_none_is_left(
    alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncs, "PAGE", 2)
    talking, behind = alice.connect(), bob.connect()
    for number in range(5):
        talking.send(room_id, str(number))
    held, bodies, rounds = 0, [], 0
    complete = False
    while not complete:
        page = behind.ok("sync", {"rooms": {str(room_id): held}})["rooms"][str(room_id)]
        bodies += [message["body"] for message in page["messages"]]
        held = page["messages"][-1]["version"]
        complete, rounds = page["complete"], rounds + 1
    assert (bodies, rounds) == (["0", "1", "2", "3", "4"], 3)


@pytest.mark.parametrize("held", [0, 99], ids=["too far behind", "from the future"])
def test_sync_says_when_to_load_anew(
    alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(syncs, "MISSED_MAX", 3)
    talking = alice.connect()
    for number in range(4):
        talking.send(room_id, str(number))
    caught_up = bob.connect().ok("sync", {"rooms": {str(room_id): held}})["rooms"][str(room_id)]
    assert caught_up["reload"] is True
    assert caught_up["messages"] == []


def test_sync_brings_deleted_messages_without_their_text(alice: Member, bob: Member, room_id: int) -> None:
    alice.connect().send(room_id, "regretted")
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.execute(Message.__table__.update().values(deleted_at=Message.created_at, version=2))
        connection.exec_driver_sql("UPDATE rooms SET version = 2")
    page = bob.connect().ok("sync", {"rooms": {str(room_id): 1}})["rooms"][str(room_id)]
    assert [(message["seq"], message["body"]) for message in page["messages"]] == [(1, "")]
    assert page["messages"][0]["deleted_at"]
    assert bob.get_ok(f"/rooms/{room_id}/messages")["messages"] == []


# Coming in and going away


def test_everybody_hears_of_a_new_person(alice: Member) -> None:
    watching = alice.connect()
    with alice.app.app_context():
        accounts.register("Дмитрий", "correct horse 1", minimum=6)
    [heard] = watching.heard("user_registered")
    assert heard["user"]["username"] == "Дмитрий"
    assert heard["user"]["online"] is False


def test_signing_out_closes_the_connections_of_that_session_alone(app: Flask) -> None:
    here, there = Member(app, "alice"), Member(app, "alice")
    first, second, other_device = here.connect(), here.connect(), there.connect()
    here.signs_out()
    assert not first.is_open
    assert not second.is_open
    assert other_device.is_open
    assert other_device.heard("signed_out") == []


def test_what_is_stored_is_told_also_when_the_database_goes_away_in_that_moment(
    alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the sender's second try would be answered with the first message, and nobody else ever be told."""
    talking, listening = alice.connect(), bob.connect()
    talking.send(room_id, "first")
    listening.heard()

    def away(*_arguments: Any) -> None:
        raise AssertionError("nothing is read between storing and telling")

    send_once = transactions._once

    def then_away(change: Callable[..., Any]) -> Any:
        result = send_once(change)
        monkeypatch.setattr(db.session(), "execute", away)
        monkeypatch.setattr(db.session(), "scalars", away)
        return result

    monkeypatch.setattr(transactions, "_once", then_away)
    talking.send(room_id, "second")
    assert listening.bodies() == ["second"]
