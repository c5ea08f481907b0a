"""The bytes of uploads under way: a file for each in one folder of this machine, with one writer at a time.

How far an upload has come is how long its file is, so nothing has to be remembered over a restart.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import FileIO
from pathlib import Path

from chat.errors import Busy
from realtime import threads

# A writer that has heard nothing for so long stands aside for another: its connection may be dead.
STALLED = 5.0  # seconds
# What uploads leave of the disk to everything else, the database above all.
RESERVE = 64 * 1024 * 1024  # bytes
log = logging.getLogger("parley")

_NAME = re.compile(r"([0-9a-f]{32})(\.work)?")

_folder = Path()
_writers: dict[str, Writer] = {}


def configure(folder: Path) -> None:
    """Choose the folder; it is made when it is first needed."""
    global _folder
    _folder = folder / "incoming"


def path(upload_id: str) -> Path:
    return _folder / upload_id


def work_folder(upload_id: str) -> Path:
    """For what is made of an upload: empty, and on the same disk as the upload. It goes with it."""
    folder = _folder / f"{upload_id}.work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def begin(upload_id: str, size: int) -> None:
    """Make the file of an upload of `size` bytes. Raises OSError, also when the disk has no room for so much."""
    threads.run(_begin, upload_id, size)


def _begin(upload_id: str, size: int) -> None:
    _folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_room(size)
    os.close(os.open(path(upload_id), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _check_room(size: int) -> None:
    """Raises OSError where so much more would leave too little."""
    if shutil.disk_usage(_folder).free < size + RESERVE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(_folder))


def size(upload_id: str) -> int | None:
    """How many bytes have come, or None where the file is gone."""
    try:
        return path(upload_id).stat().st_size
    except FileNotFoundError:
        return None


def remove(upload_id: str) -> None:
    """All there is of an upload. Who still writes it stops. What a failing disk keeps goes later (chat/orphans.py)."""
    if upload_id in _writers:
        _writers.pop(upload_id).stop()
    try:
        threads.run(_remove, upload_id)
    except OSError as error:
        log.error("an upload cannot be removed: %s", error)


def _remove(upload_id: str) -> None:
    path(upload_id).unlink(missing_ok=True)
    shutil.rmtree(_folder / f"{upload_id}.work", ignore_errors=True)


def ids() -> set[str]:
    """Of which uploads there is something."""
    if not _folder.is_dir():
        return set()
    names = (_NAME.fullmatch(found.name) for found in _folder.iterdir())
    return {name[1] for name in names if name}


class Writer:
    """Adds to the file of an upload for as long as nobody takes its place."""

    def __init__(self, upload_id: str) -> None:
        self.size = 0
        self._path = path(upload_id)
        self._file: FileIO
        self._heard = time.monotonic()
        self._is_writing = False
        self._is_stopped = False

    @property
    def has_stalled(self) -> bool:
        return not self._is_writing and time.monotonic() - self._heard > STALLED

    def stop(self) -> None:
        self._is_stopped = True

    def open(self) -> None:
        self._file = threads.run(self._path.open, "r+b", buffering=0)
        self.size = self._file.seek(0, os.SEEK_END)

    def add(self, piece: bytes) -> bool:
        """Whether it was taken: no longer, once another has taken over. Raises OSError."""
        if self._is_stopped:
            return False
        self._is_writing = True
        try:
            threads.run(self._write, piece)
        finally:
            self._is_writing = False
            self._heard = time.monotonic()
        self.size += len(piece)
        return True

    def _write(self, piece: bytes) -> None:
        _check_room(len(piece))
        rest = memoryview(piece)
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        self._file.close()


@contextmanager
def writing(upload_id: str) -> Iterator[Writer]:
    """The one writer of an upload. Raises Busy while another is at work, FileNotFoundError where the file is gone."""
    earlier = _writers.get(upload_id)
    if earlier is not None:
        if not earlier.has_stalled:
            raise Busy()
        earlier.stop()
    writer = _writers[upload_id] = Writer(upload_id)
    try:
        writer.open()
        with closing(writer):
            yield writer
    finally:
        if _writers.get(upload_id) is writer:
            del _writers[upload_id]
