"""Pages of a room's history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from chat import clock
from extensions import db
from tests.cast import Member, Visitor, make_room, set_member, set_message

COUNT = 7
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def path(alice: Member, room_id: int) -> str:
    """The history of a room in which seven things were said."""
    talking = alice.connect()
    for number in range(1, COUNT + 1):
        talking.send(room_id, str(number))
    return f"/rooms/{room_id}/messages"


@pytest.mark.parametrize(
    ("query", "seqs", "complete"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7], True),
        ("limit=3", [5, 6, 7], False),
        ("limit=7", [1, 2, 3, 4, 5, 6, 7], True),
        ("before=5&limit=2", [3, 4], False),
        ("before=3&limit=2", [1, 2], True),
        ("before=1", [], True),
        ("before=9999", [1, 2, 3, 4, 5, 6, 7], True),
        ("after=5", [6, 7], True),
        ("after=2&limit=2", [3, 4], False),
        ("after=0&limit=1", [1], False),
        ("after=7", [], True),
        ("after=9999", [], True),
        ("after=2&before=6&limit=2", [4, 5], False),
        ("after=2&before=6", [3, 4, 5], True),
        ("after=6&before=2", [], True),
    ],
)
def test_a_page(alice: Member, path: str, query: str, seqs: list[int], complete: bool) -> None:
    page = alice.get_ok(f"{path}?{query}")
    assert [message["seq"] for message in page["messages"]] == seqs
    assert page["complete"] is complete
    assert (page["room"]["version"], page["room"]["last_seq"]) == (COUNT, COUNT)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "before=-1", "before=x", "after=1.5", "after=9" * 9],
)
def test_bad_input_is_refused(alice: Member, path: str, query: str) -> None:
    assert alice.get_error(f"{path}?{query}") == (400, "invalid")


def test_a_number_past_all_numbers_is_refused(alice: Member, path: str) -> None:
    assert alice.get_error(f"{path}?before={2**63}") == (400, "invalid")


def test_signed_out(app: Flask, path: str) -> None:
    assert Visitor(app).get_error(path) == (401, "unauthenticated")


def test_to_an_outsider_the_room_is_not_there(carol: Member, path: str) -> None:
    assert carol.get_error(path) == (404, "not_found")
    assert carol.get_error("/rooms/999999/messages") == (404, "not_found")
    assert carol.get_error(f"/rooms/{2**63}/messages") == (404, "not_found")
    assert carol.get_error(f"/rooms/{10**30}/messages") == (404, "not_found")


def test_a_tab_of_somebody_else_is_told_so(alice: Member, bob: Member, path: str) -> None:
    assert alice.get_error(path, **{"X-Account": str(bob.id)}) == (409, "account_changed")
    assert alice.get(path, **{"X-Account": str(alice.id)}).status_code == 200


def test_too_often(make: Callable[..., Flask]) -> None:
    alice = Member(make(EVENT_RATE="1 per hour"), "alice")
    alice.get_ok("/rooms")
    assert alice.get_error("/rooms") == (429, "too_often")


def test_what_was_cleared_or_deleted_is_not_in_it(alice: Member, bob: Member, path: str) -> None:
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("UPDATE memberships SET cleared_seq = 3 WHERE user_id = ?", (alice.id,))
        connection.exec_driver_sql("UPDATE messages SET deleted_at = created_at WHERE seq = 5")
    assert [message["seq"] for message in alice.get_ok(path)["messages"]] == [4, 6, 7]
    assert [message["seq"] for message in bob.get_ok(path)["messages"]] == [1, 2, 3, 4, 6, 7]


def test_answers_are_kept_by_nobody(alice: Member, path: str) -> None:
    assert alice.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "seqs", "complete", "complete_after"),
    [
        ("around=4&limit=4", [2, 3, 4, 5], False, False),
        ("around=4&limit=5", [2, 3, 4, 5, 6], False, False),
        ("around=4&limit=1", [4], False, False),
        ("around=4", [1, 2, 3, 4, 5, 6, 7], True, True),
        ("around=2&limit=4", [1, 2, 3], True, False),
        ("around=0&limit=4", [1, 2], True, False),
        ("around=1&limit=4", [1, 2], True, False),
        ("around=7&limit=4", [5, 6, 7], False, True),
        ("around=6&limit=4", [4, 5, 6, 7], False, True),
        ("around=9999&limit=4", [6, 7], False, True),
    ],
)
def test_a_page_around_a_message(
    alice: Member, path: str, query: str, seqs: list[int], complete: bool, complete_after: bool
) -> None:
    page = alice.get_ok(f"{path}?{query}")
    assert [message["seq"] for message in page["messages"]] == seqs
    assert (page["complete"], page["complete_after"]) == (complete, complete_after)
    assert page["room"]["version"] == COUNT


def test_where_a_message_was_its_neighbours_are(alice: Member, bob: Member, room_id: int, path: str) -> None:
    """Deleted, expired or cleared: it is not in the page, and what is left is there as always."""
    set_message(alice, room_id, 5, deleted_at=clock.now())
    set_message(alice, room_id, 6, expires_at=clock.now())
    set_member(alice, room_id, cleared_seq=2)
    page = alice.get_ok(f"{path}?around=5&limit=4")
    assert [message["seq"] for message in page["messages"]] == [3, 4, 7]
    assert (page["complete"], page["complete_after"]) == (True, True)
    assert [message["seq"] for message in alice.get_ok(f"{path}?around=1&limit=2")["messages"]] == [3]
    assert [message["seq"] for message in bob.get_ok(f"{path}?around=1&limit=2")["messages"]] == [1]


@pytest.mark.parametrize(
    ("moment", "seqs"),
    [
        ("2026-01-31T12:00:00Z", [3, 4]),
        ("2026-01-31T12:00:00.000Z", [3, 4]),
        ("2026-01-31T14:00:00%2B02:00", [3, 4]),
        ("2026-01-31T12:00:00.001Z", [4, 5]),
        ("1970-01-01T00:00:00Z", [1]),
        ("9999-12-31T23:59:59Z", [7]),
    ],
)
def test_a_page_around_a_moment(alice: Member, room_id: int, path: str, moment: str, seqs: list[int]) -> None:
    for seq in range(1, COUNT + 1):
        set_message(alice, room_id, seq, created_at=NOON + timedelta(hours=seq - 4))
    page = alice.get_ok(f"{path}?at={moment}&limit=2")
    assert [message["seq"] for message in page["messages"]] == seqs


@pytest.mark.parametrize(
    "query",
    [
        *(
            "around=-1",
            "around=x",
            "around=",
            "around=1&before=3",
            "around=1&after=3",
            "around=1&at=2026-01-31T12:00:00Z",
        ),
        *(
            "at=",
            "at=yesterday",
            "at=2026-01-31",
            "at=2026-01-31T12:00:00",
            "at=2026-02-31T12:00:00Z",
            "around=1&limit=0",
        ),
        "at=2026-01-31T12:00:00Z&before=3",
    ],
)
def test_a_place_that_is_none_is_refused(alice: Member, path: str, query: str) -> None:
    assert alice.get_error(f"{path}?{query}") == (400, "invalid")


@pytest.mark.parametrize("query", ["around=1", "at=2026-01-31T12:00:00Z"])
def test_nobody_else_looks_around(app: Flask, carol: Member, path: str, query: str) -> None:
    assert Visitor(app).get_error(f"{path}?{query}") == (401, "unauthenticated")
    assert carol.get_error(f"{path}?{query}") == (404, "not_found")


@pytest.fixture
def days(alice: Member, room_id: int, path: str) -> str:
    """The days of a room with messages of January 3rd, 30th and 31st, and February 1st, in UTC."""
    moments = ["2026-01-03T00:00", "2026-01-03T23:59", "2026-01-30T23:30", "2026-01-31T12:00", "2026-01-31T12:01"]
    moments += ["2026-02-01T00:00", "2026-02-01T00:01"]
    for seq, moment in enumerate(moments, 1):
        set_message(alice, room_id, seq, created_at=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    return f"/rooms/{room_id}/days"


@pytest.mark.parametrize(
    ("query", "found", "first"),
    [
        ("month=2026-01", [3, 30, 31], "2026-01-03"),
        ("month=2026-02", [1], "2026-01-03"),
        ("month=2025-12", [], "2026-01-03"),
        ("month=2026-03", [], "2026-01-03"),
        ("month=2026-01&zone=Asia/Shanghai", [3, 4, 31], "2026-01-03"),
        ("month=2026-01&zone=America/New_York", [2, 3, 30, 31], "2026-01-02"),
        ("month=2026-02&zone=America/New_York", [], "2026-01-02"),
    ],
)
def test_the_days_of_a_month(alice: Member, days: str, query: str, found: list[int], first: str) -> None:
    answer = alice.get_ok(f"{days}?{query}")
    assert (answer["days"], answer["first"]) == (found, first)


def test_days_on_which_nothing_is_left_are_none(alice: Member, bob: Member, room_id: int, days: str) -> None:
    set_message(alice, room_id, 3, deleted_at=clock.now())
    set_message(alice, room_id, 5, expires_at=clock.now())
    set_member(alice, room_id, cleared_seq=2)
    answer = alice.get_ok(f"{days}?month=2026-01")
    assert (answer["days"], answer["first"]) == ([31], "2026-01-31")
    assert bob.get_ok(f"{days}?month=2026-01")["days"] == [3, 31]
    set_member(alice, room_id, cleared_seq=COUNT)
    assert alice.get_ok(f"{days}?month=2026-01")["first"] is None


@pytest.mark.parametrize(
    "query",
    [
        *(
            "",
            "month=",
            "month=2026",
            "month=2026-13",
            "month=2026-00",
            "month=2026-1",
            "month=0000-01",
            "month=9999-12",
        ),
        *(
            "month=2026-01-01",
            "month=２０２６-01",
            "month=2026-01&zone=Nowhere/City",
            "month=2026-01&zone=../etc/passwd",
        ),
    ],
)
def test_a_month_that_is_none_is_refused(alice: Member, days: str, query: str) -> None:
    assert alice.get_error(f"{days}?{query}") == (400, "invalid")


def test_days_are_for_those_in_the_room(app: Flask, carol: Member, days: str) -> None:
    assert Visitor(app).get_error(f"{days}?month=2026-01") == (401, "unauthenticated")
    assert carol.get_error(f"{days}?month=2026-01") == (404, "not_found")
    assert carol.get_error("/rooms/999999/days?month=2026-01") == (404, "not_found")


def test_rooms_that_keep_nothing_have_places_and_days_too(alice: Member, bob: Member, carol: Member) -> None:
    room = make_room(alice, bob, keeps_history=False)
    said = [alice.connect().send(room, str(number)) for number in range(1, COUNT + 1)]
    month, zone = said[3]["created_at"][:7], "Etc/UTC"
    for place in ("around=4", f"at={said[3]['created_at']}"):
        page = bob.get_ok(f"/rooms/{room}/messages?{place}&limit=2")
        assert said[3] in page["messages"] or said[3]["created_at"] == said[2]["created_at"]
        assert (page["complete"], page["complete_after"]) == (False, False)
    page = bob.get_ok(f"/rooms/{room}/messages?at=9999-01-01T00:00:00Z")
    assert (len(page["messages"]), page["complete"], page["complete_after"]) == (COUNT, True, True)
    days = sorted({int(message["created_at"][8:10]) for message in said if message["created_at"].startswith(month)})
    answer = bob.get_ok(f"/rooms/{room}/days?month={month}&zone={zone}")
    assert (answer["days"], answer["first"]) == (days, said[0]["created_at"][:10])
    assert carol.get_error(f"/rooms/{room}/days?month={month}") == (404, "not_found")
