"""Guests: coming in with a nickname, what is kept from them, becoming a member, going."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from chat import accounts, admission, clock, fields, guests, presence, profiles, transactions
from extensions import db, socketio
from models import Membership, Message, Room, Session, User
from tests.cast import PASSWORD, Connection, Guest, Member, Visitor, make_room, new_id

CLOSED = "Guests cannot come in here"
NO_LONGER = "Guests are no longer let in here"


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    """Guests are admitted by name: not into "General", where they would be in company with everybody."""
    return make(GUESTS="named")


@pytest.fixture
def lobby(app: Flask, alice: Member) -> int:
    """A public room in which alice is, and into which guests may come."""
    return public_room(app, "Lobby", alice, admits_guests=True)


@pytest.fixture
def visitor(app: Flask, lobby: int) -> Visitor:
    return Visitor(app)


@pytest.fixture
def guest(app: Flask) -> Guest:
    """In no room of this test."""
    return Guest(app, "visitor")


def public_room(app: Flask, name: str, *people: Member, **options: Any) -> int:
    """A room with a name, public unless the options say otherwise; root's when nobody's."""
    named = {"name": name, "name_key": fields.key(name), "visibility": "public", **options}
    return make_room(*(people or (Member(app, "root"),)), **named)


def look_in(visitor: Visitor, nickname: str, **more: str) -> TestResponse:
    return visitor.submit("/guest", nickname=nickname, **more)


def boot(person: Visitor) -> Any:
    return json.loads(re.search(r'id="boot">(.*?)</script>', person.get("/").text)[1])


def ask(person: Visitor, method: str, path: str, data: Any = None) -> TestResponse:
    token = boot(person)["csrf"]
    return person.http.open(path, method=method, json=data, headers={"X-CSRFToken": token})


# Coming in


def test_a_nickname_is_enough(visitor: Visitor) -> None:
    answer = look_in(visitor, "Заря")
    assert (answer.status_code, answer.location) == (303, "/")
    me = boot(visitor)["user"]
    assert (me["username"], me["display_name"], me["kind"]) == ("Заря", "Заря", "guest")


def test_the_same_browser_comes_back_to_the_same_account(app: Flask, visitor: Visitor) -> None:
    look_in(visitor, "swallow")
    me = boot(visitor)["user"]["id"]
    cookie = visitor.http.get_cookie("session")
    later = Visitor(app)
    later.http.set_cookie("session", cookie.value)
    assert boot(later)["user"]["id"] == me
    # It is kept over the end of the browser.
    assert cookie.expires is not None
    assert later.get("/guest").location == "/"


def test_it_leads_where_one_was_going(visitor: Visitor) -> None:
    assert look_in(visitor, "swallow", next="/r/1?a=1").location == "/r/1?a=1"


def test_it_never_leads_elsewhere(visitor: Visitor) -> None:
    assert look_in(visitor, "swallow", next="//evil.example").location == "/"


@pytest.mark.parametrize(
    "nickname",
    [
        "",
        " ",
        "x",
        "x" * 33,
        "two words",
        "zero\u200bwidth",
        "nul\0",
        "<b>",
        "deleted:1",
        "_x",
        "a@b",
        "\u202eabc",
        "🦊🦊",
    ],
    ids=ascii,
)
def test_a_bad_nickname_is_refused_with_a_reason(visitor: Visitor, nickname: str) -> None:
    answer = look_in(visitor, nickname)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert visitor.get("/").location == "/login"


def test_a_missing_nickname_is_refused(visitor: Visitor) -> None:
    assert visitor.submit("/guest").status_code == 400


def test_without_the_token_of_the_form_nobody_comes_in(visitor: Visitor) -> None:
    assert visitor.http.post("/guest", data={"nickname": "swallow"}).status_code == 400
    assert visitor.get("/").location == "/login"


@pytest.mark.parametrize(
    ("taken", "free"), [("alice", "alice2"), ("ALICE", "ALICE2"), ("ａｌｉｃｅ", "alice2"), (" alice ", "alice2")]
)
def test_the_name_of_a_member_is_not_for_guests(visitor: Visitor, taken: str, free: str) -> None:
    answer = look_in(visitor, taken)
    assert answer.status_code == 409
    assert f"“{free}” is free" in answer.text
    assert f'name="nickname" type="text" value="{free}"' in answer.text
    assert look_in(visitor, free).status_code == 303


def test_the_name_of_another_guest_is_not_free_either(app: Flask, visitor: Visitor, guest: Guest) -> None:
    Guest(app, "visitor2")
    answer = look_in(visitor, "Visitor")
    assert answer.status_code == 409
    assert "“Visitor3” is free" in answer.text


def test_a_free_name_is_found_for_the_longest_one_too(app: Flask, visitor: Visitor) -> None:
    longest = "x" * fields.USERNAME_MAX
    for name in (longest, *(f"{longest[:-1]}{number}" for number in range(2, 10))):
        Guest(app, name)
    assert f"“{longest[:-2]}10” is free" in look_in(visitor, longest).text


def test_of_two_with_one_nickname_at_once_one_comes_in(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are past every check when they store it, as two workers in the same moment are."""
    run = transactions.run

    def second_first(change: Callable[..., Any]) -> Any:
        monkeypatch.setattr(transactions, "run", run)
        run(lambda session: guests._insert(session, "SWALLOW"))
        return run(change)

    with app.app_context():
        monkeypatch.setattr(transactions, "run", second_first)
        with pytest.raises(guests.NicknameTaken) as refused:
            guests.enter("swallow")
        assert refused.value.free == "swallow2"
        names = list(db.session.scalars(db.select(User.username).where(User.username_key == "swallow")))
    assert names == ["SWALLOW"]


