"""How often somebody may do something, for every door alike. Knows rules by name, and whom they count by opaque keys.

Of people it knows that guests have rules of their own.

One moving window per rule and key, by the `limits` library. What guards passwords is counted in Redis where there is
one, so that it holds over a restart; what guards the event loop is counted in memory.
"""

from __future__ import annotations

import ipaddress
import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from chat.errors import TooOften
from models import User


@dataclass(frozen=True)
class Rule:
    rates: tuple[RateLimitItem, ...]
    limiter: MovingWindowRateLimiter


_rules: dict[str, Rule] = {}


def configure(rates: dict[str, str], lasting: dict[str, str], redis_url: str) -> None:
    """Set the rules: name → rate such as "30 per minute". Those in `lasting` go to Redis when `redis_url` is given."""
    _rules.clear()
    memory = MemoryStorage()
    _add(rates, memory)
    _add(lasting, RedisStorage(redis_url, wrap_exceptions=True) if redis_url else memory)


def _add(rates: dict[str, str], storage: Storage) -> None:
    limiter = MovingWindowRateLimiter(storage)
    for name, rate in rates.items():
        _rules[name] = Rule(tuple(parse_many(rate)), limiter)


def check(name: str, who: str | int) -> None:
    """Count one more for `who` under the rule `name`. Raises TooOften with the seconds to wait."""
    rule = _rules[name]
    for rate in rule.rates:
        try:
            allowed = rule.limiter.hit(rate, name, str(who))
        except StorageError:
            # Redis is away: letting people in matters more than counting them.
            continue
        if not allowed:
            reset = rule.limiter.get_window_stats(rate, name, str(who)).reset_time
            raise TooOften(retry_after=max(1, math.ceil(reset - time.time())))


def check_of(person: User, name: str) -> None:
    """As `check`, for what members and guests do at different rates: `message` and `event`."""
    check(f"guest_{name}" if person.is_guest else name, person.id)


def network(address: str | None) -> str:
    """The part of an address one household shares: IPv4 whole, IPv6 by its /64."""
    try:
        ip = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.IPv6Network((ip, 64), strict=False))
    return str(ip)
