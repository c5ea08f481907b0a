"""Finding messages over HTTP: what is found, what never is, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.cast import Guest, Member, Visitor, make_room, new_id, opens, set_member, set_message
from tests.files import SOUND, send_file, upload


@pytest.fixture
def garden(alice: Member, bob: Member) -> int:
    """A room of alice and bob in which four things were said."""
    room_id = make_room(alice, bob, name="Garden", name_key="garden")
    hers, his = alice.connect(), bob.connect()
    hers.send(room_id, "Roses and TULIPS")
    his.send(room_id, "Ещё розы 🌹, and a rose")
    hers.send(room_id, "https://example.org/roses")
    his.send(room_id, "今天的玫瑰很漂亮")
    return room_id


def found(person: Member, q: str, **more: Any) -> list[tuple[int, int]]:
    answer = person.http.get("/search", query_string={"q": q, **more}).get_json()
    assert answer["ok"], answer
    return [(message["room_id"], message["seq"]) for message in answer["messages"]]


def counted(person: Member, q: str) -> int:
    answer = person.http.get("/search/count", query_string={"q": q}).get_json()
    assert answer["ok"], answer
    assert not answer["more"]
    return int(answer["count"])


@pytest.mark.parametrize(
    ("q", "seqs"),
    [
        ("rose", [3, 2, 1]),
        ("ROSES tulips", [1]),
        ('"and tulips"', [1]),
        ("еще", [2]),
        ("玫", [4]),
        ("🌹", [2]),
        ("rose -tulips", [3, 2]),
        ("rose from:bob", [2]),
        ("from:alice", [3, 1]),
        ("from:nobody rose", []),
        ("has:link", [3]),
        ("in:garden rose", [3, 2, 1]),
        ("in:Elsewhere rose", []),
        ("on:2001-01-01 rose", []),
        ("after:2001-01-01 rose", [3, 2, 1]),
        ("nothing of the kind", []),
    ],
)
def test_what_is_found(alice: Member, garden: int, q: str, seqs: list[int]) -> None:
    assert found(alice, q) == found(alice, q, room=garden) == [(garden, seq) for seq in seqs]
    assert counted(alice, q) == len(seqs)


def test_a_hit_is_a_message_as_its_room_has_it(alice: Member, bob: Member, garden: int) -> None:
    bob.connect().ok("set_reaction", {"room_id": garden, "seq": 1, "emoji": "🌷", "on": True})
    answer = alice.get_ok("/search?q=Tulips")
    shown = alice.get_ok(f"/rooms/{garden}/messages?before=2")["messages"]
    assert answer["messages"] == shown
    assert (answer["words"], answer["next"]) == (["tulips"], None)


def test_pages_go_on_where_the_last_one_ended_in_all_rooms(
    alice: Member, bob: Member, garden: int, room_id: int
) -> None:
    talking = bob.connect()
    for number in range(6):
        talking.send((garden, room_id)[number % 2], f"one more rose, number {number}")
    whole, pages, before = found(alice, "rose"), [], None
    assert len(whole) == 9
    while True:
        answer = alice.http.get(
            "/search", query_string={"q": "rose", "limit": 2, **({"before": before} if before else {})}
        )
        pages += [(message["room_id"], message["seq"]) for message in answer.get_json()["messages"]]
        before = answer.get_json()["next"]
        if before is None:
            break
    assert pages == whole


def test_files_are_found_by_caption_and_kind(alice: Member, bob: Member, garden: int) -> None:
    talking = bob.connect()
    picture = send_file(talking, garden, upload(bob), "a rose in the rain")["seq"]
    sound = send_file(talking, garden, upload(bob, SOUND), "birds")["seq"]
    assert found(alice, "rain has:image") == found(alice, "has:image") == [(garden, picture)]
    assert found(alice, "has:audio") == [(garden, sound)]
    assert found(alice, "has:audio has:image") == []


def test_what_is_never_found(alice: Member, bob: Member, garden: int) -> None:
    talking = bob.connect()
    opens(alice, garden)
    listening = alice.connect()
    listening.ok("enter_room", {"room_id": garden})
    talking.ok("whisper", {"room_id": garden, "user_id": alice.id, "body": "a secret rose", "client_id": new_id()})
    assert counted(alice, "secret") == counted(bob, "secret") == 0
    assert counted(alice, "rose") == 3
    talking.ok("delete_message", {"room_id": garden, "seq": 2})
    assert found(alice, "rose") == [(garden, 3), (garden, 1)]
    set_message(alice, garden, 3, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert found(alice, "rose") == [(garden, 1)]
    set_member(alice, garden, cleared_seq=1)
    assert found(alice, "rose") == []
    assert found(bob, "rose") == [(garden, 1)]


def test_an_edited_message_is_found_by_its_new_text(alice: Member, garden: int) -> None:
    alice.connect().ok("edit_message", {"room_id": garden, "seq": 1, "body": "Lilies"})
    assert (counted(alice, "tulips"), counted(alice, "lilies")) == (0, 1)


def test_in_a_room_that_keeps_nothing_what_is_remembered_is_found(alice: Member, bob: Member) -> None:
    room_id = make_room(alice, bob, keeps_history=False)
    bob.connect().send(room_id, "a rose for now")
    assert found(alice, "rose") == found(alice, "rose from:bob", room=room_id) == [(room_id, 1)]
    assert found(alice, "rose from:alice") == []


def test_an_outsider_finds_nothing_and_asks_in_no_room_of_others(carol: Member, alice: Member, garden: int) -> None:
    assert found(carol, "rose") == []
    assert carol.get_error(f"/search?q=rose&room={garden}") == (404, "not_found")
    assert carol.get_error(f"/search/count?q=rose&room={garden}") == (404, "not_found")
    assert carol.get_error("/search?q=rose&room=999999") == (404, "not_found")


def test_who_left_finds_nothing_any_more(bob: Member, garden: int) -> None:
    assert counted(bob, "rose") == 3
    bob.connect().ok("leave_room", {"room_id": garden})
    assert counted(bob, "rose") == 0


def test_a_guest_finds_what_is_in_their_rooms(make: Callable[..., Flask]) -> None:
    app = make(GUESTS="public")
    alice, guest = Member(app, "alice"), Guest(app, "visitor")
    shared = make_room(alice, guest, name="Open", name_key="open", visibility="public")
    closed = make_room(alice, name="Closed", name_key="closed")
    for room_id in (shared, closed):
        alice.connect().send(room_id, "a rose")
    assert found(guest, "rose") == [(shared, 1)]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=",
        "q=%20",
        "q=-rose",
        "q=%22%22",
        f"q={'x' * 201}",
        "q=on:yesterday",
        "q=has:video",
        "q=rose&zone=Nowhere",
        "q=rose&room=x",
        "q=rose&room=0",
        "q=rose&limit=0",
        "q=rose&limit=101",
        "q=rose&before=5",
        "q=rose&before=x.y.z",
        "q=rose&before=99999999999999999999999.1.1",
        "q=%ED%A0%BD",
    ],
)
def test_bad_input_is_refused(alice: Member, garden: int, query: str) -> None:
    if "ED%A0" in query:  # what is no UTF-8 is read as a sign that stands in no message
        assert alice.get_ok(f"/search?{query}")["messages"] == []
    else:
        assert alice.get_error(f"/search?{query}") == (400, "invalid")


def test_signed_out(app: Flask) -> None:
    assert Visitor(app).get_error("/search?q=rose") == (401, "unauthenticated")
    assert Visitor(app).get_error("/search/count?q=rose") == (401, "unauthenticated")


def test_too_often(make: Callable[..., Flask]) -> None:
    alice = Member(make(EVENT_RATE="1 per hour"), "alice")
    alice.get_ok("/search?q=rose")
    assert alice.get_error("/search?q=rose") == (429, "too_often")


def test_searching_has_a_rate_of_its_own(make: Callable[..., Flask]) -> None:
    alice = Member(make(SEARCH_RATE="2 per hour"), "alice")
    alice.get_ok("/search?q=rose")
    alice.get_ok("/search/count?q=rose")
    assert alice.get_error("/search?q=rose") == (429, "too_often")
    assert alice.get_error("/search/count?q=rose") == (429, "too_often")
    alice.get_ok("/rooms")


@pytest.mark.parametrize(
    ("q", "layout"),
    [
        ("kbkbz", "лилия"),
        ("кщыуы", "roses"),
        ('"kbkbz сад" from:bob', None),
        ("from:bob kbkbz", "from:bob лилия"),
        ("from:alice kbkbz", None),
        ("rose", None),
        ("nothing", None),
        ("from:carol", None),
    ],
)
def test_the_other_layout_is_offered_where_it_finds_something(
    alice: Member, bob: Member, garden: int, q: str, layout: str | None
) -> None:
    bob.connect().send(garden, "Лилия")
    answer = alice.http.get("/search", query_string={"q": q, "room": garden}).get_json()
    assert (answer["ok"], answer["layout"]) == (True, layout)
    assert not (answer["messages"] and layout)