def test_nobody_can_register_under_the_nickname_of_a_guest(visitor: Visitor, guest: Guest) -> None:
    assert visitor.submit("/register", username="Visitor", password=PASSWORD).status_code == 409


def test_coming_in_is_limited_by_network(make: Callable[..., Flask]) -> None:
    app = make(REGISTER_RATE="2 per hour")
    public_room(app, "Lobby")
    statuses = [look_in(Visitor(app), f"swallow{number}").status_code for number in range(3)]
    assert statuses == [303, 303, 429]
    elsewhere = Visitor(app)
    elsewhere.http.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert look_in(elsewhere, "swift").status_code == 303


@pytest.mark.parametrize("password", ["", "None", PASSWORD])
def test_nobody_signs_in_as_a_guest(visitor: Visitor, guest: Guest, password: str) -> None:
    answer = visitor.submit("/login", username="visitor", password=password)
    assert answer.status_code == 401
    assert visitor.get("/").location == "/login"


# Where they may come in


def without_general(app: Flask) -> None:
    with app.app_context():
        gone = Room.__table__.update().values(deleted_at=clock.now())
        transactions.run(lambda session: session.execute(gone))


def link(app: Flask, page: str) -> bool:
    return "data-guest" in Visitor(app).get(page).text


@pytest.mark.parametrize(
    ("policy", "options", "welcome"),
    [
        ("public", {}, True),
        ("public", {"admits_guests": True}, True),
        ("public", {"visibility": "private"}, False),
        ("public", {"visibility": "private", "admits_guests": True}, False),
        ("public", {"deleted_at": True}, False),
        ("public", {"ends_at": True}, False),
        ("named", {}, False),
        ("named", {"admits_guests": True}, True),
        ("named", {"visibility": "private", "admits_guests": True}, False),
        ("off", {"admits_guests": True}, False),
    ],
    ids=str,
)
def test_the_page_is_there_when_a_room_is(
    make: Callable[..., Flask], policy: str, options: dict[str, Any], welcome: bool
) -> None:
    app = make(GUESTS=policy)
    without_general(app)
    past = {name: clock.now() for name, value in options.items() if value is True and name.endswith("_at")}
    public_room(app, "Lobby", **{**options, **past})
    assert [link(app, page) for page in ("/login", "/register")] == [welcome, welcome]
    answer = Visitor(app).get("/guest")
    assert answer.status_code == (200 if welcome else 403)
    assert (CLOSED in answer.text) is not welcome
    refused = Visitor(app).submit("/guest", form="/login", nickname="swallow")
    assert refused.status_code == (303 if welcome else 403)


@pytest.mark.parametrize(
    ("policy", "private", "named", "admitted"),
    [
        ("off", False, True, False),
        ("named", False, False, False),
        ("named", False, True, True),
        ("named", True, True, True),
        ("public", False, False, True),
        ("public", True, False, False),
        ("public", True, True, True),
    ],
)
def test_the_operator_and_the_room_decide(
    make: Callable[..., Flask], policy: str, private: bool, named: bool, admitted: bool
) -> None:
    app = make(GUESTS=policy)
    room_id = public_room(app, "Lobby", visibility="private" if private else "public", admits_guests=named)
    with app.app_context():
        room = db.session.get_one(Room, room_id)
        assert admission.admits(room) is admitted
        found = db.session.scalars(db.select(Room.id).where(admission.admitting())).all()
    assert (room_id in found) is admitted


