"""What many people ask for at once, done together: while one batch is being stored, the next one gathers.

Who comes while nothing is being stored is served at once, alone: nobody waits for company.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import Flask

from chat.errors import is_outage
from extensions import db

BATCH = 200

log = logging.getLogger("parley")


@dataclass(slots=True, eq=False)
class Wish:
    """What somebody asks for in a session. `done` is called once: with what came of it, or with None, when it has to go
    the long way, which also says what is wrong with it."""

    user_id: int
    session_id: str
    done: Callable[[Any], None]
    since: float = field(default_factory=time.monotonic, init=False)


W = TypeVar("W", bound=Wish)


class Batches(ABC, Generic[W]):
    """Fulfils what is put into it, in a thread of its own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._line: deque[W] = deque()
        self._idle = threading.Lock()  # held while there is nothing to do
        self._idle.acquire()
        threading.Thread(target=self._run, name=type(self).__name__, daemon=True).start()

    def put(self, wish: W) -> None:
        """Does not wait."""
        self._line.append(wish)
        if self._idle.locked():
            self._idle.release()

    def _run(self) -> None:
        with self._app.app_context():
            while True:
                self._idle.acquire()
                while self._line:
                    self._attempt(self._next())

    def _attempt(self, batch: Sequence[W]) -> None:
        try:
            self.fulfil(batch)
        except Exception as error:
            if not is_outage(error):  # the long way says that of each
                log.exception("%d go the long way", len(batch))
            for wish in batch:
                self._hand_back(wish)
        finally:
            db.session.remove()

    @staticmethod
    def _hand_back(wish: W) -> None:
        try:
            wish.done(None)
        except Exception:
            log.exception("nobody is told what becomes of a wish")

    def _next(self) -> list[W]:
        return [self._line.popleft() for _ in range(min(len(self._line), BATCH))]

    @abstractmethod
    def fulfil(self, batch: Sequence[W]) -> None:
        """Do it, and say what became of each. Needs an application context."""
