"""Whom guests see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from chat import clock, company
from tests.cast import Guest, Member, make_room


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    """Without the room of everybody, where guests would be in company with all."""
    return make(GUESTS="named")


@pytest.fixture
def guests(app: Flask) -> list[Guest]:
    return [Guest(app, f"swallow{number}") for number in range(4)]


def audiences(app: Flask, guests: list[Guest], *people: Member) -> dict[int, set[int]]:
    """Of whom each guest hears."""
    with app.app_context():
        told = company.audiences({guest.id for guest in guests}, {person.id for person in people})
    heard = [guest_id for guest_ids, _people in told for guest_id in guest_ids]
    assert len(heard) == len(set(heard)), "somebody would be told twice"
    return {guest_id: people for guest_ids, people in told for guest_id in guest_ids}


def test_each_hears_of_the_people_of_all_rooms_they_share(
    app: Flask, guests: list[Guest], alice: Member, bob: Member, carol: Member
) -> None:
    first, second, third, _alone = guests
    make_room(alice, bob, first, second)
    make_room(bob, carol, second, third)
    assert audiences(app, guests, alice, bob, carol) == {
        first.id: {alice.id, bob.id},
        second.id: {alice.id, bob.id, carol.id},
        third.id: {bob.id, carol.id},
    }
    assert audiences(app, guests, carol) == {second.id: {carol.id}, third.id: {carol.id}}


def test_those_who_hear_the_same_are_told_together(app: Flask, guests: list[Guest], alice: Member) -> None:
    make_room(alice, *guests)
    with app.app_context():
        [(together, people)] = company.audiences({guest.id for guest in guests}, {alice.id})
    assert sorted(together) == [guest.id for guest in guests]
    assert people == {alice.id}


def test_guests_hear_of_guests_and_of_themselves(app: Flask, guests: list[Guest], alice: Member) -> None:
    first, second, *_others = guests
    make_room(alice, first, second)
    assert audiences(app, [first, second], first) == {first.id: {first.id}, second.id: {first.id}}


@pytest.mark.parametrize("ending", ["deleted_at", "ends_at"])
def test_a_room_that_is_over_makes_no_company(app: Flask, guests: list[Guest], alice: Member, ending: str) -> None:
    make_room(alice, *guests, **{ending: clock.now()})
    assert audiences(app, guests, alice) == {}


def test_nobody_is_asked_about_when_there_are_no_guests(app: Flask, alice: Member) -> None:
    """What members do all day costs no query more."""
    assert company.audiences(set(), {alice.id}) == []


def test_a_crowd_is_asked_about_in_portions(
    app: Flask, guests: list[Guest], alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company, "_PORTION", 2)
    make_room(alice, *guests)
    assert audiences(app, guests, alice) == {guest.id: {alice.id} for guest in guests}
