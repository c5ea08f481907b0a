"""The clock door: what is done again and again, and how often."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from flask import Flask

from chat import (
    accounts,
    clearings,
    departures,
    erasures,
    export_runs,
    files,
    guests,
    invitations,
    orphans,
    presence,
    removals,
    retention,
    segments,
    whispers,
)
from chat.errors import is_outage
from extensions import socketio
from media import processes

log = logging.getLogger("parley")

TICK = 0.5  # seconds
LAST = 1.0  # seconds that the last job has to come to its end
JOBS: tuple[tuple[Callable[[], object], float], ...] = (
    # function, period in seconds
    (departures.settle, 1.0),
    (presence.settle_rooms, 1.0),
    (removals.end_idle, 1.0),
    (removals.sweep, 1.0),
    (clearings.sweep, 1.0),
    (presence.touch, 60.0),
    (retention.purge_round, 1.0),
    (files.sweep, 1.0),
    (whispers.sweep, 1.0),
    (orphans.sweep, 2.0),
    (orphans.tidy, 600.0),
    (erasures.sweep, 2.0),
    (export_runs.tend, 1.0),
    (export_runs.sweep, 60.0),
    (segments.extend_round, 5.0),
    (accounts.sweep_sessions, 3600.0),
    (guests.sweep, 2.0),
    (invitations.sweep, 3600.0),
)


_is_over, _has_ended = threading.Event(), threading.Event()


def start(app: Flask) -> None:
    """Run the table in the background until `stop`."""
    socketio.start_background_task(_run, app)


def stop(app: Flask) -> None:
    """Begin nothing more; the job under way may come to its end. What is made in processes of their own is given up."""
    _is_over.set()
    _has_ended.wait(LAST)
    _once(app, export_runs.give_back)
    processes.end()


def _run(app: Flask) -> None:
    due = {job: time.monotonic() + period for job, period in JOBS}
    while not _is_over.wait(TICK):
        for job, period in JOBS:
            if due[job] <= time.monotonic() and not _is_over.is_set():
                due[job] = time.monotonic() + period
                _once(app, job)
    _has_ended.set()


def _once(app: Flask, job: Callable[[], object]) -> None:
    try:
        with app.app_context():
            job()
    except Exception as error:
        # The next round may go better; the clock never stops.
        if is_outage(error):
            log.error("the job %s waits: database unavailable", job.__name__)
        else:
            log.exception("the job %s failed", job.__name__)
