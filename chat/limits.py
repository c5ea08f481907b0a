"""How often somebody may do something, for every door alike. Knows rules by name, and whom they count by opaque keys.

Of people it knows that guests have rules of their own.

One moving window per rule and key. What guards passwords is counted in Redis where there is one, by the `limits`
library, so that it holds over a restart; what guards the event loop is counted in memory, and not by the library, which
looks through all of it every ten milliseconds as long as anybody does anything.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import deque
from collections.abc import Sequence

from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from chat.errors import TooOften
from models import User

TIDY = 60.0  # seconds between looks for windows that are over


class Windows:
    """Moving windows of one rate in this process: of each, the moments that count, the oldest first."""

    def __init__(self, rate: RateLimitItem) -> None:
        self._amount = rate.amount
        self._length = rate.get_expiry()  # seconds
        self._moments: dict[str | int, deque[float]] = {}
        self._tidied = 0.0

    def wait(self, who: str | int) -> float:
        """Count one more, or else say by how many seconds it is too early."""
        now = time.monotonic()
        if now - self._tidied > TIDY:
            self._tidy(now)
        moments = self._moments.get(who)
        if moments is None:
            moments = self._moments[who] = deque()
        while moments and moments[0] <= now - self._length:
            moments.popleft()
        if len(moments) >= self._amount:
            return (moments[0] if moments else now) + self._length - now
        moments.append(now)
        return 0

    def _tidy(self, now: float) -> None:
        self._tidied = now
        for who in [who for who, moments in self._moments.items() if not moments or moments[-1] <= now - self._length]:
            del self._moments[who]


class SharedWindows:
    """The same in Redis. While it is away nothing is counted: letting people in matters more."""

    def __init__(self, rate: RateLimitItem, name: str, limiter: MovingWindowRateLimiter) -> None:
        self._rate = rate
        self._name = name
        self._limiter = limiter

    def wait(self, who: str | int) -> float:
        try:
            if self._limiter.hit(self._rate, self._name, str(who)):
                return 0
            return self._limiter.get_window_stats(self._rate, self._name, str(who)).reset_time - time.time()
        except StorageError:
            return 0


_rules: dict[str, Sequence[Windows | SharedWindows]] = {}


def configure(rates: dict[str, str], lasting: dict[str, str], redis_url: str) -> None:
    """Set the rules: name → rate such as "30 per minute". Those in `lasting` go to Redis when `redis_url` is given."""
    _rules.clear()
    in_memory = rates if redis_url else rates | lasting
    for name, rate in in_memory.items():
        _rules[name] = [Windows(each) for each in parse_many(rate)]
    if redis_url:
        limiter = MovingWindowRateLimiter(RedisStorage(redis_url, wrap_exceptions=True))
        for name, rate in lasting.items():
            _rules[name] = [SharedWindows(each, name, limiter) for each in parse_many(rate)]


def check(name: str, who: str | int) -> None:
    """Count one more for `who` under the rule `name`. Raises TooOften with the seconds to wait."""
    for windows in _rules[name]:
        seconds = windows.wait(who)
        if seconds > 0:
            raise TooOften(retry_after=max(1, math.ceil(seconds)))


def check_of(person: User, name: str) -> None:
    """As `check`, for what members and guests do at different rates: `message` and `event`."""
    check_by(person.id, person.is_guest, name)


def check_by(user_id: int, is_guest: bool, name: str) -> None:
    check(f"guest_{name}" if is_guest else name, user_id)


def network(address: str | None) -> str:
    """The part of an address one household shares: IPv4 whole, IPv6 by its /64."""
    try:
        ip = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.IPv6Network((ip, 64), strict=False))
    return str(ip)
