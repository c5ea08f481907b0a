"""What becomes of an upload that has come whole: cleaned once, stored once, under a digest of what came in.

media/ makes a clean file of it in a process of its own. The same content again is only a reference more.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

import media
from chat import clock, fields, filenames, formats, incoming, payloads, storage, transactions, uploads
from chat.errors import ChatError, Conflict, Full, Invalid, NotFound
from extensions import db
from models import Blob, File, User
from realtime import threads

# For how long an answer waits for the cleaning; who is told "not yet" asks again.
PATIENCE = 15.0  # seconds
BARS_MAX = 64  # of a waveform
DURATION_MAX = 24 * 60 * 60 * 1000  # milliseconds
REFUSALS_MAX = 1000  # that are remembered

log = logging.getLogger("parley")

_cleanings: dict[str, threads.Errand[media.Made]] = {}
_turns: dict[str, threading.Lock] = {}
# Whose upload came to nothing, and why: for a client that lost the answer.
_refusals: OrderedDict[str, tuple[int, ChatError]] = OrderedDict()


class NotWhole(Conflict):
    sentence = _("This file has not arrived whole yet.")


def finish(actor: User, upload_id: str, waveform: object = None, duration: object = None) -> payloads.Payload | None:
    """Make a file of an upload that has come whole; None while that takes longer. Again: the same file.

    What its recorder says of a recording, `waveform` and `duration`, is believed where nothing better can be found out.
    Raises NotFound, NotWhole, Invalid, Unsupported, TooLarge, Full.
    """
    hints = _Hints(_waveform(waveform), _duration(duration))
    if upload_id in _refusals and _refusals[upload_id][0] == actor.id:
        raise _refusals[upload_id][1]
    row = uploads.own(actor, upload_id)
    with _turn(upload_id) as is_mine:
        if not is_mine or not (_has_content(upload_id) or _clean(row, hints)):
            return None
    stored = select(File, Blob).join(Blob, Blob.id == File.blob_id).where(File.id == upload_id)
    found = db.session.execute(stored).first()
    if found is None:
        raise NotFound()
    return payloads.file(found[0], found[1])


@dataclass(frozen=True)
class _Hints:
    waveform: bytes | None
    duration: int | None


def _waveform(value: object) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= BARS_MAX:
        raise Invalid(field="waveform")
    return bytes(fields.whole(bar, "waveform", 0, 100) for bar in value)


def _duration(value: object) -> int | None:
    return None if value is None else fields.whole(value, "duration", 1, DURATION_MAX)


@contextmanager
def _turn(upload_id: str) -> Iterator[bool]:
    """One request at a time finishes an upload; False for one that waited in vain."""
    db.session.close()
    lock = _turns.setdefault(upload_id, threading.Lock())
    if not lock.acquire(timeout=PATIENCE):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _clean(row: File, hints: _Hints) -> bool:
    """Whether what was uploaded is stored and clean by now. Raises NotWhole, and what the file is refused for."""
    if uploads.received(row) < row.size:
        raise NotWhole()
    # Digest and cleaning take their time, and the connection is for others meanwhile.
    db.session.close()
    try:
        digest = threads.compute(_digest, incoming.path(row.id), row.voice)
        if not _adopt(row, digest):
            made = _made(row)
            if made is None:
                return False
            _store(row, digest, made, hints)
    except OSError as error:
        # The upload itself is whole, and waits for somebody to make room.
        log.error("files cannot be stored: %s", error)
        raise Full() from None
    incoming.remove(row.id)
    return True


def _digest(path: Path, voice: bool) -> bytes:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(f"\n{media.RECIPE}{' voice' if voice else ''}".encode())
    return digest.digest()


def _adopt(row: File, digest: bytes) -> bool:
    """Let the file have the content of an earlier one with the same digest, if there is one.

    It may be removed in this moment, because nothing else refers to it: then the foreign key says so.
    """
    with suppress(IntegrityError):
        return transactions.run(lambda session: _adopt_in(session, row, digest))
    return False


def _adopt_in(session: Transaction, row: File, digest: bytes) -> bool:
    blob = session.scalars(select(Blob).where(Blob.digest == digest)).first()
    if blob is not None:
        _give_content(session, row, blob)
    return blob is not None


def _give_content(session: Transaction, row: File, blob: Blob) -> None:
    name = filenames.fitting(row.name, formats.extensions_of(blob.type))
    waiting = update(File).where(File.id == row.id, File.purpose == "upload", File.blob_id.is_(None))
    if not transactions.affected(session, waiting.values(blob_id=blob.id, name=name, touched_at=clock.now())):
        raise NotFound()


def _made(row: File) -> media.Made | None:
    """What the cleaning made of it; None while it is at work. Raises what the file is refused for."""
    cleaning = _cleanings.get(row.id)
    if cleaning is None:
        source, voice, whose = incoming.path(row.id), row.voice, row.uploader_id
        folder = threads.run(incoming.work_folder, row.id)
        cleaning = _cleanings[row.id] = threads.Errand(
            lambda: media.clean(source, folder, formats.limits(), voice, whose)
        )
    db.session.close()
    if not cleaning.wait(PATIENCE):
        return None
    del _cleanings[row.id]
    try:
        return cleaning.result()
    except media.Refused as refused:
        refusal = formats.refusal(refused.reason)
        _remember(row, refusal)
        uploads.drop(row.id)
        raise refusal from None


def forget_all_but(upload_ids: Container[str]) -> None:
    """Of uploads that are over, nobody asks any more what their cleaning comes to."""
    for known in (_cleanings, _turns):
        for upload_id in [found for found in known if found not in upload_ids]:
            known.pop(upload_id, None)


def _remember(row: File, refusal: ChatError) -> None:
    _refusals[row.id] = row.uploader_id, refusal
    if len(_refusals) > REFUSALS_MAX:
        _refusals.popitem(last=False)


def _store(row: File, digest: bytes, made: media.Made, hints: _Hints) -> None:
    """Put it into the store, then into the tables: what a row of `blobs` speaks of is there."""
    blob_id = secrets.token_hex(16)
    sizes = {"": made.size}
    try:
        for variant, path in (("", made.original), ("small", made.small), ("large", made.large)):
            if path is not None:
                sizes[variant] = path.stat().st_size
                storage.current().put(storage.key(blob_id, variant), path)
        transactions.run(lambda session: _insert(session, row, _blob(blob_id, digest, made, sizes, hints)))
    except BaseException as error:
        for variant in sizes:
            with suppress(OSError):
                storage.current().delete(storage.key(blob_id, variant))
        # Somebody else has uploaded the same meanwhile: the unique digest decides whose is kept.
        if not isinstance(error, IntegrityError) or not _adopt(row, digest):
            raise


def _insert(session: Transaction, row: File, blob: Blob) -> None:
    session.add(blob)
    session.flush()
    _give_content(session, row, blob)


def _blob(blob_id: str, digest: bytes, made: media.Made, sizes: dict[str, int], hints: _Hints) -> Blob:
    is_sound = made.kind == "audio"
    return Blob(
        id=blob_id,
        digest=digest,
        kind=made.kind,
        type=made.type,
        size=made.size,
        width=made.width,
        height=made.height,
        animated=made.animated,
        thumbhash=made.thumbhash,
        small_size=sizes.get("small"),
        large_size=sizes.get("large"),
        duration=made.duration or (hints.duration if is_sound else None),
        waveform=made.waveform or (hints.waveform if is_sound else None),
        portable=made.portable,
        created_at=clock.now(),
    )


def _has_content(upload_id: str) -> bool:
    return db.session.scalar(select(File.blob_id).where(File.id == upload_id)) is not None
