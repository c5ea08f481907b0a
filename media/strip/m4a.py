"""M4A: the track of sound and what describes it; tags, pictures, times and other tracks are overwritten."""

from __future__ import annotations

from collections.abc import Iterator

from media.shapes import Content, Refused
from media.strip import boxes
from media.strip.boxes import Box

TOP = {b"ftyp", b"moov", b"moof", b"mdat"}
KEPT_IN = {
    b"moov": {b"mvhd", b"trak", b"mvex"},
    b"trak": {b"tkhd", b"mdia", b"edts"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"smhd", b"dinf", b"stbl"},
}
WITH_TIMES = {b"mvhd", b"tkhd", b"mdhd"}
PIECE = 1 << 20


def pieces(data: Content) -> Iterator[bytes]:
    """Pieces of a file of the same length, without what is behind its end. Raises Refused for what holds a film."""
    found = boxes.top(data, TOP)
    if boxes.find(found, b"moov") is None:
        raise Refused("broken")
    for box in found:
        if box.name == b"moov":
            yield moov(data, box)
        elif box.name in TOP:
            for at in range(box.start, box.end, PIECE):
                yield data[at : min(box.end, at + PIECE)]
        else:
            yield data[box.start : box.start + 4] + boxes.FREE + data[box.start + 8 : box.content]
            yield bytes(box.end - box.content)


def moov(data: Content, box: Box) -> bytes:
    made = bytearray(data[box.start : box.end])
    walk(made, boxes.read(bytes(made[:16]), 0, len(made)))
    return bytes(made)


def walk(made: bytearray, parent: Box) -> None:
    content = bytes(made)
    for box in boxes.boxes(content, parent.content, parent.end):
        if box.name not in KEPT_IN[parent.name] or (box.name == b"trak" and not is_sound(content, box)):
            boxes.blank(made, box)
        elif box.name in WITH_TIMES:
            times = 16 if made[box.content] else 8  # when it was made and when it was changed
            made[box.content + 4 : box.content + 4 + times] = bytes(times)
        elif box.name == b"hdlr":
            made[box.content + 24 : box.end] = bytes(box.end - box.content - 24)  # a name
        elif box.name in KEPT_IN:
            walk(made, box)


def is_sound(content: bytes, trak: Box) -> bool:
    mdia = boxes.find(list(boxes.boxes(content, trak.content, trak.end)), b"mdia")
    inside = [] if mdia is None else list(boxes.boxes(content, mdia.content, mdia.end))
    hdlr = boxes.find(inside, b"hdlr")
    kind = b"" if hdlr is None else content[hdlr.content + 8 : hdlr.content + 12]
    if kind == b"vide":
        raise Refused("unsupported")
    return kind == b"soun"


def is_in_fragments(data: Content) -> bool:
    """As recorders write it, who do not know the length in advance."""
    return any(box.name == b"moof" for box in boxes.top(data, TOP))
