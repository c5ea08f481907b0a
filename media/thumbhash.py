"""ThumbHash: some 25 bytes from which a page draws a blurred picture at once (https://evanw.github.io/thumbhash/).

Written down here because none of the packages will do: `thumbhash` fails on transparent pictures, `thumbhash-python`
refuses every Pillow after 10, `fast-thumbhash` comes compiled for few machines. The tests hold it against the original.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SIDE = 32  # pixels at most: no more than seven waves are kept either way, so a larger picture says no more

Plane = Sequence[float]


class Waves(NamedTuple):
    """A plane of colour as a sum of cosines: its mean, and the others from 0 to 1 as parts of the strongest."""

    mean: float
    others: list[float]
    scale: float


def encode(width: int, height: int, rgba: bytes) -> bytes:
    """The hash of a picture of at most SIDE × SIDE pixels, four bytes each, alpha not multiplied in."""
    lightness, yellow_blue, red_green, alpha = planes(rgba)
    has_alpha = sum(alpha) < width * height
    most, longer = (5 if has_alpha else 7), max(width, height)
    nx, ny = (max(1, rounded(most * side / longer)) for side in (width, height))
    light = transformed(lightness, width, height, max(3, nx), max(3, ny))
    p = transformed(yellow_blue, width, height, 3, 3)
    q = transformed(red_green, width, height, 3, 3)
    head = (
        rounded(63 * light.mean)
        | rounded(31.5 + 31.5 * p.mean) << 6
        | rounded(31.5 + 31.5 * q.mean) << 12
        | rounded(31 * light.scale) << 18
        | has_alpha << 23
    )
    is_landscape = width > height
    shape = (ny if is_landscape else nx) | rounded(63 * p.scale) << 3 | rounded(63 * q.scale) << 9 | is_landscape << 15
    made = head.to_bytes(3, "little") + shape.to_bytes(2, "little")
    others = [*light.others, *p.others, *q.others]
    if has_alpha:
        a = transformed(alpha, width, height, 5, 5)
        made += bytes((rounded(15 * a.mean) | rounded(15 * a.scale) << 4,))
        others += a.others
    return made + packed(others)


def planes(rgba: bytes) -> tuple[Plane, Plane, Plane, Plane]:
    """Lightness, yellow against blue, red against green, alpha; what shines through is of the average colour."""
    alpha = [value / 255 for value in rgba[3::4]]
    opaque = sum(alpha) or 1
    colours = []
    for channel in range(3):
        values = [a * value / 255 for a, value in zip(alpha, rgba[channel::4], strict=True)]
        average = sum(values) / opaque
        colours.append([average * (1 - a) + value for a, value in zip(alpha, values, strict=True)])
    pixels = list(zip(*colours, strict=True))
    return (
        [(r + g + b) / 3 for r, g, b in pixels],
        [(r + g) / 2 - b for r, g, b in pixels],
        [r - g for r, g, _b in pixels],
        alpha,
    )


def transformed(plane: Plane, width: int, height: int, nx: int, ny: int) -> Waves:
    across = [cosines(width, cx) for cx in range(nx)]
    down = [cosines(height, cy) for cy in range(ny)]
    rows = [plane[start : start + width] for start in range(0, width * height, width)]
    sums = [[math.fsum(map(float.__mul__, row, wave)) for row in rows] for wave in across]
    found = [math.fsum(map(float.__mul__, sums[cx], down[cy])) / (width * height) for cx, cy in frequencies(nx, ny)]
    mean, others = found[0], found[1:]
    scale = max(map(abs, others), default=0.0)
    return Waves(mean, [0.5 + 0.5 / scale * value for value in others] if scale else others, scale)


def cosines(length: int, frequency: int) -> list[float]:
    return [math.cos(math.pi / length * frequency * (place + 0.5)) for place in range(length)]


def frequencies(nx: int, ny: int) -> Iterator[tuple[int, int]]:
    """Only the low ones: a triangle."""
    for cy in range(ny):
        cx = 0
        while cx * ny < nx * (ny - cy):
            yield cx, cy
            cx += 1


def packed(values: list[float]) -> bytes:
    """Four bits each, the first of a pair in the lower half."""
    nibbles = [rounded(15 * value) for value in values]
    if len(nibbles) % 2:
        nibbles.append(0)
    return bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))


def rounded(value: float) -> int:
    """As JavaScript rounds: halves go up."""
    return math.floor(value + 0.5)
