"""What is kept from guests, and their rates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from chat import accounts, clock
from tests.cast import PASSWORD, Guest, Member, new_id
from tests.routes.guests.stage import ask, boot, public_room, settle


def test_a_guest_in_no_room_knows_nobody(app: Flask, guest: Guest, alice: Member) -> None:
    public_room(app, "Elsewhere", alice)
    assert guest.get_ok("/people")["people"] == []
    assert boot(guest)["people"]["people"] == []
    assert guest.get_ok("/people?q=alice")["people"] == []
    assert guest.get_error("/people/alice") == (404, "not_found")
    assert guest.get("/people/alice").json == guest.get("/people/nobody").json


def test_a_guest_sees_the_people_of_the_rooms_they_share(
    app: Flask, guest: Guest, alice: Member, bob: Member, carol: Member
) -> None:
    public_room(app, "Lobby", alice, guest)
    public_room(app, "Hall", guest, bob)
    public_room(app, "Elsewhere", alice, carol)
    public_room(app, "Gone", carol, guest, deleted_at=clock.now())
    public_room(app, "Ended", carol, guest, ends_at=clock.now())
    assert [person["username"] for person in guest.get_ok("/people")["people"]] == ["alice", "bob"]
    assert guest.get_ok("/people/alice")["person"]["username"] == "alice"
    assert guest.get_error("/people/carol") == (404, "not_found")
    assert {"visitor", "bob", "carol", "root"} == {p["username"] for p in alice.get_ok("/people")["people"]}


def test_a_guest_finds_themselves(guest: Guest) -> None:
    assert guest.get_ok("/people/visitor")["person"]["kind"] == "guest"


def test_a_guest_writes_to_nobody_they_share_no_room_with(
    app: Flask, guest: Guest, alice: Member, carol: Member
) -> None:
    public_room(app, "Lobby", alice, guest)
    talking = guest.connect()
    assert talking.ok("open_direct", {"username": "ALICE"})["room"]["peer"]["username"] == "alice"
    assert talking.error("open_direct", {"username": "carol"}) == "not_found"
    assert talking.call("open_direct", {"username": "carol"}) == talking.call("open_direct", {"username": "nobody"})


def test_who_writes_to_a_guest_is_known_to_them(guest: Guest, alice: Member) -> None:
    talking = alice.connect()
    room_id = talking.ok("open_direct", {"username": "visitor"})["room"]["id"]
    assert guest.get_error("/people/alice") == (404, "not_found")
    talking.send(room_id, "hello")
    assert guest.get_ok("/people/alice")
    assert guest.get_ok("/rooms")["rooms"][0]["peer"]["username"] == "alice"


def test_a_guest_hears_who_is_here_of_their_company_alone(
    app: Flask, guest: Guest, alice: Member, bob: Member, carol: Member
) -> None:
    public_room(app, "Lobby", alice, guest)
    public_room(app, "Elsewhere", alice, carol)
    other = Guest(app, "outsider")
    watching, alone, member = guest.connect(), other.connect(), bob.connect()
    settle(app)
    for one in (watching, alone, member):
        one.heard()
    alice.connect()
    carol.connect()
    settle(app)
    assert watching.heard("presence_changed") == [{"online": [alice.id], "offline": []}]
    assert alone.heard("presence_changed") == []
    assert member.heard("presence_changed") == [{"online": sorted([alice.id, carol.id]), "offline": []}]
    assert watching.ok("load_presence", {})["online"] == sorted([alice.id, guest.id])
    assert alone.ok("load_presence", {})["online"] == [other.id]
    assert guest.id in member.ok("load_presence", {})["online"]


def test_a_guest_hears_of_changes_in_their_company_alone(
    app: Flask, guest: Guest, alice: Member, bob: Member, carol: Member
) -> None:
    public_room(app, "Lobby", alice, guest)
    watching, member, own = guest.connect(), bob.connect(), guest.connect()
    for person in (alice, carol):
        assert ask(person, "POST", "/profile", {"hue": 7}).json["ok"]
    assert [heard["user"]["username"] for heard in watching.heard("user_changed")] == ["alice"]
    assert [heard["user"]["username"] for heard in member.heard("user_changed")] == ["alice", "carol"]
    own.heard()
    assert ask(guest, "POST", "/profile", {"hue": 8}).json["ok"]
    assert [heard["user"]["hue"] for heard in own.heard("user_changed")] == [8]
    for person in (alice, carol):
        assert ask(person, "DELETE", "/profile", {"password": PASSWORD}).json["ok"]
    assert [heard["user"]["id"] for heard in watching.heard("user_changed") if heard["user"]["kind"] == "deleted"] == [
        alice.id
    ]


def test_a_guest_hears_of_no_registration_elsewhere(app: Flask, guest: Guest, alice: Member) -> None:
    watching, member = guest.connect(), alice.connect()
    with app.app_context():
        accounts.register("newcomer", PASSWORD, minimum=6)
    Guest(app, "second")
    assert watching.heard("user_registered") == []
    heard = [(told["user"]["username"], told["user"]["kind"]) for told in member.heard("user_registered")]
    assert heard == [("newcomer", "member"), ("second", "guest")]


def test_a_guest_comes_only_into_rooms_that_admit_guests(app: Flask, guest: Guest, alice: Member, lobby: int) -> None:
    public = public_room(app, "Public", alice)
    private = public_room(app, "Private", alice, visibility="private", admits_guests=True)
    talking = guest.connect()
    assert [room["id"] for room in guest.get_ok("/rooms/public")["rooms"]] == [lobby]
    assert talking.error("join_room", {"room_id": public}) == "forbidden"
    assert talking.error("join_room", {"name": "Public"}) == "forbidden"
    assert talking.error("join_room", {"room_id": private}) == "not_found"
    assert talking.error("join_room", {"name": "Private"}) == "not_found"
    assert talking.ok("join_room", {"room_id": lobby})["room"]["role"] == "member"
    assert [room["id"] for room in guest.get_ok("/rooms")["rooms"]] == [lobby]
    assert {public, lobby} <= {room["id"] for room in alice.get_ok("/rooms/public")["rooms"]}


def test_in_public_rooms_guests_are_at_home_where_the_operator_says_so(make: Callable[..., Flask]) -> None:
    app = make()
    guest, alice = Guest(app, "visitor"), Member(app, "alice")
    public = public_room(app, "Public", alice)
    assert public in {room["id"] for room in guest.get_ok("/rooms/public")["rooms"]}
    assert guest.connect().ok("join_room", {"name": "public"})["room"]["id"] == public


def test_a_guest_makes_no_rooms(guest: Guest) -> None:
    assert guest.connect().error("create_room", {"name": "Mine"}) == "forbidden"


@pytest.mark.parametrize("event", ["send_message", "mark_read", "mute_room", "set_typing"])
def test_rooms_of_others_are_not_there(app: Flask, guest: Guest, alice: Member, room_id: int, event: str) -> None:
    private = public_room(app, "Private", alice, visibility="private")
    public = public_room(app, "Public", alice)
    more = {
        "send_message": {"body": "hello", "client_id": new_id()},
        "mark_read": {"seq": 1},
        "mute_room": {"seconds": 60},
        "set_typing": {"typing": True},
    }[event]
    knocking = guest.connect()
    for there in (room_id, private, public):
        refused = knocking.call(event, {"room_id": there, **more})
        assert refused["error"]["code"] == "not_found"
        assert refused == knocking.call(event, {"room_id": 999_999, **more})
        assert guest.get_error(f"/rooms/{there}/messages") == (404, "not_found")
    held = {str(there): 0 for there in (room_id, private, public)}
    answer = knocking.ok("sync", {"rooms": held})
    assert (answer["rooms"], answer["closed"]) == ({}, sorted([room_id, private, public]))


def test_a_password_is_asked_of_no_guest(guest: Guest) -> None:
    assert guest.get("/password").status_code == 403
    for method, path, data in (
        ("POST", "/profile/password", {"current_password": "", "new_password": PASSWORD}),
        ("DELETE", "/profile", {"password": ""}),
    ):
        answer = ask(guest, method, path, data)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")
    assert guest.get_ok("/profile")["user"]["kind"] == "guest"


# Rates


def test_guests_send_at_a_rate_of_their_own(make: Callable[..., Flask]) -> None:
    app = make(GUEST_MESSAGE_RATE="2 per hour")
    guest, alice = Guest(app, "visitor"), Member(app, "alice")
    room_id = public_room(app, "Lobby", alice, guest)
    direct = alice.connect().ok("open_direct", {"username": "visitor"})["room"]["id"]
    talking, member = guest.connect(), alice.connect()
    for number in range(3):
        member.send(direct, str(number))
    said = {"room_id": direct, "body": "hello"}
    answers = [talking.call("send_message", {**said, "client_id": new_id()}) for _ in range(3)]
    assert [answer["ok"] for answer in answers] == [True, True, False]
    assert answers[2]["error"]["code"] == "too_often"
    assert talking.call("sync", {"rooms": {str(room_id): 0}})["ok"] is True


def test_guests_do_other_things_at_a_rate_of_their_own(make: Callable[..., Flask]) -> None:
    app = make(GUEST_EVENT_RATE="3 per hour")
    guest, alice = Guest(app, "visitor"), Member(app, "alice")
    talking, member = guest.connect(), alice.connect()
    assert [talking.call("load_presence", {})["ok"] for _ in range(3)] == [True] * 3
    assert talking.error("load_presence", {}) == "too_often"
    assert guest.get_error("/rooms") == (429, "too_often")
    assert [member.call("load_presence", {})["ok"] for _ in range(5)] == [True] * 5
