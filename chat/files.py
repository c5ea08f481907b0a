"""Which files people may read, and how long: `visible_to` is the only way to a file.

A file belongs to its uploader alone until it is attached: to a message, a whisper, or as what stands for a person or a
room. It is there for as long as that is. Then it is released: nobody may read it, and it goes (chat/orphans.py).
Knows nothing of bytes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, and_, select, update
from sqlalchemy.orm import Session as Transaction

from chat import admission, clock, company, contexts, ephemeral, payloads, rooms, transactions, visible
from chat.errors import Invalid, NotFound
from extensions import db
from models import Blob, File, Membership, Message, Room, User

PAGE, PAGE_MAX = 50, 200
KINDS = ("image", "audio")

# A message of a room that keeps nothing is in memory just after the commit: so long a new file is not looked for there.
MARGIN = timedelta(seconds=5)

Found = tuple[File, Blob]


class Lost(Invalid):
    """It is not there, somebody else's, not finished, or sent already: the same answer."""

    sentence = _("This file is no longer there. Please send it again.")

    def __init__(self, field: str = "file_id") -> None:
        super().__init__(field=field)


# Reading


def visible_to(actor: User, file_id: str) -> Found:
    """The file and its content. Raises NotFound: "not yours" and "not there" are the same answer."""
    wanted = select(File, Blob).join(Blob, Blob.id == File.blob_id).where(File.id == file_id)
    row = db.session.execute(wanted.execution_options(populate_existing=True)).first()
    if row is None or not _SHOWN[row.File.purpose](actor, row.File):
        raise NotFound()
    return row.File, row.Blob


def _shows_upload(actor: User, file: File) -> bool:
    return file.uploader_id == actor.id


def _shows_message(actor: User, file: File) -> bool:
    """To whom the room shows its message."""
    if file.room_id is None or file.seq is None:
        return False
    _room, mine = rooms.visible_to(actor, file.room_id)
    message = db.session.get(Message, (file.room_id, file.seq), populate_existing=True)
    return _shows(message, file, mine)


def _shows_memory(actor: User, file: File) -> bool:
    if file.room_id is None:
        return False
    room, mine = rooms.visible_to(actor, file.room_id)
    return not room.keeps_history and _shows(ephemeral.holding(room.id, file.id), file, mine)


def _shows(message: Message | None, file: File, mine: Membership) -> bool:
    if message is None or message.file_id != file.id or message.is_deleted:
        return False
    return visible.shows(mine.cleared_seq, message)


def _shows_whisper(actor: User, file: File) -> bool:
    if file.room_id is None or actor.id not in (file.uploader_id, file.recipient_id):
        return False
    rooms.visible_to(actor, file.room_id)
    return True


def _shows_avatar(actor: User, file: File) -> bool:
    """A person's to those who may know of them; a room's to its people, a public one's to all who may come in."""
    if file.room_id is None:
        person = select(User.id).where(User.id == file.uploader_id, User.avatar_id == file.id)
        return db.session.scalar(person.where(company.visible_to(actor))) is not None
    shown = select(Room).where(Room.id == file.room_id, Room.avatar_id == file.id, rooms.is_there())
    room = db.session.scalars(shown.execution_options(populate_existing=True)).first()
    if room is None:
        return False
    is_open = room.is_public and (not actor.is_guest or admission.admits(room))
    return is_open or bool(rooms.visible_to(actor, room.id))


_SHOWN = {
    "upload": _shows_upload,
    "message": _shows_message,
    "memory": _shows_memory,
    "whisper": _shows_whisper,
    "avatar": _shows_avatar,
}


def page(
    actor: User, room_id: int, kind: str | None = None, before: int | None = None, limit: int = PAGE
) -> payloads.Payload:
    """`{messages, complete}`: a room's messages with files (of one `kind` if given), newest first, below `before`.

    Raises NotFound.
    """
    room, mine = rooms.visible_to(actor, room_id)
    if room.keeps_history:
        found = _stored(mine, kind, before).limit(limit + 1)
        rows = [(row.Message, row.User) for row in db.session.execute(found)]
    else:
        shown = [message for message in ephemeral.shown_to(mine)[::-1] if message.file_id and not message.is_deleted]
        rows = contexts.with_authors(db.session, [each for each in shown if before is None or each.seq < before])
    messages = contexts.around(db.session, rows, {room_id: mine.cleared_seq}, actor.id)
    chosen = [message for message in messages if message["file"] and kind in (None, message["file"]["kind"])]
    return {"messages": chosen[:limit], "complete": len(chosen) <= limit}


def _stored(mine: Membership, kind: str | None, before: int | None) -> Select[Message, User]:
    """A room's messages with files and who sent them, the newest first: by the files, of which there are fewer."""
    chosen = select(Message, User).select_from(File).where(File.room_id == mine.room_id, File.seq > mine.cleared_seq)
    chosen = chosen.join(Message, and_(Message.room_id == File.room_id, Message.seq == File.seq))
    chosen = chosen.outerjoin(User, User.id == Message.sender_id).where(visible.unexpired(), visible.said())
    if kind is not None:
        chosen = chosen.join(Blob, Blob.id == File.blob_id).where(Blob.kind == kind)
    if before is not None:
        chosen = chosen.where(File.seq < before)
    return chosen.order_by(File.seq.desc())


# Attaching and releasing


def attach(
    session: Transaction, actor: User, file_id: str, purpose: str, *, field: str = "file_id", **place: Any
) -> None:
    """Give an upload of the actor's its purpose, and its `place` (columns). Of two who try, one does.

    Raises Lost.
    """
    unsent = File.purpose == "upload", File.blob_id.is_not(None)
    mine = update(File).where(File.id == file_id, File.uploader_id == actor.id, *unsent)
    if not transactions.affected(session, mine.values(purpose=purpose, touched_at=clock.now(), **place)):
        raise Lost(field)


def release(session: Transaction, *chosen: ColumnElement[bool]) -> None:
    """Nobody may read the chosen files any more, and they go."""
    # As the database itself does with a message's file: one rule says what goes, whatever it was for.
    nowhere = {"purpose": "message", "room_id": None, "seq": None, "recipient_id": None}
    session.execute(update(File).where(*chosen).values(**nowhere).execution_options(synchronize_session=False))


def is_released() -> ColumnElement[bool]:
    """That nothing holds a file any more, as a condition."""
    return and_(File.purpose == "message", File.room_id.is_(None))


def sweep() -> None:
    """Release what the memory of rooms that keep nothing does not hold, or no longer (chat/ephemeral.py)."""
    kept = select(File.id, File.room_id).where(File.purpose == "memory", File.touched_at < clock.now() - MARGIN)
    rows = db.session.execute(kept).all()
    gone = [file_id for file_id, room_id in rows if not room_id or ephemeral.holding(room_id, file_id) is None]
    if gone:
        transactions.run(lambda session: release(session, File.id.in_(gone)))
