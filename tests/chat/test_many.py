"""One question asked of many at once: all are answered, and what was remembered of it is not older than it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, func, literal, select

from chat import clock, many, visible
from extensions import db
from models import Membership, Message, Room
from tests.cast import Member, make_room, set_message
from tests.files import later
from tests.plans import statements

LIMIT = 1


@pytest.fixture
def asking(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def mine(alice: Member, bob: Member, asking: None) -> Sequence[Membership]:
    """Alice's memberships in seven rooms, in each of which she said one word more than in the one before."""
    with alice.connect() as talking:
        for count in range(7):
            room_id = make_room(alice, bob)
            for number in range(count):
                talking.send(room_id, f"word {number}")
    hers = select(Membership).join(Room, Room.id == Membership.room_id)
    return db.session.scalars(hers.where(Membership.user_id == alice.id, Room.name.is_(None)).order_by(Room.id)).all()


def counted(one: Any) -> Select[Any]:
    """A room, and how much of it somebody sees."""
    return select(one.room_id.label("room_id"), func.count(Message.seq)).where(visible.condition(one))


def first_of(one: Any) -> Select[Any]:
    some = select(Message.seq).where(visible.condition(one)).order_by(Message.seq).limit(LIMIT).subquery()
    return select(literal(7), some.c.seq)


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 250])
def test_all_are_answered_however_many_are_asked_for_at_once(
    mine: Sequence[Membership], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(many, "AT_ONCE", at_once)
    with statements() as asked:
        found = many.of_each(counted, mine)
    assert sorted(found) == [(one.room_id, count) for count, one in enumerate(mine)]
    assert len(asked) == -(-7 // at_once)
    with statements() as asked:
        assert many.of_each(counted, []) == []
    assert asked == []


def test_each_is_asked_for_with_what_is_its_own(mine: Sequence[Membership]) -> None:
    """In one statement, though of the same room."""
    last = mine[-1]
    others = [Membership(room_id=last.room_id, user_id=last.user_id, cleared_seq=seq) for seq in (2, 5, 6)]
    assert sorted(many.of_each(counted, [last, *others])) == [(last.room_id, count) for count in (0, 1, 4, 6)]


def test_a_moment_is_the_present_one_though_the_statement_was_remembered(
    alice: Member, mine: Sequence[Membership], monkeypatch: pytest.MonkeyPatch
) -> None:
    last = mine[-1]
    set_message(alice, last.room_id, 3, expires_at=clock.now() + timedelta(seconds=60))
    for seconds, count in ((0, 6), (30, 6), (61, 5), (0, 6)):
        with later(monkeypatch, seconds):
            assert many.of_each(counted, [last]) == [(last.room_id, count)], seconds


@pytest.mark.usefixtures("statements_anew")
def test_a_limit_is_remembered_until_it_is_forgotten(
    mine: Sequence[Membership], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert many.of_each(first_of, [mine[-1]]) == [(7, 1)]
    monkeypatch.setattr(f"{__name__}.LIMIT", 2)
    assert many.of_each(first_of, [mine[-1]]) == [(7, 1)]
    many.forget()
    assert sorted(many.of_each(first_of, [mine[-1]])) == [(7, 1), (7, 2)]


def said() -> many.Asking:
    return select(Message.room_id, Message.seq), Message.room_id, Message.seq


def unexpired() -> many.Asking:
    until = Message.expires_at
    return select(Message.room_id, Message.seq).where(until > many.NOW), Message.room_id, Message.seq


@pytest.mark.parametrize("most", [1, 2, 3, 100])
@pytest.mark.parametrize("at_once", [1, 2, 250])
def test_of_pairs_just_those_are_found(
    mine: Sequence[Membership], monkeypatch: pytest.MonkeyPatch, at_once: int, most: int
) -> None:
    """Neither those whose halves are in two of them, nor those that there are not; in however many parts."""
    monkeypatch.setattr(many, "AT_ONCE", at_once)
    monkeypatch.setattr(many, "PAIRS", most)
    two, four, six = (mine[count].room_id for count in (2, 4, 6))
    wanted = {(two, 1), (four, 2), (four, 4), (six, 3), (six, 4), (six, 5), (six, 6)}
    missing = {(two, 3), (mine[0].room_id, 1), (10**9, 1)}
    found = many.among(said, db.session, wanted | missing)
    assert sorted(tuple(row) for row in found) == sorted(wanted)


def test_of_a_pair_that_is_named_twice_there_is_one_row(mine: Sequence[Membership]) -> None:
    pair = mine[-1].room_id, 1
    assert [tuple(row) for row in many.among(said, db.session, iter([pair, pair]))] == [pair]


def test_of_no_pairs_nothing_is_asked(asking: None) -> None:
    with statements() as asked:
        assert list(many.among(said, db.session, [])) == []
    assert asked == []


def test_of_pairs_too_a_moment_is_the_present_one(
    alice: Member, mine: Sequence[Membership], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [(one.room_id, 2) for one in mine[-2:]]
    for room_id, seq in places:
        set_message(alice, room_id, seq, expires_at=clock.now() + timedelta(seconds=60))
    for seconds, expected in ((0, places), (61, []), (0, places)):
        with later(monkeypatch, seconds):
            found = many.among(unexpired, db.session, [*places, (places[0][0], 1)])
            assert sorted(tuple(row) for row in found) == expected, seconds


def test_of_pairs_there_may_be_more_than_a_statement_can_hold(mine: Sequence[Membership]) -> None:
    """As of the newest messages of forty people who are in a hundred rooms each; and many of one room."""
    six = mine[-1].room_id
    pairs = [*((10**6 + number, 1) for number in range(4_000)), *((six, seq) for seq in range(1, 40_000))]
    assert sorted(tuple(row) for row in many.among(said, db.session, pairs)) == [(six, seq) for seq in range(1, 7)]
