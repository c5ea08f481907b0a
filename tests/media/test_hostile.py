"""Files that are not what they seem, cost more than they weigh, or are broken: each with its answer."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from media.strip import mp3
from tests.media import zoo
from tests.media.conftest import Clean, picture

MB = 1_000_000

WRONG = {
    "nothing": (lambda: b"", "broken"),
    "one byte": (lambda: b"\x89", "unsupported"),
    "zeros": (lambda: bytes(100_000), "unsupported"),
    "text": (lambda: b"Hello.\n" * 100, "unsupported"),
    "HTML": (lambda: zoo.HTML, "unsupported"),
    "HTML behind a byte order mark": (lambda: b"\xef\xbb\xbf" + zoo.HTML, "unsupported"),
    "SVG": (lambda: zoo.SVG, "unsupported"),
    "SVG, compressed": (lambda: zlib.compress(zoo.SVG, wbits=31), "unsupported"),
    "PDF": (lambda: b"%PDF-1.7\n" + bytes(100), "unsupported"),
    "ZIP": (lambda: zoo.ZIP, "unsupported"),
    "program": (lambda: b"\x7fELF\x02\x01\x01" + bytes(200), "unsupported"),
    "playlist": (lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:1\nfile:///etc/passwd\n", "unsupported"),
    "PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "unsupported"),
    "BMP": (lambda: zoo.saved(zoo.colourful(), "BMP"), "unsupported"),
    "TIFF": (lambda: zoo.saved(zoo.colourful(), "TIFF"), "unsupported"),
    "icon": (lambda: zoo.saved(zoo.colourful(), "ICO"), "unsupported"),
    "JPEG 2000": (lambda: zoo.saved(zoo.colourful(), "JPEG2000"), "unsupported"),
    "RIFF of another kind": (lambda: b"RIFF" + struct.pack("<I", 40) + b"AVI " + bytes(36), "unsupported"),
    "boxes of another kind": (lambda: b"\x00\x00\x00\x18ftypqt  " + bytes(12), "unsupported"),
    "PNG, only its first bytes": (lambda: zoo.png()[:8], "broken"),
    "PNG of no width": (lambda: zoo.png_header(0, 100), "broken"),
    "PNG that says more than it holds": (lambda: zoo.png_header(100, 100), "broken"),
    "PNG with a wrong checksum": (lambda: flipped(zoo.png(), 20), "broken"),
    "PNG named as JPEG": (lambda: b"\xff\xd8\xff" + zoo.png(), "broken"),
    "JPEG of markers alone": (lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + bytes(9) + b"\xff\xd9", "broken"),
    "GIF of a header alone": (lambda: b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0) + b";", "broken"),
    "GIF with a script": (lambda: b"GIF89a=1;" + zoo.HTML, "broken"),
    "WebP with a script": (lambda: b"RIFF\x20\0\0\0WEBP" + zoo.HTML, "broken"),
    "WAV without samples": (lambda: zoo.sound("wav")[:40], "broken"),
    "WAV with a script": (lambda: b"RIFF\xff\xff\xff\xffWAVE" + zoo.HTML, "broken"),
    "Ogg with a script": (lambda: b"OggS" + zoo.HTML, "unsupported"),
    "FLAC with a script": (lambda: b"fLaC" + zoo.HTML, "broken"),
    "MP4 with a script": (lambda: b"\x00\x00\x00\x18ftypM4A \0\0\0\0mp42isom" + zoo.HTML, "broken"),
    "WebM with a script": (lambda: b"\x1a\x45\xdf\xa3" + zoo.HTML, "broken"),
    "MP3 of a tag alone": (lambda: b"ID3\x04\x00\x00\x00\x00\x00\x10" + bytes(16), "broken"),
    "MP3 of a tag and a page": (lambda: b"ID3\x04\x00\x00\x00\x00\x00\x10" + bytes(16) + zoo.HTML * 50, "broken"),
    "PNG a gigabyte wide": (lambda: zoo.png_header(1_000_000_000, 1), "too_many_pixels"),
    "PNG of 41 megapixels": (lambda: zoo.png_header(6400, 6410), "too_many_pixels"),
    "GIF of the largest size": (
        lambda: b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b"," + bytes(20),
        "too_many_pixels",
    ),
    "JPEG that says it is larger": (lambda: resized_jpeg(60_000, 60_000), "too_many_pixels"),
    "WebP that says it is larger": (lambda: resized_webp(16_000, 16_000), "broken"),
    "animation of many pixels": (lambda: zoo.gif_of_frames(120, 2000), "too_many_pixels"),
    "PNG that says it has a million frames": (lambda: with_frames(1_000_000), "too_many_pixels"),
}

CUT = {
    "JPEG": zoo.jpeg,
    "PNG": zoo.png,
    "animated PNG": lambda: zoo.moving("PNG", size=(500, 400)),
    "WebP": zoo.webp,
    "AVIF": zoo.avif,
    "HEIC": zoo.heic,
}

POLYGLOTS = {
    "GIF and script": lambda: zoo.gif() + b"/*" + zoo.HTML,
    "JPEG and ZIP": lambda: zoo.jpeg() + zoo.ZIP,
    "JPEG with a page in its comment": lambda: zoo.jpeg(comment=zoo.HTML),
    "JPEG with a page in its profile's place": lambda: zoo.jpeg(icc_profile=zoo.HTML),
    "PNG and ZIP": lambda: zoo.png() + zoo.ZIP,
    "PNG with a page in a chunk of its own": lambda: zoo.png().replace(
        png_end := zoo.png_chunk(b"IEND", b""), zoo.png_chunk(b"juNk", zoo.HTML) + png_end
    ),
    "WebP with a page in a chunk of its own": lambda: appended_chunk(zoo.webp(), b"JUNK", zoo.HTML),
    "WAV with a page in a chunk of its own": lambda: appended_chunk(zoo.sound("wav"), b"JUNK", zoo.HTML),
    "AVIF with a page in a box of its own": lambda: zoo.avif() + box(b"junk", zoo.HTML),
    "M4A with a page in a box of its own": lambda: (
        box(b"ftyp", b"M4A \0\0\0\0") + box(b"junk", zoo.HTML) + zoo.sound("m4a")
    ),
    "MP3 behind a page in a tag": lambda: (
        b"ID3\x04\0\0\0\0" + bytes((len(zoo.HTML) >> 7, len(zoo.HTML) & 127)) + zoo.HTML + zoo.sound("mp3")
    ),
    "MP3 with a page in the middle": lambda: between_frames(zoo.sound("mp3"), zoo.HTML),
    "Ogg and ZIP": lambda: zoo.sound("ogg", "-c:a", "libvorbis") + zoo.ZIP,
    "FLAC and ZIP": lambda: zoo.sound("flac") + zoo.ZIP,
    "WebM and ZIP": lambda: zoo.sound("webm", "-c:a", "libopus") + zoo.ZIP,
}


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes((content[place] ^ 0x55,)) + content[place + 1 :]


def resized_jpeg(width: int, height: int) -> bytes:
    content = zoo.jpeg()
    place = content.index(b"\xff\xc0") + 5
    return content[:place] + struct.pack(">HH", height, width) + content[place + 4 :]


def resized_webp(width: int, height: int) -> bytes:
    content = bytearray(zoo.webp())
    place = content.index(b"VP8X") + 12
    content[place : place + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(content)


def with_frames(count: int) -> bytes:
    content = zoo.moving("PNG")
    place = content.index(b"acTL")
    end = place + 4 + 8
    return content[: place - 4] + zoo.png_chunk(b"acTL", struct.pack(">II", count, 0)) + content[end + 4 :]


def appended_chunk(riff: bytes, name: bytes, content: bytes) -> bytes:
    content += b" " * (len(content) % 2)
    chunk = name + struct.pack("<I", len(content)) + content
    return riff[:4] + struct.pack("<I", len(riff) - 8 + len(chunk)) + riff[8:] + chunk


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def between_frames(content: bytes, put: bytes) -> bytes:
    place = [at for at, _header in mp3.frames(content)][20]
    return content[:place] + put + content[place:]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_with_its_reason(clean: Clean, name: str) -> None:
    make, reason = WRONG[name]
    answer = clean(make())
    assert answer.refused == reason, answer.made


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("name", CUT)
def test_half_a_picture_is_refused(clean: Clean, name: str, tenth: int) -> None:
    content = CUT[name]()
    assert clean(content[: len(content) * tenth // 10]).refused == "broken"


@pytest.mark.parametrize("name", POLYGLOTS)
def test_of_two_kinds_one_is_left(clean: Clean, name: str) -> None:
    content = POLYGLOTS[name]()
    assert b"script" in content or b"PK" in content
    answer = clean(content)
    assert answer.made is not None, answer.refused
    for word in (b"script", b"PK\x03\x04", zoo.SECRET):
        assert word not in answer.content


@pytest.mark.parametrize("name", ["mp3", "wav", "ogg", "m4a", "flac", "webm"])
def test_what_is_cut_or_spoilt_at_random_gets_an_answer(clean: Clean, name: str) -> None:
    """Never a crash, and what is taken is whole."""
    dice = random.Random(name)
    for _ in range(6):
        content = bytearray(zoo.sound(name))
        for _ in range(dice.randrange(1, 30)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        answer = clean(bytes(content[: dice.randrange(len(content))]))
        assert answer.refused in (None, "broken", "unsupported")


@pytest.mark.parametrize(
    "make", [zoo.jpeg, zoo.png, zoo.gif, zoo.webp, zoo.avif, zoo.heic], ids=lambda make: make.__name__
)
def test_a_picture_spoilt_at_random_gets_an_answer(clean: Clean, make: Callable[[], bytes]) -> None:
    dice = random.Random(make.__name__)
    original = make()
    for _ in range(6):
        content = bytearray(original)
        for _ in range(dice.randrange(1, 30)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        answer = clean(bytes(content))
        assert answer.refused in (None, "broken", "unsupported", "too_many_pixels")
        if answer.made is not None:
            picture(answer.content).load()


@pytest.mark.parametrize("make", [zoo.png, lambda: zoo.sound("wav")], ids=["picture", "sound"])
def test_too_large_is_refused_before_it_is_read(clean: Clean, make: Callable[[], bytes]) -> None:
    content = make()
    most = len(content) - 1
    assert clean(content, image_bytes=most, audio_bytes=most).refused == "too_large"
    assert clean(content, image_bytes=len(content), audio_bytes=len(content)).refused is None


def test_the_limit_of_pixels_is_exact(clean: Clean) -> None:
    content = zoo.saved(Image.new("L", (100, 80)), "PNG")
    assert clean(content, pixels=8000).refused is None
    assert clean(content, pixels=7999).refused == "too_many_pixels"


def test_a_profile_that_unpacks_to_a_great_deal_is_no_reason_to_fall(clean: Clean) -> None:
    bomb = zoo.png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(300 * MB)))
    content = zoo.png()
    answer = clean(content[:33] + bomb + content[33:])
    assert answer.refused == "broken" or "icc_profile" not in picture(answer.content).info


def test_a_text_that_unpacks_to_a_great_deal_is_no_reason_to_fall(clean: Clean) -> None:
    bomb = zoo.png_chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(300 * MB)))
    content = zoo.png()
    answer = clean(content[:33] + bomb + content[33:])
    assert answer.refused in (None, "broken")
