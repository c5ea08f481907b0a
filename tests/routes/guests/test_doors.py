"""Every door, tried by a guest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

import events
from tests.cast import Guest, Member, new_id
from tests.files import send_file, upload
from tests.routes.guests.stage import ask, public_room


def everything(room_id: int, user_id: int) -> dict[str, dict[str, Any]]:
    """Every event about a room, and what a member of it would say."""
    of_one = {"room_id": room_id, "user_id": user_id}
    message = {"room_id": room_id, "seq": 1}
    return {
        "send_message": {"room_id": room_id, "body": "hello", "client_id": new_id()},
        "edit_message": {**message, "body": "hello"},
        "delete_message": message,
        "set_reaction": {**message, "emoji": "👍", "on": True},
        "whisper": {**of_one, "body": "hello", "client_id": new_id()},
        "mark_read": message,
        "mute_room": {"room_id": room_id, "seconds": 60},
        "set_typing": {"room_id": room_id, "typing": True},
        "change_room": {"room_id": room_id, "topic": "mine"},
        "delete_room": {"room_id": room_id},
        "undo_delete_room": {"room_id": room_id},
        "leave_room": {"room_id": room_id},
        "count_history": {"room_id": room_id, "everyone": False, "before": None},
        "clear_history": {"room_id": room_id, "everyone": False, "seq": 1},
        "undo_clear_history": {"clearing": 1},
        "enter_room": {"room_id": room_id},
        "set_notify": {"room_id": room_id, "notify": "none"},
        "invite": {"room_id": room_id, "username": "alice"},
        "remove_member": of_one,
        "set_role": {**of_one, "role": "moderator"},
        "hand_over": of_one,
        "create_invitation": {"room_id": room_id},
        "revoke_invitation": {"room_id": room_id, "invitation_id": 1},
    }


# What is not about a room one is in; each has its test above.
ELSEWHERE = {"open_direct", "create_room", "join_room", "accept_invitation", "sync", "load_presence", "set_avatar"}


def test_these_are_all_events() -> None:
    assert events.HANDLERS.keys() == everything(1, 1).keys() | ELSEWHERE


@pytest.mark.parametrize("event", everything(1, 1))
def test_no_event_reaches_a_room_of_others(app: Flask, guest: Guest, alice: Member, bob: Member, event: str) -> None:
    knocking, watching = guest.connect(), alice.connect()
    for visibility in ("public", "private"):
        room_id = public_room(app, f"A {visibility} room", alice, bob, visibility=visibility)
        alice.connect().send(room_id, "said")
        watching.heard()
        assert knocking.error(event, everything(room_id, bob.id)[event]) == "not_found"
        assert knocking.error(event, everything(999_999, bob.id)[event]) == "not_found"
        assert watching.heard() == []


OWN = re.compile(r"/(profile.*|logout|password|healthz|catalogue/.*|assets/.*|login|register|guest|locale|)$")


def test_no_page_tells_of_rooms_and_people_outside(app: Flask, guest: Guest, alice: Member, room_id: int) -> None:
    """Every address that can be read, with the ids of what is outside in it."""
    secret = public_room(app, "A private room", alice, visibility="private", topic="secret")
    talking = alice.connect()
    talking.send(secret, "said in secret")
    shown = send_file(talking, secret, upload(alice, name="secret.png"), "secret")["file"]["id"]
    export = ask(alice, "POST", f"/rooms/{secret}/export").json["export"]["id"]
    token = alice.connect().ok("create_invitation", {"room_id": secret})["invitation"]["url"].removeprefix("/i/")
    asked = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or OWN.match(rule.rule):
            continue
        for inside in (secret, room_id, alice.id):
            values = {"room_id": inside, "username": "alice", "token": token}
            values |= {"file_id": shown, "upload_id": shown, "variant": "small", "export_id": export}
            path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda name, values=values: str(values[name[1]]), rule.rule)
            text = guest.get(path).text
            asked += 1
            assert not re.search("alice|secret|private room", text.replace(path, "")), path
    assert asked > 10


def test_a_guest_who_was_let_in_is_a_member_of_the_room_like_any_other(app: Flask, guest: Guest, alice: Member) -> None:
    """What the matrix above rests on: inside, the same events succeed or are a matter of one's role."""
    room_id = public_room(app, "Lobby", alice, guest, admits_guests=True)
    talking = guest.connect()
    talking.ok("send_message", everything(room_id, alice.id)["send_message"])
    for event in ("mark_read", "mute_room", "set_typing", "set_notify", "enter_room", "edit_message", "set_reaction"):
        talking.ok(event, everything(room_id, alice.id)[event])
    for event in ("change_room", "delete_room", "remove_member", "set_role", "hand_over", "create_invitation"):
        assert talking.error(event, everything(room_id, alice.id)[event]) == "forbidden"
    talking.ok("leave_room", {"room_id": room_id})
    assert guest.get_ok("/people")["people"] == []
