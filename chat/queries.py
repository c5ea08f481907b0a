"""What somebody looks for: parsed, folded, and the one definition of when a text contains it.

A text contains a query when, both folded, it holds every word and every "quoted phrase" of it, wherever they stand, and
none of the words that are taken away with a minus. Knows nothing of where texts come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _

from chat import fields, layouts
from chat.errors import Invalid

LENGTH_MAX = 200  # characters of a query as it is typed
HAS = ("image", "audio", "link")

_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“", "「": "」"}
_TOKEN = re.compile(
    r"(?P<minus>-)?(?:(?P<operator>from|in|before|after|on|has):)?"
    r'(?:"(?P<plain>[^"]*)"?|“(?P<curly>[^”]*)”?|«(?P<angled>[^»]*)»?|(?P<word>[^\s"“«]+))',
    re.IGNORECASE,
)
# Folding these takes no more than small letters.
_PLAIN = re.compile(r"[\x00-\x7fА-яЁё\u3001\u3002\u4e00-\u9fff]*")
_LINK = re.compile(r"https?://\S", re.IGNORECASE)


def fold(text: str) -> str:
    """The form in which texts are compared: without case and width, ё as е, each gap one space."""
    folded = text.lower().replace("ё", "е") if _PLAIN.fullmatch(text) else fields.search_key(text)
    return " ".join(folded.split())


def has_link(text: str) -> bool:
    return _LINK.search(text) is not None


@dataclass(frozen=True)
class Query:
    """`words` and `without` are folded; `since` and `until` are moments, the second excluded."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    sender: str | None = None
    room: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    has: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_empty(self) -> bool:
        return self == Query(without=self.without)

    def is_in(self, folded: str) -> bool:
        return all(word in folded for word in self.words) and not any(word in folded for word in self.without)


def parse(value: Any, zone: Any = None) -> Query:
    """Read what somebody typed. Days begin in the time zone `zone` (an IANA name). Raises Invalid."""
    typed = fields.text(value, "q")
    if len(typed) > LENGTH_MAX:
        raise Invalid(_("That is too long to search for."), "q")
    days = fields.zone(zone)
    words: list[str] = []
    without: list[str] = []
    said: dict[str, Any] = {"has": set()}
    for match in _TOKEN.finditer(typed):
        content = match[_form(match)]
        operator = (match["operator"] or "").lower()
        if operator and not match["minus"] and content:
            _apply(said, operator, content, days)
        else:
            text = fold(f"{match['operator']}:{content}" if match["operator"] else content)
            if text:
                (without if match["minus"] else words).append(text)
    said["has"] = frozenset(said["has"])
    return Query(tuple(dict.fromkeys(words)), tuple(dict.fromkeys(without)), **said)


def readings(typed: str) -> list[str]:
    """The same query with its words as other keys of the keyboard would give them, if that makes a difference."""
    read = [_TOKEN.sub(partial(_turned, turn), typed) for turn in (layouts.cyrillic, layouts.latin)]
    return [one for one in read if one != typed]


def _turned(turn: Callable[[str], str], match: re.Match[str]) -> str:
    """What operators speak of stays as it is."""
    if match["operator"]:
        return match[0]
    start, end = (at - match.start() for at in match.span(_form(match)))
    return match[0][:start] + turn(match[0][start:end]) + match[0][end:]


def _form(match: re.Match[str]) -> str:
    """In which form the words of a token stand."""
    return next(name for name in ("plain", "curly", "angled", "word") if match[name] is not None)


def _apply(said: dict[str, Any], operator: str, content: str, zone: ZoneInfo) -> None:
    match operator:
        case "from":
            said["sender"] = fields.key(content.removeprefix("@"))
        case "in":
            said["room"] = fields.key(content.removeprefix("#"))
        case "has":
            if content.lower() not in HAS:
                raise Invalid(_("After has: stands image, audio or link."), "q")
            said["has"].add(content.lower())
        case "before":
            said["until"] = _earlier(said.get("until"), _midnight(content, zone))
        case "after":
            said["since"] = _later(said.get("since"), _midnight(content, zone, days=1))
        case "on":
            said["since"] = _later(said.get("since"), _midnight(content, zone))
            said["until"] = _earlier(said.get("until"), _midnight(content, zone, days=1))


def _midnight(content: str, zone: ZoneInfo, days: int = 0) -> datetime:
    """When that day begins, or the one `days` later."""
    try:
        day = date.fromisoformat(content) + timedelta(days=days)
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    except (ValueError, OverflowError):
        raise Invalid(_("A day is written as 2026-01-31."), "q") from None


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
