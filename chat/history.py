"""What was said: pages by key, and what changed since a version. No OFFSET, no COUNT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select

from chat import contexts, ephemeral, fields, moments, payloads, rooms, visible
from chat.errors import Invalid
from extensions import db
from models import Membership, Message, Room, User

Rows = Sequence[tuple[Message, User]]

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
    row, membership = rooms.visible_to(actor, room_id)
    upwards = after is not None and before is None
    between = _kept_between if row.keeps_history else _remembered_between
    rows = between(membership, after or 0, before, upwards, limit + 1)
    messages = _payloads(membership, rows[:limit])
    return {
        "room": room,
        "messages": messages if upwards else messages[::-1],
        "complete": len(rows) <= limit,
    }


def around(actor: User, room_id: int, seq: int, limit: int = PAGE) -> payloads.Payload:
    """`{room, messages, complete, complete_after}`: a message, or where it would be, with neighbours on both sides.

    Half of them are older. Raises NotFound.
    """
    return _around(actor, room_id, lambda _row: seq, limit)


def at(actor: User, room_id: int, moment: datetime, limit: int = PAGE) -> payloads.Payload:
    """As `around`, of the first message from that moment on. Raises NotFound."""
    return _around(actor, room_id, lambda row: moments.first_in(row, moment), limit)


def _around(actor: User, room_id: int, seq_in: Callable[[Room], int], limit: int) -> payloads.Payload:
    room = rooms.payload(actor, room_id)
    row, membership = rooms.visible_to(actor, room_id)
    seq = seq_in(row)
    between = _kept_between if row.keeps_history else _remembered_between
    half = limit // 2
    older = between(membership, 0, seq, False, half + 1)
    newer = between(membership, max(seq - 1, 0), None, True, limit - half + 1)
    return {
        "room": room,
        "messages": _payloads(membership, [*older[:half][::-1], *newer[: limit - half]]),
        "complete": len(older) <= half,
        "complete_after": len(newer) <= limit - half,
    }


def _kept_between(membership: Membership, after: int, before: int | None, upwards: bool, limit: int) -> Rows:
    # The bound stands before what is visible: of two lower ones SQLite seeks by the first.
    chosen = _visible(membership, Message.seq > max(after, membership.cleared_seq)).where(Message.deleted_at.is_(None))
    if before is not None:
        chosen = chosen.where(Message.seq < before)
    order = Message.seq.asc() if upwards else Message.seq.desc()
    return [(row.Message, row.User) for row in db.session.execute(chosen.order_by(order).limit(limit))]


def _remembered_between(membership: Membership, after: int, before: int | None, upwards: bool, limit: int) -> Rows:
    """The same, of a room that keeps nothing."""
    chosen = [
        message
        for message in ephemeral.shown_to(membership)
        if not message.is_deleted and after < message.seq and (before is None or message.seq < before)
    ]
    return contexts.with_authors(db.session, (chosen if upwards else chosen[::-1])[:limit])


def _visible(membership: Membership, *bounds: ColumnElement[bool]) -> Select[Message, User]:
    """The messages of a room that the owner of the membership may see, with their senders."""
    within = contexts.stored().where(*bounds)
    return within.where(visible.condition(membership))


def _payloads(membership: Membership, rows: Rows) -> list[payloads.Payload]:
    cleared = {membership.room_id: membership.cleared_seq}
    return contexts.around(db.session, rows, cleared, membership.user_id)


def changes(actor: User, versions: object) -> payloads.Payload:
    """`{rooms, opened, closed}`: what changed since the versions the client holds (docs/protocol.md, `sync`).

    `versions` is `{id: version}` with ids as text, as JSON has it. Raises Invalid.
    """
    held = _held(versions)
    known = rooms.among(actor, held)
    return {
        "rooms": {str(row.id): _since(room, row, mine, held[row.id]) for room, row, mine in known},
        "opened": rooms.unknown(actor, held, SYNC_OPENED),
        "closed": sorted(held.keys() - {row.id for _room, row, _mine in known}),
    }


def _held(versions: object) -> dict[int, int]:
    if not isinstance(versions, dict):
        raise Invalid(_("This must be an object with a version for each room."), "rooms")
    if len(versions) > SYNC_ROOMS:
        raise Invalid(_("At most %(count)d rooms at once.", count=SYNC_ROOMS), "rooms")
    return {
        fields.digits(room_id, "rooms", low=1): fields.whole(version, "rooms") for room_id, version in versions.items()
    }


def _since(room: payloads.Payload, row: Room, membership: Membership, version: int) -> payloads.Payload:
    """The room was read before its messages, so a message stored meanwhile is told twice rather than never."""
    if version == room["version"]:
        return {"room": room, "messages": [], "complete": True, "reload": False}
    # A version from the future is from before the database was restored from a backup.
    if not 0 < room["version"] - version <= SYNC_MISSED:
        return {"room": room, "messages": [], "complete": True, "reload": True}
    since = _kept_since if row.keeps_history else _remembered_since
    rows = since(membership, version, SYNC_PAGE + 1)
    return {
        "room": room,
        "messages": _payloads(membership, rows[:SYNC_PAGE]),
        "complete": len(rows) <= SYNC_PAGE,
        "reload": False,
    }


def _kept_since(membership: Membership, version: int, limit: int) -> Rows:
    changed = _visible(membership).where(Message.version > version).order_by(Message.version).limit(limit)
    return [(row.Message, row.User) for row in db.session.execute(changed)]


def _remembered_since(membership: Membership, version: int, limit: int) -> Rows:
    """The same, of a room that keeps nothing."""
    changed = [message for message in ephemeral.shown_to(membership) if message.version > version]
    return contexts.with_authors(db.session, sorted(changed, key=lambda message: message.version)[:limit])
