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


def test_a_window_moves_and_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: clock[0])
    limits.configure({"knock": "2 per 10 second; 3 per minute"}, lasting={}, redis_url="")
    for clock[0], allowed in (
        (1000.0, True),
        (1004.0, True),
        (1009.9, False),
        (1010.0, True),  # the first counts no longer within ten seconds
        (1030.0, False),  # but within the minute
        (1060.0, True),
    ):
        if allowed:
            limits.check("knock", "alice")
        else:
            with pytest.raises(TooOften):
                limits.check("knock", "alice")
    clock[0] = 1200.0
    limits.check("knock", "bob")
    for windows in limits._rules["knock"]:
        assert isinstance(windows, limits.Windows)
        assert list(windows._moments) == ["bob"]


def test_how_long_to_wait_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: clock[0])
    limits.configure({"knock": "1 per minute"}, lasting={}, redis_url="")
    limits.check("knock", "alice")
    clock[0] = 1012.5
    with pytest.raises(TooOften) as refused:
        limits.check("knock", "alice")
    assert refused.value.retry_after == 48


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
