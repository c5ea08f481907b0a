"""Pictures: decoded whole under a limit of pixels, stripped or made anew, with thumbnails and a hash."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import AvifImagePlugin, Image, JpegImagePlugin

from media import colours, thumbhash
from media.shapes import FORMATS, Limits, Made, Refused
from media.strip import avif, gif, jpeg, png, webp

SMALL, LARGE = (320, 320), (1280, 1280)
THUMBNAIL_QUALITY = 78
THUMBNAIL_EFFORT = 0  # of 6: the next ones take up to three times as long for a few percent of the bytes
QUALITY = 92  # of pictures that have to be made anew and have no tables of their own

ORIENTATION = 0x0112  # EXIF
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = {5, 6, 7, 8}  # width and height change places
HALF_BOTH = 2  # Pillow's number for colours at half the width and half the height, which turns as it is

PLUGINS = {"png": "PNG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF", "heic": "HEIF"}
ANIMATED = {"png", "gif", "webp", "avif"}
STRIPPED: dict[str, Callable[[bytes, bool], bytes]] = {
    "png": png.stripped,
    "jpeg": jpeg.stripped,
    "gif": gif.stripped,
    "webp": webp.stripped,
    "avif": avif.stripped,
}

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each is memory against the limit; another file uses the other processor
Image.MAX_IMAGE_PIXELS = None  # the limit is ours, asked before anything is decoded


def clean(data: bytes, name: str, folder: Path, limits: Limits) -> Made:
    """`data` begins as `name` does. Raises Refused, and what Pillow raises where it cannot read."""
    if name == "heic":
        import pi_heif  # takes longer to load than most pictures to decode

        pi_heif.options.DECODE_THREADS = 1
        pi_heif.register_heif_opener(thumbnails=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of oddities inside a file; what cannot be read raises
        with Image.open(io.BytesIO(data), formats=[PLUGINS[name]]) as image:
            return made(image, data, name, folder, limits)


def made(image: Image.Image, data: bytes, name: str, folder: Path, limits: Limits) -> Made:
    frames = measured(image, name, limits)
    orientation = orientation_of(image)
    profile = colours.profile(image)
    width, height = image.size[::-1] if orientation in LYING else image.size
    if name == "heic" or image.mode == "CMYK" or (orientation > 1 and name in ("jpeg", "png", "webp") and frames == 1):
        picture = turned(image, orientation)
        name, data = anew(picture, image, name, data, orientation in LYING)
        picture = colours.shown(picture, profile, LARGE)
    else:
        image.draft(None, LARGE)  # JPEG: decoded to half its size or less, where that is enough
        picture = turned(colours.shown(image, profile, LARGE), orientation)
        for number in range(1, frames):  # an animation is decoded whole, too
            image.seek(number)
            image.load()
    form = FORMATS[name]
    original = folder / f"original{form.extension}"
    original.write_bytes(STRIPPED[name](data, profile is not None))
    return Made(
        kind="image",
        type=form.type,
        extension=form.extension,
        size=original.stat().st_size,
        width=width,
        height=height,
        animated=frames > 1,
        original=original,
        **previews(picture, max(width, height), folder),
    )


def measured(image: Image.Image, name: str, limits: Limits) -> int:
    """The number of frames. Raises Refused where there are too many pixels: nothing is decoded yet."""
    pixels = image.width * image.height
    if pixels > limits.pixels:
        raise Refused("too_many_pixels")
    frames = int(getattr(image, "n_frames", 1)) if name in ANIMATED else 1
    if pixels * frames > limits.pixels * limits.frames:
        raise Refused("too_many_pixels")
    return frames


def orientation_of(image: Image.Image) -> int:
    """What EXIF says, 1 to 8; 1 where it says nothing that can be read."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        orientation = exif.get(ORIENTATION, 1)
    except (SyntaxError, ValueError, LookupError, TypeError, OSError, struct.error):
        orientation = 1
    return orientation if orientation in TURNED else 1


def turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(TURNED[orientation]) if orientation in TURNED else image


def anew(picture: Image.Image, source: Image.Image, name: str, data: bytes, lies: bool) -> tuple[str, bytes]:
    """(format, bytes) of the upright picture, as near to its source as the format allows."""
    profile = source.info.get("icc_profile")
    options: dict[str, Any] = {"icc_profile": profile}
    if name == "heic":
        name, picture, options = "jpeg", picture.convert("RGB"), options | {"quality": QUALITY}
    elif picture.mode == "CMYK":
        picture, options = colours.without_ink(picture, profile), {"quality": QUALITY}
    elif isinstance(source, JpegImagePlugin.JpegImageFile):
        options |= as_compressed(source, lies)
    elif name == "webp":
        options |= {"lossless": True} if webp.is_lossless(data) else {"quality": QUALITY}
    file = io.BytesIO()
    picture.save(file, PLUGINS[name], **options)
    return name, file.getvalue()


def as_compressed(source: JpegImagePlugin.JpegImageFile, lies: bool) -> dict[str, Any]:
    """The source's own tables, turned with the picture: what was rounded once is rounded to the same."""
    tables = source.quantization.values()
    sampling = JpegImagePlugin.get_sampling(source)
    return {
        "qtables": [[table[place % 8 * 8 + place // 8] for place in range(64)] if lies else table for table in tables],
        "subsampling": sampling if sampling == HALF_BOTH or (sampling > 0 and not lies) else 0,
        "progressive": bool(source.info.get("progressive")),
    }


def previews(picture: Image.Image, longer: int, folder: Path) -> dict[str, Any]:
    """The thumbnails that are smaller than the picture, and the hash; `picture` fits the larger of them already."""
    return {
        "large": thumbnail(picture, LARGE, folder / "large.webp") if longer > LARGE[0] else None,
        "small": thumbnail(picture, SMALL, folder / "small.webp") if longer > SMALL[0] else None,
        "thumbhash": hashed(picture),
    }


def thumbnail(picture: Image.Image, box: tuple[int, int], path: Path) -> Path:
    picture.thumbnail(box, Image.Resampling.HAMMING)  # as sharp as the dearer ones where a picture becomes smaller
    picture.info = {}
    picture.save(path, "WEBP", quality=THUMBNAIL_QUALITY, method=THUMBNAIL_EFFORT)
    return path


def hashed(picture: Image.Image) -> bytes:
    tiny = picture.convert("RGBA")
    tiny.thumbnail((thumbhash.SIDE, thumbhash.SIDE), Image.Resampling.BOX)
    return thumbhash.encode(tiny.width, tiny.height, tiny.tobytes())
