"""The administrators' panel."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from chat import clock, payloads
from tests.cast import Member, Visitor, make_room, set_message


def test_an_administrator_sees_whether_the_clock_keeps_up(root: Member, alice: Member, bob: Member) -> None:
    group = make_room(alice, bob)
    alice.connect().send(group, "short-lived")
    alice.connect().send(group, "long-lived")
    # The other room is the one that everybody is in.
    assert root.get_ok("/panel") == {"ok": True, "overdue_since": None, "guests": 0, "people": 4, "rooms": 2}
    past = clock.now() - timedelta(minutes=2)
    set_message(alice, group, 1, expires_at=past)
    set_message(alice, group, 2, expires_at=clock.now() + timedelta(minutes=2))
    assert root.get_ok("/panel")["overdue_since"] == payloads.instant(past)


def test_others_do_not(app: Flask, alice: Member) -> None:
    assert alice.get_error("/panel") == (403, "forbidden")
    assert Visitor(app).get_error("/panel") == (401, "unauthenticated")
