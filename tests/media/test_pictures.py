"""Pictures of every kind: what is shown stays, what nobody else should see is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from PIL import Image, ImageChops, ImageStat

import media
from tests.media import zoo
from tests.media.conftest import Answer, Clean, picture


class Animal(NamedTuple):
    make: Callable[[], bytes]
    type: str
    size: tuple[int, int] = (400, 300)
    animated: bool = False
    exact: bool = True  # every pixel is as it was


PICTURES = {
    "JPEG": Animal(zoo.jpeg, "image/jpeg"),
    "progressive JPEG": Animal(lambda: zoo.jpeg(progressive=True), "image/jpeg"),
    "grey JPEG": Animal(lambda: zoo.saved(zoo.colourful().convert("L"), "JPEG", exif=zoo.exif()), "image/jpeg"),
    "CMYK JPEG": Animal(
        lambda: zoo.saved(zoo.colourful().convert("CMYK"), "JPEG", exif=zoo.exif(), quality=95),
        "image/jpeg",
        exact=False,
    ),
    "JPEG in two pictures": Animal(
        lambda: zoo.saved(
            zoo.colourful(), "MPO", save_all=True, append_images=[Image.new("RGB", (40, 30))], exif=zoo.exif()
        ),
        "image/jpeg",
    ),
    "PNG": Animal(zoo.png, "image/png"),
    "16-bit grey PNG": Animal(
        lambda: zoo.png(Image.linear_gradient("L").resize((400, 300)).convert("I;16")), "image/png"
    ),
    "PNG of a palette with transparency": Animal(
        lambda: zoo.png(zoo.colourful().quantize(64), transparency=3), "image/png"
    ),
    "PNG with alpha": Animal(lambda: zoo.png(with_alpha()), "image/png"),
    "grey PNG with alpha": Animal(lambda: zoo.png(with_alpha().convert("LA")), "image/png"),
    "PNG of one bit": Animal(lambda: zoo.png(zoo.colourful().convert("1")), "image/png"),
    "PNG of one pixel": Animal(lambda: zoo.png(Image.new("RGB", (1, 1), "red")), "image/png", (1, 1)),
    "PNG as a ribbon": Animal(lambda: zoo.png(zoo.colourful(3000, 2)), "image/png", (3000, 2)),
    "animated PNG": Animal(lambda: zoo.moving("PNG"), "image/png", (200, 100), animated=True),
    "GIF": Animal(zoo.gif, "image/gif"),
    "animated GIF": Animal(lambda: zoo.moving("GIF"), "image/gif", (200, 100), animated=True),
    "WebP": Animal(zoo.webp, "image/webp"),
    "lossless WebP": Animal(lambda: zoo.webp(lossless=True), "image/webp"),
    "WebP with alpha": Animal(lambda: zoo.saved(with_alpha(), "WEBP", exif=zoo.exif(), xmp=zoo.XMP), "image/webp"),
    "animated WebP": Animal(lambda: zoo.moving("WEBP"), "image/webp", (200, 100), animated=True),
    "AVIF": Animal(zoo.avif, "image/avif"),
    "AVIF with alpha": Animal(lambda: zoo.saved(with_alpha(), "AVIF", exif=zoo.exif(), speed=10), "image/avif"),
    "animated AVIF": Animal(lambda: zoo.moving("AVIF"), "image/avif", (200, 100), animated=True),
    "HEIC": Animal(zoo.heic, "image/jpeg", exact=False),
}
HIDDEN = ("exif", "xmp", "XML:com.adobe.xmp", "comment", "Comment", "photoshop")
OF_EVERY_FORMAT = ["JPEG", "PNG", "animated PNG", "GIF", "animated GIF", "WebP", "animated WebP", "AVIF", "HEIC"]


def with_alpha() -> Image.Image:
    image = zoo.colourful().convert("RGBA")
    image.putalpha(Image.radial_gradient("L").resize(image.size))
    return image


def frames_of(image: Image.Image) -> list[Image.Image]:
    found = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        found.append(image.convert("RGBA"))
    return found


def difference(one: Image.Image, other: Image.Image) -> float:
    """0 where nothing differs, 255 for black against white."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


