"""What nobody needs any more goes: uploads that were not sent, released files, and content that no file is left of.

Each row is asked again by the statement that deletes it, and the foreign key has the last word on content: whoever
begins to use something in that moment keeps it. A row goes before its bytes; what a crash leaves in between, `tidy`
finds, and `flask files check` (chat/inventory.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.exc import IntegrityError

from chat import clock, contents, files, incoming, storage, transactions, uploads
from extensions import db
from models import Blob, File

ROUND = 0.25  # seconds of a tick that removing may take
BATCH = 50  # rows in one statement

log = logging.getLogger("parley")


def sweep() -> None:
    """What the clock does every other second: as many as a tick allows, the rest next time."""
    deadline = time.monotonic() + ROUND
    forgotten = and_(File.purpose == "upload", File.touched_at < clock.now() - uploads.LIFETIME)
    for over in (files.is_released(), forgotten):
        while _sweep_some(over) and time.monotonic() < deadline:
            time.sleep(0)  # others may go on


def _sweep_some(over: ColumnElement[bool]) -> bool:
    """Remove a batch; whether there may be more."""
    rows = db.session.execute(select(File.id, File.blob_id).where(over).limit(BATCH)).all()
    if rows:
        gone = _delete([file_id for file_id, _blob_id in rows], over)
        remove_unused({blob_id for file_id, blob_id in rows if blob_id and file_id in gone})
    return len(rows) == BATCH


def _delete(file_ids: Sequence[str], over: ColumnElement[bool]) -> set[str]:
    """Those that went; one that was sent in this moment stays."""
    transactions.run(lambda session: session.execute(delete(File).where(File.id.in_(file_ids), over)))
    gone = set(file_ids) - set(db.session.scalars(select(File.id).where(File.id.in_(file_ids))))
    for file_id in gone:
        incoming.remove(file_id)
    return gone


def remove_unused(blob_ids: Collection[str]) -> set[str]:
    """Remove those of this content that no file refers to; returns which."""
    gone = {blob_id for blob_id in blob_ids if _remove_row(blob_id)}
    for blob_id in gone:
        remove_content(blob_id)
    return gone


def _remove_row(blob_id: str) -> bool:
    unused = delete(Blob).where(Blob.id == blob_id, ~exists().where(File.blob_id == blob_id))
    try:
        return bool(transactions.run(lambda session: transactions.affected(session, unused)))
    except IntegrityError:
        # The same was uploaded again in this moment.
        return False


def remove_content(blob_id: str) -> None:
    """What lies in the store of a blob that is no longer in the tables."""
    for variant in storage.VARIANTS:
        try:
            storage.current().delete(storage.key(blob_id, variant))
        except OSError as error:
            log.error("the store keeps content that nobody needs: %s", error)


def tidy() -> None:
    """What the clock does every few minutes: find what a crash has left behind."""
    remove_unused(unused())
    for upload_id in without_row():
        incoming.remove(upload_id)
    contents.forget_all_but(incoming.ids())


def unused() -> Sequence[str]:
    """Content that no file refers to."""
    return db.session.scalars(select(Blob.id).where(~exists().where(File.blob_id == Blob.id))).all()


def without_row() -> set[str]:
    """Bytes of uploads that are not in the tables, or have become a file already."""
    found, left = sorted(incoming.ids()), set[str]()
    for first in range(0, len(found), BATCH):
        some = found[first : first + BATCH]
        waiting = select(File.id).where(File.id.in_(some), File.blob_id.is_(None))
        left |= set(some) - set(db.session.scalars(waiting))
    return left
