"""How guests come in, where they may, and the room of everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from chat import admission, clock, fields, guests, transactions
from extensions import db
from models import Room, User
from tests.cast import PASSWORD, Connection, Guest, Member, Visitor
from tests.routes.guests.stage import CLOSED, NO_LONGER, ask, boot, general_of, look_in, public_room

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


# In the room of everybody


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