def files_of(answer: Answer) -> list[bytes]:
    made = answer.made
    assert made is not None
    return [path.read_bytes() for path in (made.original, made.small, made.large) if path]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_stays_what_it_shows(clean: Clean, name: str) -> None:
    animal = PICTURES[name]
    content = animal.make()
    answer = clean(content)
    made = answer.made
    assert made is not None, answer.refused
    assert (made.kind, made.type, made.animated) == ("image", animal.type, animal.animated)
    assert (made.width, made.height) == animal.size
    assert made.portable
    before, after = picture(content), picture(answer.content)
    if animal.exact:
        assert after.mode == before.mode
        first, *others = frames_of(before)
        shown = [first] if name == "JPEG in two pictures" else [first, *others]
        assert [frame.tobytes() for frame in frames_of(after)] == [frame.tobytes() for frame in shown]
    else:
        assert after.mode == "RGB"
        assert difference(before, after) < 3


@pytest.mark.parametrize("name", PICTURES)
def test_what_nobody_else_should_see_is_gone(clean: Clean, name: str) -> None:
    content = PICTURES[name].make() + zoo.ZIP + zoo.HTML
    assert zoo.SECRET in content
    answer = clean(content)
    for file in files_of(answer):
        assert zoo.SECRET not in file
        assert b"PK\x03\x04" not in file
        assert b"script" not in file
        left = picture(file)
        assert not left.getexif().get_ifd(zoo.GPS_IFD)
        assert not any(left.info.get(key) for key in HIDDEN)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("make", [zoo.jpeg, zoo.png, zoo.webp, zoo.avif, zoo.heic], ids=lambda make: make.__name__)
def test_a_picture_is_shown_upright(clean: Clean, make: Callable[..., bytes], orientation: int) -> None:
    """What the eye sees is compared: brightest red and green are in the same corner afterwards."""
    upright = zoo.colourful()
    held = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    transposed = upright if orientation == 1 else upright.transpose(Image.Transpose(held[orientation]))
    content = make(exif=zoo.exif(orientation)) if orientation == 1 else turned(make, transposed, orientation)
    answer = clean(content)
    made = answer.made
    assert made is not None, answer.refused
    assert (made.width, made.height) == (400, 300)
    shown = picture(answer.content)
    if made.type == "image/avif":
        shown = oriented(shown)
    else:
        assert not shown.getexif().get(zoo.ORIENTATION), "no program is left to guess"
    assert difference(shown, upright) < 4
    assert made.small is not None
    assert difference(picture(made.small).convert("RGB"), upright.resize((320, 240))) < 5


def turned(make: Callable[..., bytes], image: Image.Image, orientation: int) -> bytes:
    forms = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "heic": "HEIF"}
    options = {"AVIF": {"speed": 10}, "JPEG": {"quality": 90}}
    form = forms[make.__name__]
    return zoo.saved(image, form, exif=zoo.exif(orientation), **options.get(form, {}))


