"""Whispers: words in a group for one person who has it open now. They are told and forgotten; nothing is stored.

Nothing here is logged, and no words are ever part of an error.
"""

from __future__ import annotations

from collections import OrderedDict

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from chat import broadcasts, clock, fields, limits, payloads, presence, rooms
from chat.errors import Absent, Invalid, NotFound
from extensions import db
from models import Membership, Room, User

# Which whispers were told: a client that lost the answer sends again. Ids only, the latest of this process.
TOLD_MAX = 10_000
_told: OrderedDict[tuple[int, bytes], None] = OrderedDict()


def send(actor: User, room_id: int, user_id: int, body: object, client_id: object) -> payloads.Payload:
    """Tell the two of them. The same `client_id` again is acknowledged and told to nobody.

    Raises Invalid, NotFound, TooOften, and Absent when the other does not have the room open.
    """
    words, key = fields.body(body), fields.client_id(client_id)
    room, _mine = rooms.group_of(actor, room_id)
    if user_id == actor.id:
        raise Invalid(_("You cannot whisper to yourself."), "user_id")
    recipient = _in_room(room, user_id)
    limits.check_of(actor, "message")
    whisper = payloads.whisper(room, key, actor, recipient, words, clock.now())
    if (actor.id, key) in _told:
        return whisper
    if not presence.is_here(user_id, room_id):
        raise Absent(_("%(name)s is not in the room now.", name=recipient.display_name))
    _remember(actor.id, key)
    broadcasts.whispered(whisper, [actor.id, user_id])
    return whisper


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


def forget() -> None:
    """Begin anew, as a fresh process does."""
    _told.clear()
