"""Whether the store, the folder of uploads and the tables say the same, and what is done where they do not.

Differences come of crashes between two steps, of backups of different hours, and of hands. For the operator alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import delete, select, update

from chat import files, incoming, orphans, storage, transactions
from extensions import db
from models import Blob, File

# What is younger may belong to a file that is being stored just now.
SETTLED = 60 * 60  # seconds


@dataclass(frozen=True)
class Difference:
    """`text` says what is wrong, `repair` makes it right as far as it can be."""

    text: str
    repair: Callable[[], object]


def differences() -> Iterator[Difference]:
    """All there are, found while they are read."""
    for shard in storage.SHARDS:
        stored = {found.key: found for found in storage.current().listed(shard)}
        blobs = {blob.id: blob for blob in db.session.scalars(select(Blob).where(Blob.id.startswith(shard)))}
        yield from _unknown(stored, blobs)
        yield from _lost(stored, blobs)
        db.session.expunge_all()
    for blob_id in orphans.unused():
        yield Difference(f"{blob_id}: no file has this content", partial(orphans.remove_unused, [blob_id]))
    yield from _files()
    for upload_id in sorted(orphans.without_row()):
        yield Difference(f"incoming/{upload_id}: of no upload", partial(incoming.remove, upload_id))


def _unknown(stored: Mapping[str, storage.Stored], blobs: Mapping[str, Blob]) -> Iterator[Difference]:
    for key, found in stored.items():
        parts = storage.parts(key)
        known = parts is not None and parts[0] in blobs and sizes(blobs[parts[0]])[parts[1]] is not None
        if not known and found.since < time.time() - SETTLED:
            yield Difference(f"{key}: in the store, not in the tables", partial(storage.current().delete, key))


def _lost(stored: Mapping[str, storage.Stored], blobs: Mapping[str, Blob]) -> Iterator[Difference]:
    for blob in blobs.values():
        for variant, size in sizes(blob).items():
            key = storage.key(blob.id, variant)
            if size is None or (key in stored and stored[key].size == size):
                continue
            wrong = f"{stored[key].size} bytes, {size} in the tables" if key in stored else "not in the store"
            yield Difference(f"{key}: {wrong}", partial(_give_up, blob.id, variant))


def sizes(blob: Blob) -> dict[str, int | None]:
    """What there should be of it, by variant."""
    return {"": blob.size, "small": blob.small_size, "large": blob.large_size}


def _give_up(blob_id: str, variant: str) -> None:
    """A thumbnail can be done without; files whose content is lost are taken out of their messages."""
    if variant:
        without = update(Blob).where(Blob.id == blob_id).values({f"{variant}_size": None})
        transactions.run(lambda session: session.execute(without))
        storage.current().delete(storage.key(blob_id, variant))
    else:
        transactions.run(lambda session: files.release(session, File.blob_id == blob_id))
        orphans.sweep()


def _files() -> Iterator[Difference]:
    """Those that should have content, and uploads whose bytes are gone."""
    for row in db.session.scalars(select(File).where(File.blob_id.is_(None))).all():
        if row.purpose != "upload":
            yield Difference(f"file {row.id}: without content", partial(_release, row.id))
        elif incoming.size(row.id) is None:
            yield Difference(f"upload {row.id}: without bytes", partial(_delete, row.id))


def _release(file_id: str) -> None:
    transactions.run(lambda session: files.release(session, File.id == file_id))
    orphans.sweep()


def _delete(file_id: str) -> None:
    gone = delete(File).where(File.id == file_id, File.purpose == "upload", File.blob_id.is_(None))
    transactions.run(lambda session: session.execute(gone))