def oriented(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def test_a_turned_jpeg_keeps_its_tables(clean: Clean) -> None:
    """In blocks of eight it is nearly the same numbers again: turning costs next to nothing."""
    image = zoo.colourful(480, 320)
    content = zoo.saved(image, "JPEG", quality=70, exif=zoo.exif(6))
    after = picture(clean(content).content)
    before = picture(content)
    tables = {
        key: [table[place % 8 * 8 + place // 8] for place in range(64)] for key, table in before.quantization.items()
    }
    assert after.quantization == tables
    assert difference(after, before.transpose(Image.Transpose.ROTATE_270)) < 0.3


def test_a_colour_profile_stays_and_thumbnails_do_without(clean: Clean) -> None:
    """One that swaps red and green shows whether it was applied."""
    swapped = swapping_profile()
    for form, options in (
        ("JPEG", {"quality": 95}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"speed": 10}),
    ):
        answer = clean(zoo.saved(Image.new("RGB", (400, 300), (250, 10, 10)), form, icc_profile=swapped, **options))
        assert answer.made is not None, answer.refused
        assert picture(answer.content).info["icc_profile"] == swapped, form
        assert answer.made.small is not None
        red, green, _blue = picture(answer.made.small).convert("RGB").getpixel((100, 100))
        assert green > 200 > 60 > red, form


def swapping_profile() -> bytes:
    """sRGB with the places of its red and green tags exchanged."""
    from PIL import ImageCms

    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return content.replace(b"rXYZ", b"####").replace(b"gXYZ", b"rXYZ").replace(b"####", b"gXYZ")


def test_a_profile_that_cannot_be_read_goes(clean: Clean) -> None:
    answer = clean(zoo.jpeg(icc_profile=b"no profile at all" * 20))
    assert "icc_profile" not in picture(answer.content).info


def test_a_jpeg_keeps_its_pixels_and_every_byte_of_its_scans(clean: Clean) -> None:
    plain = zoo.saved(zoo.colourful(), "JPEG", quality=85)
    assert clean(zoo.jpeg()).content == clean(plain).content


def test_an_embedded_thumbnail_is_gone(clean: Clean) -> None:
    """Of a picture that was cut, the thumbnail may show what was cut away."""
    content = zoo.saved(zoo.colourful(), "JPEG")
    with_thumbnail = (
        content[:4] + (16 + 3 * 16).to_bytes(2) + content[6:18] + b"\x04\x04" + b"\xab\xcd\xef" * 16 + content[20:]
    )
    assert clean(with_thumbnail).content == clean(content).content


ANIMATED = ["PNG", "GIF", "WEBP"]


@pytest.mark.parametrize("form", ANIMATED)
def test_an_animation_keeps_its_times_and_rounds_and_has_a_still_thumbnail(clean: Clean, form: str) -> None:
    content = zoo.moving(form, size=(500, 400))
    answer = clean(content)
    after = picture(answer.content)
    after.load()
    assert (after.n_frames, after.info["duration"], after.info["loop"]) == (4, 70, 0)
    assert answer.made is not None
    assert answer.made.small is not None
    still = picture(answer.made.small)
    assert (still.size, getattr(still, "n_frames", 1)) == ((320, 256), 1)


@pytest.mark.parametrize(
    ("size", "small", "large"),
    [
        ((320, 320), None, None),
        ((321, 100), (320, 100), None),
        ((1280, 1280), (320, 320), None),
        ((1281, 640), (320, 160), (1280, 640)),
        ((10, 5000), (1, 320), (3, 1280)),
    ],
)
def test_thumbnails_are_made_where_they_are_smaller(
    clean: Clean, size: tuple[int, int], small: tuple[int, int] | None, large: tuple[int, int] | None
) -> None:
    made = clean(zoo.saved(zoo.colourful(*size), "PNG", compress_level=1)).made
    assert made is not None
    assert (made.small and picture(made.small).size) == small
    assert (made.large and picture(made.large).size) == large
    assert not made.small or picture(made.small).format == "WEBP"


def test_what_shines_through_shines_through_in_thumbnails(clean: Clean) -> None:
    made = clean(zoo.png(with_alpha())).made
    assert made is not None
    assert made.small is not None
    assert picture(made.small).mode == "RGBA"


def test_16_bits_become_the_right_8_in_thumbnails(clean: Clean) -> None:
    grey = Image.new("I;16", (400, 300), 40_000)
    made = clean(zoo.saved(grey, "PNG")).made
    assert made is not None
    assert made.small is not None
    assert abs(picture(made.small).convert("L").getpixel((10, 10)) - 40_000 // 256) < 4


def test_the_same_content_makes_the_same_file(clean: Clean) -> None:
    for name in OF_EVERY_FORMAT:
        content = PICTURES[name].make()
        assert files_of(clean(content)) == files_of(clean(content)), name


@pytest.mark.parametrize("name", media.FORMATS)
def test_a_format_can_be_left_out(clean: Clean, name: str) -> None:
    makers = {"png": zoo.png, "jpeg": zoo.jpeg, "gif": zoo.gif, "webp": zoo.webp, "avif": zoo.avif, "heic": zoo.heic}
    content = makers[name]() if name in makers else zoo.sound(name)
    others = frozenset(media.FORMATS) - {name}
    assert clean(content, formats=others).refused == "unsupported"
    assert clean(content, formats=frozenset({name})).refused is None
