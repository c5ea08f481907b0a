"""A client's WebSocket (RFC 6455) on the event loop. Knows frames, not what is in them.

No greenlet waits for it: the loop says when something came, and a greenlet lives as long as it is handled. What it is
sent goes out at the end of the loop's pass, all of it in one write; only what the network does not take waits, up to a
limit.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import eventlet
from eventlet import hubs, patcher
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

READ = 64 * 1024  # bytes
FRAMES_MAX = 5000  # a second: more is a flood
SLICE = 0.005  # seconds that one client's messages may hold the loop, while others wait
LINGER = 5.0  # seconds in which the other side may still close
WAITING_MAX = 64  # messages of a client that wait for the one before them; then nothing more is read
CROWD = 64  # clients that are told the same, from which on others go first
WRITES = 256  # clients of a crowd that are written to before others are heard
FAREWELLS = 50  # clients that have gone, of whom others are told before others are heard
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3

log = logging.getLogger("parley")

_socket = patcher.original("socket")
_OPEN, _CLOSING, _CLOSED = range(3)
_UNMARKED, _IN_CROWD, _SOON = range(3)


class NotAWebSocket(Exception):
    """The request does not open one (section 4.2.1); the message says why."""


def answer(environ: dict[str, Any]) -> bytes:
    """The server's handshake (section 4.2.2). No extension is agreed to. Raises NotAWebSocket."""
    offered = [word.strip() for word in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    if "upgrade" not in offered or environ.get("HTTP_UPGRADE", "").lower() != "websocket":
        raise NotAWebSocket("no upgrade to websocket")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise NotAWebSocket("version 13 only")
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip()
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise NotAWebSocket("the key is not 16 bytes")
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
    )


class WebSocket:
    """`on_message(data)` is called for one message after another, `on_close()` once, after the last of them.

    Before it, `on_quick(data)` is asked in the loop itself whether it takes the message: it must not wait. Whoever
    takes one and is not done with it calls `hold`, and `release` later; until then the following messages wait for
    `on_message`.
    """

    __slots__ = (
        "_counted_from",
        "_fileno",
        "_held",
        "_inbox",
        "_is_deaf",
        "_is_handling",
        "_largest",
        "_limit",
        "_mark",
        "_on_close",
        "_on_message",
        "_on_quick",
        "_outgoing",
        "_reader",
        "_reading",
        "_send",
        "_size",
        "_sock",
        "_state",
        "_timer",
        "_was_closed",
        "_writing",
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
        self._sock = _socket.socket(fileno=fileno)
        self._sock.setblocking(False)
        self._send = self._sock.send
        self._fileno = fileno
        self._reader = Reader(max_size)
        self._limit = buffer_max
        self._on_message = on_message
        self._on_close = on_close
        self._on_quick = on_quick
        self._counted_from = time.monotonic()
        self._inbox: deque[str | bytes | None] | None = None
        self._is_handling = False
        self._is_deaf = False
        self._held = 0
        self._outgoing: list[bytes] = []
        self._size = 0
        self._largest = 0
        self._mark = _UNMARKED
        self._state = _OPEN
        self._was_closed = False
        self._reading: Any = None
        self._writing: Any = None
        self._timer: Any = None

    @property
    def is_gone(self) -> bool:
        return self._state == _CLOSED

    @property
    def has_more_to_say(self) -> bool:
        return bool(self._outgoing)

    @property
    def is_handling(self) -> bool:
        """Whether something that it said is not done yet."""
        return self._is_handling or self._held > 0 or bool(self._inbox)

    def start(self, early: bytes = b"") -> None:
        """Begin to hear, with what came along with the handshake."""
        # From the loop itself: a listener keeps the greenlet alive that made it.
        hubs.get_hub().schedule_call_global(0, self._begin, early)

    def _begin(self, early: bytes) -> None:
        if self._state == _CLOSED:
            return
        self._listen()
        if early:
            self._came(early)

    # What comes

    def _listen(self) -> None:
        if self._reading is None and self._state != _CLOSED and not self._is_deaf:
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
            _gone.append(self)
            _schedule()

    def _throw(self, _error: BaseException) -> None:
        self.abort()

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

    def write(self, framed: bytes, as_crowd: bool = False) -> None:
        """Send what is a frame already, after whatever waits; in a crowd's turn when it is told to many.

        Who is too slow to take it is dropped.
        """
        if self._state != _OPEN:
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

    def close(self, code: int = GOING_AWAY, reason: str = "") -> None:
        """Send what is left and a Close frame, then end the connection. Does not wait."""
        if self._state == _OPEN:
            self.write(close_frame(code, reason))
            if self._state == _OPEN:  # it was not too much
                self._state = _CLOSING
                self._is_deaf = False  # the other side closes too
                self._listen()
                self._timer = hubs.get_hub().schedule_call_global(LINGER, self.abort)

    def abort(self) -> None:
        """End the connection at once."""
        if self._state == _CLOSED:
            return
        self._state = _CLOSED
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._deafen()
        if self._writing is not None:
            hubs.get_hub().remove(self._writing)
            self._writing = None
        self._outgoing = []
        self._size = 0
        self._sock.close()
        self._ended()

    def flush(self) -> None:
        """Write what waits, as far as the network takes it."""
        if self._state == _CLOSED or self._writing is not None or not self._outgoing:
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
            if self._state == _CLOSING:
                self._hang_up()
        else:
            self._outgoing[:] = [data[sent:]]
            self._size = len(data) - sent
            hub = hubs.get_hub()
            self._writing = hub.add(hub.WRITE, self._fileno, self._writable, self._throw, None)

    def _writable(self, _fileno: int) -> None:
        hubs.get_hub().remove(self._writing)
        self._writing = None
        self.flush()

    def _hang_up(self) -> None:
        """All is said: the other side reads to the end and closes (section 7.1.1)."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.abort()


def write_to_all(websockets: Sequence[WebSocket], framed: bytes) -> None:
    """The same to each of them; a crowd hears it in its turn."""
    if len(websockets) <= CROWD:
        for websocket in websockets:
            websocket.write(framed)
        return
    size = len(framed)
    for websocket in websockets:
        # As `write` does, where nothing waits: this is what a large room costs.
        if websocket._mark == _UNMARKED and websocket._state == _OPEN and not websocket._outgoing:
            websocket._outgoing.append(framed)
            websocket._size = websocket._largest = size
            websocket._mark = _IN_CROWD
            _crowd.append(websocket)
        else:
            websocket.write(framed, as_crowd=True)
    _schedule()


_gone: deque[WebSocket] = deque()
_soon: deque[WebSocket] = deque()
_crowd: deque[WebSocket] = deque()
_is_scheduled = False
_last: tuple[list[bytes], bytes] = [], b""


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
        websocket = _crowd.popleft()
        outgoing = websocket._outgoing
        if len(outgoing) == 1 and websocket._writing is None and websocket._state == _OPEN:
            framed = outgoing[0]
            try:
                sent = websocket._send(framed)
            except OSError:
                sent = 0  # why, `flush` will see
            if sent == len(framed):
                outgoing.clear()
                websocket._size = websocket._largest = 0
                websocket._mark = _UNMARKED
                continue
            if sent:
                outgoing[0] = framed[sent:]
                websocket._size -= sent
        websocket.flush()


def _joined(frames: list[bytes]) -> bytes:
    """In one piece. A crowd that hears the same is written the same bytes."""
    global _last
    if len(frames) == 1:
        return frames[0]
    if frames != _last[0]:
        _last = frames.copy(), b"".join(frames)
    return _last[1]
