"""A ZIP that is written entry by entry onto the disk, with memory that does not grow with what lies in it.

Texts are compressed, media stored as they are, each content once. Knows files and blobs, and nothing of who may have
them. Raises OSError where nothing more can be written.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import zipfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Self

from chat import filenames, incoming, storage
from chat.payloads import Payload
from models import Blob, File

NAME_MAX = 60  # characters of a file's own name that its name in the ZIP keeps
EXTENSION_MAX = 8
LINES = "messages.jsonl"


class Parcel:
    """`path` is where it grows; the lines of `messages.jsonl` are gathered beside it until the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._lines_path = path.with_name(f"{path.name}.lines")
        self._lines = self._lines_path.open("wb")
        self._media: dict[str, str] = {}  # id of a blob → where it lies

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: Any, _trace: TracebackType | None) -> None:
        self._lines.close()
        try:
            if kind is None:
                self._check_room(self._lines_path.stat().st_size // 2)
                self._zip.write(self._lines_path, LINES)
            self._zip.close()
        finally:
            self._lines_path.unlink(missing_ok=True)

    def text(self, name: str, words: str) -> None:
        self._check_room(len(words))
        self._zip.writestr(_dated(name), words.encode(), zipfile.ZIP_DEFLATED)

    def json(self, name: str, content: Any) -> None:
        self.text(name, json.dumps(content, ensure_ascii=False, indent=2) + "\n")

    def lines(self, entries: Iterable[Payload]) -> None:
        for entry in entries:
            self._lines.write(packed(entry).encode() + b"\n")

    def medium(self, prefix: str, file: File, blob: Blob) -> tuple[str | None, str | None]:
        """Where the file lies in the ZIP, and its thumbnail; None for what there is none of, or is lost."""
        if blob.id not in self._media:
            name = f"{prefix}-{_short(file.name)}"
            if not self._store(f"media/{name}", storage.key(blob.id), blob.size):
                return None, None
            if blob.small_size:
                self._store(f"media/small/{name}.webp", storage.key(blob.id, "small"), blob.small_size)
            self._media[blob.id] = name
        name = self._media[blob.id]
        return f"media/{name}", f"media/small/{name}.webp" if blob.small_size else None

    def _store(self, name: str, key: str, size: int) -> bool:
        """Whether the store still has it."""
        self._check_room(size)
        try:
            source = storage.current().open(key)
        except FileNotFoundError:
            return False
        info = _dated(name)
        with closing(source), self._zip.open(info, "w", force_zip64=size > zipfile.ZIP64_LIMIT // 2) as target:
            for piece in source:
                target.write(piece)
        return True

    def _check_room(self, size: int) -> None:
        if shutil.disk_usage(self._path.parent).free < size + incoming.RESERVE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))


def packed(content: Any) -> str:
    """JSON in one line."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _dated(name: str) -> zipfile.ZipInfo:
    """An entry that its owner may read. All have one date: when something was said stands in what was said."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o600 << 16
    return info


def _short(name: str) -> str:
    """Good for any disk, behind whatever folder it is unpacked in; and one part of an address."""
    path = PurePath(filenames.cleaned(name))
    extension = path.suffix if len(path.suffix) <= EXTENSION_MAX else ""
    return path.name.removesuffix(extension)[:NAME_MAX].strip(". ") + extension
