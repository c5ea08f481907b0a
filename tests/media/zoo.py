"""Files of every kind, made here: ordinary ones that carry what nobody else should see, and hostile ones."""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin

from tests.services import program

SECRET = b"SECRET-5f3a"  # stands in everything that has to be gone
GPS_IFD, LATITUDE, DESCRIPTION, ORIENTATION = 0x8825, 2, 0x010E, 0x0112
HTML = b"<!DOCTYPE html><script>alert('" + SECRET + b"')</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><text>" + SECRET + b"</text></svg>"
ZIP = b"PK\x03\x04" + SECRET + b"PK\x05\x06" + bytes(18)

pillow_heif.register_heif_opener()


def colourful(width: int = 400, height: int = 300) -> Image.Image:
    """Red grows to the right and green downwards, so that each orientation is told from the others."""
    across = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 40)))


def exif(orientation: int = 1) -> bytes:
    """With a place, a description and, if it is not upright, how the camera was held."""
    data = Image.Exif()
    data[DESCRIPTION] = SECRET.decode()
    data[ORIENTATION] = orientation
    data.get_ifd(GPS_IFD)[LATITUDE] = (59.0, 57.0, 1234.5)
    data.get_ifd(GPS_IFD)[29] = SECRET.decode()
    return data.tobytes()


XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def profile() -> bytes:
    """Not sRGB, so that it matters."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def jpeg(**options: Any) -> bytes:
    options = {"quality": 85, "exif": exif(), "comment": SECRET, "xmp": XMP} | options
    return saved(colourful(), "JPEG", **options)


def png(image: Image.Image | None = None, **options: Any) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    options = {"pnginfo": text, "exif": exif()} | options
    return saved(image or colourful(), "PNG", **options)


def gif() -> bytes:
    return saved(colourful(), "GIF", comment=SECRET)


def webp(**options: Any) -> bytes:
    return saved(colourful(), "WEBP", **{"exif": exif(), "xmp": XMP} | options)


def avif(**options: Any) -> bytes:
    return saved(colourful(), "AVIF", **{"exif": exif(), "xmp": XMP, "speed": 10} | options)


def heic(**options: Any) -> bytes:
    return saved(colourful(), "HEIF", **{"exif": exif(), "xmp": XMP, "quality": 80} | options)


def moving(form: str, frames: int = 4, size: tuple[int, int] = (200, 100)) -> bytes:
    """Of as many colours as frames, 70 ms each, for ever."""
    pictures = [Image.new("RGB", size, (60 * number % 256, 20, 200 - 40 * number % 200)) for number in range(frames)]
    options: dict[str, Any] = {"save_all": True, "append_images": pictures[1:], "duration": 70, "loop": 0}
    hidden = {"GIF": {"comment": SECRET}, "PNG": {"exif": exif()}, "WEBP": {"exif": exif(), "xmp": XMP}}
    return saved(pictures[0], form, **options | hidden.get(form, {}))


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        png_chunk(name, content)
        for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    )


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def gif_of_frames(count: int, side: int) -> bytes:
    """A small file that unpacks to a great many pixels."""
    return saved(
        Image.new("P", (side, side)),
        "GIF",
        save_all=True,
        append_images=[Image.new("P", (side, side), number % 2) for number in range(1, count)],
        duration=20,
    )


@cache
def sound(ending: str, *options: str, seconds: int = 2) -> bytes:
    """As ffmpeg writes it: a tone that grows louder, with tags that are nobody's business."""
    tone = f"sine=frequency=440:duration={seconds}:sample_rate=48000,volume='t/{seconds}':eval=frame"
    tags = ["-metadata", f"title={SECRET.decode()}", "-metadata", f"comment={SECRET.decode()}"]
    return from_ffmpeg(ending, ["-f", "lavfi", "-i", tone], [*tags, *options])


@cache
def sound_with_cover(ending: str, *options: str) -> bytes:
    cover = saved(colourful(), "PNG")
    inputs = ["-f", "lavfi", "-i", "sine=duration=2", "-f", "png_pipe", "-i", "pipe:0"]
    shown = ["-map", "0:a", "-map", "1:v", "-disposition:v:0", "attached_pic", "-c:v", "copy"]
    return from_ffmpeg(ending, inputs, [*shown, *options], cover)


@cache
def film(ending: str, *options: str) -> bytes:
    inputs = ["-f", "lavfi", "-i", "sine=duration=1", "-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=5"]
    return from_ffmpeg(ending, inputs, ["-map", "0:a", "-map", "1:v", *options])


def from_ffmpeg(ending: str, inputs: list[str], outputs: list[str], fed: bytes = b"") -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"made.{ending}"
        order = [program("ffmpeg"), "-v", "error", *inputs, *outputs, str(target)]
        subprocess.run(order, input=fed, check=True)
        return target.read_bytes()
