"""Sound of every kind: it is heard as before, and tags and pictures are gone."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.media import zoo
from tests.media.conftest import Answer, Clean
from tests.services import program


class Animal(NamedTuple):
    ending: str
    options: tuple[str, ...] = ()
    type: str = "audio/mpeg"
    converted: str | None = None  # the type it gets where ffmpeg is
    portable: bool = True  # without ffmpeg


OPUS, VORBIS = ("-c:a", "libopus"), ("-c:a", "libvorbis")
FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov")
M4A = "audio/mp4"
SOUNDS = {
    "MP3": Animal("mp3"),
    "MP3 of changing bit rate": Animal("mp3", ("-q:a", "5", "-id3v2_version", "3", "-write_id3v1", "1")),
    "MP3 without tags": Animal("mp3", ("-id3v2_version", "0", "-write_xing", "0")),
    "MP3 of 16 kHz": Animal("mp3", ("-ar", "16000")),
    "WAV": Animal("wav", type="audio/wav"),
    "WAV of 8 bits": Animal("wav", ("-c:a", "pcm_u8"), "audio/wav"),
    "WAV of 24 bits": Animal("wav", ("-c:a", "pcm_s24le", "-ac", "2"), "audio/wav"),
    "WAV of 32 bits": Animal("wav", ("-c:a", "pcm_s32le"), "audio/wav"),
    "WAV of fractions": Animal("wav", ("-c:a", "pcm_f32le"), "audio/wav"),
    "WAV of six channels": Animal("wav", ("-ac", "6"), "audio/wav"),
    "Ogg Vorbis": Animal("ogg", VORBIS, "audio/ogg", portable=False),
    "Ogg Opus": Animal("opus", OPUS, "audio/ogg", portable=False),
    "M4A": Animal("m4a", (), M4A),
    "M4A, index first": Animal("m4a", ("-movflags", "+faststart"), M4A),
    "M4A of a recorder": Animal("m4a", (*FRAGMENTS, "-f", "mp4"), M4A, M4A, portable=False),
    "MP4 of Opus": Animal("mp4", OPUS, M4A, M4A, portable=False),
    "M4A without loss": Animal("m4a", ("-c:a", "alac"), M4A, M4A, portable=False),
    "FLAC": Animal("flac", (), "audio/flac"),
    "FLAC of 24 bits": Animal("flac", ("-sample_fmt", "s32", "-ac", "2"), "audio/flac"),
    "WebM": Animal("webm", OPUS, "audio/webm", M4A, portable=False),
    "WebM of Vorbis": Animal("webm", VORBIS, "audio/webm", M4A, portable=False),
    "WebM of a recorder": Animal("webm", (*OPUS, "-live", "1"), "audio/webm", M4A, portable=False),
}
WITH_COVER = ("mp3", "m4a", "flac")


@pytest.fixture
def no_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH on which there is none."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert shutil.which("ffmpeg") is None


def made(name: str) -> bytes:
    animal = SOUNDS[name]
    return zoo.sound(animal.ending, *animal.options)


def samples(content: bytes, folder: Path) -> bytes:
    """What is heard, decoded by ffmpeg, who finds nothing to complain of."""
    path = folder / "heard"
    path.write_bytes(content)
    order = [program("ffmpeg"), "-v", "error", "-i", str(path), "-f", "s32le", "pipe:1"]
    done = subprocess.run(order, capture_output=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout


def holds(answer: Answer, type_: str, portable: bool) -> None:
    sound = answer.made
    assert sound is not None, answer.refused
    assert (sound.kind, sound.type, sound.portable) == ("audio", type_, portable)
    assert (sound.width, sound.height, sound.thumbhash, sound.small, sound.large) == (None,) * 5
    assert sound.duration is not None
    assert abs(sound.duration - 2000) < 200


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_is_taken_and_made_to_play_everywhere(clean: Clean, tmp_path: Path, name: str) -> None:
    program("ffmpeg")
    animal = SOUNDS[name]
    answer = clean(made(name))
    holds(answer, animal.converted or animal.type, portable=animal.portable or animal.converted is not None)
    assert answer.made is not None
    bars = answer.made.waveform
    assert bars is not None
    assert (len(bars), max(bars)) == (64, 100)
    assert bars[4] < 25 < 75 < bars[59], "it grows louder"
    if animal.converted is None:
        assert samples(answer.content, tmp_path) == samples(made(name), tmp_path), "not a sample is lost"
    else:
        assert samples(answer.content, tmp_path)


@pytest.mark.parametrize("name", SOUNDS)
def test_tags_and_what_follows_are_gone(clean: Clean, name: str) -> None:
    content = made(name) + zoo.ZIP * 40 + zoo.HTML
    assert zoo.SECRET in made(name) or name == "MP3 without tags"
    answer = clean(content)
    assert answer.made is not None, answer.refused
    for word in (zoo.SECRET, b"PK\x03\x04", b"script"):
        assert word not in answer.content, word


@pytest.mark.usefixtures("no_ffmpeg")
@pytest.mark.parametrize("name", SOUNDS)
def test_without_ffmpeg_sound_is_taken_and_marked(clean: Clean, name: str) -> None:
    animal = SOUNDS[name]
    content = made(name) + zoo.ZIP
    answer = clean(content)
    assert answer.made is not None, answer.refused
    assert (answer.made.type, answer.made.portable) == (animal.type, animal.portable)
    assert zoo.SECRET not in answer.content
    assert b"PK\x03\x04" not in answer.content
    if name.startswith("WAV") and name != "WAV of fractions":
        assert answer.made.waveform is not None
    else:
        assert answer.made.waveform is None


@pytest.mark.parametrize("ending", WITH_COVER)
def test_an_embedded_picture_is_gone(clean: Clean, tmp_path: Path, ending: str) -> None:
    content = zoo.sound_with_cover(ending)
    assert b"IDAT" in content
    answer = clean(content)
    assert b"IDAT" not in answer.content
    assert samples(answer.content, tmp_path) == samples(content, tmp_path)


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        ("mp4", ("-c:v", "libx264", "-c:a", "aac")),
        ("webm", ("-c:v", "libvpx", "-c:a", "libopus")),
        ("ogv", ("-c:v", "libtheora", "-c:a", "libvorbis")),
    ],
)
def test_a_film_is_no_sound(clean: Clean, ending: str, options: tuple[str, ...]) -> None:
    assert clean(zoo.film(ending, *options)).refused == "unsupported"


@pytest.mark.parametrize(
    ("ending", "options"),
    [("aac", ()), ("aiff", ()), ("wma", ()), ("ac3", ()), ("mka", ("-c:a", "flac")), ("wav", ("-c:a", "adpcm_ms"))],
)
def test_sound_that_browsers_do_not_play_is_refused(clean: Clean, ending: str, options: tuple[str, ...]) -> None:
    assert clean(zoo.sound(ending, *options)).refused == "unsupported"


def test_a_voice_message_in_ogg_is_converted(clean: Clean) -> None:
    content = zoo.sound("opus", *OPUS)
    holds(clean(content, voice=True), M4A, portable=True)
    holds(clean(content, voice=True, pixels=1_000_000), M4A, portable=True)  # a low limit leaves memory for ffmpeg
    holds(clean(content), "audio/ogg", portable=False)


def test_a_conversion_that_takes_too_long_is_done_without(clean: Clean) -> None:
    """Seventeen minutes of it, and no time at all for ffmpeg."""
    content = zoo.sound("webm", *OPUS, seconds=1000)
    answer = clean(content, seconds=6)
    assert answer.made is not None, answer.refused
    assert (answer.made.type, answer.made.portable, answer.made.duration) == ("audio/webm", False, 1_000_008)


def test_a_recorder_that_says_a_wrong_length_is_not_believed(clean: Clean, request: pytest.FixtureRequest) -> None:
    """As Chromium does: its first fragment alone."""
    content = bytearray(zoo.sound("m4a", *FRAGMENTS, "-f", "mp4"))
    place = content.index(b"mdhd") + 4 + 4 + 8
    rate = int.from_bytes(content[place : place + 4])
    content[place + 4 : place + 8] = (rate // 100).to_bytes(4)
    holds(clean(bytes(content), voice=True), M4A, portable=True)
    request.getfixturevalue("no_ffmpeg")
    made_without = clean(bytes(content), voice=True).made
    assert made_without is not None
    assert made_without.duration is None, "the recorder's own word is better"


def test_times_of_making_are_gone(clean: Clean) -> None:
    stamp = "creation_time=2020-02-20T20:20:20Z"
    seconds = int((datetime(2020, 2, 20, 20, 20, 20) - datetime(1904, 1, 1)).total_seconds()).to_bytes(4)  # noqa: DTZ001
    content = zoo.sound("m4a", "-metadata", stamp, "-metadata:s:a:0", stamp)
    assert content.count(seconds) >= 2
    assert seconds not in clean(content).content
