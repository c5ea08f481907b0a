"""A guest becomes a member and keeps everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from chat import guests
from extensions import db
from models import User
from tests.cast import PASSWORD, Guest, Member, Visitor
from tests.routes.guests.stage import ask, boot, public_room, settle


def test_a_guest_becomes_a_member_and_keeps_everything(app: Flask, guest: Guest, alice: Member) -> None:
    direct = alice.connect().ok("open_direct", {"username": "visitor"})["room"]["id"]
    talking, watching = guest.connect(), alice.connect()
    talking.send(direct, "as a guest")
    watching.heard()
    answer = ask(guest, "POST", "/profile/membership", {"password": PASSWORD})
    assert (answer.json["user"]["id"], answer.json["user"]["kind"]) == (guest.id, "member")
    [heard] = watching.heard("user_changed")
    assert (heard["user"]["id"], heard["user"]["kind"], heard["user"]["username"]) == (guest.id, "member", "visitor")
    [message] = guest.get_ok(f"/rooms/{direct}/messages")["messages"]
    assert (message["body"], message["sender"]["kind"]) == ("as a guest", "member")
    elsewhere = Visitor(app)
    assert elsewhere.submit("/login", username="visitor", password=PASSWORD).status_code == 303
    assert boot(elsewhere)["user"]["id"] == guest.id
    # The session they came with goes on.
    assert talking.is_open
    assert guest.get("/password").status_code == 200


def test_a_new_member_hears_what_members_hear(app: Flask, guest: Guest, carol: Member) -> None:
    listening = guest.connect()
    assert ask(guest, "POST", "/profile/membership", {"password": PASSWORD}).json["ok"]
    listening.heard()
    assert ask(carol, "POST", "/profile", {"hue": 7}).json["ok"]
    carol.connect()
    settle(app)
    assert [heard["user"]["username"] for heard in listening.heard("user_changed")] == ["carol"]
    assert {person["username"] for person in guest.get_ok("/people")["people"]} == {"alice", "bob", "carol", "root"}
    assert carol.id in listening.ok("load_presence", {})["online"]


def test_a_new_member_hears_each_thing_once(app: Flask, guest: Guest, alice: Member) -> None:
    public_room(app, "Lobby", alice, guest)
    listening = guest.connect()
    assert ask(guest, "POST", "/profile/membership", {"password": PASSWORD}).json["ok"]
    listening.heard()
    assert ask(alice, "POST", "/profile", {"hue": 7}).json["ok"]
    assert len(listening.heard("user_changed")) == 1


def test_another_name_can_be_taken_on_the_way(app: Flask, guest: Guest, alice: Member) -> None:
    answer = ask(guest, "POST", "/profile/membership", {"password": PASSWORD, "username": "Резеда"})
    assert (answer.json["user"]["username"], answer.json["user"]["display_name"]) == ("Резеда", "Резеда")
    assert alice.get_error("/people/visitor") == (404, "not_found")
    assert [person["id"] for person in alice.get_ok("/people?q=резеда")["people"]] == [guest.id]
    assert Visitor(app).submit("/login", username="резеда", password=PASSWORD).status_code == 303
    Guest(app, "visitor")


def test_a_name_chosen_to_be_shown_stays(guest: Guest) -> None:
    ask(guest, "POST", "/profile", {"display_name": "The Visitor"})
    answer = ask(guest, "POST", "/profile/membership", {"password": PASSWORD, "username": "reseda"})
    assert (answer.json["user"]["username"], answer.json["user"]["display_name"]) == ("reseda", "The Visitor")


@pytest.mark.parametrize(
    ("given", "status", "field"),
    [
        ({}, 400, "password"),
        ({"password": None}, 400, "password"),
        ({"password": "short"}, 400, "password"),
        ({"password": "x" * 257}, 400, "password"),
        ({"password": 123456}, 400, "password"),
        ({"password": PASSWORD, "username": ""}, 400, "username"),
        ({"password": PASSWORD, "username": 5}, 400, "username"),
        ({"password": PASSWORD, "username": "two words"}, 400, "username"),
        ({"password": PASSWORD, "username": "alice"}, 409, "username"),
        ({"password": PASSWORD, "username": "ＡLICE"}, 409, "username"),
        ([], 400, None),
        (None, 400, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_wish_to_become_one_changes_nothing(guest: Guest, given: Any, status: int, field: str | None) -> None:
    answer = ask(guest, "POST", "/profile/membership", given)
    assert (answer.status_code, answer.json["error"].get("field")) == (status, field)
    assert boot(guest)["user"]["kind"] == "guest"
    assert Visitor(guest.app).submit("/login", username="visitor", password=PASSWORD).status_code == 401


def test_members_are_members_already(alice: Member) -> None:
    answer = ask(alice, "POST", "/profile/membership", {"password": "new password"})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")
    assert Visitor(alice.app).submit("/login", username="alice", password=PASSWORD).status_code == 303


def test_of_two_wishes_at_once_the_first_password_holds(guest: Guest) -> None:
    with guest.app.app_context():
        twice = [db.session.get_one(User, guest.id) for _ in range(2)]
        db.session.expunge_all()
        guests.become_member(twice[0], PASSWORD, None, 6)
        with pytest.raises(guests.Forbidden):
            guests.become_member(twice[1], "second password", None, 6)
    assert Visitor(guest.app).submit("/login", username="visitor", password=PASSWORD).status_code == 303


def test_becoming_a_member_signed_out_or_without_a_token(app: Flask, guest: Guest) -> None:
    nobody = Visitor(app)
    headers = {"X-CSRFToken": nobody.token("/login")}
    assert nobody.http.post("/profile/membership", json={"password": PASSWORD}, headers=headers).status_code == 401
    assert guest.http.post("/profile/membership", json={"password": PASSWORD}).status_code == 400
    assert boot(guest)["user"]["kind"] == "guest"


def test_becoming_a_member_is_limited(make: Callable[..., Flask]) -> None:
    guest = Guest(make(SIGN_IN_NAME_RATE="2 per hour"), "visitor")
    answers = [ask(guest, "POST", "/profile/membership", {"password": "short"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 429]
