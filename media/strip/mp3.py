"""MP3: its frames, and nothing before, between or behind them (ISO/IEC 11172-3; http://mpgedit.org/mpgedit/mpeg_format)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from media import kinds
from media.shapes import Content, Refused

BIT_RATES = {  # kbit/s, of layer III
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
SAMPLING_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits
MPEG_1 = 3
IN_A_ROW = 2  # frames that have to follow each other where they begin: two bytes alone are soon found by chance


class Header(NamedTuple):
    size: int  # bytes of the frame
    samples: int
    rate: int
    stream: tuple[int, int]  # what all frames of one recording share


def header(data: Content, at: int) -> Header | None:
    head = data[at : at + 4]
    if not kinds.is_mp3_header(head):
        return None
    version = head[1] >> 3 & 3
    rate = SAMPLING_RATES[version][head[2] >> 2 & 3]
    bits = BIT_RATES[1 if version == MPEG_1 else 2][head[2] >> 4] * 1000
    samples = 1152 if version == MPEG_1 else 576
    return Header(samples // 8 * bits // rate + (head[2] >> 1 & 1), samples, rate, (version, rate))


def frames(data: Content) -> Iterator[tuple[int, Header]]:
    """(place, header) of each whole frame."""
    end, at = len(data), kinds.after_tag(data)
    stream = None
    in_step = False
    while at + 4 <= end:
        found = header(data, at)
        fits = found and found.stream == (stream or found.stream) and at + found.size <= end
        if found and fits and (in_step or follows(data, at, found)):
            stream, in_step = found.stream, True
            yield at, found
            at += found.size
            continue
        in_step = False
        at = data.find(b"\xff", at + 1)
        if at < 0:
            return


def follows(data: Content, at: int, found: Header) -> bool:
    for _ in range(IN_A_ROW):
        at += found.size
        following = header(data, at)
        if following is None or following.stream != found.stream:
            return False
        found = following
    return True


def duration(data: Content) -> int:
    """Milliseconds. Raises Refused without a single frame."""
    samples, rate = 0, 0
    for _at, found in frames(data):
        samples, rate = samples + found.samples, found.rate
    if not samples:
        raise Refused("broken")
    return samples * 1000 // rate


def pieces(data: Content) -> Iterator[bytes]:
    """Neighbours are written together."""
    start = end = 0
    for at, found in frames(data):
        if at != end or end - start > 1 << 20:
            yield data[start:end]
            start = at
        end = at + found.size
    yield data[start:end]
