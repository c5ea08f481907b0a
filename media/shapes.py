"""What goes into cleaning and what comes out of it."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["image", "audio"]
Reason = Literal["unsupported", "broken", "too_many_pixels", "too_slow", "too_large"]

Content = bytes | mmap.mmap  # sound is too large to be read at once


class Refused(Exception):
    """The file is not taken. `reason` is for programs; what a person reads is said elsewhere."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Format:
    """`type` and `extension` are what we say; the tuples are all that systems and browsers may call it."""

    kind: Kind
    type: str
    extension: str
    types: tuple[str, ...]
    extensions: tuple[str, ...]


def _format(kind: Kind, types: str, extensions: str) -> Format:
    names, endings = tuple(types.split()), tuple(extensions.split())
    return Format(kind, names[0], endings[0], names, endings)


FORMATS = {
    "png": _format("image", "image/png image/apng", ".png .apng"),
    "jpeg": _format("image", "image/jpeg", ".jpg .jpeg .jpe .jfif"),
    "gif": _format("image", "image/gif", ".gif"),
    "webp": _format("image", "image/webp", ".webp"),
    "avif": _format("image", "image/avif", ".avif"),
    "heic": _format("image", "image/heic image/heif", ".heic .heif"),
    "mp3": _format("audio", "audio/mpeg audio/mp3", ".mp3"),
    "wav": _format("audio", "audio/wav audio/x-wav audio/wave audio/vnd.wave", ".wav .wave"),
    "ogg": _format("audio", "audio/ogg application/ogg audio/opus", ".ogg .oga .opus"),
    "m4a": _format("audio", "audio/mp4 audio/x-m4a audio/m4a audio/aac", ".m4a .mp4 .m4b"),
    "flac": _format("audio", "audio/flac audio/x-flac", ".flac"),
    "webm": _format("audio", "audio/webm video/webm", ".webm .weba"),
}


@dataclass(frozen=True)
class Limits:
    """`frames` bounds an animation: all its frames together may have that many times `pixels`."""

    pixels: int = 40_000_000
    frames: int = 10
    image_bytes: int = 20_000_000
    audio_bytes: int = 100_000_000
    seconds: float = 180  # from the start of the process to its end; of processor time too
    image_seconds: float = 40  # of processor time for a picture
    formats: frozenset[str] = frozenset(FORMATS)

    @property
    def memory(self) -> int:
        """Bytes of address space: libraries, and a few copies of the largest image."""
        return 768 * 1024 * 1024 + 16 * self.pixels

    @property
    def written(self) -> int:
        """Bytes of the largest file that may come out: a conversion may be larger than its source."""
        return 2 * max(self.image_bytes, self.audio_bytes) + 16 * 1024 * 1024


@dataclass(frozen=True)
class Made:
    """A clean file and what is known of it. `width` and `height` are as shown, `duration` is milliseconds.

    `waveform` is one byte, 0 to 100, for each of 64 bars; `small` and `large` are thumbnails (WebP). What is not
    `portable` does not play everywhere.
    """

    kind: Kind
    type: str
    extension: str
    size: int
    original: Path
    width: int | None = None
    height: int | None = None
    animated: bool = False
    thumbhash: bytes | None = None
    duration: int | None = None
    waveform: bytes | None = None
    portable: bool = True
    small: Path | None = None
    large: Path | None = None
