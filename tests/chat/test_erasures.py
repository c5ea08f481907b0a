"""Leaving, and taking back what one has said."""

from __future__ import annotations

import math
from typing import Any

import pytest
from sqlalchemy import func, select

from chat import erasures
from extensions import db
from models import Erasure, Message, Reaction, SearchMark, User
from tests import uploading
from tests.cast import PASSWORD, Connection, Member, make_room
from tests.files import is_released, later, page, send_file
from tests.routes.test_profile import ask


def leave(person: Member, **how: Any) -> Any:
    return ask(person, "DELETE", "/profile", {"password": PASSWORD, **how})


@pytest.fixture
def room(alice: Member, bob: Member) -> int:
    return make_room(alice, bob, name="Tea", name_key="tea")


def sweep(person: Member, monkeypatch: pytest.MonkeyPatch, seconds: float = math.inf) -> None:
    with later(monkeypatch, 10), person.app.app_context():
        erasures.sweep(seconds)


def test_what_one_said_goes_everywhere_and_others_follow(
    alice: Member, bob: Member, room: int, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    talking: Connection = alice.connect()
    for place in (room, room_id):
        for number in range(12):
            talking.send(place, f"said {number}")
    uploaded = uploading.upload(alice, uploading.picture())["id"]
    send_file(talking, room, uploaded)
    answering = bob.connect()
    answering.send(room, "an answer", reply_to=1)
    answering.ok("set_reaction", {"room_id": room, "seq": 1, "emoji": "👍", "on": True})
    held = {room: bob.room(room)["version"], room_id: bob.room(room_id)["version"]}
    assert leave(alice, messages="remove").json["ok"]
    answering.heard()
    sweep(bob, monkeypatch)
    told = [heard["message"] for heard in answering.heard("message_changed")]
    assert len(told) == 25
    assert all(message["deleted_at"] and not message["body"] and not message["reactions"] for message in told)
    assert [message["body"] for message in page(bob, room) if message["kind"] == "text"] == ["an answer"]
    assert page(bob, room)[0]["reply_to"]["body"] == ""
    assert page(bob, room_id) == []
    synced = answering.ok("sync", {"rooms": {str(place): version for place, version in held.items()}})["rooms"]
    for place, count in ((room, 13), (room_id, 12)):
        gone = [message for message in synced[str(place)]["messages"] if message["deleted_at"]]
        assert len(gone) == count
        versions = [message["version"] for message in synced[str(place)]["messages"]]
        assert versions == sorted(set(versions))
        assert synced[str(place)]["room"]["version"] == versions[-1]
    assert is_released(bob, uploaded)
    assert bob.get_error(f"/files/{uploaded}") == (404, "not_found")
    assert bob.get_ok("/search?q=said")["messages"] == []
    with bob.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Erasure)) == 0
        assert db.session.scalar(select(func.count()).select_from(Reaction)) == 0
        said = select(func.count()).where(Message.sender_id == alice.id, Message.body != "", Message.kind == "text")
        assert db.session.scalar(said) == 0


def test_a_crash_in_between_is_finished_later(
    alice: Member, bob: Member, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    talking = alice.connect()
    for number in range(20):
        talking.send(room, f"said {number}")
    leave(alice, messages="remove")
    sweep(bob, monkeypatch, seconds=0)
    assert 0 < len([one for one in page(bob, room) if one["kind"] == "text"]) < 20
    erasures._places.clear()  # what another process does not know
    sweep(bob, monkeypatch)
    assert [one for one in page(bob, room) if one["kind"] == "text"] == []


def test_what_others_said_stays(alice: Member, bob: Member, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.connect().send(room, "mine")
    bob.connect().send(room, "not mine")
    leave(alice, messages="remove")
    sweep(bob, monkeypatch)
    assert [one["body"] for one in page(bob, room) if one["kind"] == "text"] == ["not mine"]
    assert any(one["kind"] == "left" for one in page(bob, room))


@pytest.mark.parametrize("how", [{}, {"messages": "keep"}])
def test_it_stays_when_one_wants_it_to(
    alice: Member, bob: Member, room: int, monkeypatch: pytest.MonkeyPatch, how: dict[str, str]
) -> None:
    alice.connect().send(room, "so long")
    assert leave(alice, **how).json["ok"]
    sweep(bob, monkeypatch)
    assert [one["body"] for one in page(bob, room) if one["kind"] == "text"] == ["so long"]


@pytest.mark.parametrize("wrong", ["everything", "", None, True, ["remove"], 1])
def test_a_choice_that_is_none_deletes_nothing(alice: Member, wrong: Any) -> None:
    answer = leave(alice, messages=wrong)
    assert (answer.status_code, answer.json["error"]["field"]) == (400, "messages")
    assert alice.get_ok("/profile")


def test_without_the_password_nothing_goes(alice: Member, bob: Member, room: int) -> None:
    alice.connect().send(room, "mine")
    answer = ask(alice, "DELETE", "/profile", {"password": "wrong", "messages": "remove"})
    assert (answer.status_code, answer.json["error"]["field"]) == (400, "password")
    with alice.app.app_context():
        assert db.session.scalars(select(Erasure)).all() == []
        assert not db.session.get_one(User, alice.id).is_disabled


def test_in_a_room_that_keeps_nothing_it_goes_at_once(alice: Member, bob: Member) -> None:
    fog = make_room(bob, alice, name="Fog", name_key="fog", keeps_history=False)
    watching, talking = bob.connect(), alice.connect()
    talking.send(fog, "said")
    watching.send(fog, "by another")
    assert leave(alice, messages="remove").json["ok"]
    assert [one["body"] for one in page(bob, fog) if one["kind"] == "text"] == ["by another"]


def test_what_is_in_the_index_of_search_goes_from_it(
    alice: Member, bob: Member, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chat import segments

    monkeypatch.setattr(segments, "STEP", 4)
    monkeypatch.setattr(segments, "FIRST", 4)
    talking = alice.connect()
    for _ in range(8):
        talking.send(room, "a rare wombat")
    with alice.app.app_context():
        segments.extend_round()
        assert db.session.get(SearchMark, room) is not None
    leave(alice, messages="remove")
    sweep(bob, monkeypatch)
    with bob.app.app_context():
        segments.extend_round()
    assert bob.get_ok("/search?q=wombat")["messages"] == []
