"""Which format the content is of, by how it begins; names and headers of a request have no say.

The one decoder that belongs to it has to read it whole, so that a file of two kinds is treated as what it begins as.
"""

from __future__ import annotations

import struct

from media.shapes import Content

HEAD = 4096  # bytes that are enough, but for tags before sound

MP4_BRANDS = {b"M4A ", b"M4B ", b"M4V ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"dash"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
AVIF_BRANDS = {b"avif", b"avis"}

_STARTS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"OggS": "ogg",
    b"fLaC": "flac",
    b"\x1a\x45\xdf\xa3": "webm",
}


def recognise(data: Content) -> str | None:
    """The format's name, or None. `data` is the whole content."""
    start = after_tag(data)
    head = data[start : start + HEAD]
    for beginning, name in _STARTS.items():
        if head.startswith(beginning) and (start == 0 or name == "flac"):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    return "mp3" if start or is_mp3_header(head[:4]) else None


def after_tag(data: Content) -> int:
    """Where content begins behind ID3 tags, if there are any (https://id3.org/id3v2.4.0-structure, 3.1)."""
    start = 0
    while len(tag := data[start : start + 10]) == 10 and tag[:3] == b"ID3":
        size = 0
        for byte in tag[6:10]:
            size = size << 7 | byte & 0x7F
        start += 10 + size + (10 if tag[5] & 0x10 else 0)
    return start


def is_mp3_header(head: bytes) -> bool:
    """MPEG audio, layer III, with a bit rate and a sampling rate that exist."""
    return (
        len(head) == 4
        and head[0] == 0xFF
        and head[1] & 0xE6 == 0xE2
        and head[1] & 0x18 != 0x08
        and head[2] >> 4 not in (0, 15)
        and head[2] >> 2 & 3 != 3
    )


def _of_brands(head: bytes) -> str | None:
    size = struct.unpack(">I", head[:4])[0]
    body = head[8 : min(size, HEAD)]
    major, compatible = body[:4], {body[at : at + 4] for at in range(8, len(body), 4)}
    for brands, name in ((AVIF_BRANDS, "avif"), (HEIC_BRANDS, "heic"), (MP4_BRANDS, "m4a")):
        if major in brands:
            return name
    for brands, name in ((AVIF_BRANDS, "avif"), (HEIC_BRANDS, "heic")):
        if major in (b"mif1", b"msf1") and compatible & brands:
            return name
    return None
