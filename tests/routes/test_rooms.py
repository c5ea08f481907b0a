"""My rooms, and the people one can talk to."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from chat import accounts
from tests.cast import Member, Visitor

PATHS = ("/rooms", "/rooms/public", "/people")


def names(rooms: list[dict[str, Any]]) -> list[str]:
    """What a list of rooms shows: the other one's name, or the room's."""
    return [room["peer"]["username"] if room["peer"] else room["name"] for room in rooms]


@pytest.mark.parametrize("path", PATHS)
def test_signed_out(app: Flask, path: str) -> None:
    assert Visitor(app).get_error(path) == (401, "unauthenticated")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x"])
def test_bad_input_is_refused(alice: Member, path: str, query: str) -> None:
    assert alice.get_error(f"{path}?{query}") == (400, "invalid")


def test_rooms_come_by_last_activity(alice: Member, bob: Member, carol: Member) -> None:
    talking = alice.connect()
    rooms = {name: talking.ok("open_direct", {"username": name})["room"]["id"] for name in ("bob", "carol", "root")}
    for name in ("bob", "carol", "bob"):
        talking.send(rooms[name], f"to {name}")
    mine = alice.get_ok("/rooms")
    # An empty room is nobody's conversation yet; a group is one from the beginning.
    assert names(mine["rooms"]) == ["bob", "carol", "General"]
    assert [room["last_message"]["body"] for room in mine["rooms"][:2]] == ["to bob", "to carol"]
    assert mine["complete"] is True
    assert names(carol.get_ok("/rooms")["rooms"]) == ["alice", "General"]


def test_rooms_come_in_pages(alice: Member) -> None:
    talking = alice.connect()
    for name in ("root", "bob", "carol"):
        talking.send(talking.ok("open_direct", {"username": name})["room"]["id"], "hello")
    first = alice.get_ok("/rooms?limit=2")
    assert names(first["rooms"]) == ["carol", "bob"]
    assert first["complete"] is False
    rest = alice.get_ok(f"/rooms?limit=2&before={first['rooms'][-1]['id']}")
    assert names(rest["rooms"]) == ["root", "General"]
    assert rest["complete"] is True


def test_a_page_does_not_begin_at_a_room_of_others(alice: Member, carol: Member, room_id: int) -> None:
    assert carol.get_error(f"/rooms?before={room_id}") == (404, "not_found")


def test_everybody_but_oneself_is_there_by_name(alice: Member) -> None:
    with alice.app.app_context():
        for name in ("Борис", "Zoe", "陈建国"):
            accounts.register(name, "correct horse 1", minimum=6)
    people = alice.get_ok("/people")
    assert [person["username"] for person in people["people"]] == ["bob", "carol", "root", "Zoe", "Борис", "陈建国"]
    assert people["complete"] is True


def test_people_come_in_pages(alice: Member) -> None:
    first = alice.get_ok("/people?limit=2")
    assert ([person["username"] for person in first["people"]], first["complete"]) == (["bob", "carol"], False)
    rest = alice.get_ok(f"/people?limit=2&after={first['people'][-1]['id']}")
    assert ([person["username"] for person in rest["people"]], rest["complete"]) == (["root"], True)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("артем", ["Артём"]),
        ("ТЁМ", ["Артём"]),
        ("ＢＯ", ["bob"]),
        ("晓", ["林晓雨"]),
        ("o", ["bob", "carol", "root"]),
        ("%", []),
        ("_", ["under_score"]),
        ("nobody", []),
        ("alice", []),
        ("' OR 1=1 --", []),
    ],
)
def test_searching_people(alice: Member, words: str, found: list[str]) -> None:
    with alice.app.app_context():
        for name in ("Артём", "林晓雨", "under_score"):
            accounts.register(name, "correct horse 1", minimum=6)
    answer = alice.http.get("/people", query_string={"q": words}).json
    names = [person["username"] for person in answer["people"] if words != "o" or person["username"] != "under_score"]
    assert names == found


def test_a_very_long_search_is_refused(alice: Member) -> None:
    assert alice.get_error("/people?q=" + "x" * 101) == (400, "invalid")


def test_a_person_tells_nothing_that_is_not_for_others(alice: Member) -> None:
    [bob] = alice.get_ok("/people?q=bob")["people"]
    assert set(bob) == {"id", "username", "display_name", "kind", "hue", "avatar_id", "online", "last_seen_at"}


OF_A_ROOM = ("members", "invitations")


@pytest.fixture
def tea(alice: Member) -> int:
    """Alice's private room."""
    return int(alice.make_room(visibility="private")["id"])


@pytest.mark.parametrize("path", OF_A_ROOM)
def test_what_is_of_a_room_is_for_those_in_it(alice: Member, bob: Member, room_id: int, tea: int, path: str) -> None:
    alice.get_ok(f"/rooms/{tea}/{path}")
    assert Visitor(alice.app).get_error(f"/rooms/{tea}/{path}") == (401, "unauthenticated")
    refused = bob.get_error(f"/rooms/{tea}/{path}")
    assert refused == bob.get_error(f"/rooms/999999/{path}") == (404, "not_found")
    # A direct conversation has neither.
    assert alice.get_error(f"/rooms/{room_id}/{path}") == (404, "not_found")


def test_links_are_for_owner_and_moderators(alice: Member, bob: Member, tea: int) -> None:
    owner = alice.connect()
    owner.ok("invite", {"room_id": tea, "username": "bob"})
    assert bob.get_error(f"/rooms/{tea}/invitations") == (403, "forbidden")
    owner.ok("set_role", {"room_id": tea, "user_id": bob.id, "role": "moderator"})
    assert bob.get_ok(f"/rooms/{tea}/invitations")["invitations"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=0", "after=x", "q=" + "x" * 101])
def test_bad_input_for_the_list_of_members_is_refused(alice: Member, tea: int, query: str) -> None:
    assert alice.get_error(f"/rooms/{tea}/members?{query}") == (400, "invalid")


def test_public_rooms_come_by_name(alice: Member, bob: Member) -> None:
    for name, visibility in (("Ёлка", "public"), ("tea", "public"), ("Secret", "private"), ("100%", "public")):
        alice.make_room(name=name, visibility=visibility, topic=f"about {name}")
    found = bob.get_ok("/rooms/public")
    assert [room["name"] for room in found["rooms"]] == ["100%", "General", "tea", "Ёлка"]
    assert found["complete"] is True
    assert found["rooms"][2] == {
        "id": found["rooms"][2]["id"],
        "name": "tea",
        "topic": "about tea",
        "emoji": "",
        "avatar_id": None,
        "member_count": 1,
        "joined": False,
        "admits_guests": False,
    }
    assert [room["joined"] for room in found["rooms"]] == [False, True, False, False]
    for words, expected in (("елк", ["Ёлка"]), ("ЁЛ", ["Ёлка"]), ("%", ["100%"]), ("ecre", []), ("_", [])):
        answer = bob.http.get("/rooms/public", query_string={"q": words}).json
        assert [room["name"] for room in answer["rooms"]] == expected, words
