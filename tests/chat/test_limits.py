"""Rates: how often, by whom."""

from __future__ import annotations

import pytest

from chat import limits
from chat.errors import TooOften
from models import User


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_a_household_is_one_network(address: str | None, network: str) -> None:
    assert limits.network(address) == network


def test_each_is_counted_alone() -> None:
    limits.configure({"knock": "2 per hour"}, lasting={}, redis_url="")
    for who in ("alice", "bob", "alice", "bob"):
        limits.check("knock", who)
    with pytest.raises(TooOften) as refused:
        limits.check("knock", "alice")
    assert 0 < refused.value.retry_after <= 3600


def test_guests_have_a_rate_of_their_own() -> None:
    limits.configure({"knock": "3 per hour", "guest_knock": "1 per hour"}, lasting={}, redis_url="")
    member, guest = User(id=1, kind="member"), User(id=2, kind="guest")
    for person in (guest, member, member, member):
        limits.check_of(person, "knock")
    for person in (guest, member):
        with pytest.raises(TooOften):
            limits.check_of(person, "knock")


def test_lasting_rates_survive_a_restart_in_redis(redis_url: str) -> None:
    limits.configure({}, lasting={"sign_in": "1 per hour"}, redis_url=redis_url)
    limits.check("sign_in", "192.0.2.7")
    limits.configure({}, lasting={"sign_in": "1 per hour"}, redis_url=redis_url)
    with pytest.raises(TooOften):
        limits.check("sign_in", "192.0.2.7")


def test_people_come_in_while_redis_is_away() -> None:
    limits.configure({}, lasting={"sign_in": "1 per hour"}, redis_url="redis://127.0.0.1:1/0")
    for _ in range(3):
        limits.check("sign_in", "192.0.2.7")
