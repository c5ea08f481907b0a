"""What a file was called where it came from: good for showing and for saving, and never for finding it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

LONGEST = 255  # characters, and bytes of UTF-8, since that is what file systems take
NAMELESS = "file"

# What cannot stand in a name on Windows, besides control characters.
_RESERVED = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# They hold emoji and some scripts together; every other mark of category Cf turns text around or hides something.
_JOINERS = "\u200c\u200d"


def cleaned(name: str) -> str:
    """The last part of a path, in one line without control and direction marks, short enough for any disk."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name).rstrip("/\\"))[-1]
    shown = "".join(character for character in last if not _is_hidden(character))
    words = _RESERVED.sub("_", " ".join(shown.split())).strip(". ")
    if not words:
        return NAMELESS
    return _cut(f"_{words}" if _DEVICES.fullmatch(words) else words)


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    # Line breaks and tabs are spaces here.
    return category[0] == "C" and character not in _JOINERS and not character.isspace()


def fitting(name: str, extensions: tuple[str, ...]) -> str:
    """The name with an extension that says what the file is: its own, if that is one of `extensions`, or the first."""
    if not extensions or PurePath(name).suffix.lower() in extensions:
        return name
    return _cut(name, PurePath(name).stem, extensions[0])


def _cut(name: str, stem: str | None = None, extension: str | None = None) -> str:
    if stem is None or extension is None:
        stem, extension = PurePath(name).stem, PurePath(name).suffix
    if len(extension) > 16:
        stem, extension = name, ""
    room = LONGEST - len(extension.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + extension
