"""What goes to a client's socket: at the end of the loop's pass, all of it in one write. Knows nothing of frames.

What the network does not take waits, up to a limit. Large crowds are written to in parts, others in between.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Any

from eventlet import hubs, patcher

CROWD = 64  # clients that are told the same, from which on others go first
WRITES = 256  # clients of a crowd that are written to before others are heard
FAREWELLS = 50  # clients that have gone, of whom others are told before others are heard

log = logging.getLogger("parley")

_socket = patcher.original("socket")
OPEN, CLOSING, CLOSED = range(3)
_UNMARKED, _IN_CROWD, _SOON = range(3)


class Outgoing(ABC):
    """A socket that is written to. `state` is what becomes of it."""

    __slots__ = ("_fileno", "_largest", "_limit", "_mark", "_outgoing", "_send", "_size", "_sock", "_state", "_writing")

    def __init__(self, fileno: int, buffer_max: int) -> None:
        """Takes the connection over: `fileno` is this object's from now on. `buffer_max` in bytes."""
        self._sock = _socket.socket(fileno=fileno)
        self._sock.setblocking(False)
        self._send = self._sock.send
        self._fileno = fileno
        self._limit = buffer_max
        self._outgoing: list[bytes] = []
        self._size = 0
        self._largest = 0
        self._mark = _UNMARKED
        self._state = OPEN
        self._writing: Any = None

    @property
    def is_gone(self) -> bool:
        return self._state == CLOSED

    @property
    def has_more_to_say(self) -> bool:
        return bool(self._outgoing)

    @abstractmethod
    def abort(self) -> None:
        """End the connection at once."""

    @abstractmethod
    def _said_all(self) -> None:
        """It is closing, and all has been written."""

    def _fall_silent(self) -> None:
        """Nothing more is written."""
        if self._writing is not None:
            hubs.get_hub().remove(self._writing)
            self._writing = None
        self._outgoing = []
        self._size = 0

    def _throw(self, _error: BaseException) -> None:
        self.abort()

    def write(self, framed: bytes, as_crowd: bool = False) -> None:
        """Send what is a frame already, after whatever waits; in a crowd's turn when it is told to many.

        Who is too slow to take it is dropped.
        """
        if self._state != OPEN:
            return
        self._outgoing.append(framed)
        self._size += len(framed)
        if len(framed) > self._largest:
            self._largest = len(framed)
        if self._size - self._largest > self._limit and self._is_too_slow():
            log.warning("a WebSocket is closed: its client is too slow")
            self.abort()
        elif as_crowd:
            if self._mark == _UNMARKED:
                self._mark = _IN_CROWD
                _crowd.append(self)
                _schedule()
        elif self._mark != _SOON:
            self._mark = _SOON
            _soon.append(self)
            _schedule()

    def _is_too_slow(self) -> bool:
        """Not for what nobody tried to write yet, nor for one large answer: who catches up would never have done so."""
        self.flush()
        return self._size - self._largest > self._limit

    def flush(self) -> None:
        """Write what waits, as far as the network takes it."""
        if self._state == CLOSED or self._writing is not None or not self._outgoing:
            self._mark = _UNMARKED
            return
        data = _joined(self._outgoing)
        try:
            sent = self._send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.abort()
            return
        if sent == len(data):
            self._outgoing.clear()
            self._size = self._largest = 0
            self._mark = _UNMARKED
            if self._state == CLOSING:
                self._said_all()
        else:
            self._outgoing[:] = [data[sent:]]
            self._size = len(data) - sent
            hub = hubs.get_hub()
            self._writing = hub.add(hub.WRITE, self._fileno, self._writable, self._throw, None)

    def _writable(self, _fileno: int) -> None:
        hubs.get_hub().remove(self._writing)
        self._writing = None
        self.flush()


def write_to_all(those: Sequence[Outgoing], framed: bytes) -> None:
    """The same to each of them; a crowd hears it in its turn."""
    if len(those) <= CROWD:
        for one in those:
            one.write(framed)
        return
    size = len(framed)
    for one in those:
        # As `write` does, where nothing waits: this is what a large room costs.
        if one._mark == _UNMARKED and one._state == OPEN and not one._outgoing:
            one._outgoing.append(framed)
            one._size = one._largest = size
            one._mark = _IN_CROWD
            _crowd.append(one)
        else:
            one.write(framed, as_crowd=True)
    _schedule()


_gone: deque[Outgoing] = deque()
_soon: deque[Outgoing] = deque()
_crowd: deque[Outgoing] = deque()
_is_scheduled = False
_last: tuple[list[bytes], bytes] = [], b""


def abort_later(one: Outgoing) -> None:
    """End a connection when others have had their turn."""
    _gone.append(one)
    _schedule()


def _schedule() -> None:
    global _is_scheduled
    if not _is_scheduled:
        _is_scheduled = True
        hubs.get_hub().schedule_call_global(0, _flush)


def _flush() -> None:
    """The end of a pass: a large crowd is written to in parts, so that others are heard and answered meanwhile."""
    global _is_scheduled
    _is_scheduled = False
    try:
        for _ in range(len(_soon)):
            _soon.popleft().flush()
        _write_to_crowd()
        for _ in range(min(len(_gone), FAREWELLS)):
            _gone.popleft().abort()
    finally:
        if _crowd or _soon or _gone:
            _schedule()


def _write_to_crowd() -> None:
    """To the next of them: as `flush`, where one frame waits. This is what a large room costs."""
    for _ in range(min(len(_crowd), WRITES)):
        one = _crowd.popleft()
        outgoing = one._outgoing
        if len(outgoing) == 1 and one._writing is None and one._state == OPEN:
            framed = outgoing[0]
            try:
                sent = one._send(framed)
            except OSError:
                sent = 0  # why, `flush` will see
            if sent == len(framed):
                outgoing.clear()
                one._size = one._largest = 0
                one._mark = _UNMARKED
                continue
            if sent:
                outgoing[0] = framed[sent:]
                one._size -= sent
        one.flush()


def _joined(frames: list[bytes]) -> bytes:
    """In one piece. A crowd that hears the same is written the same bytes."""
    global _last
    if len(frames) == 1:
        return frames[0]
    if frames != _last[0]:
        _last = frames.copy(), b"".join(frames)
    return _last[1]
