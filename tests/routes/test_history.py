"""Pages of a room's history."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from extensions import db
from tests.cast import Member, Visitor

COUNT = 7


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
