"""The quiet lines in a room's feed that say what happened to it: who came, who went, what it is called now.

They are ordinary messages, written by the server in the name of who did it, inside the transaction in which it happens.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session as Transaction

from chat import clock, ephemeral, payloads
from models import Message, Room, User

# In larger rooms people come and go unannounced.
ANNOUNCED_MAX = 200  # members


def begin(session: Transaction, owner: User, **values: Any) -> Room:
    """A new group room of these values, with its first line and nobody in it. IntegrityError: the name is taken."""
    now = clock.now()
    room = Room(kind="group", owner_id=owner.id, last_seq=0, version=0, created_at=now, active_at=now, **values)
    session.add(room)
    session.flush()
    write(session, room, owner, "created")
    return room


def write(
    session: Transaction, room: Room, author: User, kind: str, subject: User | None = None, body: str = ""
) -> payloads.Payload:
    """Add a line to a room whose row is locked; returns the message, to be told after the commit."""
    now = clock.now()
    room.last_seq += 1
    room.version += 1
    line = Message(
        room_id=room.id,
        seq=room.last_seq,
        version=room.version,
        sender_id=author.id,
        client_id=uuid.uuid4().bytes,
        kind=kind,
        body=body,
        subject_id=subject.id if subject else None,
        created_at=now,
        expires_at=now + timedelta(seconds=room.message_ttl) if room.message_ttl else None,
    )
    if room.keeps_history:
        session.add(line)
    else:
        ephemeral.keep(session, line)
    return payloads.message(line, payloads.sender(author)) | {"subject": payloads.sender(subject) if subject else None}
