"""GIF: pictures, their times and the number of rounds (https://www.w3.org/Graphics/GIF/spec-gif89a.txt)."""

from __future__ import annotations

from collections.abc import Iterator

from media.shapes import Refused

EXTENSION, IMAGE, END = 0x21, 0x2C, 0x3B
GRAPHIC_CONTROL, APPLICATION = 0xF9, 0xFF
ROUNDS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")  # the only applications that say something of the picture


def stripped(data: bytes, keep_profile: bool = True) -> bytes:
    del keep_profile  # it has none that anybody reads
    return b"".join(pieces(data))


def pieces(data: bytes) -> Iterator[bytes]:
    at = 13 + palette(byte(data, 10))
    yield data[:at]
    while (block := byte(data, at)) != END:
        if block == EXTENSION:
            end = after_blocks(data, at + 2)
            if byte(data, at + 1) == GRAPHIC_CONTROL or is_rounds(data, at):
                yield data[at:end]
        elif block == IMAGE:
            end = after_blocks(data, at + 11 + palette(byte(data, at + 9)))
            yield data[at:end]
        else:
            raise Refused("broken")
        at = end
    yield bytes((END,))


def is_rounds(data: bytes, at: int) -> bool:
    """Its blocks after the name are one of three bytes and the end; anything longer carries something else."""
    start = at + 2 + len(ROUNDS[0])
    return data[at + 1] == APPLICATION and data[at + 2 : start] in ROUNDS and after_blocks(data, start) == start + 5


def after_blocks(data: bytes, at: int) -> int:
    """Where a row of blocks ends, each led by its length, the last of length 0."""
    while length := byte(data, at):
        at += 1 + length
    return at + 1


def palette(flags: int) -> int:
    """Bytes of the table of colours that the flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise Refused("broken")
    return data[at]
