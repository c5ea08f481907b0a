"""Work that would hold the event loop, done in real threads meanwhile. Knows nothing of what the work is."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

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


class Errand(Generic[T]):
    """Something that goes on whether or not anybody waits for it. Without an event loop it is done at once."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._over = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        if loop.is_running():
            import eventlet

            eventlet.spawn_n(self._run)
        else:
            self._run()

    def wait(self, seconds: float) -> bool:
        """Wait until it is over, for so long at most; whether it is."""
        return self._over.wait(seconds)

    def result(self) -> T:
        """What came of it: returned, or raised."""
        self._over.wait()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def _run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
            self._error = error
        finally:
            self._over.set()
