"""ISO base media boxes (ISO/IEC 14496-12), in which AVIF and M4A come. What goes is overwritten, not taken out:
places inside such a file are counted from its beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from media.shapes import Content, Refused

FREE = b"free"


class Box(NamedTuple):
    name: bytes
    start: int  # of the box
    content: int
    end: int


def boxes(data: Content, at: int, end: int) -> Iterator[Box]:
    """The boxes between two places. Raises Refused for one that goes beyond."""
    while at + 8 <= end:
        box = read(data, at, end)
        if box.end > end:
            raise Refused("broken")
        yield box
        at = box.end


def top(data: Content, known: set[bytes]) -> list[Box]:
    """The boxes of a whole file up to the last of those `known`; what is behind is none of the file."""
    found: list[Box] = []
    at = 0
    while at + 8 <= len(data):
        box = read(data, at, len(data))
        if box.end > len(data):
            if box.name in known:
                raise Refused("broken")  # it was cut off
            break
        found.append(box)
        at = box.end
    while found and found[-1].name not in known:
        found.pop()
    return found


def read(data: Content, at: int, end: int) -> Box:
    """The box at a place; it may end beyond `end`."""
    size, name, head = int.from_bytes(data[at : at + 4]), bytes(data[at + 4 : at + 8]), 8
    if size == 1:
        size, head = int.from_bytes(data[at + 8 : at + 16]), 16
    elif size == 0:
        size = end - at
    return Box(name, at, at + head, at + max(size, head))


def find(found: list[Box], name: bytes) -> Box | None:
    return next((box for box in found if box.name == name), None)


def blank(data: bytearray, box: Box) -> None:
    """Make it a box that says nothing; its length stays."""
    data[box.start + 4 : box.start + 8] = FREE
    data[box.content : box.end] = bytes(box.end - box.content)
