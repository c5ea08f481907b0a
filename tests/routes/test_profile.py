"""One's own panel."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from chat import profiles
from tests.cast import PASSWORD, Member, Visitor

WRITES = [
    ("POST", "/profile", {"about": "hello"}),
    ("POST", "/profile/preferences", {"theme": "dark"}),
    ("POST", "/profile/password", {"current_password": PASSWORD, "new_password": "new password"}),
    ("DELETE", "/profile/sessions", None),
    ("DELETE", "/profile", {"password": PASSWORD}),
]


def ask(person: Visitor, method: str, path: str, data: Any = None, token: str | None = None) -> TestResponse:
    headers = {"X-CSRFToken": token or person.token("/logout" if isinstance(person, Member) else "/login")}
    return person.http.open(path, method=method, json=data, headers=headers)


@pytest.mark.parametrize(("method", "path", "data"), WRITES)
def test_it_works(alice: Member, method: str, path: str, data: Any) -> None:
    assert ask(alice, method, path, data).json["ok"] is True


@pytest.mark.parametrize(("method", "path", "data"), WRITES)
def test_signed_out(app: Flask, method: str, path: str, data: Any) -> None:
    answer = ask(Visitor(app), method, path, data)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path", "data"), WRITES)
def test_without_a_token_nothing_is_done(alice: Member, method: str, path: str, data: Any) -> None:
    answer = ask(alice, method, path, data, token="wrong")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")


@pytest.mark.parametrize(("method", "path", "data"), [write for write in WRITES if write[2] is not None])
@pytest.mark.parametrize("wrong", [None, [], "text", 5], ids=str)
def test_anything_but_an_object_is_refused(alice: Member, method: str, path: str, data: Any, wrong: Any) -> None:
    answer = ask(alice, method, path, wrong)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")


def test_a_change_is_seen_by_everybody_at_once(alice: Member, bob: Member) -> None:
    watching = bob.connect()
    answer = ask(alice, "POST", "/profile", {"display_name": " Алиса  Ли ", "hue": 120, "about": "Люблю\nчай"})
    assert answer.json["user"]["display_name"] == "Алиса Ли"
    [heard] = watching.heard("user_changed")
    assert heard["user"]["display_name"] == "Алиса Ли"
    assert heard["user"]["hue"] == 120
    assert bob.get_ok("/people/alice")["person"]["about"] == "Люблю\nчай"
    for words in ("алиса", "ALICE", "ли"):
        assert [person["id"] for person in bob.http.get("/people", query_string={"q": words}).json["people"]] == [
            alice.id
        ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"display_name": " \n "}, "display_name"),
        ({"display_name": "x" * 65}, "display_name"),
        ({"display_name": "\u200b\u2060"}, "display_name"),
        ({"display_name": "a\0b"}, "display_name"),
        ({"display_name": None}, "display_name"),
        ({"about": "x" * 501}, "about"),
        ({"about": "bell\x07"}, "about"),
        ({"about": 5}, "about"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a b@c.de"}, "email"),
        ({"email": "x" * 250 + "@c.de"}, "email"),
        ({"email": "a@c.de\nBcc: b@c.de"}, "email"),
        ({"hue": 360}, "hue"),
        ({"hue": -1}, "hue"),
        ({"hue": "red"}, "hue"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_change_changes_nothing(alice: Member, wrong: dict[str, Any], field: str) -> None:
    before = alice.get_ok("/profile")
    answer = ask(alice, "POST", "/profile", {"about": "new", **wrong})
    assert (answer.status_code, answer.json["error"]["field"]) == (400, field)
    assert alice.get_ok("/profile") == before


def test_what_is_private_stays_private(alice: Member, bob: Member) -> None:
    assert ask(alice, "POST", "/profile", {"email": "alice@example.org"}).json["ok"]
    assert alice.get_ok("/profile")["email"] == "alice@example.org"
    for path in ("/people/alice", "/people", "/rooms"):
        assert "alice@example.org" not in bob.get(path).text


def test_preferences_are_the_same_on_every_page(app: Flask) -> None:
    here, there = Member(app, "alice"), Member(app, "alice")
    watching = there.connect()
    chosen = ask(here, "POST", "/profile/preferences", {"theme": "dark", "accent": "violet"}).json["preferences"]
    assert (chosen["theme"], chosen["accent"], chosen["density"]) == ("dark", "violet", "comfortable")
    assert watching.heard("preferences_changed") == [{"preferences": chosen}]
    assert there.get_ok("/profile")["preferences"] == chosen


@pytest.mark.parametrize(
    "wrong",
    [{"theme": "pink"}, {"theme": None}, {"theme": ["dark"]}, {"nonsense": "dark"}, {"x" * 1000: "dark"}],
    ids=str,
)
def test_there_are_no_other_choices(alice: Member, wrong: dict[str, Any]) -> None:
    assert ask(alice, "POST", "/profile/preferences", {"density": "compact", **wrong}).status_code == 400
    assert alice.get_ok("/profile")["preferences"]["density"] == "comfortable"


def test_every_preference_has_its_default(alice: Member) -> None:
    chosen = alice.get_ok("/profile")["preferences"]
    assert chosen == {name: values[0] for name, values in profiles.PREFERENCES.items()}


def test_sessions_are_listed_without_their_secret(app: Flask) -> None:
    here, there = Member(app, "alice"), Member(app, "alice")
    listed = here.get_ok("/profile")["sessions"]
    assert sorted(session["current"] for session in listed) == [False, True]
    assert {session["user_agent"] for session in listed} == {"a browser"}
    assert here.session_id not in str(listed)
    assert there.session_id not in str(listed)


def test_one_session_is_ended(app: Flask) -> None:
    here, there = Member(app, "alice"), Member(app, "alice")
    connection = there.connect()
    [other] = [session for session in here.get_ok("/profile")["sessions"] if not session["current"]]
    assert ask(here, "DELETE", f"/profile/sessions/{other['id']}").json["ok"]
    assert not connection.is_open
    assert there.get_error("/profile") == (401, "unauthenticated")
    assert here.get_ok("/profile")


def test_sessions_of_others_are_not_there(alice: Member, bob: Member) -> None:
    [session] = bob.get_ok("/profile")["sessions"]
    answer = ask(alice, "DELETE", f"/profile/sessions/{session['id']}")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
    assert bob.get_ok("/profile")


def test_all_other_sessions_are_ended(app: Flask, bob: Member) -> None:
    here, *others = (Member(app, "alice") for _ in range(3))
    connections = [other.connect() for other in others]
    assert ask(here, "DELETE", "/profile/sessions").json["ok"]
    assert [connection.is_open for connection in connections] == [False, False]
    assert len(here.get_ok("/profile")["sessions"]) == 1
    assert bob.get_ok("/profile")


def test_a_password_is_changed(app: Flask) -> None:
    here, there = Member(app, "alice"), Member(app, "alice")
    wrong = ask(here, "POST", "/profile/password", {"current_password": "wrong", "new_password": "new password"})
    assert (wrong.status_code, wrong.json["error"]["field"]) == (400, "current_password")
    assert there.get_ok("/profile")
    ask(here, "POST", "/profile/password", {"current_password": PASSWORD, "new_password": "new password"})
    assert there.get_error("/profile") == (401, "unauthenticated")
    assert Visitor(app).submit("/login", username="alice", password="new password").status_code == 303


def test_an_account_is_deleted_and_its_words_stay(alice: Member, bob: Member, room_id: int) -> None:
    ask(alice, "POST", "/profile", {"about": "private", "email": "alice@example.org"})
    talking, watching = alice.connect(), bob.connect()
    talking.send(room_id, "so long")
    watching.heard()
    assert ask(alice, "DELETE", "/profile", {"password": "wrong"}).status_code == 400
    assert ask(alice, "DELETE", "/profile", {"password": PASSWORD}).json["ok"]
    assert not talking.is_open
    [heard] = watching.heard("user_changed")
    assert (heard["user"]["id"], heard["user"]["kind"], heard["user"]["display_name"]) == (alice.id, "deleted", "")
    [message] = bob.get_ok(f"/rooms/{room_id}/messages")["messages"]
    assert (message["body"], message["sender"]["kind"]) == ("so long", "deleted")
    assert bob.get_error("/people/alice") == (404, "not_found")
    assert "alice" not in bob.get("/people").text
    refused = watching.call(
        "send_message",
        {"room_id": room_id, "body": "still there?", "client_id": "0" * 8 + "-0000-4000-8000-" + "0" * 12},
    )
    assert refused["error"]["code"] == "forbidden"
    # The name is free again, and its next owner inherits nothing.
    heir = Visitor(bob.app)
    assert heir.submit("/register", username="alice", password=PASSWORD).status_code == 303
    assert [room["name"] for room in heir.get_ok("/rooms")["rooms"]] == ["General"]


def test_the_panel_knows_how_long_its_fields_may_be(alice: Member) -> None:
    limits = alice.get_ok("/profile")["limits"]
    assert limits == {"display_name": 64, "about": 500, "password_min": 6}
    for name, most in (("display_name", limits["display_name"]), ("about", limits["about"])):
        assert ask(alice, "POST", "/profile", {name: "x" * most}).status_code == 200
        assert ask(alice, "POST", "/profile", {name: "x" * (most + 1)}).status_code == 400


def test_what_everybody_may_know(alice: Member, bob: Member) -> None:
    person = alice.get_ok("/people/BOB")["person"]
    shown = {"id", "username", "display_name", "kind", "hue", "avatar_id", "online", "last_seen_at"}
    assert set(person) == {*shown, "about", "registered_at"}
    assert alice.get_error("/people/nobody") == (404, "not_found")
