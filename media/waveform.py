"""The waveform of a sound: 64 bars from 0 to 100, the loudest moment of each part, set against the loudest of all."""

from __future__ import annotations

import array
import itertools
from collections.abc import Sequence

from media.shapes import Content

BARS = 64
STEP = 400  # samples that are looked at together


class Loudest:
    """Keeps the loudest sample of each short step; memory stays small however long the sound is."""

    def __init__(self, expected: int | None) -> None:
        self.step = max(STEP, (expected or 0) // (BARS * STEP))
        self.peaks: array.array[int] = array.array("l")
        self.count = 0

    def hear(self, samples: Sequence[int]) -> None:
        self.count += len(samples)
        for start in range(0, len(samples), self.step):
            part = samples[start : start + self.step]
            self.peaks.append(max(max(part), -min(part)))

    def bars(self) -> bytes:
        return made(self.peaks)


def made(peaks: Sequence[int]) -> bytes:
    """64 bars of any number of peaks, at least one."""
    edges = [number * len(peaks) / BARS for number in range(BARS + 1)]
    parts = [peaks[int(start) : max(int(start) + 1, int(end))] for start, end in itertools.pairwise(edges)]
    loudest = max(peaks) or 1
    return bytes(round(100 * max(part) / loudest) for part in parts)


def of_samples(data: Content, start: int, end: int, width: int, channels: int) -> bytes | None:
    """Of uncompressed whole numbers in little-endian order, `width` bytes each; looks at a part of long sounds."""
    frame = width * channels
    count = (end - start) // frame
    if not count or width not in (1, 2, 3, 4):
        return None
    looked_at = BARS * 16
    peaks = []
    for number in range(min(looked_at, count)):
        first = count * number // min(looked_at, count)
        last = min(count, max(first + 1, count * (number + 1) // looked_at), first + STEP * 4)
        peaks.append(loudest_of(data[start + first * frame : start + last * frame], width))
    return made(peaks)


def loudest_of(content: bytes, width: int) -> int:
    if width == 1:  # from 0 to 255, silence in the middle
        return max(abs(value - 128) for value in content)
    if width == 3:  # the upper two bytes are enough
        content = b"".join(content[at + 1 : at + 3] for at in range(0, len(content) - 2, 3))
    samples = array.array("i" if width == 4 else "h")
    samples.frombytes(content)
    return max(max(samples), -min(samples))
