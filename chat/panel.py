"""What an administrator sees of the installation: a few counts, and whether the clock keeps up."""

from __future__ import annotations

from sqlalchemy import func, select

from chat import payloads, retention
from chat.errors import Forbidden
from extensions import db
from models import Room, User


def overview(actor: User) -> payloads.Payload:
    """`{overdue_since, guests, people, rooms}`. Raises Forbidden for who does not administer."""
    if not actor.is_admin:
        raise Forbidden()
    return {
        "overdue_since": payloads.instant(retention.overdue_since()),
        "guests": _people("guest"),
        "people": _people("member"),
        "rooms": db.session.scalar(
            select(func.count()).select_from(Room).where(Room.kind == "group", Room.deleted_at.is_(None))
        ),
    }


def _people(kind: str) -> int:
    counted = select(func.count()).select_from(User).where(User.kind == kind, User.disabled_at.is_(None))
    return db.session.scalars(counted).one()
