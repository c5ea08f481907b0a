"""What goes over the wire: rows in, plain dictionaries out (docs/protocol.md, "Shapes"). Asks the database nothing."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

from models import Invitation, Membership, Message, Room, Session, User

Payload = dict[str, Any]

# The golden angle spreads consecutive ids as far apart on the colour circle as can be.
GOLDEN_ANGLE = 137.508


def instant(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, `2026-11-21T08:15:30.123Z`."""
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sender(user: User) -> Payload:
    """A user as it stands inside a message."""
    return {
        "id": user.id,
        "username": user.username,
        "display_name": user.display_name,
        "kind": user.kind,
        "hue": int(user.id * GOLDEN_ANGLE % 360) if user.hue is None else user.hue,
    }


def user(person: User, online: bool) -> Payload:
    return {**sender(person), "online": online, "last_seen_at": instant(person.last_seen_at)}


def session(row: Session, current: bool) -> Payload:
    """One of one's own sessions; `id` is a handle, not the secret one."""
    return {
        "id": session_handle(row.id),
        "current": current,
        "user_agent": row.user_agent,
        "address": row.address,
        "created_at": instant(row.created_at),
        "last_used_at": instant(row.last_used_at),
    }


def session_handle(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()[:16]


def message(row: Message, author: User) -> Payload:
    return {
        "room_id": row.room_id,
        "seq": row.seq,
        "version": row.version,
        "client_id": str(uuid.UUID(bytes=row.client_id)),
        "kind": row.kind,
        "body": "" if row.is_deleted else row.body,
        "sender": sender(author),
        "created_at": instant(row.created_at),
        "edited_at": instant(row.edited_at),
        "deleted_at": instant(row.deleted_at),
    }


def room(
    row: Room,
    mine: Membership,
    peer: Payload | None,
    peer_read_seq: int,
    last_message: Payload | None,
    group: Payload | None = None,
) -> Payload:
    """A room as the owner of the membership `mine` sees it; `group` is what only group rooms have."""
    return {
        "id": row.id,
        "kind": row.kind,
        "peer": peer,
        "version": row.version,
        "last_seq": row.last_seq,
        "last_read_seq": mine.last_read_seq,
        "peer_read_seq": peer_read_seq,
        "unread": row.last_seq - max(mine.last_read_seq, mine.cleared_seq),
        "muted_until": instant(mine.muted_until),
        "last_message": last_message,
        **(group or {}),
    }


def shared_room(row: Room, member_count: int) -> Payload:
    """What all members see alike of a group room."""
    return {
        "id": row.id,
        "name": row.name,
        "topic": row.topic,
        "emoji": row.emoji,
        "visibility": row.visibility,
        "keeps_history": row.keeps_history,
        "history_from_join": row.history_from_join,
        "admits_guests": row.admits_guests,
        "message_ttl": row.message_ttl,
        "idle_ttl": row.idle_ttl,
        "ends_at": instant(row.ends_at),
        "owner_id": row.owner_id,
        "member_count": member_count,
        "version": row.version,
    }


def public_room(row: Room, member_count: int, joined: bool) -> Payload:
    """A public room as anybody sees it."""
    return {
        "id": row.id,
        "name": row.name,
        "topic": row.topic,
        "emoji": row.emoji,
        "member_count": member_count,
        "joined": joined,
        "admits_guests": row.admits_guests,
    }


def member(person: User, row: Membership, online: bool, here: bool) -> Payload:
    """A user as a member of a room; `here` is who has it open now."""
    return {**user(person, online), "role": row.role, "here": here}


def invitation(row: Invitation, inviter: User) -> Payload:
    return {
        "id": row.id,
        "url": f"/i/{row.token}",
        "created_at": instant(row.created_at),
        "expires_at": instant(row.expires_at),
        "uses_left": row.uses_left,
        "inviter": sender(inviter),
    }
