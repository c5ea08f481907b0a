"""Where the content of files lies: a folder, or an S3-compatible store. Knows keys, not who may read what.

A key is `ab/cd/<id of a blob>`, with `.small` or `.large` behind it for thumbnails. What is stored under a key never
changes. Raises OSError for whatever keeps it from working, and FileNotFoundError where nothing lies under a key.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from realtime import threads

CHUNK = 128 * 1024  # bytes
VARIANTS = ("", "small", "large")
_KEY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{28})(?:\.(small|large))?")


def key(blob_id: str, variant: str = "") -> str:
    """Where a blob lies, or one of its thumbnails: `small`, `large`."""
    return f"{blob_id[:2]}/{blob_id[2:4]}/{blob_id}{variant and '.' + variant}"


def parts(key: str) -> tuple[str, str] | None:
    """The id of the blob and the variant that lie there; None for what is no key of ours."""
    match = _KEY.fullmatch(key)
    return match and (match[3], match[4] or "")


SHARDS = tuple(f"{number:02x}" for number in range(256))


@dataclass(frozen=True)
class Stored:
    """What lies in a store: `size` in bytes, `since` in seconds as time.time() counts them."""

    key: str
    size: int
    since: float


class Stream(ABC):
    """Bytes in pieces. It has to be closed, read to its end or not, even when it was not begun."""

    def __iter__(self) -> Iterator[bytes]:
        return self

    @abstractmethod
    def __next__(self) -> bytes: ...

    @abstractmethod
    def close(self) -> None: ...


class Storage(ABC):
    @abstractmethod
    def put(self, key: str, path: Path) -> None:
        """Take the file at `path`, which lies on the disk of incoming files: under its key whole, or not at all."""

    @abstractmethod
    def open(self, key: str, start: int = 0, length: int | None = None) -> Stream:
        """The bytes from `start` on, `length` of them or all."""

    @abstractmethod
    def size(self, key: str) -> int | None:
        """In bytes, or None where nothing lies there."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Also where nothing lies there."""

    @abstractmethod
    def listed(self, shard: str) -> Iterator[Stored]:
        """All that lies under keys that begin with `shard`, two of the digits that names are made of."""

    def local_path(self, key: str) -> Path | None:
        """Where the file lies on this machine, if it does."""
        return None


class Folder(Storage):
    """Files in a folder, sharded by their names. Whatever may take long is done in the thread pool."""

    def __init__(self, root: Path, for_group: bool = False) -> None:
        self.root = root
        # A web server that sends the files itself reads them by its group.
        self.modes = (0o750, 0o640) if for_group else (0o700, 0o600)

    def put(self, key: str, path: Path) -> None:
        threads.run(self._put, self.root / key, path)

    def _put(self, target: Path, path: Path) -> None:
        self._make_folders(target.parent)
        with path.open("rb") as file:
            path.chmod(self.modes[1])
            os.fsync(file.fileno())
        path.replace(target)
        _flush(target.parent)

    def _make_folders(self, folder: Path) -> None:
        """Each is on the disk before anything lies in it."""
        for level in (self.root, folder.parent, folder):
            if not level.exists():
                level.mkdir(parents=True, exist_ok=True)
                level.chmod(self.modes[0])
                _flush(level.parent)

    def open(self, key: str, start: int = 0, length: int | None = None) -> Stream:
        return _FileStream(self.root / key, start, length)

    def size(self, key: str) -> int | None:
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        threads.run((self.root / key).unlink, missing_ok=True)

    def listed(self, shard: str) -> Iterator[Stored]:
        for path in sorted((self.root / shard).glob("*/*")):
            found = path.stat()
            yield Stored(path.relative_to(self.root).as_posix(), found.st_size, found.st_mtime)

    def local_path(self, key: str) -> Path | None:
        return self.root / key


def _flush(folder: Path) -> None:
    """The names in a folder are on the disk from now on."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _FileStream(Stream):
    def __init__(self, path: Path, start: int, length: int | None) -> None:
        self._file = threads.run(path.open, "rb", buffering=0)
        self._at = start
        self._end = None if length is None else start + length

    def __next__(self) -> bytes:
        wanted = CHUNK if self._end is None else min(CHUNK, self._end - self._at)
        piece = threads.run(os.pread, self._file.fileno(), wanted, self._at) if wanted else b""
        if not piece:
            raise StopIteration
        self._at += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


_current: Storage


def configure(folder: Path, url: str, for_group: bool = False) -> None:
    """Choose the store: the bucket of `url`, or `folder`. Nothing is touched before it is used."""
    global _current
    if url:
        # Imported where it is asked for: boto3 is large, and most installations keep their files in a folder.
        from chat.buckets import Bucket

        _current = Bucket(url)
    else:
        _current = Folder(folder, for_group)


def current() -> Storage:
    return _current
