"""Frames as a client makes them (RFC 6455, section 5), also wrong ones."""

from __future__ import annotations

import struct

from realtime.frames import CONTINUATION, TEXT

KEY = b"\x37\xfa\x21\x3d"  # that of the example in section 5.7


def client_frame(
    opcode: int,
    data: bytes = b"",
    *,
    final: bool = True,
    reserved: int = 0,
    key: bytes | None = KEY,
    length: bytes | None = None,
) -> bytes:
    """`length` is the extended length and its marker, where it is not the one that belongs there."""
    size = len(data)
    if length is None:
        if size < 126:
            length = struct.pack("!B", size)
        elif size < 1 << 16:
            length = struct.pack("!BH", 126, size)
        else:
            length = struct.pack("!BQ", 127, size)
    head = bytes([final << 7 | reserved << 4 | opcode, length[0] | (0x80 if key else 0)]) + length[1:]
    if key is None:
        return head + data
    return head + key + bytes(byte ^ key[place % 4] for place, byte in enumerate(data))


def fragments(*parts: bytes, opcode: int = TEXT) -> bytes:
    """A message in several frames."""
    opcodes = [opcode, *[CONTINUATION] * (len(parts) - 1)]
    return b"".join(
        client_frame(kind, part, final=place == len(parts) - 1)
        for place, (kind, part) in enumerate(zip(opcodes, parts, strict=True))
    )


def briefly(value: object) -> str | None:
    """A parameter in a test's name."""
    return f"{value[:12]!r} of {len(value)}" if isinstance(value, str | bytes) else None
