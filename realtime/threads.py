"""Work that would hold the event loop, done in real threads meanwhile. Knows nothing of what the work is."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from realtime import loop

P = ParamSpec("P")
T = TypeVar("T")

# Processor-bound work (password hashes) leaves one core to the loop however many people ask for it at once.
_processor_lane = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) - 1))


def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a thread of the pool and wait for it; other greenlets run meanwhile.

    Without an event loop (tests, command line) it is called directly. Not for green locks, PyMySQL or SQLAlchemy.
    """
    if not loop.is_running():
        return function(*args, **kwargs)
    from eventlet import tpool

    result: T = tpool.execute(function, *args, **kwargs)
    return result


def compute(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `run`, for work that keeps a processor busy: only as many at once as leave one core free."""
    with _processor_lane:
        return run(function, *args, **kwargs)
