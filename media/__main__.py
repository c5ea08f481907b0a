"""Cleans one file: reads a question from standard input and writes the answer to standard output, both JSON.

{source, folder, voice, …limits} → {…made} | {refused: reason} | {errno: number}. Started by media.processes only.
"""

from __future__ import annotations

import base64
import errno
import json
import math
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from media.shapes import Limits, Made, Refused

NICENESS = 10
OPEN_FILES = 64

# What is wrong with the machine, not with the file.
OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ENOENT}


def main() -> None:
    job = json.load(sys.stdin)
    source, folder, voice = Path(job.pop("source")), Path(job.pop("folder")), bool(job.pop("voice"))
    limits = Limits(**job | {"formats": frozenset(job["formats"])})
    confine(limits)
    json.dump(answer(source, folder, limits, voice), sys.stdout)


def confine(limits: Limits) -> None:
    """From here on nothing that a file does to a decoder costs more than this."""
    os.nice(NICENESS)
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.written),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))
    allow_seconds(limits.seconds)


def allow_seconds(most: float) -> None:
    """Of processor time. Only the softer limit says, by its signal, what it was that ended the process."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    seconds = math.ceil(most)
    allowed = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


def answer(source: Path, folder: Path, limits: Limits, voice: bool) -> dict[str, Any]:
    from media import cleaning  # the decoders come under the limits, too

    try:
        return plain(cleaning.clean(source, folder, limits, voice, allow_seconds))
    except Refused as refused:
        return {"refused": refused.reason}
    except MemoryError:
        return {"refused": "too_many_pixels"}
    except OSError as problem:
        if problem.errno == errno.EFBIG:
            return {"refused": "too_large"}
        if problem.errno in OF_THE_MACHINE:
            return {"errno": problem.errno}
        return {"refused": "broken"}  # Pillow says so of what it cannot read
    except (ValueError, ArithmeticError, LookupError, SyntaxError, EOFError, TypeError):
        return {"refused": "broken"}


def plain(made: Made) -> dict[str, Any]:
    fields = asdict(made)
    for name in ("original", "small", "large"):
        fields[name] = fields[name] and fields[name].name
    for name in ("thumbhash", "waveform"):
        fields[name] = None if fields[name] is None else base64.b64encode(fields[name]).decode()
    return fields


if __name__ == "__main__":
    main()
