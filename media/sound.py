"""Sound: parsed, stripped of what is not heard, measured, and converted where it would not play everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mutagen
from mutagen.flac import FLAC
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.wave import WAVE

from media import ffmpeg
from media.shapes import FORMATS, Content, Limits, Made, Refused
from media.strip import flac, m4a, mp3, ogg, wav, webm

# The part of the time by which ffmpeg's works have to be done; where that is too little, a file is taken without them.
CONVERTED_BY, DRAWN_BY = 0.5, 0.8
AAC = "mp4a.40"


class Heard(NamedTuple):
    """What parsing tells. `duration` is milliseconds; what is not `plain` is better written anew, `aac` or not."""

    duration: int | None
    plain: bool = True
    aac: bool = False


def clean(source: Path, data: Content, name: str, folder: Path, limits: Limits, voice: bool) -> Made:
    """`data` is the content of `source` and begins as `name` does. Raises Refused, OSError, and what mutagen raises."""
    began = time.monotonic()
    try:
        heard = PARSED[name](source, data)
        original = written(folder / f"original{FORMATS[name].extension}", STRIPPED[name](data))
        if name == "ogg":
            ogg.without_tags(original, data)
    except mutagen.MutagenError as problem:
        raise Refused("broken") from problem
    portable = heard.plain
    if not portable and (voice or name != "ogg"):
        made = converted(original, name, heard, began + limits.seconds * CONVERTED_BY)
        if made is not None:
            original, name, portable = made, "m4a", True
    bars = wav.bars(data) if name == "wav" else None
    duration = heard.duration
    if bars is None and ffmpeg.is_there():
        bars, decoded = ffmpeg.bars(original, name, duration, began + limits.seconds * DRAWN_BY)
        duration = duration or decoded or None
    form = FORMATS[name]
    return Made(
        kind="audio",
        type=form.type,
        extension=form.extension,
        size=original.stat().st_size,
        original=original,
        duration=duration,
        waveform=bars,
        portable=portable,
    )


def written(path: Path, pieces: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(pieces)
    return path


def converted(original: Path, name: str, heard: Heard, deadline: float) -> Path | None:
    """The same as M4A/AAC in place of the original; None, and the original as it was, where that cannot be."""
    fresh = original.with_name("converted.m4a")
    if not ffmpeg.is_there() or not ffmpeg.convert(original, name, fresh, deadline, copy=heard.aac):
        return None
    original.unlink()
    return fresh.rename(original.with_name("original.m4a"))


def parsed_mp3(source: Path, data: Content) -> Heard:
    MP3(source)  # type: ignore[no-untyped-call]
    return Heard(mp3.duration(data))


def parsed_wav(source: Path, data: Content) -> Heard:
    WAVE(source)  # type: ignore[no-untyped-call]
    return Heard(wav.duration(data))


def parsed_ogg(source: Path, data: Content) -> Heard:
    _stream, reader = ogg.sound(data)
    return Heard(milliseconds(reader(source)), plain=False)


def parsed_m4a(source: Path, data: Content) -> Heard:
    file = MP4(source)  # type: ignore[no-untyped-call]
    aac = str(getattr(file.info, "codec", "")).startswith(AAC)
    # A recorder does not know at the beginning how long it will be, and what it says there of the length is not true.
    in_fragments = m4a.is_in_fragments(data)
    return Heard(None if in_fragments else milliseconds(file), plain=aac and not in_fragments, aac=aac)


def parsed_flac(source: Path, data: Content) -> Heard:
    FLAC(source)  # type: ignore[no-untyped-call]
    return Heard(flac.read(data).duration)


def parsed_webm(source: Path, data: Content) -> Heard:
    del source  # mutagen does not know it
    webm.check(data)
    return Heard(webm.duration(data), plain=False)


def milliseconds(file: Any) -> int | None:
    return int(file.info.length * 1000) or None


PARSED: dict[str, Callable[[Path, Content], Heard]] = {
    "mp3": parsed_mp3,
    "wav": parsed_wav,
    "ogg": parsed_ogg,
    "m4a": parsed_m4a,
    "flac": parsed_flac,
    "webm": parsed_webm,
}
STRIPPED: dict[str, Callable[[Content], Iterator[bytes]]] = {
    "mp3": mp3.pieces,
    "wav": wav.pieces,
    "ogg": ogg.pieces,
    "m4a": m4a.pieces,
    "flac": flac.pieces,
    "webm": webm.pieces,
}
