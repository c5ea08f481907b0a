"""RIFF, in which WebP and WAV come: chunks of a name, a length and content padded to an even length."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from media.shapes import Content, Refused


class Chunk(NamedTuple):
    name: bytes
    start: int  # of the content
    end: int


def chunks(data: Content, at: int, end: int) -> Iterator[Chunk]:
    """The chunks between two places; what is no whole chunk at the end is left out."""
    while at + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            return
        yield Chunk(name, at + 8, at + 8 + length)
        at += 8 + length + length % 2


def contents(data: Content) -> tuple[int, int]:
    """Where the chunks of a RIFF file begin and end, as its header says."""
    if len(data) < 12:
        raise Refused("broken")
    return 12, min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)
