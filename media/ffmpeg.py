"""ffmpeg, where the machine has it: the waveform of what is compressed, and conversion to what plays everywhere."""

from __future__ import annotations

import array
import shutil
import subprocess
import time
from pathlib import Path

from media import waveform

RATE = 8000  # samples a second that are enough for a waveform
BIT_RATE = "128k"
READ = 1 << 16  # bytes

# The format is said, not found out: some formats that ffmpeg finds by itself open other files.
DEMUXERS = {"mp3": "mp3", "wav": "wav", "ogg": "ogg", "m4a": "mov", "flac": "flac", "webm": "matroska"}


def is_there() -> bool:
    return shutil.which("ffmpeg") is not None


def command(source: Path, name: str, *output: str) -> list[str]:
    quiet = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1"]
    reading = ["-protocol_whitelist", "file,pipe", "-f", DEMUXERS[name], "-i", f"file:{source}"]
    return [*quiet, *reading, "-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1", *output]


def convert(source: Path, name: str, target: Path, deadline: float, copy: bool = False) -> bool:
    """Write the sound as M4A/AAC, `copy` when it is AAC already; False where that was not possible in time."""
    codec = ["-c:a", "copy"] if copy else ["-c:a", "aac", "-b:a", BIT_RATE, "-ac", "2"]
    exact = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart"]
    order = command(source, name, *codec, *exact, "-f", "mp4", f"file:{target}")
    try:
        seconds = max(0.0, deadline - time.monotonic())
        done = subprocess.run(order, stdin=subprocess.DEVNULL, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is None or done.returncode:
        target.unlink(missing_ok=True)
        return False
    return True


def bars(source: Path, name: str, duration: int | None, deadline: float) -> tuple[bytes | None, int]:
    """(waveform, milliseconds that were heard), by decoding everything once; (None, 0) where that cannot be in time."""
    order = command(source, name, "-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1")
    try:
        process = subprocess.Popen(order, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except OSError:
        return None, 0
    with process:
        loudest = waveform.Loudest(None if duration is None else duration * RATE // 1000)
        while process.stdout and (content := process.stdout.read(READ)):
            samples = array.array("h")
            samples.frombytes(content[: len(content) // 2 * 2])
            loudest.hear(samples)
            if time.monotonic() > deadline:
                process.kill()
    if process.returncode or not loudest.count:
        return None, 0
    return loudest.bars(), loudest.count * 1000 // RATE
