"""WAV: the format and the samples (Microsoft's "New Multimedia Data Types and Data Techniques", 1994)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from media import waveform
from media.shapes import Content, Refused
from media.strip import riff

PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE  # what browsers play
KEPT = (b"fmt ", b"fact", b"data")
UNKNOWN = 0xFFFFFFFF  # the length that is written by programs that could not go back


def pieces(data: Content) -> Iterator[bytes]:
    found = parts(data)
    sizes = {name: end - start for name, start, end in found}
    yield struct.pack("<4sI4s", b"RIFF", 4 + sum(8 + size + size % 2 for size in sizes.values()), b"WAVE")
    for name, start, end in found:
        yield struct.pack("<4sI", name, end - start)
        yield from copied(data, start, end)
        yield b"\0" * ((end - start) % 2)


def parts(data: Content) -> list[riff.Chunk]:
    """The chunks that stay, in the order they have to be in. Raises Refused without format or samples."""
    found: dict[bytes, riff.Chunk] = {}
    at = 12
    while at + 8 <= len(data) and b"data" not in found:
        name, length = struct.unpack("<4sI", data[at : at + 8])
        end = at + 8 + length
        if name == b"data" and length in (0, UNKNOWN):
            end = len(data)
        if end > len(data):
            raise Refused("broken")
        if name in KEPT:
            found.setdefault(name, riff.Chunk(name, at + 8, end))
        at = end + length % 2
    if b"fmt " not in found or b"data" not in found:
        raise Refused("broken")
    return [found[name] for name in KEPT if name in found]


def copied(data: Content, start: int, end: int, step: int = 1 << 20) -> Iterator[bytes]:
    """A part of a large file, in pieces."""
    for at in range(start, end, step):
        yield data[at : min(end, at + step)]


class Samples(NamedTuple):
    codec: int
    channels: int
    rate: int  # frames a second
    frame: int  # bytes of a sample of each channel
    start: int
    end: int


def samples(data: Content) -> Samples:
    found = {part.name: part for part in parts(data)}
    form, content = found[b"fmt "], found[b"data"]
    if form.end - form.start < 16:
        raise Refused("broken")
    codec, channels, rate, _bytes, frame, _bits = struct.unpack("<HHIIHH", data[form.start : form.start + 16])
    if codec == EXTENSIBLE:
        codec = int.from_bytes(data[form.start + 24 : form.start + 26], "little")
    if codec not in (PCM, FLOAT, ALAW, MULAW):
        raise Refused("unsupported")
    if not (channels and rate and frame and content.end - content.start >= frame):
        raise Refused("broken")
    return Samples(codec, channels, rate, frame, content.start, content.end)


def duration(data: Content) -> int:
    """Milliseconds."""
    found = samples(data)
    return (found.end - found.start) // found.frame * 1000 // found.rate


def bars(data: Content) -> bytes | None:
    """The waveform of whole numbers, without anybody's help; None of anything else."""
    found = samples(data)
    width, rest = divmod(found.frame, found.channels)
    if found.codec != PCM or rest:
        return None
    return waveform.of_samples(data, found.start, found.end, width, found.channels)
