"""WebP: pictures, animation, profile (https://developers.google.com/speed/webp/docs/riff_container)."""

from __future__ import annotations

from collections.abc import Iterator

from media.strip import riff

PICTURE = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}
IN_A_FRAME = {b"VP8 ", b"VP8L", b"ALPH"}
PROFILE = {b"ICCP"}
FRAME_HEAD = 16
HAS_PROFILE, HAS_EXIF, HAS_XMP = 0x20, 0x08, 0x04


def stripped(data: bytes, keep_profile: bool = True) -> bytes:
    content = b"WEBP" + b"".join(pieces(data, keep_profile))
    return riff.chunk(b"RIFF", content)


def pieces(data: bytes, keep_profile: bool) -> Iterator[bytes]:
    kept = PICTURE | (PROFILE if keep_profile else set())
    for name, start, end in riff.chunks(data, *riff.contents(data)):
        content = data[start:end]
        if name == b"VP8X":
            off = HAS_EXIF | HAS_XMP | (0 if keep_profile else HAS_PROFILE)
            yield riff.chunk(name, bytes((content[0] & ~off,)) + content[1:10])
        elif name == b"ANMF":
            yield riff.chunk(name, content[:FRAME_HEAD] + b"".join(of_a_frame(content)))
        elif name in kept:
            yield riff.chunk(name, content)


def of_a_frame(content: bytes) -> Iterator[bytes]:
    for name, start, end in riff.chunks(content, FRAME_HEAD, len(content)):
        if name in IN_A_FRAME:
            yield riff.chunk(name, content[start:end])


def is_lossless(data: bytes) -> bool:
    """Of a still picture."""
    return any(chunk.name == b"VP8L" for chunk in riff.chunks(data, *riff.contents(data)))
