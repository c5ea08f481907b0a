"""Where guests may come in: what the operator allows, and what a room does. Knows nothing of who they are."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, and_, false, or_, select, true

from chat import clock
from chat.errors import Forbidden, Unauthenticated
from extensions import db
from models import Room

# Off: nowhere. Named: in rooms that say so. Public: in all public ones besides.
POLICIES = ("off", "named", "public")


class NotAdmitted(Forbidden):
    sentence = _("Guests cannot come in here. Create an account instead.")


class NoLongerAdmitted(Unauthenticated):
    sentence = _("Guests are no longer let in here. Create an account to go on.")

    def __init__(self) -> None:
        super().__init__(reason="guests_off")


_policy = "off"
_patience = timedelta()


def configure(policy: str, days: int) -> None:
    """Set what the operator allows, and for how many days of absence a guest is kept."""
    global _policy, _patience
    _policy, _patience = policy, timedelta(days=days)


def is_open() -> bool:
    """Whether there are guests at all."""
    return _policy != "off"


def patience() -> timedelta:
    """For how long a guest may be absent."""
    return _patience


def admits(room: Room) -> bool:
    """Whether guests may enter this room. How, by a public link or an invitation, is not asked here."""
    return is_open() and (room.admits_guests or (_policy == "public" and room.is_public))


def admitting() -> ColumnElement[bool]:
    """The same as a condition on rooms."""
    if not is_open():
        return false()
    return or_(Room.admits_guests, and_(true() if _policy == "public" else false(), Room.visibility == "public"))


def has_a_way_in() -> bool:
    """Whether there is a room that guests can enter without being invited."""
    if not is_open():
        return False
    is_public = and_(Room.kind == "group", Room.visibility == "public", Room.lasts(clock.now()))
    wanted = select(Room.id).where(is_public, admitting()).limit(1)
    return db.session.scalar(wanted) is not None
