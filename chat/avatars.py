"""The pictures that stand for people and rooms: small squares, cut in the page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session as Transaction

from chat import fields, files, payloads, profiles, transactions
from chat.errors import Invalid, NotFound
from models import Blob, File, Room, User

SIDE_MAX = 512  # pixels


def choose(actor: User, file_id: object) -> payloads.Payload:
    """Be shown by an upload of one's own from now on, or by initials for None, and tell everybody. Raises Invalid."""
    chosen = fields.file_id(file_id)
    transactions.run(lambda session: _choose(session, actor, chosen))
    return profiles.tell(actor)


def _choose(session: Transaction, actor: User, file_id: str | None) -> None:
    user = session.get(User, actor.id, with_for_update=True)
    if user is None or user.is_disabled:
        raise NotFound()
    put(session, actor, user, file_id)


def put(session: Transaction, actor: User, whose: User | Room, file_id: str | None) -> None:
    """Change what stands for somebody or for a room, whose row is locked. Raises Invalid."""
    if whose.avatar_id == file_id:
        return
    if whose.avatar_id is not None:
        files.release(session, File.id == whose.avatar_id)
    whose.avatar_id = file_id
    if file_id is None:
        return
    field = "avatar_id" if isinstance(whose, Room) else "file_id"
    place = {"room_id": whose.id} if isinstance(whose, Room) else {}
    files.attach(session, actor, file_id, "avatar", field=field, **place)
    picture = session.get_one(Blob, session.get_one(File, file_id).blob_id)
    if picture.kind != "image" or picture.width != picture.height or (picture.width or 0) > SIDE_MAX:
        raise Invalid(_("This must be a square picture of at most %(count)d pixels.", count=SIDE_MAX), field)