def test_when_guests_are_turned_off_those_of_before_are_refused_everywhere(make: Callable[..., Flask]) -> None:
    before = make()
    public_room(before, "Lobby")
    guest = Guest(before, "visitor")
    assert Connection(guest).is_open
    app = make(GUESTS="off")
    again = Visitor(app)
    again.http.set_cookie("session", guest.http.get_cookie("session").value)
    for path in ("/rooms", "/people", "/people/alice", "/profile", "/rooms/1/messages"):
        answer = again.get(path)
        assert answer.status_code == 401, path
        assert NO_LONGER in answer.json["error"]["message"]
        assert answer.json["error"]["reason"] == "guests_off"
    assert again.get("/").location == "/login"
    assert NO_LONGER in again.get("/login").text
    assert NO_LONGER in again.get("/register").text
    assert again.get("/guest").status_code == 403
    assert not Connection(again).is_open
    # They may come in as members.
    assert again.submit("/register", username="newcomer", password=PASSWORD).status_code == 303
    assert NO_LONGER not in again.get("/").text


def test_members_are_not_asked_what_guests_are(make: Callable[..., Flask]) -> None:
    alice = Member(make(GUESTS="off"), "alice")
    assert alice.get_ok("/rooms")
    assert alice.connect().is_open


# By a link


def address(app: Flask, name: str, **options: Any) -> str:
    return f"/r/{public_room(app, name, Member(app, 'alice'), **options)}"


def invitation(app: Flask, room_id: int, **more: Any) -> str:
    made = Member(app, "alice").connect().ok("create_invitation", {"room_id": room_id, **more})
    return str(made["invitation"]["url"])


def test_a_public_link_leads_a_stranger_into_the_room(app: Flask) -> None:
    path = address(app, "Open <b>house</b>", admits_guests=True)
    visitor = Visitor(app)
    assert "Open &lt;b&gt;house" in visitor.get(path).text
    answer = visitor.submit(path, nickname="swallow")
    assert (answer.status_code, answer.location) == (303, f"/#/room/{path.removeprefix('/r/')}")
    assert [room["name"] for room in boot(visitor)["rooms"]["rooms"]] == ["Open <b>house</b>"]
    assert boot(visitor)["user"]["kind"] == "guest"
    # The next time it leads there at once.
    assert visitor.get(path).location == answer.location


def test_in_a_slot_it_leads_into_that_slot(app: Flask) -> None:
    path = address(app, "Open house", admits_guests=True)
    visitor = Visitor(app)
    assert visitor.submit(f"/u/1{path}", nickname="swallow").location.startswith("/u/1/#/room/")
    assert visitor.get("/").location == "/login"


def test_a_public_link_to_a_room_without_guests_tells_strangers_nothing(app: Flask) -> None:
    path = address(app, "Members only")
    visitor = Visitor(app)
    page = visitor.get(path).text
    assert "Members only" not in page
    assert "data-nickname" not in page
    assert visitor.submit(path, nickname="swallow").status_code == 200
    assert visitor.get("/").location == "/login"
    guest = Guest(app, "visitor")
    assert guest.get(path).status_code == 404
    assert guest.submit(path, form="/logout").status_code == 403


def test_an_invitation_leads_a_stranger_into_a_private_room(app: Flask, alice: Member) -> None:
    room_id = public_room(app, "Private", alice, visibility="private", admits_guests=True)
    path = invitation(app, room_id, uses=1)
    visitor, late = Visitor(app), Visitor(app)
    token = late.token(path)
    assert visitor.submit(path, nickname="swallow").location == f"/#/room/{room_id}"
    assert visitor.get_ok(f"/rooms/{room_id}/members")["count"] == 2
    refused = late.http.post(path, data={"csrf_token": token, "nickname": "swift"})
    assert refused.status_code == 404
    assert late.get("/").location == "/login"


def test_an_invitation_into_a_room_without_guests_leads_through_signing_in(app: Flask, alice: Member) -> None:
    room_id = public_room(app, "Private", alice, visibility="private")
    path = invitation(app, room_id)
    assert "data-nickname" not in Visitor(app).get(path).text
    visitor = Visitor(app)
    assert visitor.submit(path, nickname="swallow").status_code == 200
    assert visitor.get("/").location == "/login"
    assert Guest(app, "visitor").get(path).status_code == 404


