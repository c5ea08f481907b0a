"""JPEG: the segments that a picture is made of; its data stays as it is (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from media.shapes import Refused

START, END, SCAN = 0xD8, 0xD9, 0xDA
APP0, APP2, APP14 = 0xE0, 0xE2, 0xEE
ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
TABLES = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF}
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROFILE = b"ICC_PROFILE\0"
JFIF = b"JFIF\0"
JFIF_LENGTH = 12  # bytes before the size of its own thumbnail
ADOBE = b"Adobe"  # says how colours are to be read
ADOBE_LENGTH = 12

# In the data of a scan, 0xFF is followed by 0x00 or by the number of a restart.
MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)


def stripped(data: bytes, keep_profile: bool = True) -> bytes:
    return b"\xff\xd8" + b"".join(pieces(data, keep_profile))


def pieces(data: bytes, keep_profile: bool) -> Iterator[bytes]:
    at = 2
    while True:
        found = MARKER.match(data, at)
        if found is None:
            raise Refused("broken")
        marker, at = data[found.end() - 1], found.end()
        if marker == END:
            yield b"\xff\xd9"
            return
        if marker in ALONE:
            continue
        length = int.from_bytes(data[at : at + 2])
        payload, at = data[at + 2 : at + length], at + length
        if length < 2 or at > len(data):
            raise Refused("broken")
        if payload := kept(marker, payload, keep_profile):
            yield bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload
        if marker == SCAN:
            following = MARKER.search(data, at)
            end = following.start() if following else len(data)
            yield data[at:end]
            at = end
            if following is None:  # the decoder found all it needs; only the end is not said
                yield b"\xff\xd9"
                return


def kept(marker: int, payload: bytes, keep_profile: bool) -> bytes:
    """What stays of a segment, perhaps nothing."""
    if marker == SCAN or marker in TABLES or marker in FRAMES:
        return payload
    elif marker == APP0 and payload.startswith(JFIF):
        return payload[:JFIF_LENGTH].ljust(JFIF_LENGTH, b"\0") + b"\0\0"
    elif marker == APP2 and payload.startswith(PROFILE) and keep_profile:
        return payload
    elif marker == APP14 and payload.startswith(ADOBE):
        return payload[:ADOBE_LENGTH]
    else:
        return b""
