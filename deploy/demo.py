"""Pictures and voices that are nobody's, for photographs of the page: hills under a sky and a murmur, from numbers."""

import io
import math
import random
import wave
from array import array

from PIL import Image, ImageDraw, ImageFilter

# Sky above, sky at the horizon, hills far and near, and the sun.
PALETTES = (
    ((246, 189, 116), (235, 128, 112), (104, 78, 120), (22, 27, 56), (255, 233, 178)),
    ((104, 170, 208), (222, 234, 226), (120, 164, 156), (28, 74, 70), (255, 246, 214)),
    ((58, 66, 120), (214, 142, 158), (92, 84, 140), (26, 26, 58), (250, 226, 214)),
    ((150, 196, 170), (244, 226, 176), (150, 160, 110), (58, 78, 52), (255, 240, 190)),
)
HILLS = 5
RATE = 8_000  # samples a second


def landscape(seed: int, size: tuple[int, int] = (1600, 1066)) -> Image.Image:
    chance = random.Random(seed)  # noqa: S311 - a drawing, not a secret
    above, horizon, far, near, sun = PALETTES[seed % len(PALETTES)]
    width, height = size
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    for y in range(height):
        draw.line(((0, y), (width, y)), fill=between(above, horizon, min(1, y / height / 0.6)))
    place, radius = (width * chance.uniform(0.25, 0.75), height * chance.uniform(0.2, 0.4)), height * 0.09
    glow = Image.new("L", size)
    ImageDraw.Draw(glow).ellipse(around(place, radius * 2), fill=150)
    image.paste(sun, mask=glow.filter(ImageFilter.GaussianBlur(radius)))
    draw.ellipse(around(place, radius), fill=sun)
    for hill in range(HILLS):
        draw.polygon(ridge(size, hill, chance), fill=between(far, near, hill / (HILLS - 1)))
    return image


def ridge(size: tuple[int, int], hill: int, chance: random.Random) -> list[tuple[float, float]]:
    width, height = size
    waves = [(chance.uniform(1, 3) * (2**n), chance.uniform(0, 6), 0.07 / (2**n)) for n in range(5)]

    def top(x: float) -> float:
        swing = sum(far * math.sin(x * often + shift) for often, shift, far in waves)
        return height * (0.52 + 0.11 * hill + swing * (1.3 - hill / HILLS))

    steps = range(0, width + 8, 8)
    return [(0.0, height), *((float(x), top(x / width * math.tau / 2)) for x in steps), (float(width), height)]


def between(first: tuple[int, int, int], second: tuple[int, int, int], part: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * part) for a, b in zip(first, second, strict=True))


def around(place: tuple[float, float], radius: float) -> tuple[float, float, float, float]:
    x, y = place
    return (x - radius, y - radius, x + radius, y + radius)


def jpeg(seed: int, size: tuple[int, int] = (1600, 1066)) -> bytes:
    file = io.BytesIO()
    landscape(seed, size).save(file, "JPEG", quality=88)
    return file.getvalue()


def murmur(seed: int, seconds: float) -> bytes:
    """As loud and as quiet as somebody who talks, as WAV."""
    chance = random.Random(seed)  # noqa: S311 - a drawing, not a secret
    samples = array("h")
    while len(samples) < seconds * RATE:
        length = int(seconds * RATE / chance.uniform(30, 90))
        loudness, pitch = chance.choice((0.5, 2, 4, 6, 9, 12)) * 1_000, chance.uniform(110, 190)
        fade = (math.sin(math.pi * at / length) for at in range(length))
        samples.extend(int(loudness * part * math.sin(at * pitch * math.tau / RATE)) for at, part in enumerate(fade))
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(samples[: int(seconds * RATE)].tobytes())
    return file.getvalue()
