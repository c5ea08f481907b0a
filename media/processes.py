"""The process that cleans one file: started, waited for while others go on, and ended when it takes too long."""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from media.shapes import Limits, Made, Refused

HOUSE = Path(__file__).resolve().parent.parent
AT_ONCE = 2
# It is to know none of our secrets. Each thread's own memory counts as used, and some machines have many processors.
ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
UNSAID = 120  # Python's own, when the answer could not be written: the disk is full
ENDED_BY = {signal.SIGXCPU: "too_slow", signal.SIGXFSZ: "too_large"}  # anything else is a file that crashed a decoder

log = logging.getLogger("parley")

_places = threading.BoundedSemaphore(AT_ONCE)
_running: set[subprocess.Popen[bytes]] = set()
_turns: WeakValueDictionary[int, threading.Lock] = WeakValueDictionary()  # kept by those who are in them or wait


def clean(source: Path, folder: Path, limits: Limits, voice: bool = False, whose: int | None = None) -> Made:
    """Make of `source` a clean file and thumbnails in `folder`, which is the caller's, as is `source`.

    A `voice` message is made to play everywhere where that is possible. Of one person (`whose`) one file is cleaned at
    a time: slow ones of theirs do not take all places. Raises Refused, and OSError where nothing
    can be written. The event loop goes on meanwhile: it waits in `subprocess`, which follows the patch of app.py.
    """
    job = {"source": str(source), "folder": str(folder), "voice": voice} | _plain(limits)
    with _turn(whose), _places:
        answer = _ask(job, folder, limits.seconds)
    if "refused" in answer:
        raise Refused(answer["refused"])
    if "errno" in answer:
        raise OSError(answer["errno"], os.strerror(answer["errno"]), str(folder))
    return _made(answer, folder)


def _turn(whose: int | None) -> AbstractContextManager[object]:
    return contextlib.nullcontext() if whose is None else _turns.setdefault(whose, threading.Lock())


def _plain(limits: Limits) -> dict[str, Any]:
    return asdict(limits) | {"formats": sorted(limits.formats)}


def _ask(job: dict[str, Any], folder: Path, seconds: float) -> dict[str, Any]:
    """Question and answer are files: no pipe can fill up, and the limit of what may be written holds for them too."""
    question, answer, trouble = (folder / name for name in (".question", ".answer", ".trouble"))
    question.write_text(json.dumps(job))
    try:
        with question.open("rb") as stdin, answer.open("wb") as stdout, trouble.open("wb") as stderr:
            code = _run(stdin, stdout, stderr, seconds)
        if code == UNSAID:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        if code:
            _complain(code, trouble)
            return {"refused": ENDED_BY.get(signal.Signals(-code), "broken") if code < 0 else "broken"}
        said: dict[str, Any] = json.loads(answer.read_bytes())
        return said
    finally:
        for path in (question, answer, trouble):
            path.unlink(missing_ok=True)


def _run(stdin: Any, stdout: Any, stderr: Any, seconds: float) -> int:
    """The exit code of the process, negative for the signal that ended it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "media"],
        cwd=HOUSE,
        env=ENVIRONMENT | {"PATH": os.environ.get("PATH", os.defpath)},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,  # so that what it started ends with it
    )
    _running.add(process)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return -signal.SIGXCPU
    finally:
        _kill(process)
        process.wait()
        _running.discard(process)


def end() -> None:
    """For the very end of this process, after which nobody waits for them."""
    for process in _running:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _complain(code: int, trouble: Path) -> None:
    last = trouble.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
    log.warning("a file could not be cleaned: exit code %d, %s", code, last[0][:200])


def _made(answer: dict[str, Any], folder: Path) -> Made:
    for name in ("original", "small", "large"):
        answer[name] = answer[name] and folder / answer[name]
    for name in ("thumbhash", "waveform"):
        answer[name] = None if answer[name] is None else base64.b64decode(answer[name])
    return Made(**answer)
