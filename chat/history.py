"""What was said: pages by key, and what changed since a version. No OFFSET, no COUNT."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from sqlalchemy import Row, Select, select

from chat import contexts, fields, payloads, rooms, visible
from chat.errors import Invalid
from extensions import db
from models import Membership, Message, User

PAGE, PAGE_MAX = 50, 200
SYNC_ROOMS = 500
SYNC_PAGE = 200
# Past this many missed versions a client had better load the room anew than catch up.
SYNC_MISSED = 5_000
SYNC_OPENED = 100


def page(
    actor: User, room_id: int, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> payloads.Payload:
    """`{room, messages, complete}`: messages in ascending order, between `after` and `before` (both excluded).

    With `after` alone the oldest of them, otherwise the newest. Raises NotFound.
    """
    room = rooms.payload(actor, room_id)
    _room, membership = rooms.visible_to(actor, room_id)
    upwards = after is not None and before is None
    order = Message.seq.asc() if upwards else Message.seq.desc()
    chosen = _visible(membership).where(Message.deleted_at.is_(None), Message.seq > (after or 0))
    if before is not None:
        chosen = chosen.where(Message.seq < before)
    rows = db.session.execute(chosen.order_by(order).limit(limit + 1)).all()
    messages = _payloads(membership, rows[:limit])
    return {
        "room": room,
        "messages": messages if upwards else messages[::-1],
        "complete": len(rows) <= limit,
    }


def _visible(membership: Membership) -> Select[Message, User]:
    """The messages of a room that the owner of the membership may see, with their senders."""
    return select(Message, User).join(User, User.id == Message.sender_id).where(visible.condition(membership))


def _payloads(membership: Membership, rows: Sequence[Row[Message, User]]) -> list[payloads.Payload]:
    cleared = {membership.room_id: membership.cleared_seq}
    return contexts.around(db.session, [(row.Message, row.User) for row in rows], cleared, membership.user_id)


def changes(actor: User, versions: object) -> payloads.Payload:
    """`{rooms, opened, closed}`: what changed since the versions the client holds (docs/protocol.md, `sync`).

    `versions` is `{id: version}` with ids as text, as JSON has it. Raises Invalid.
    """
    held = _held(versions)
    known = rooms.among(actor, held)
    recent, _complete = rooms.page(actor, limit=SYNC_OPENED)
    return {
        "rooms": {str(room_id): _since(actor, room, held[room_id]) for room_id, room in known.items()},
        "opened": [room for room in recent if room["id"] not in held],
        "closed": sorted(held.keys() - known.keys()),
    }


def _held(versions: object) -> dict[int, int]:
    if not isinstance(versions, dict):
        raise Invalid(_("This must be an object with a version for each room."), "rooms")
    if len(versions) > SYNC_ROOMS:
        raise Invalid(_("At most %(count)d rooms at once.", count=SYNC_ROOMS), "rooms")
    return {
        fields.digits(room_id, "rooms", low=1): fields.whole(version, "rooms") for room_id, version in versions.items()
    }


def _since(actor: User, room: payloads.Payload, version: int) -> payloads.Payload:
    """The room was read before its messages, so a message stored meanwhile is told twice rather than never."""
    if version == room["version"]:
        return {"room": room, "messages": [], "complete": True, "reload": False}
    # A version from the future is from before the database was restored from a backup.
    if not 0 < room["version"] - version <= SYNC_MISSED:
        return {"room": room, "messages": [], "complete": True, "reload": True}
    _room, membership = rooms.visible_to(actor, room["id"])
    changed = _visible(membership).where(Message.version > version)
    rows = db.session.execute(changed.order_by(Message.version).limit(SYNC_PAGE + 1)).all()
    return {
        "room": room,
        "messages": _payloads(membership, rows[:SYNC_PAGE]),
        "complete": len(rows) <= SYNC_PAGE,
        "reload": False,
    }
