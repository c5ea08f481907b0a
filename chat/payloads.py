"""What goes over the wire: rows in, plain dictionaries out (docs/protocol.md, "Shapes"). Asks the database nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models import Blob, Export, File, Invitation, Membership, Message, Room, Session, User

Payload = dict[str, Any]

# The golden angle spreads consecutive ids as far apart on the colour circle as can be.
GOLDEN_ANGLE = 137.508
QUOTE_MAX = 200  # characters of a message that its answers show
REACTED_MAX = 100  # people named for one emoji


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
        "avatar_id": user.avatar_id,
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


def message(
    row: Message,
    author: Payload,
    reply_to: Payload | None = None,
    reactions: Sequence[Payload] = (),
    subject: Payload | None = None,
    file: Payload | None = None,
) -> Payload:
    """One in a room; author and subject as `sender` shows them."""
    is_deleted = row.deleted_at is not None
    return {
        "room_id": row.room_id,
        "seq": row.seq,
        "version": row.version,
        "client_id": _uuid(row.client_id),
        "kind": row.kind,
        "body": "" if is_deleted else row.body,
        "file": None if is_deleted else file,
        "sender": author,
        "subject": subject,
        "reply_to": None if is_deleted else reply_to,
        "reactions": list(reactions),
        "created_at": instant(row.created_at),
        "edited_at": instant(row.edited_at),
        "deleted_at": instant(row.deleted_at),
        "expires_at": instant(row.expires_at),
    }


def words(
    room_id: int,
    seq: int,
    version: int,
    client_id: bytes,
    body: str,
    author: Payload,
    created_at: str | None,
    expires_at: str | None,
) -> Payload:
    """As `message`, of words alone that are new; sender and moments in their shapes."""
    return {
        "room_id": room_id,
        "seq": seq,
        "version": version,
        "client_id": _uuid(client_id),
        "kind": "text",
        "body": body,
        "file": None,
        "sender": author,
        "subject": None,
        "reply_to": None,
        "reactions": [],
        "created_at": created_at,
        "edited_at": None,
        "deleted_at": None,
        "expires_at": expires_at,
    }


def _uuid(value: bytes) -> str:
    """The canonical form (RFC 9562, section 4); by a tenth of what uuid.UUID costs."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


QUOTED_OF_FILES = ("id", "kind", "name", "voice", "thumbhash")


def quote(seq: int, row: Message | None = None, author: User | None = None, file: Payload | None = None) -> Payload:
    """What a message says of the one it answers; without a row, of one that is gone or cannot be seen."""
    if row is None or author is None:
        return {"seq": seq, "sender": None, "body": "", "kind": "text", "file": None}
    shown = file and {name: file[name] for name in QUOTED_OF_FILES}
    return {"seq": seq, "sender": sender(author), "body": row.body[:QUOTE_MAX], "kind": row.kind, "file": shown}


def file(row: File, content: Blob) -> Payload:
    return {
        "id": row.id,
        "kind": content.kind,
        "type": content.type,
        "name": row.name,
        "size": content.size,
        "width": content.width,
        "height": content.height,
        "animated": content.animated,
        "thumbhash": None if content.thumbhash is None else base64.b64encode(content.thumbhash).decode(),
        "duration": content.duration,
        "waveform": None if content.waveform is None else list(content.waveform),
        "voice": row.voice,
        "portable": content.portable,
    }


def whisper(
    room: Room,
    client_id: bytes,
    author: User,
    recipient: User,
    body: str,
    created_at: datetime,
    file: Payload | None = None,
) -> Payload:
    """Words for one person; `after_seq` says below which message of the room they were spoken."""
    return {
        "room_id": room.id,
        "client_id": _uuid(client_id),
        "after_seq": room.last_seq,
        "sender": sender(author),
        "recipient": sender(recipient),
        "body": body,
        "file": file,
        "created_at": instant(created_at),
    }


def reaction(emoji: str, user_ids: list[int], viewer_id: int | None) -> Payload:
    """How many chose an emoji, and the first of them. Of many the viewer leads, so as not to be cut off."""
    if len(user_ids) > REACTED_MAX and viewer_id in user_ids:
        user_ids = [viewer_id, *(user_id for user_id in user_ids if user_id != viewer_id)]
    return {"emoji": emoji, "count": len(user_ids), "user_ids": user_ids[:REACTED_MAX]}


def room(
    row: Room,
    mine: Membership,
    peer: Payload | None,
    peer_read_seq: int,
    unread: int,
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
        "cleared_seq": mine.cleared_seq,
        "active_at": instant(row.active_at),
        "last_read_seq": mine.last_read_seq,
        "peer_read_seq": peer_read_seq,
        "unread": unread,
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
        "avatar_id": row.avatar_id,
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


def reader(user_id: int, seq: int, joined_at: datetime) -> Payload:
    """How far somebody in a room has read. What was said before they came they have not seen, whatever the number."""
    return {"user_id": user_id, "seq": seq, "joined_at": instant(joined_at)}


def public_room(row: Room, member_count: int, joined: bool) -> Payload:
    """A public room as anybody sees it."""
    return {
        "id": row.id,
        "name": row.name,
        "topic": row.topic,
        "emoji": row.emoji,
        "avatar_id": row.avatar_id,
        "member_count": member_count,
        "joined": joined,
        "admits_guests": row.admits_guests,
    }


def member(person: User, row: Membership, online: bool, here: bool) -> Payload:
    """A user as a member of a room; `here` is who has it open now."""
    return {**user(person, online), "role": row.role, "here": here}


def export(row: Export) -> Payload:
    """What is taken away. Whether it waits or is worked on makes no difference to who waits."""
    return {
        "id": row.id,
        "room": row.room_id,
        "name": row.name,
        "state": "working" if row.state == "waiting" else row.state,
        "done": row.done,
        "total": row.total,
        "size": row.size,
        "created_at": instant(row.created_at),
        "expires_at": instant(row.expires_at),
    }


def invitation(row: Invitation, inviter: User) -> Payload:
    return {
        "id": row.id,
        "url": f"/i/{row.token}",
        "created_at": instant(row.created_at),
        "expires_at": instant(row.expires_at),
        "uses_left": row.uses_left,
        "inviter": sender(inviter),
    }
