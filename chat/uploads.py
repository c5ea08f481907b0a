"""Uploads: received in pieces over however many connections, and given up when nothing more comes.

An upload is a row of `files` from its beginning; its bytes lie in incoming.py until they have all come, and what
becomes of them then is told in contents.py.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, func, select, update

from chat import clock, filenames, formats, incoming, limits, transactions
from chat.errors import Conflict, Full, NotFound, TooLarge, TooOften
from extensions import db
from models import File, User

# How long after its last byte an upload that was not sent is kept.
LIFETIME = timedelta(minutes=45)
TOUCH = 60.0  # seconds between two notes of an upload in progress that it lives
OPEN_MAX = 50  # uploads of one person that are not sent
RETRY = 60  # seconds, for who has too many

log = logging.getLogger("parley")


class WrongOffset(Conflict):
    sentence = _("This file goes on at another place.")


def begin(actor: User, name: str, type_: str, size: int, voice: bool) -> File:
    """A new upload of `size` bytes. Raises Invalid, TooLarge, Unsupported, TooOften, Full."""
    formats.check(name, type_, size)
    limits.check("upload", actor.id)
    if _open_count(actor) >= OPEN_MAX:
        raise TooOften(retry_after=RETRY)
    now = clock.now()
    row = File(
        id=secrets.token_hex(16),
        uploader_id=actor.id,
        name=filenames.cleaned(name),
        size=size,
        voice=voice,
        created_at=now,
        touched_at=now,
    )
    transactions.run(lambda session: session.add(row))
    with _receiving(row.id):
        incoming.begin(row.id, size)
    return row


def _open_count(actor: User) -> int:
    mine = select(func.count()).where(File.uploader_id == actor.id, File.purpose == "upload")
    return db.session.scalar(mine) or 0


def progress(actor: User, upload_id: str) -> tuple[File, int]:
    """The upload, and how many of its bytes have come. Raises NotFound."""
    row = own(actor, upload_id)
    return row, received(row)


def append(actor: User, upload_id: str, offset: int, length: int, pieces: Iterable[bytes]) -> tuple[File, int]:
    """Add `length` bytes from `offset` on, as they come; what came counts, also when it is less.

    Returns the upload and its new offset. Raises NotFound, Busy, WrongOffset, TooLarge, Full.
    """
    row = own(actor, upload_id)
    if offset != received(row):
        raise WrongOffset()
    if offset + length > row.size:
        raise TooLarge()
    if length == 0:
        return row, offset
    # It may take long, and the connection is for others meanwhile.
    db.session.close()
    with _receiving(upload_id):
        now_at = _receive(upload_id, offset, pieces)
    return _touched(row), now_at


def _receive(upload_id: str, offset: int, pieces: Iterable[bytes]) -> int:
    touched = time.monotonic()
    with incoming.writing(upload_id) as writer:
        if writer.size != offset:
            raise WrongOffset()
        for piece in pieces:
            if not writer.add(piece):
                break
            if time.monotonic() - touched > TOUCH:
                touched = time.monotonic()
                _touch(upload_id)
        return writer.size


def _touch(upload_id: str) -> datetime:
    """Note that it lives. Raises NotFound when it was given up meanwhile."""
    now = clock.now()
    lives = update(File).where(File.id == upload_id, File.purpose == "upload")
    if not transactions.run(lambda session: transactions.affected(session, lives.values(touched_at=now))):
        raise NotFound()
    return now


def _touched(row: File) -> File:
    row.touched_at = _touch(row.id)
    return row


def cancel(actor: User, upload_id: str) -> None:
    """Give up an upload that was not sent, whole or not. Raises NotFound."""
    own(actor, upload_id)
    if not drop(upload_id):
        raise NotFound()


def expires_at(row: File) -> datetime:
    """When an upload is given up, if nothing more comes and it is not sent."""
    return row.touched_at + LIFETIME


def own(actor: User, upload_id: str) -> File:
    """The row of one's own upload; one that was sent has all its bytes. Raises NotFound."""
    row = db.session.scalars(select(File).where(File.id == upload_id, File.uploader_id == actor.id)).first()
    if row is None:
        raise NotFound()
    return row


def received(row: File) -> int:
    """How many bytes have come. Raises NotFound where they are lost."""
    if row.blob_id is not None:
        return row.size
    size = incoming.size(row.id)
    if size is None:
        raise NotFound()
    return size


def drop(upload_id: str) -> bool:
    """End an upload that was not sent; whether there was one."""
    unsent = delete(File).where(File.id == upload_id, File.purpose == "upload")
    if not transactions.run(lambda session: transactions.affected(session, unsent)):
        return False
    incoming.remove(upload_id)
    return True


@contextmanager
def _receiving(upload_id: str) -> Iterator[None]:
    """Where the disk fails, nothing half is left, the log says why, and the person hears of it."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound() from None
    except OSError as error:
        log.error("uploads cannot be written: %s", error)
        drop(upload_id)
        raise Full() from None
