"""What can be sent as a file: formats, their names and types, and how large. Knows nothing of content.

What a browser says of a file is a hint, good for refusing early; what it is, its content decides (media/).
"""

from __future__ import annotations

from pathlib import PurePath

from flask_babel import lazy_gettext as _

import media
from chat.errors import ChatError, Invalid, TooLarge, Unsupported
from chat.payloads import Payload

MB = 1024 * 1024  # bytes


# What a browser says of a file whose type it does not know.
UNKNOWN_TYPES = ("", "application/octet-stream")

_allowed: dict[str, media.Format] = {}
_largest = {"image": 0, "audio": 0}  # bytes
_megapixels = 0


def configure(names: frozenset[str], image_max: int, audio_max: int, megapixels: int) -> None:
    """Set which formats may be sent, how many megabytes a picture and a recording may have, and how many pixels."""
    global _megapixels
    _allowed.clear()
    _allowed.update({name: found for name, found in media.FORMATS.items() if name in names})
    _largest.update(image=image_max * MB, audio=audio_max * MB)
    _megapixels = megapixels


def limits() -> media.Limits:
    """For the cleaning."""
    return media.Limits(
        pixels=_megapixels * 1_000_000,
        image_bytes=_largest["image"],
        audio_bytes=_largest["audio"],
        formats=frozenset(_allowed),
    )


def described() -> Payload:
    """For the page, which refuses before it uploads."""
    formats = {
        name: {"kind": found.kind, "types": list(found.types), "extensions": list(found.extensions)}
        for name, found in _allowed.items()
    }
    return {
        "image_max": _largest["image"],
        "audio_max": _largest["audio"],
        "megapixels": _megapixels,
        "formats": formats,
    }


def check(name: str, type_: str, size: int) -> None:
    """What can be refused before a byte has come, by what the browser says. Raises Invalid, TooLarge, Unsupported."""
    if size == 0:
        raise Invalid(_("This file is empty."))
    kind = _kind(name, type_.split(";")[0].strip().lower())
    if size > (_largest[kind] if kind else max(_largest.values())):
        raise too_large(kind or max(_largest, key=_largest.__getitem__))


def _kind(name: str, type_: str) -> str | None:
    """`image` or `audio`, or None where nothing is said. Raises Unsupported."""
    extension = PurePath(name).suffix.lower()
    for found in _allowed.values():
        if type_ in found.types or extension in found.extensions:
            return found.kind
    if type_ in UNKNOWN_TYPES and not extension:
        return None
    raise Unsupported()


def largest(kind: str) -> int:
    """Bytes that a picture or a recording may have."""
    return _largest[kind]


def too_large(kind: str) -> TooLarge:
    size = _largest[kind] // MB
    if kind == "image":
        return TooLarge(_("Pictures may be at most %(size)s MB large.", size=size))
    else:
        return TooLarge(_("Recordings may be at most %(size)s MB large.", size=size))


def refusal(reason: str) -> ChatError:
    """What a person is told whose file the cleaning refused (media.Refused)."""
    if reason == "too_large":
        # It was not too large for what it said it was, so it is of the other kind.
        return too_large(min(_largest, key=_largest.__getitem__))
    elif reason == "too_many_pixels":
        return TooLarge(_("Pictures may have at most %(count)d megapixels.", count=_megapixels))
    elif reason == "unsupported":
        return Unsupported()
    else:
        return Unsupported(_("This file is damaged and cannot be read."))


def extensions_of(type_: str) -> tuple[str, ...]:
    """Those a file stored under this type may have, the usual one first."""
    return next((found.extensions for found in media.FORMATS.values() if found.type == type_), ())
