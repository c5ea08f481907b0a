"""Whispers: words in a group for one person who has it open now. They are told and forgotten; no word is stored.

A whispered file is, for the two alone, until both have left the room.

Nothing here is logged, and no words are ever part of an error.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from chat import broadcasts, clock, fields, files, limits, payloads, presence, rooms, transactions, turns
from chat.errors import Absent, Invalid, NotFound
from extensions import db
from models import File, Membership, Room, User

# Which whispers were told: a client that lost the answer sends again. Ids only, the latest of this process.
TOLD_MAX = 10_000
_told: OrderedDict[tuple[int, bytes], None] = OrderedDict()

# How long a file stays when neither of the two has the room open: a reload is no leaving.
PATIENCE = 60.0  # seconds
_since: dict[str, float] = {}  # file → since when that is so


def send(
    actor: User, room_id: int, user_id: int, body: object, client_id: object, file_id: object = None
) -> payloads.Payload:
    """Tell the two of them. The same `client_id` again is acknowledged and told to nobody.

    With a `file_id`, it shows that upload of the actor's, and `body` is its caption.
    Raises Invalid, NotFound, TooOften, and Absent when the other does not have the room open.
    """
    file = fields.file_id(file_id)
    words, key = fields.body(body, may_be_empty=file is not None), fields.client_id(client_id)
    room, _mine = rooms.group_of(actor, room_id)
    if user_id == actor.id:
        raise Invalid(_("You cannot whisper to yourself."), "user_id")
    recipient = _in_room(room, user_id)
    limits.check_of(actor, "message")
    whisper = payloads.whisper(room, key, actor, recipient, words, clock.now())
    # A file takes its time: a repeat that comes meanwhile waits, and finds it attached.
    with turns.take(room_id):
        if (actor.id, key) in _told:
            return whisper | {"file": _attached(actor, file)}
        if not presence.is_here(user_id, room_id):
            raise Absent(_("%(name)s is not in the room now.", name=recipient.display_name))
        if file is not None:
            _attach(actor, file, room_id=room_id, recipient_id=user_id)
            whisper["file"] = _attached(actor, file)
        _remember(actor.id, key)
        broadcasts.whispered(whisper, [actor.id, user_id])
    return whisper


def _attach(actor: User, file_id: str, **place: Any) -> None:
    transactions.run(lambda session: files.attach(session, actor, file_id, "whisper", **place))


def _attached(actor: User, file_id: str | None) -> payloads.Payload | None:
    """The file as the two see it; nothing when it is gone by now."""
    if file_id is None:
        return None
    try:
        return payloads.file(*files.visible_to(actor, file_id))
    except NotFound:
        return None


def _in_room(room: Room, user_id: int) -> User:
    """Somebody else in the room. Raises NotFound."""
    member = select(User).join(Membership, Membership.user_id == User.id)
    found = db.session.scalars(member.where(Membership.room_id == room.id, User.id == user_id)).first()
    if found is None or found.is_disabled:
        raise NotFound(_("This person is not in the room."))
    return found


def _remember(user_id: int, client_id: bytes) -> None:
    _told[user_id, client_id] = None
    if len(_told) > TOLD_MAX:
        _told.popitem(last=False)


def sweep() -> None:
    """Release the files whose two have both left the room."""
    kept = select(File.id, File.room_id, File.uploader_id, File.recipient_id).where(File.purpose == "whisper")
    rows, now = db.session.execute(kept).all(), time.monotonic()
    left = {
        row.id
        for row in rows
        if not any(presence.is_here(user_id, row.room_id) for user_id in (row.uploader_id, row.recipient_id))
    }
    for file_id in _since.keys() - left:
        del _since[file_id]
    over = [file_id for file_id in left if _since.setdefault(file_id, now) <= now - PATIENCE]
    if over:
        transactions.run(lambda session: files.release(session, File.id.in_(over)))


def forget() -> None:
    """Begin anew, as a fresh process does."""
    _told.clear()
    _since.clear()
