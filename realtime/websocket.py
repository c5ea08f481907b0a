"""A client's WebSocket (RFC 6455) on the event loop. Knows frames, not what is in them.

No greenlet waits for it: the loop says when something came, and a greenlet lives as long as it is handled. How what it
is sent goes out, realtime/outgoing.py knows.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import eventlet
from eventlet import hubs
from eventlet.greenthread import GreenThread

from realtime.frames import (
    BINARY,
    GOING_AWAY,
    NO_STATUS,
    NORMAL,
    POLICY,
    PONG,
    TEXT,
    Close,
    Event,
    Failed,
    Ping,
    Reader,
    close_frame,
    frame,
)
from realtime.outgoing import CLOSED, CLOSING, OPEN, Outgoing, abort_later

READ = 64 * 1024  # bytes
FRAMES_MAX = 5000  # a second: more is a flood
SLICE = 0.005  # seconds that one client's messages may hold the loop, while others wait
LINGER = 5.0  # seconds in which the other side may still close
WAITING_MAX = 64  # messages of a client that wait for the one before them; then nothing more is read

log = logging.getLogger("parley")


class WebSocket(Outgoing):
    """`on_message(data)` is called for one message after another, `on_close()` once, after the last of them.

    Before it, `on_quick(data)` is asked in the loop itself whether it takes the message: it must not wait. Whoever
    takes one and is not done with it calls `hold`, and `release` later; until then the following messages wait for
    `on_message`.
    """

    __slots__ = (
        "_counted_from",
        "_held",
        "_inbox",
        "_is_deaf",
        "_is_handling",
        "_on_close",
        "_on_message",
        "_on_quick",
        "_reader",
        "_reading",
        "_timer",
        "_was_closed",
    )

    def __init__(
        self,
        fileno: int,
        max_size: int,
        buffer_max: int,
        on_message: Callable[[str | bytes], None],
        on_close: Callable[[], None],
        on_quick: Callable[[str | bytes], bool] = lambda _data: False,
    ) -> None:
        """Takes the connection over: `fileno` is this object's from now on. Sizes in bytes."""
        super().__init__(fileno, buffer_max)
        self._reader = Reader(max_size)
        self._on_message = on_message
        self._on_close = on_close
        self._on_quick = on_quick
        self._counted_from = time.monotonic()
        self._inbox: deque[str | bytes | None] | None = None
        self._is_handling = False
        self._is_deaf = False
        self._held = 0
        self._was_closed = False
        self._reading: Any = None
        self._timer: Any = None

    @property
    def is_handling(self) -> bool:
        """Whether something that it said is not done yet."""
        return self._is_handling or self._held > 0 or bool(self._inbox)

    def start(self, early: bytes = b"") -> None:
        """Begin to hear, with what came along with the handshake."""
        # From the loop itself: a listener keeps the greenlet alive that made it.
        hubs.get_hub().schedule_call_global(0, self._begin, early)

    def _begin(self, early: bytes) -> None:
        if self._state == CLOSED:
            return
        self._listen()
        if early:
            self._came(early)

    # What comes

    def _listen(self) -> None:
        if self._reading is None and self._state != CLOSED and not self._is_deaf:
            hub = hubs.get_hub()
            self._reading = hub.add(hub.READ, self._fileno, self._readable, self._throw, None)

    def _readable(self, _fileno: int) -> None:
        try:
            data = self._sock.recv(READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._came(data)
        else:
            self._deafen()
            abort_later(self)

    def _came(self, data: bytes) -> None:
        if self._was_closed:
            return  # what follows a Close means nothing (section 5.5.1)
        try:
            for event in self._reader.feed(data):
                self._take(event)
            if self._reader.frames > FRAMES_MAX:
                self._check_pace()
        except Failed as failed:
            log.warning("a WebSocket is closed: %s", failed.reason)
            self._end(failed.code, failed.reason)

    def _check_pace(self) -> None:
        """So many frames have come, be they messages, parts of them or pings: how long did that take?"""
        now = time.monotonic()
        if now - self._counted_from < self._reader.frames / FRAMES_MAX:
            raise Failed(POLICY, "too many frames at once")
        self._counted_from, self._reader.frames = now, 0

    def _take(self, event: Event) -> None:
        if self._was_closed:
            return
        if isinstance(event, str | bytes):
            if self._is_handling or self._inbox or not self._on_quick(event):
                self._put(event)
        elif isinstance(event, Ping):
            self.write(frame(PONG, event.data))
        elif isinstance(event, Close):
            self._end(NORMAL if event.code == NO_STATUS else event.code)

    def _end(self, code: int, reason: str = "") -> None:
        """Nothing more is heard; and the other side is told so."""
        self.close(code, reason)
        self._ended()

    def _ended(self) -> None:
        if not self._was_closed:
            self._was_closed = True
            self._put(None)

    def _put(self, message: str | bytes | None) -> None:
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(message)
        if not self._is_handling and not self._held:
            hub = hubs.get_hub()
            if eventlet.getcurrent() is hub.greenlet:
                self._begin_handling()
            else:
                # Whoever has just ended it, by writing too much say, goes on first: from here nobody would come back.
                hub.schedule_call_global(0, self._begin_handling)
        elif len(self._inbox) >= WAITING_MAX:
            self._deafen()

    def hold(self) -> None:
        """A message that was taken is being handled still."""
        self._held += 1
        if self._held >= WAITING_MAX:
            self._deafen()

    @property
    def is_holding(self) -> bool:
        return self._held > 0

    def release(self) -> None:
        """It is done with. Called from wherever; what follows begins in the loop."""
        self._held -= 1
        if not self._held:
            if self._inbox:
                hubs.get_hub().schedule_call_global(0, self._begin_handling)
            elif not self._is_handling and not self._was_closed:
                self._listen()

    def _begin_handling(self) -> None:
        if not self._is_handling and not self._held and self._inbox:
            self._is_handling = True
            GreenThread(hubs.get_hub().greenlet).switch(self._handle, (), {})

    def _handle(self) -> None:
        until = time.perf_counter() + SLICE
        while self._inbox:
            if time.perf_counter() > until:
                eventlet.sleep(0)
                until = time.perf_counter() + SLICE
            message = self._inbox.popleft()
            try:
                if message is None:
                    self._on_close()
                else:
                    self._on_message(message)
            except Exception:
                log.exception("a WebSocket's message was not handled")
                self.abort()
        self._inbox = None
        self._is_handling = False
        if not self._was_closed:
            self._listen()

    def deafen(self) -> None:
        """Hear nothing more; what has been heard is handled still."""
        self._is_deaf = True
        self._deafen()

    def _deafen(self) -> None:
        if self._reading is not None:
            hubs.get_hub().remove(self._reading)
            self._reading = None

    # What goes

    def send(self, data: str | bytes) -> None:
        self.write(frame(TEXT, data.encode()) if isinstance(data, str) else frame(BINARY, data))

    def close(self, code: int = GOING_AWAY, reason: str = "") -> None:
        """Send what is left and a Close frame, then end the connection. Does not wait."""
        if self._state == OPEN:
            self.write(close_frame(code, reason))
            if self._state == OPEN:  # it was not too much
                self._state = CLOSING
                self._is_deaf = False  # the other side closes too
                self._listen()
                self._timer = hubs.get_hub().schedule_call_global(LINGER, self.abort)

    def abort(self) -> None:
        """End the connection at once."""
        if self._state == CLOSED:
            return
        self._state = CLOSED
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._deafen()
        self._fall_silent()
        self._sock.close()
        self._ended()

    def _said_all(self) -> None:
        """All is said: the other side reads to the end and closes (section 7.1.1)."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.abort()