def test_nobody_invites_a_guest_where_guests_are_not_admitted(app: Flask, guest: Guest, alice: Member) -> None:
    inviting = alice.connect()
    for options, admitted in (({}, False), ({"admits_guests": True}, True)):
        room_id = public_room(app, f"Room {admitted}", alice, **options)
        answer = inviting.call("invite", {"room_id": room_id, "username": "visitor"})
        assert answer["ok"] is admitted
        assert admitted or answer["error"]["code"] == "forbidden"
    assert [room["name"] for room in guest.get_ok("/rooms")["rooms"]] == ["Room True"]


@pytest.mark.parametrize(("nickname", "status"), [("alice", 409), ("x", 400), ("two words", 400)])
def test_a_refused_nickname_is_said_on_the_same_page(app: Flask, nickname: str, status: int) -> None:
    path = address(app, "Open house", admits_guests=True)
    answer = Visitor(app).submit(path, nickname=nickname)
    assert answer.status_code == status
    assert "Open house" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_link_is_limited_as_the_page_is(make: Callable[..., Flask]) -> None:
    app = make(REGISTER_RATE="1 per hour")
    path = address(app, "Open house")
    assert [Visitor(app).submit(path, nickname=name).status_code for name in ("swallow", "swift")] == [303, 429]


# In the room of everybody


def general_of(person: Member) -> dict[str, Any]:
    [room] = [room for room in person.get_ok("/rooms")["rooms"] if room.get("general")]
    return room


def test_a_guest_is_in_general_from_the_beginning(make: Callable[..., Flask]) -> None:
    app = make()
    alice = Member(app, "alice")
    watching = alice.connect()
    guest = Guest(app, "visitor")
    room = general_of(guest)
    assert (room["role"], room["unread"], room["member_count"]) == ("member", 0, 5)
    [line] = watching.heard("message_sent")
    assert (line["message"]["kind"], line["message"]["sender"]["kind"]) == ("joined", "guest")
    talking = guest.connect()
    talking.send(room["id"], "hello everybody")
    assert watching.bodies() == ["hello everybody"]
    assert {person["username"] for person in guest.get_ok("/people")["people"]} == {"alice", "bob", "carol", "root"}


def test_everybody_in_it_hears_who_has_come(make: Callable[..., Flask]) -> None:
    app = make()
    watching, guest = Member(app, "alice").connect(), Guest(app, "visitor").connect()
    watching.heard()
    Guest(app, "second")
    for one in (watching, guest):
        packets = one.heard("user_registered", "members_changed")
        [registered] = [packet for packet in packets if "user" in packet]
        [changed] = [packet for packet in packets if "members" in packet]
        assert (registered["user"]["username"], registered["user"]["kind"]) == ("second", "guest")
        assert [(member["username"], member["role"]) for member in changed["members"]] == [("second", "member")]


def test_general_is_not_for_guests_where_rooms_admit_them_by_name(guest: Guest, root: Member) -> None:
    assert guest.get_ok("/rooms")["rooms"] == []
    assert ask(guest, "POST", "/profile/membership", {"password": PASSWORD}).json["ok"]
    assert general_of(guest)["id"] == general_of(root)["id"]


def test_general_itself_may_be_for_guests(app: Flask, root: Member) -> None:
    root.connect().ok("change_room", {"room_id": general_of(root)["id"], "admits_guests": True})
    assert general_of(Guest(app, "visitor"))["id"] == general_of(root)["id"]


# What is kept from them


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


def settle(app: Flask) -> None:
    with app.app_context():
        presence.settle()


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


# Becoming a member


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


# Going


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


# Every door


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
ELSEWHERE = {"open_direct", "create_room", "join_room", "accept_invitation", "sync", "load_presence"}


def test_these_are_all_events() -> None:
    registered = {name for name, _handler, _namespace in socketio.handlers} - {"connect", "disconnect", "*"}
    assert registered == everything(1, 1).keys() | ELSEWHERE


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
    alice.connect().send(secret, "said in secret")
    token = alice.connect().ok("create_invitation", {"room_id": secret})["invitation"]["url"].removeprefix("/i/")
    asked = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or OWN.match(rule.rule):
            continue
        for inside in (secret, room_id, alice.id):
            values = {"room_id": inside, "username": "alice", "token": token}
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name, values=values: str(values[name[1]]), rule.rule)
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
