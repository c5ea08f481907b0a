"""How exports are made: one after another in processes of their own, which read and tell how far they are.

A process of its own holds up neither the event loop nor the interpreter, and gives its memory back. It writes
nothing into the database; what it tells lies in a file beside the ZIP. The clock looks after it once a second. A run
whose maker is gone (the server was stopped, or crashed) is begun anew, three times at most.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask_babel import force_locale
from sqlalchemy import Update, and_, delete, or_, select, update

from chat import archives, broadcasts, clock, exports, payloads, transactions
from chat.errors import NotFound
from extensions import db
from models import Export, User
from realtime import loop

AT_ONCE = 2
ATTEMPTS_MAX = 3
# A run that was not touched for so long has nobody who makes it.
ABANDONED = timedelta(seconds=30)
TOLD_EVERY = 0.5  # seconds
HOUSE = Path(__file__).resolve().parent.parent

log = logging.getLogger("parley")


@dataclass
class Run:
    export_id: str
    process: subprocess.Popen[bytes]
    told: tuple[int, int] = (0, 0)


_running: dict[str, Run] = {}


# What the clock does


def tend() -> None:
    """Look after what is being made, and begin what waits."""
    for run in list(_running.values()):
        _look_after(run)
    while len(_running) < AT_ONCE and (export_id := _claim()):
        _start(export_id)


def _claim() -> str | None:
    """Take the next one that waits, or that nobody makes any more; None where there is none."""
    now = clock.now()
    abandoned = and_(Export.state == "working", Export.touched_at < now - ABANDONED)
    waits = or_(Export.state == "waiting", abandoned)
    chosen = select(Export.id, Export.attempts).where(waits).order_by(Export.created_at).limit(10)
    for export_id, attempts in db.session.execute(chosen).all():
        if attempts >= ATTEMPTS_MAX:
            _end(export_id, "failed")
            continue
        mine = update(Export).where(Export.id == export_id, waits, Export.attempts == attempts)
        mine = mine.values(state="working", attempts=attempts + 1, touched_at=now, done=0)
        if _affected(mine):
            return str(export_id)
    return None


def _affected(statement: Update) -> int:
    statement = statement.execution_options(synchronize_session=False)
    return transactions.run(lambda session: transactions.affected(session, statement))


def _start(export_id: str) -> None:
    exports.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    if not loop.is_running():
        _finish(export_id, _attempt(export_id, lambda done, total: None))
        return
    trouble = _beside(export_id, "trouble")
    with trouble.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "make-export", export_id],
            cwd=HOUSE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    _running[export_id] = Run(export_id, process)


def give_back() -> None:
    """The process ends, and that is no failed attempt: the next one makes anew what this one was making."""
    for run in _running.values():
        run.process.kill()
        run.process.wait()
        mine = update(Export).where(Export.id == run.export_id, Export.state == "working")
        _affected(mine.values(state="waiting", attempts=Export.attempts - 1))
    _running.clear()


def _look_after(run: Run) -> None:
    code = run.process.poll()
    if code is None:
        if not _touch(run):
            # Thrown away meanwhile.
            run.process.kill()
            run.process.wait()
            del _running[run.export_id]
            _finish(run.export_id, made=False)
        return
    del _running[run.export_id]
    if code:
        log.error("an export was not made: exit code %d, %s", code, _last_words(run.export_id))
    _finish(run.export_id, code == 0)


def _touch(run: Run) -> bool:
    """Say in its row how far it is, and that somebody is at work; False when the row is gone."""
    told = _told(run.export_id)
    progress = {"done": told[0], "total": told[1]}
    if not _affected(update(Export).where(Export.id == run.export_id).values(touched_at=clock.now(), **progress)):
        return False
    if told != run.told:
        run.told = told
        _tell(run.export_id)
    return True


def _told(export_id: str) -> tuple[int, int]:
    try:
        done, total = json.loads(_beside(export_id, "progress").read_bytes())
    except (OSError, ValueError):
        return 0, 0  # nothing yet
    return int(done), int(total)


def _last_words(export_id: str) -> str:
    lines = _beside(export_id, "trouble").read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"


def _finish(export_id: str, made: bool) -> None:
    """Say how it went; what was made of one that was thrown away meanwhile goes at once."""
    zip_path = exports.path(export_id)
    if made and zip_path.exists():
        there = _end(export_id, "ready", size=zip_path.stat().st_size)
    else:
        there = _end(export_id, "failed")
    for name in ("telling", "progress", "trouble", "part", "part.lines"):
        _beside(export_id, name).unlink(missing_ok=True)
    if not there:
        zip_path.unlink(missing_ok=True)


def _end(export_id: str, state: str, **values: Any) -> bool:
    ended = update(Export).where(Export.id == export_id, Export.state.in_(exports.UNFINISHED))
    values |= {"state": state, "working_for": None, "touched_at": clock.now()}
    if state == "ready":
        values["done"] = Export.total
    met = bool(_affected(ended.values(**values)))
    if met:
        _tell(export_id)
    return met


def _tell(export_id: str) -> None:
    row = db.session.get(Export, export_id, populate_existing=True)
    if row is not None:
        broadcasts.export_changed(payloads.export(row), row.user_id)


def sweep() -> None:
    """Remove what is over, and files of which there is no row: thrown away with an account or a room, or by a crash."""
    over = delete(Export).where(Export.expires_at <= clock.now()).execution_options(synchronize_session=False)
    transactions.run(lambda session: session.execute(over))
    if not exports.folder().is_dir():
        return
    known = set(db.session.scalars(select(Export.id)))
    for found in exports.folder().iterdir():
        if found.name.split(".")[0] not in known:
            found.unlink(missing_ok=True)


# In the process that makes one


def make(export_id: str) -> bool:
    """Make one, and tell how far it is; whether it was made. Ends itself when nobody waits for it any more."""
    parent, due = os.getppid(), 0.0
    os.nice(10)

    def tell(done: int, total: int) -> None:
        nonlocal due
        if os.getppid() != parent:
            raise SystemExit(1)
        if time.monotonic() >= due:
            due = time.monotonic() + TOLD_EVERY
            fresh = _beside(export_id, "telling")
            fresh.write_text(json.dumps([done, total]))
            fresh.replace(_beside(export_id, "progress"))

    return _attempt(export_id, tell)


def _attempt(export_id: str, tell: Callable[[int, int], None]) -> bool:
    row = db.session.get(Export, export_id)
    if row is None:
        return False
    actor, part = db.session.get_one(User, row.user_id), _beside(export_id, "part")
    try:
        with force_locale(row.locale):
            if row.room_id is None:
                archives.own_data(actor, part, tell)
            else:
                archives.conversation(actor, row.room_id, part, tell)
    except (NotFound, OSError) as error:
        log.error("an export was not made: %s", error or "the room is not there any more")
        with suppress(OSError):
            part.unlink(missing_ok=True)
        return False
    with part.open("rb") as made:
        os.fsync(made.fileno())
    part.chmod(0o600)
    part.replace(exports.path(export_id))
    return True


def _beside(export_id: str, what: str) -> Path:
    return exports.folder() / f"{export_id}.{what}"
