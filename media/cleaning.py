"""One file from its first byte to what is stored of it; runs inside the limits, and loads only what it needs."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path

from media import kinds
from media.shapes import FORMATS, Limits, Made, Refused


def clean(source: Path, folder: Path, limits: Limits, voice: bool, allow_seconds: Callable[[float], None]) -> Made:
    """`allow_seconds` bounds processor time once it is known what the file is.

    Raises Refused, OSError, and whatever a decoder says of a file it cannot read.
    """
    size = source.stat().st_size
    if not size:
        raise Refused("broken")
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        name = kinds.recognise(data)
        if name is None or name not in limits.formats:
            raise Refused("unsupported")
        if FORMATS[name].kind == "image":
            if size > limits.image_bytes:
                raise Refused("too_large")
            from media import images

            allow_seconds(min(limits.seconds, limits.image_seconds))
            return images.clean(data[:], name, folder, limits)
        else:
            if size > limits.audio_bytes:
                raise Refused("too_large")
            from media import sound

            return sound.clean(source, data, name, folder, limits, voice)
