"""AVIF: the items that are picture, the others overwritten (https://aomediacodec.github.io/av1-avif/)."""

from __future__ import annotations

from collections.abc import Iterator

from media.shapes import Refused
from media.strip import boxes
from media.strip.boxes import Box

TOP = {b"ftyp", b"meta", b"moov", b"mdat"}
IN_META = {b"hdlr", b"pitm", b"iinf", b"iloc", b"iref", b"iprp", b"idat", b"grpl", b"dinf"}
NO_PICTURE = {b"Exif", b"mime", b"uri "}
IN_FILE, IN_IDAT = 0, 1  # where an item lies

Extent = tuple[int, int, int]  # item, from, to


def stripped(data: bytes, keep_profile: bool = True) -> bytes:
    del keep_profile  # a broken one is in the middle of the rest; readers do without it
    found = boxes.top(data, TOP)
    made = bytearray(data[: found[-1].end if found else 0])
    meta = boxes.find(found, b"meta")
    if meta is None:
        raise Refused("broken")
    for box in found:
        if box.name not in TOP:
            boxes.blank(made, box)
    inside = list(boxes.boxes(data, meta.content + 4, meta.end))
    for box in inside:
        if box.name not in IN_META:
            boxes.blank(made, box)
    forget_items(made, data, found, inside)
    return bytes(made)


def forget_items(made: bytearray, data: bytes, found: list[Box], inside: list[Box]) -> None:
    """Overwrite the items that are no picture and, of still pictures, all that belongs to no item."""
    kinds = dict(items(made, data, boxes.find(inside, b"iinf")))
    kept: list[tuple[int, int]] = []
    gone: list[tuple[int, int]] = []
    for item, start, end in extents(data, boxes.find(inside, b"iloc"), boxes.find(inside, b"idat")):
        (gone if kinds.get(item) in NO_PICTURE else kept).append((start, end))
    for start, end in gone:
        made[start:end] = bytes(max(0, min(end, len(made)) - start))
    if boxes.find(found, b"moov") is None:
        for box in found:
            if box.name == b"mdat":
                made[box.content : box.end] = only(data, box, kept)


def only(data: bytes, box: Box, kept: list[tuple[int, int]]) -> bytes:
    """The content of a box with nothing but the kept places."""
    content = bytearray(box.end - box.content)
    for start, end in kept:
        start, end = max(start, box.content), min(end, box.end)
        if start < end:
            content[start - box.content : end - box.content] = data[start:end]
    return bytes(content)


def items(made: bytearray, data: bytes, iinf: Box | None) -> Iterator[tuple[int, bytes]]:
    """(item, its kind); those that are no picture are renamed in `made`, so that no reader looks for them."""
    if iinf is None:
        return
    wide = data[iinf.content] > 0
    for box in boxes.boxes(data, iinf.content + (8 if wide else 6), iinf.end):
        version = data[box.content]
        if box.name != b"infe" or version < 2:
            continue
        size = 2 if version == 2 else 4
        at = box.content + 4
        item, kind = int.from_bytes(data[at : at + size]), data[at + size + 2 : at + size + 6]
        if kind in NO_PICTURE:
            made[at + size + 2 : at + size + 6] = boxes.FREE
            made[at + size + 6 : box.end] = bytes(box.end - (at + size + 6))
        yield item, kind


def extents(data: bytes, iloc: Box | None, idat: Box | None) -> Iterator[Extent]:
    """Where each item lies in the file (ISO/IEC 14496-12, 8.11.3)."""
    if iloc is None:
        return
    version, at = data[iloc.content], iloc.content + 4

    def number(size: int) -> int:
        nonlocal at
        if at + size > iloc.end:
            raise Refused("broken")
        at += size
        return int.from_bytes(data[at - size : at])

    sizes = number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        where = number(2) & 15 if version else IN_FILE
        number(2)
        base = number(base_size)
        if where == IN_IDAT and idat is not None:
            base += idat.content
        for _ in range(number(2)):
            if version:
                number(index_size)
            start = base + number(offset_size)
            yield item, start, start + number(length_size)
