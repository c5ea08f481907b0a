"""WebM: the track of sound and its blocks; tags, attachments and names are overwritten (RFC 8794, RFC 9559)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from media.shapes import Content, Refused

HEADER, SEGMENT = 0x1A45DFA3, 0x18538067
INFO, TRACKS, CLUSTER, CUES, SEEK_HEAD = 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B, 0x114D9B74
TAGS, CHAPTERS, ATTACHMENTS = 0x1254C367, 0x1043A770, 0x1941A469
IN_SEGMENT = {INFO, TRACKS, CLUSTER, CUES, SEEK_HEAD, TAGS, CHAPTERS, ATTACHMENTS}
KEPT_IN_SEGMENT = {INFO, TRACKS, CLUSTER, CUES, SEEK_HEAD}

TIME_SCALE, DURATION, MUXER, WRITER = 0x2AD7B1, 0x4489, 0x4D80, 0x5741
KEPT_IN_INFO = {TIME_SCALE, DURATION}
CLEARED_IN_INFO = {MUXER, WRITER}  # have to be there
TRACK, TRACK_KIND, CODEC = 0xAE, 0x83, 0x86
NAMES_IN_TRACK = {0x536E, 0x258688}  # of the track, of the codec
SOUND = 2
CODECS = {b"A_OPUS", b"A_VORBIS"}

TIME, SIMPLE_BLOCK, GROUP, BLOCK = 0xE7, 0xA3, 0xA0, 0xA1
IN_CLUSTER = {TIME, SIMPLE_BLOCK, GROUP, 0xAB, 0xA7}  # and how large the one before was, and where it is
VOID = 0xEC
NANOSECONDS = 1_000_000
PIECE = 1 << 20


class Element(NamedTuple):
    name: int
    start: int
    content: int
    end: int  # where the parent ends, if the length was not known to the writer
    sized: bool


def element(data: Content, at: int, end: int) -> Element | None:
    """The element at a place, None where there is no whole one."""
    name, content = number(data, at, end, keep_mark=True)
    size, content = number(data, content, end) if content else (None, 0)
    if name is None or size is None:
        return None
    sized = size != (1 << 7 * (content - at - name_length(name))) - 1
    if sized and content + size > end:
        return None
    return Element(name, at, content, content + size if sized else end, sized)


def number(data: Content, at: int, end: int, keep_mark: bool = False) -> tuple[int | None, int]:
    """(a number whose first set bit says how many bytes it has, where it ends); (None, 0) where there is none."""
    if at >= end or not data[at]:
        return None, 0
    length = 9 - data[at].bit_length()
    if at + length > end:
        return None, 0
    value = int.from_bytes(data[at : at + length])
    return value if keep_mark else value & (1 << 7 * length) - 1, at + length


def name_length(name: int) -> int:
    return (name.bit_length() + 7) // 8


def elements(data: Content, at: int, end: int) -> Iterator[Element]:
    """Those of a parent that says its length. Raises Refused where they do not fill it."""
    while at < end:
        found = element(data, at, end)
        if found is None or not found.sized:
            raise Refused("broken")
        yield found
        at = found.end


def in_segment(data: Content) -> Iterator[Element]:
    """Clusters, and what stands beside them; a recorder does not say how long the segment and its clusters are."""
    header = element(data, 0, len(data))
    segment = header and element(data, header.end, len(data))
    if header is None or segment is None or segment.name != SEGMENT:
        raise Refused("broken")
    at = segment.content
    while at < segment.end and (found := element(data, at, segment.end)):
        if found.name == CLUSTER and not found.sized:
            found = found._replace(end=end_of_cluster(data, found))
        elif not found.sized:
            raise Refused("broken")
        elif found.name not in IN_SEGMENT and found.name != VOID:
            return
        yield found
        at = found.end


def end_of_cluster(data: Content, cluster: Element) -> int:
    at = cluster.content
    while (found := element(data, at, cluster.end)) and found.name in IN_CLUSTER and found.sized:
        at = found.end
    return at


def check(data: Content) -> None:
    """Raises Refused where there is more than sound, or sound of a kind we do not know."""
    tracks = [found for found in in_segment(data) if found.name == TRACKS]
    if not tracks:
        raise Refused("broken")
    for track in elements(data, tracks[0].content, tracks[0].end):
        if track.name != TRACK:
            continue
        said = {part.name: data[part.content : part.end] for part in elements(data, track.content, track.end)}
        if int.from_bytes(said.get(TRACK_KIND, b"")) != SOUND or said.get(CODEC, b"").rstrip(b"\0") not in CODECS:
            raise Refused("unsupported")


def duration(data: Content) -> int | None:
    """Milliseconds: as said, otherwise up to the beginning of the last block."""
    scale, said, last = NANOSECONDS, 0.0, 0
    for found in in_segment(data):
        if found.name == INFO:
            for part in elements(data, found.content, found.end):
                if part.name == TIME_SCALE:
                    scale = int.from_bytes(data[part.content : part.end]) or NANOSECONDS
                elif part.name == DURATION and part.end - part.content in (4, 8):
                    said = floating(data[part.content : part.end])
        elif found.name == CLUSTER:
            last = max(last, last_time(data, found))
    ticks = said if 0 < said < 1e12 else last
    return int(ticks * scale // NANOSECONDS) or None


def floating(content: bytes) -> float:
    value: float = struct.unpack(">f" if len(content) == 4 else ">d", content)[0]
    return value


def last_time(data: Content, cluster: Element) -> int:
    base = latest = 0
    for part in elements(data, cluster.content, cluster.end):
        if part.name == TIME:
            base = int.from_bytes(data[part.content : part.end])
        elif part.name == SIMPLE_BLOCK:
            latest = max(latest, block_time(data, part))
        elif part.name == GROUP:
            blocks = (inner for inner in elements(data, part.content, part.end) if inner.name == BLOCK)
            latest = max(latest, *(block_time(data, block) for block in blocks), 0)
    return base + latest


def block_time(data: Content, block: Element) -> int:
    _track, at = number(data, block.content, block.end)
    return int.from_bytes(data[at : at + 2], signed=True)


def pieces(data: Content) -> Iterator[bytes]:
    """The same length but for what is behind the end: places in the file are counted."""
    at = 0
    for found in in_segment(data):
        yield data[at : found.start]  # the heads before the first; nothing between the others
        at = found.end
        if found.name not in KEPT_IN_SEGMENT:
            yield void(found)
        elif found.name in (INFO, TRACKS):
            yield data[found.start : found.content] + b"".join(described(data, found))
        else:
            for start in range(found.start, found.end, PIECE):
                yield data[start : min(found.end, start + PIECE)]


def described(data: Content, parent: Element) -> Iterator[bytes]:
    """What stands in the description of the file or of a track."""
    for part in elements(data, parent.content, parent.end):
        if part.name == TRACK:
            yield data[part.start : part.content] + b"".join(described(data, part))
        elif parent.name == INFO and part.name in CLEARED_IN_INFO:
            yield data[part.start : part.content] + b" " * (part.end - part.content)
        elif part.name in NAMES_IN_TRACK or (parent.name == INFO and part.name not in KEPT_IN_INFO):
            yield void(part)
        else:
            yield data[part.start : part.end]


def void(found: Element) -> bytes:
    """As many bytes that say nothing."""
    length = found.end - found.start
    if length < 9:
        return bytes((VOID, 0x80 | length - 2)) + bytes(length - 2)
    return bytes((VOID, 0x01)) + (length - 9).to_bytes(7) + bytes(length - 9)
