"""Where in a room a moment is, and which days have messages: found by key, however much was said there."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from chat import ephemeral, fields, payloads, rooms, visible
from chat.errors import Invalid
from extensions import db
from models import Membership, Message, Room, User

Found = tuple[int, datetime]  # seq and moment of a message
# The first message that is seen from one `seq` on, and below another.
Look = Callable[[int, int], Found | None]

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def first_since(room: Room, moment: datetime) -> int:
    """The `seq` of the first message from that moment on, found by halving: times go up with the numbers.

    Where there is none, the one that the next message gets.
    """
    low, high = 1, room.last_seq + 1
    while low < high:
        middle = (low + high) // 2
        at = select(Message.seq, Message.created_at).where(Message.room_id == room.id, Message.seq >= middle)
        found = db.session.execute(at.order_by(Message.seq).limit(1)).first()
        if found is None or found.created_at >= moment:
            high = middle
        else:
            low = found.seq + 1
    return low


def first_in(room: Room, moment: datetime) -> int:
    """The same, also in a room that keeps nothing."""
    if room.keeps_history:
        return first_since(room, moment)
    return ephemeral.first_since(room.id, moment) or room.last_seq + 1


def days(actor: User, room_id: int, month: Any, zone_name: Any = None) -> payloads.Payload:
    """`{days, first}`: the days of a month with messages that the actor sees there, and their first day of all or None.

    Days begin in the time zone. Raises NotFound and Invalid.
    """
    room, mine = rooms.visible_to(actor, room_id)
    here = fields.zone(zone_name)
    begin, end = _bounds(month, here)
    look, low, high = _kept(room, mine, begin, end) if room.keeps_history else _remembered(mine, begin, end)
    first = look(1, fields.IDENTIFIER_MAX)
    return {
        "days": sorted(_days_between(look, low, high, here)),
        "first": first and first[1].astimezone(here).date().isoformat(),
    }


def _bounds(month: Any, here: ZoneInfo) -> tuple[datetime, datetime]:
    try:
        match = _MONTH.fullmatch(fields.text(month, "month"))
        if match:
            first = date(int(match[1]), int(match[2]), 1)
            after = first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
            bounds = [datetime(day.year, day.month, day.day, tzinfo=here) for day in (first, after)]
            return bounds[0], bounds[1]
    except (ValueError, OverflowError):
        pass
    raise Invalid(_("A month is written like 2026-01."), "month")


def _kept(room: Room, mine: Membership, begin: datetime, end: datetime) -> tuple[Look, int, int]:
    def look(low: int, high: int) -> Found | None:
        # The bounds stand before what is visible: of two lower ones SQLite seeks by the first.
        between = Message.seq >= max(low, mine.cleared_seq + 1), Message.seq < high
        seen = select(Message.seq, Message.created_at).where(
            *between, visible.condition(mine), Message.deleted_at.is_(None)
        )
        found = db.session.execute(seen.order_by(Message.seq).limit(1)).first()
        return found and (found.seq, found.created_at)

    return look, first_since(room, begin), first_since(room, end)


def _remembered(mine: Membership, begin: datetime, end: datetime) -> tuple[Look, int, int]:
    """The same, of a room that keeps nothing."""
    seen = [(message.seq, message.created_at) for message in ephemeral.shown_to(mine) if not message.is_deleted]

    def look(low: int, high: int) -> Found | None:
        return next((found for found in seen if low <= found[0] < high), None)

    within = [seq for seq, at in seen if begin <= at < end]
    return look, min(within, default=1), max(within, default=0) + 1


def _days_between(look: Look, low: int, high: int, here: ZoneInfo) -> set[int]:
    """The days of the messages from `low` on and below `high`.

    Between two of one day, or of neighbours, no other day can be: most of a month is never looked at.
    """
    days: set[int] = set()
    pieces = [(low, high, 0, calendar.monthrange(2000, 1)[1] + 1)]  # and the days beside them
    while pieces:
        low, high, before, after = pieces.pop()
        if low >= high or after - before < 2:
            continue
        middle = (low + high) // 2
        found = look(middle, high)
        if found is None:
            pieces.append((low, middle, before, after))
            continue
        seq, at = found
        day = at.astimezone(here).day
        days.add(day)
        pieces += [(low, middle, before, day), (seq + 1, high, day, after)]
    return days
