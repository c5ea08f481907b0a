"""Marks that are moved together: each as if it had been moved alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from chat import accounts, clock, readers, reading, transactions
from chat.marks import Mark, Marks
from extensions import db
from models import Membership, Room, Session
from tests.cast import PASSWORD, Member, make_room, set_member
from tests.conftest import prepared


@dataclass
class Desk:
    """What became of each wish is in `outcomes`."""

    app: Flask
    marks: Marks
    outcomes: dict[Mark, Any] = field(default_factory=dict)

    def move(self, *wishes: tuple[Member, int, int]) -> list[Any]:
        made = [self.wish(*wish) for wish in wishes]
        with self.app.app_context():
            self.marks.fulfil(made)
        return [self.outcomes[mark] for mark in made]

    def wish(self, person: Member, room_id: int, seq: int, session_id: str | None = None) -> Mark:
        def done(outcome: int | None) -> None:
            assert mark not in self.outcomes
            self.outcomes[mark] = outcome

        mark = Mark(person.id, session_id or person.session_id, done, reading.Plain(room_id, seq))
        return mark


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app, Marks(app))


def mark_of(person: Member, room_id: int) -> int:
    with person.app.app_context():
        return db.session.get_one(Membership, (room_id, person.id)).last_read_seq


def says(person: Member, room_id: int, count: int) -> None:
    with person.connect() as connection:
        for number in range(count):
            connection.send(room_id, f"{number}")


def test_many_are_moved_by_one_commit_and_told(
    desk: Desk, alice: Member, bob: Member, carol: Member, room_id: int, commits: list[Any]
) -> None:
    group = make_room(alice, bob, carol)
    says(alice, group, 3)
    says(alice, room_id, 2)
    with alice.connect() as here, carol.connect() as there:
        del commits[:]
        assert desk.move((bob, group, 2), (carol, group, 3), (bob, room_id, 2), (bob, group, 3)) == [2, 3, 2, 3]
        assert len(commits) == 1
        told = [
            {"room_id": group, "user_id": bob.id, "last_read_seq": 3},
            {"room_id": group, "user_id": carol.id, "last_read_seq": 3},
        ]
        assert there.heard("messages_read") == told
        assert here.heard("messages_read") == [*told, {"room_id": room_id, "user_id": bob.id, "last_read_seq": 2}]
    assert [bob.room(each)["unread"] for each in (group, room_id)] == [0, 0]


def test_it_never_goes_back_and_is_told_once(desk: Desk, alice: Member, bob: Member, room_id: int) -> None:
    says(alice, room_id, 3)
    with alice.connect() as here:
        assert desk.move((bob, room_id, 2)) == [2]
        assert desk.move((bob, room_id, 1), (bob, room_id, 2)) == [2, 2]
        assert here.heard("messages_read") == [{"room_id": room_id, "user_id": bob.id, "last_read_seq": 2}]
    assert mark_of(bob, room_id) == 2


def test_of_a_larger_room_only_ones_own_pages_hear(
    desk: Desk, alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "READERS_MAX", 1)
    says(alice, room_id, 1)
    with alice.connect() as here, bob.connect() as there:
        desk.move((bob, room_id, 1))
        assert here.heard("messages_read") == []
        assert len(there.heard("messages_read")) == 1


def session_ends(person: Member, _room_id: int) -> None:
    with person.app.app_context():
        transactions.run(lambda session: session.delete(session.get_one(Session, person.session_id)))


def leaves(person: Member, room_id: int) -> None:
    with person.connect() as connection:
        connection.ok("leave_room", {"room_id": room_id})


def room_ends(column: str) -> Callable[[Member, int], None]:
    def ends(person: Member, room_id: int) -> None:
        moment = clock.now() - timedelta(seconds=1)
        with person.app.app_context():
            ended = update(Room).where(Room.id == room_id).values({column: moment})
            transactions.run(lambda session: session.execute(ended))

    return ends


@pytest.mark.parametrize(
    "change", [session_ends, leaves, room_ends("deleted_at"), room_ends("ends_at")], ids=lambda change: change.__name__
)
def test_who_may_not_is_handed_back_and_the_others_are_moved(
    desk: Desk, alice: Member, bob: Member, carol: Member, change: Callable[[Member, int], None]
) -> None:
    group, other = make_room(carol, alice), make_room(carol, alice, bob)
    for where in (group, other):
        says(carol, where, 1)
    change(alice, group)
    assert desk.move((alice, group, 1), (bob, other, 1)) == [None, 1]
    assert mark_of(bob, other) == 1


@pytest.mark.parametrize("seq", [2, 2**63 - 1])
def test_what_is_not_there_yet_is_handed_back(desk: Desk, alice: Member, bob: Member, room_id: int, seq: int) -> None:
    says(alice, room_id, 1)
    assert desk.move((bob, room_id, seq), (bob, room_id, 1), (bob, 10**9, 1)) == [None, 1, None]
    assert mark_of(bob, room_id) == 1


def test_on_every_database(tmp_path: Path, database_url: str) -> None:
    with prepared(tmp_path / "instance", database_url) as app:
        for name in ("root", "alice", "bob"):
            accounts.register(name, PASSWORD, minimum=6)
        alice, bob = Member(app, "alice"), Member(app, "bob")
        desk, first, second = Desk(app, Marks(app)), make_room(alice, bob), make_room(bob, alice)
        transactions.run(lambda session: session.execute(update(Room).values(last_seq=5)))
        set_member(alice, second, last_read_seq=4)
        assert desk.move((alice, first, 3), (bob, first, 5), (alice, second, 2), (bob, second, 6)) == [3, 5, 4, None]
        chosen = select(Membership.room_id, Membership.user_id, Membership.last_read_seq)
        found = {(row.room_id, row.user_id): row.last_read_seq for row in db.session.execute(chosen)}
        places = (first, alice), (first, bob), (second, alice), (second, bob)
        assert [found[room, person.id] for room, person in places] == [3, 5, 4, 0]


@pytest.mark.parametrize(
    "given", [None, [], "x", {}, {"room_id": 1}, {"room_id": "1", "seq": 1}, {"room_id": 1, "seq": True},
              {"room_id": 1, "seq": 0}, {"room_id": 1, "seq": 2**63}]
)  # fmt: skip
def test_what_is_no_mark_does_not_go_the_short_way(given: object) -> None:
    assert reading.plain(given) is None


def test_a_mark_goes_the_short_way() -> None:
    assert reading.plain({"room_id": 3, "seq": 7}) == (3, 7)
