"""FLAC: what describes the stream, and its frames (RFC 9639)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from media import kinds
from media.shapes import Content, Refused

MARK = b"fLaC"
STREAMINFO, SEEKTABLE = 0, 3
LAST = 0x80
SYNC = (b"\xff\xf8", b"\xff\xf9")  # blocks of one size, or not
FRAME_HEAD = 16  # bytes at most
LARGEST = 1 << 20  # bytes of a frame where the stream does not say
PIECE = 1 << 20


class Stream(NamedTuple):
    head: bytes
    frames: int  # where they begin
    largest: int  # bytes of a frame
    duration: int | None  # milliseconds


def read(data: Content) -> Stream:
    """The head of the file, without tags, pictures and padding. Raises Refused."""
    at = kinds.after_tag(data) + len(MARK)
    kept: list[tuple[int, bytes]] = []
    last = False
    while not last:
        header = data[at : at + 4]
        end = at + 4 + int.from_bytes(header[1:])
        if len(header) < 4 or end > len(data):
            raise Refused("broken")
        last, kind = bool(header[0] & LAST), header[0] & ~LAST
        if kind in (STREAMINFO, SEEKTABLE):
            kept.append((kind, data[at + 4 : end]))
        at = end
    if not kept or kept[0][0] != STREAMINFO or len(kept[0][1]) != 34:
        raise Refused("broken")
    info = kept[0][1]
    blocks = [
        bytes((kind | (LAST if (kind, content) == kept[-1] else 0),)) + len(content).to_bytes(3) + content
        for kind, content in kept
    ]
    rate, samples = int.from_bytes(info[10:13]) >> 4, int.from_bytes(info[13:18]) & (1 << 36) - 1
    if not rate:
        raise Refused("broken")
    return Stream(
        MARK + b"".join(blocks), at, int.from_bytes(info[7:10]) or LARGEST, samples * 1000 // rate if samples else None
    )


def pieces(data: Content) -> Iterator[bytes]:
    stream = read(data)
    yield stream.head
    end = end_of_frames(data, stream)
    for at in range(stream.frames, end, PIECE):
        yield data[at : min(end, at + PIECE)]


def end_of_frames(data: Content, stream: Stream) -> int:
    """Behind the last frame: where the file ends or, if something follows, the first place that its checksum allows.

    A checksum of 16 bits may fit too early by chance, but only in a file that something was put behind.
    """
    start = last_frame(data, stream.frames)
    checksum, end = 0, None
    for at in range(start, min(len(data), start + stream.largest)):
        checksum = (checksum << 8 & 0xFF00) ^ CRC16[checksum >> 8 ^ data[at]]
        if not checksum and at - start > FRAME_HEAD and (end is None or at + 1 == len(data)):
            end = at + 1
    if end is None:
        raise Refused("broken")
    return end


def last_frame(data: Content, first: int) -> int:
    at, sync = len(data), bytes(data[first : first + 2])  # all frames begin alike
    while sync in SYNC and (at := data.rfind(sync, first, at)) >= 0:
        if is_header(data[at : at + FRAME_HEAD]):
            return at
        at += 1
    raise Refused("broken")


def is_header(head: bytes) -> bool:
    """Whether the checksum of a frame's header fits (RFC 9639, 9.1)."""
    if len(head) < FRAME_HEAD:
        head = head.ljust(FRAME_HEAD, b"\0")
    number = head[4]
    length = 1 if number < 0x80 else 8 - (number ^ 0xFF).bit_length()
    size, rate = head[2] >> 4, head[2] & 15
    at = 4 + length + {6: 1, 7: 2}.get(size, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if not size or rate == 15 or head[3] & 1 or at >= FRAME_HEAD:
        return False
    checksum = 0
    for byte in head[:at]:
        checksum = CRC8[checksum ^ byte]
    return checksum == head[at]


def table(polynomial: int, bits: int) -> list[int]:
    """What each byte does to a checksum."""
    top, mask = 1 << bits - 1, (1 << bits) - 1
    made = []
    for byte in range(256):
        value = byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
        made.append(value)
    return made


CRC8, CRC16 = table(0x07, 8), table(0x8005, 16)
