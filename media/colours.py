"""Colours as a screen without colour management shows them: thumbnails and what was meant for ink."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

SRGB = ImageCms.createProfile("sRGB")
PLAIN = {"RGB", "RGBA", "L", "CMYK"}


def profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The picture's profile, if it has one that can be read."""
    content = image.info.get("icc_profile")
    if not content:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(content))
    except (OSError, ValueError, TypeError):
        return None


def shown(image: Image.Image, profile: ImageCms.ImageCmsProfile | None, box: tuple[int, int]) -> Image.Image:
    """A copy in sRGB, with alpha where the picture has any, made to fit into `box`."""
    picture = plain(image)
    if picture is image:
        picture.load()
    if picture.width > box[0] or picture.height > box[1]:
        scale = min(box[0] / picture.width, box[1] / picture.height)
        size = tuple(max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize(size, Image.Resampling.HAMMING, reducing_gap=1.5)
    elif picture is image:
        picture = picture.copy()
    picture = in_srgb(picture, profile)
    return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")


def without_ink(image: Image.Image, content: bytes | None) -> Image.Image:
    image.info.pop("icc_profile", None)
    probe = Image.new("CMYK", (1, 1))
    probe.info["icc_profile"] = content
    converted = in_srgb(image, profile(probe))
    return converted if converted.mode == "RGB" else converted.convert("RGB")


def plain(image: Image.Image) -> Image.Image:
    """The same in a mode that resizes well: palettes become colours, 16 bits become 8."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    elif image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    else:
        return image if image.mode in PLAIN else image.convert("RGB")


def in_srgb(picture: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image:
    """As it is where the profile does not fit the picture."""
    if profile is None:
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        return ImageCms.profileToProfile(picture, profile, SRGB, outputMode=mode) or picture
    except (ImageCms.PyCMSError, ValueError):
        return picture
