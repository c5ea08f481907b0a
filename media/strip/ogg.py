"""Ogg: the pages of one stream of Opus or Vorbis, with empty tags (RFC 3533, RFC 7845)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from media.shapes import Content, Refused

READERS: dict[bytes, Any] = {b"OpusHead": OggOpus, b"\x01vorbis": OggVorbis}
FILM = b"\x80theora"
HEAD = 27  # bytes of a page before the lengths of its segments
FIRST, LAST = 0x02, 0x04  # a stream's pages


class Page(NamedTuple):
    stream: int
    flags: int
    start: int
    content: int
    end: int


def pages(data: Content) -> Iterator[Page]:
    """From the beginning, up to the first thing that is no whole page."""
    at = 0
    while data[at : at + 4] == b"OggS" and at + HEAD <= len(data):
        lengths = data[at + HEAD : at + HEAD + data[at + 26]]
        content = at + HEAD + len(lengths)
        end = content + sum(lengths)
        if end > len(data):
            return
        yield Page(int.from_bytes(data[at + 14 : at + 18], "little"), data[at + 5], at, content, end)
        at = end


def sound(data: Content) -> tuple[int, Any]:
    """(number of the stream, mutagen's class for it). Raises Refused where there is a film or no sound we know."""
    found = None
    for page in pages(data):
        if not page.flags & FIRST:
            break
        begins = data[page.content : page.content + 8]
        if begins.startswith(FILM):
            raise Refused("unsupported")
        for mark, reader in READERS.items():
            if begins.startswith(mark):
                found = found or (page.stream, reader)
    if found is None:
        raise Refused("unsupported")
    return found


def without_tags(path: Path, data: Content) -> None:
    """Rewrites the file, which holds the sound of `data`."""
    _stream, reader = sound(data)
    file = reader(path)
    file.tags.clear()
    file.tags.vendor = ""
    file.tags._pad_data = b""  # Opus keeps what stands behind the tags, if it begins with an odd byte
    file.save(padding=lambda info: 0)


def pieces(data: Content) -> Iterator[bytes]:
    """The one stream up to its end."""
    stream, _reader = sound(data)
    for page in pages(data):
        if page.stream == stream:
            yield data[page.start : page.end]
            if page.flags & LAST:
                return
