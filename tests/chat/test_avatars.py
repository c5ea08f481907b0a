"""The pictures that stand for people and rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from chat import accounts, avatars, profiles, removals
from extensions import db
from models import User
from tests.cast import Guest, Member, make_room
from tests.files import PICTURE, SOUND, SQUARE, can_read, is_released, later, send_file, showing, upload


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    """Guests are admitted by name: not into "General", where they would be in company with everybody."""
    return make(GUESTS="named")


@pytest.fixture
def guest(app: Flask) -> Guest:
    return Guest(app, "visitor")


def choose(person: Member, file_id: Any) -> dict[str, Any]:
    return dict(person.connect().call("set_avatar", {"file_id": file_id}))


def avatar_of(seeing: Member, person: Member) -> str | None:
    found: str | None = seeing.get_ok(f"/people/{person.username}")["person"]["avatar_id"]
    return found


# People


def test_a_person_is_shown_by_a_picture_everywhere(alice: Member, bob: Member, room_id: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    file_id = upload(alice, SQUARE)
    user = talking.ok("set_avatar", {"file_id": file_id})["user"]
    assert (user["id"], user["avatar_id"]) == (alice.id, file_id)
    assert talking.heard("user_changed") == listening.heard("user_changed") == [{"user": user}]
    assert avatar_of(bob, alice) == file_id
    assert talking.send(room_id, "look")["sender"]["avatar_id"] == file_id
    assert bob.room(room_id)["peer"]["avatar_id"] == file_id
    [found] = [person for person in bob.get_ok("/people")["people"] if person["id"] == alice.id]
    assert found["avatar_id"] == file_id
    assert alice.get_ok("/profile")["user"]["avatar_id"] == file_id


def test_everybody_who_may_know_of_a_person_may_see_the_picture(alice: Member, carol: Member) -> None:
    file_id = upload(alice, SQUARE)
    assert not can_read(carol, file_id)
    assert choose(alice, file_id)["ok"]
    assert can_read(carol, file_id)
    assert can_read(alice, file_id)


def test_a_new_picture_releases_the_old_one(alice: Member, bob: Member) -> None:
    first, second = upload(alice, SQUARE), upload(alice, SQUARE)
    choose(alice, first)
    choose(alice, second)
    assert is_released(alice, first)
    assert not can_read(alice, first)
    assert can_read(bob, second)
    assert choose(alice, None)["user"]["avatar_id"] is None
    assert is_released(alice, second)
    assert choose(alice, None)["ok"]


def test_no_picture_has_to_be_said(alice: Member) -> None:
    file_id = upload(alice, SQUARE)
    choose(alice, file_id)
    assert alice.connect().error("set_avatar", {}) == "invalid"
    assert can_read(alice, file_id)


def test_the_same_picture_again_is_a_success(alice: Member) -> None:
    file_id = upload(alice, SQUARE)
    assert choose(alice, file_id)["user"]["avatar_id"] == file_id
    assert choose(alice, file_id)["user"]["avatar_id"] == file_id
    assert not is_released(alice, file_id)


@pytest.mark.parametrize("side", [1, avatars.SIDE_MAX])
def test_squares_up_to_the_limit_will_do(alice: Member, side: int) -> None:
    assert choose(alice, upload(alice, SQUARE | {"width": side, "height": side}))["ok"]


def test_what_cannot_stand_for_a_person_changes_nothing(alice: Member, bob: Member, room_id: int) -> None:
    mine, sent = upload(alice, SQUARE), upload(alice, SQUARE)
    choose(alice, mine)
    send_file(alice.connect(), room_id, sent)
    too_large = avatars.SIDE_MAX + 1
    wrong = [
        sent,
        upload(bob, SQUARE),
        upload(alice, SQUARE, blob_id=None),
        upload(alice, PICTURE),
        upload(alice, SOUND),
        upload(alice, SQUARE | {"width": too_large, "height": too_large}),
        "0" * 32,
    ]
    watching = bob.connect()
    for file_id in wrong:
        refused = choose(alice, file_id)["error"]
        assert (refused["code"], refused["field"]) == ("invalid", "file_id")
    assert watching.heard("user_changed") == []
    assert avatar_of(bob, alice) == mine
    assert can_read(bob, mine)
    assert send_file(alice.connect(), room_id, wrong[3])["file"]["id"] == wrong[3]


def test_a_picture_of_a_person_cannot_be_sent(alice: Member, room_id: int) -> None:
    file_id = upload(alice, SQUARE)
    choose(alice, file_id)
    assert alice.connect().error("send_message", showing(room_id, file_id)) == "invalid"


def test_an_account_that_ends_leaves_no_picture(alice: Member, bob: Member) -> None:
    gone, kept = upload(alice, SQUARE), upload(bob, SQUARE)
    choose(alice, gone)
    choose(bob, kept)
    with alice.app.app_context():
        profiles.end_accounts([alice.id], User.id == alice.id, "deleted")
        assert accounts.payload(db.session.get_one(User, alice.id))["avatar_id"] is None
    assert is_released(bob, gone)
    assert not is_released(bob, kept)


# Rooms


def test_a_room_is_shown_by_a_picture_everywhere(alice: Member, bob: Member) -> None:
    first, second = upload(alice, SQUARE), upload(alice, SQUARE)
    room = alice.make_room(visibility="public", avatar_id=first)
    assert room["avatar_id"] == first
    talking, listening = alice.connect(), bob.connect()
    listening.ok("join_room", {"room_id": room["id"]})
    talking.heard()
    changed = talking.ok("change_room", {"room_id": room["id"], "avatar_id": second})["room"]
    assert changed["avatar_id"] == second
    [heard] = listening.heard("room_changed")
    assert heard["room"]["avatar_id"] == second
    assert [told["message"]["kind"] for told in talking.heard("message_sent")] == ["changed"]
    assert bob.room(room["id"])["avatar_id"] == second
    [listed] = [each for each in bob.get_ok("/rooms/public")["rooms"] if each["id"] == room["id"]]
    assert listed["avatar_id"] == second
    assert is_released(alice, first)
    assert can_read(bob, second)


def test_a_rooms_picture_is_for_who_could_see_the_room(alice: Member, bob: Member, carol: Member) -> None:
    pictures = [upload(alice, SQUARE) for _ in range(2)]
    public = alice.make_room(name="Public", visibility="public", avatar_id=pictures[0])["id"]
    private = alice.make_room(name="Private", visibility="private", avatar_id=pictures[1])["id"]
    alice.connect().ok("invite", {"room_id": private, "username": "bob"})
    assert [can_read(carol, picture) for picture in pictures] == [True, False]
    assert [can_read(bob, picture) for picture in pictures] == [True, True]
    alice.connect().ok("remove_member", {"room_id": private, "user_id": bob.id})
    assert not can_read(bob, pictures[1])
    for room_id in (public, private):
        alice.connect().ok("delete_room", {"room_id": room_id})
    assert [can_read(alice, picture) for picture in pictures] == [False, False]
    alice.connect().ok("undo_delete_room", {"room_id": public})
    assert can_read(carol, pictures[0])


def test_a_picture_belongs_to_the_room_whoever_uploaded_it(alice: Member, bob: Member) -> None:
    room_id = make_room(alice, bob)
    alice.connect().ok("set_role", {"room_id": room_id, "user_id": bob.id, "role": "moderator"})
    picture = upload(bob, SQUARE)
    bob.connect().ok("change_room", {"room_id": room_id, "avatar_id": picture})
    bob.connect().ok("leave_room", {"room_id": room_id})
    assert can_read(alice, picture)
    assert not can_read(bob, picture)
    alice.connect().ok("change_room", {"room_id": room_id, "avatar_id": None})
    assert is_released(alice, picture)
    assert alice.room(room_id)["avatar_id"] is None


def test_the_same_again_changes_nothing(alice: Member, bob: Member) -> None:
    room_id = alice.make_room(visibility="private", avatar_id=upload(alice, SQUARE))["id"]
    before = alice.room(room_id)
    assert alice.connect().ok("change_room", {"room_id": room_id, "avatar_id": before["avatar_id"]})["room"] == before


def test_what_cannot_stand_for_a_room_changes_nothing(alice: Member, bob: Member) -> None:
    talking = alice.connect()
    mine = upload(alice, SQUARE)
    room_id = alice.make_room(visibility="private", avatar_id=mine)["id"]
    own = upload(alice, SQUARE)
    choose(alice, own)
    before = alice.room(room_id)
    for wrong in (upload(bob, SQUARE), upload(alice), upload(alice, SOUND), own, "0" * 32, "x", 5, [mine]):
        for event, more in (("change_room", {"room_id": room_id, "topic": "new"}), ("create_room", {"name": "New"})):
            refused = talking.call(event, {**more, "avatar_id": wrong})["error"]
            assert (refused["code"], refused["field"]) == ("invalid", "avatar_id")
    assert alice.room(room_id) == before
    assert [room["name"] for room in alice.get_ok("/rooms")["rooms"] if not room["general"]] == ["Tea room"]


def test_a_room_whose_name_is_taken_leaves_the_upload_as_it_was(alice: Member) -> None:
    picture = upload(alice, SQUARE)
    taken = {"name": "General", "avatar_id": picture}
    assert alice.connect().error("create_room", taken) == "conflict"
    assert alice.make_room(avatar_id=picture)["avatar_id"] == picture


def test_members_do_not_choose_a_rooms_picture(alice: Member, bob: Member) -> None:
    room_id, picture = make_room(alice, bob), upload(bob, SQUARE)
    assert bob.connect().error("change_room", {"room_id": room_id, "avatar_id": picture}) == "forbidden"
    assert choose(bob, picture)["ok"]


def test_a_room_that_is_removed_leaves_no_picture(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = upload(alice, SQUARE)
    room_id = alice.make_room(avatar_id=picture)["id"]
    alice.connect().ok("delete_room", {"room_id": room_id})
    with later(monkeypatch, 13), alice.app.app_context():
        removals.sweep(60)
    assert is_released(alice, picture)


# Guests


def test_a_guest_sees_the_pictures_of_their_company_alone(alice: Member, bob: Member, guest: Guest) -> None:
    pictures = {person: upload(person, SQUARE) for person in (alice, bob, guest)}
    for person, picture in pictures.items():
        assert choose(person, picture)["ok"]
    room_id = make_room(alice, guest)
    assert {person.username for person, picture in pictures.items() if can_read(guest, picture)} == {"alice", "visitor"}
    watching = guest.connect()
    choose(bob, None)
    assert watching.heard("user_changed") == []
    choose(alice, None)
    [heard] = watching.heard("user_changed")
    assert (heard["user"]["id"], heard["user"]["avatar_id"]) == (alice.id, None)
    assert can_read(bob, pictures[guest])
    assert room_id


def test_a_guest_sees_the_pictures_of_rooms_that_admit_guests(alice: Member, guest: Guest) -> None:
    open_, closed = upload(alice, SQUARE), upload(alice, SQUARE)
    alice.make_room(name="Lobby", visibility="public", admits_guests=True, avatar_id=open_)
    alice.make_room(name="Members", visibility="public", admits_guests=False, avatar_id=closed)
    assert (can_read(guest, open_), can_read(guest, closed)) == (True, False)
