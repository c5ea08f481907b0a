"""PNG and APNG: the chunks that a picture is made of, and nothing behind the last (https://www.w3.org/TR/png-3/)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from media.shapes import Refused

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT"}
COLOUR = {b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"}
PROFILE = {b"iCCP"}


def stripped(data: bytes, keep_profile: bool = True) -> bytes:
    kept = PICTURE | COLOUR | (PROFILE if keep_profile else set())
    return SIGNATURE + b"".join(chunk for name, chunk in chunks(data) if name in kept)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, the whole chunk) up to the end of the picture. Raises Refused where the file ends before."""
    at, name = len(SIGNATURE), b""
    while name != b"IEND":
        if at + 12 > len(data):
            raise Refused("broken")
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        chunk = data[at:end]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            raise Refused("broken")
        yield name, chunk
        at = end
