"""Guests who sign out, stay away or are swept, and what they leave."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from chat import clock, guests, profiles, transactions
from extensions import db
from models import Membership, Message, Session, User
from tests.cast import PASSWORD, Guest, Member
from tests.routes.guests.stage import boot, public_room


def test_signing_out_asks_first_and_then_the_nickname_is_free(app: Flask, guest: Guest, alice: Member) -> None:
    direct = alice.connect().ok("open_direct", {"username": "visitor"})["room"]["id"]
    talking, watching = guest.connect(), alice.connect()
    talking.send(direct, "so long")
    assert "data-nickname-lost" in guest.get("/logout").text
    assert "data-nickname-lost" not in alice.get("/logout").text
    watching.heard()
    assert guest.submit("/logout").status_code == 303
    assert not talking.is_open
    [heard] = watching.heard("user_changed")
    assert (heard["user"]["id"], heard["user"]["kind"], heard["user"]["display_name"]) == (guest.id, "deleted", "")
    [message] = alice.get_ok(f"/rooms/{direct}/messages")["messages"]
    assert (message["body"], message["sender"]["kind"]) == ("so long", "deleted")
    heir = Guest(app, "visitor")
    assert heir.id != guest.id
    assert heir.get_ok("/people")["people"] == []
    assert heir.get_ok("/rooms")["rooms"] == []


def test_the_menu_leads_guests_to_the_question(guest: Guest, alice: Member) -> None:
    form = r'<form method="(\w+)" action="/logout" data-sign-out>'
    assert re.search(form, guest.get("/").text)[1] == "get"
    assert re.search(form, alice.get("/").text)[1] == "post"


def absent_since(person: Member, **ago: float) -> None:
    long_ago = clock.now() - timedelta(**ago)
    with person.app.app_context():
        change = User.__table__.update().where(User.id == person.id).values(last_seen_at=long_ago)
        transactions.run(lambda session: session.execute(change))


def sweep(app: Flask) -> int:
    with app.app_context():
        return guests.sweep()


def test_those_who_were_away_for_too_long_are_gone(make: Callable[..., Flask]) -> None:
    app = make(GUEST_DAYS="7", GUESTS="named")
    gone, stays, alice = Guest(app, "swallow"), Guest(app, "swift"), Member(app, "alice")
    direct = alice.connect().ok("open_direct", {"username": "swallow"})["room"]["id"]
    talking = gone.connect()
    talking.send(direct, "so long")
    talking.close()
    absent_since(gone, days=7, seconds=1)
    absent_since(stays, days=6.9)
    absent_since(alice, days=400)
    watching = Member(app, "bob").connect()
    assert sweep(app) == 1
    [heard] = watching.heard("user_changed")
    assert (heard["user"]["id"], heard["user"]["kind"]) == (gone.id, "deleted")
    assert gone.get_error("/rooms") == (401, "unauthenticated")
    assert stays.get_ok("/rooms")
    [message] = alice.get_ok(f"/rooms/{direct}/messages")["messages"]
    assert (message["body"], message["sender"]["kind"]) == ("so long", "deleted")
    Guest(app, "swallow")
    assert sweep(app) == 0


def test_who_only_came_and_never_looked_is_absent_too(app: Flask) -> None:
    with app.app_context():
        assert guests.enter("swallow").last_seen_at is not None


def test_sweeping_goes_in_batches_the_longest_absent_first(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests, "SWEPT_AT_ONCE", 2)
    crowd = [Guest(app, f"swallow{number}") for number in range(5)]
    for number, guest in enumerate(crowd):
        absent_since(guest, days=40 + number)
    assert sweep(app) == 2
    with app.app_context():
        left = set(db.session.scalars(db.select(User.id).where(User.kind == "guest")))
    assert left == {guest.id for guest in crowd[:3]}
    assert [sweep(app) for _ in range(3)] == [2, 1, 0]
    with app.app_context():
        assert (
            db.session.scalars(db.select(Session.id).where(Session.user_id.in_([one.id for one in crowd]))).all() == []
        )


def test_purging_by_hand_sweeps_them_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests, "SWEPT_AT_ONCE", 2)
    for number in range(5):
        absent_since(Guest(app, f"swallow{number}"), days=40)
    printed = app.test_cli_runner().invoke(args=["purge"])
    assert (printed.exit_code, printed.output.splitlines()[1:]) == (
        0,
        ["5 guests who were away for too long are gone."],
    )


def test_who_comes_back_in_that_moment_stays(app: Flask, guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    absent_since(guest, days=40)
    forget = profiles._forget

    def back_first(session: Any, *rest: Any) -> Any:
        session.execute(User.__table__.update().where(User.id == guest.id).values(last_seen_at=clock.now()))
        return forget(session, *rest)

    monkeypatch.setattr(profiles, "_forget", back_first)
    assert sweep(app) == 0
    assert guest.get_ok("/rooms")


def test_who_became_a_member_in_that_moment_stays(app: Flask, guest: Guest) -> None:
    with app.app_context():
        before = db.session.get_one(User, guest.id)
        db.session.expunge(before)
        guests.become_member(before, PASSWORD, None, 6)
        guests.leave(before)
    assert boot(guest)["user"]["kind"] == "member"


def test_who_was_swept_is_in_no_room_and_no_line_tells_of_it(app: Flask, guest: Guest, alice: Member) -> None:
    room_id = public_room(app, "Lobby", alice, guest)
    watching = alice.connect()
    absent_since(guest, days=40)
    assert sweep(app) == 1
    [changed] = watching.heard("members_changed")
    assert (changed["room_id"], changed["member_count"], changed["gone"]) == (room_id, 1, [guest.id])
    assert watching.heard("message_sent") == []
    with app.app_context():
        assert db.session.get(Membership, (room_id, guest.id)) is None


def test_who_signs_out_leaves_the_room_before_everybodys_eyes(app: Flask, guest: Guest, alice: Member) -> None:
    public_room(app, "Lobby", alice, guest)
    watching = alice.connect()
    assert guest.submit("/logout").status_code == 303
    assert [heard["message"]["kind"] for heard in watching.heard("message_sent")] == ["left"]


def test_what_they_said_is_still_theirs_and_nobodys(app: Flask, guest: Guest, alice: Member) -> None:
    direct = alice.connect().ok("open_direct", {"username": "visitor"})["room"]["id"]
    guest.connect().send(direct, "kept")
    absent_since(guest, days=40)
    assert sweep(app) == 1
    with app.app_context():
        assert db.session.scalars(db.select(Message.sender_id).where(Message.kind == "text")).all() == [guest.id]
        row = db.session.get_one(User, guest.id)
        assert (row.username, row.display_name, row.last_seen_at) == (f"deleted:{guest.id}", "", None)
