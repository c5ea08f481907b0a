"""Engine.IO sessions (protocol 4) whose WebSockets are ours; those that poll are python-engineio's.

The one place that touches what the libraries keep to themselves, as read in python-engineio 4.15.1, python-socketio
5.18.1 and eventlet 0.41.3: `Server._handle_connect`, `Socket._upgrade_websocket`, `Socket._send_ping` and
`wsgi.WSGI_LOCAL`. tests/realtime/test_connections.py fails when an upgrade changes one of them.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qs

import engineio
import eventlet
from engineio import packet
from engineio.exceptions import (
    ContentTooLongError,
    EngineIOError,
    QueueEmpty,
    SocketIsClosedError,
    UnknownPacketError,
)
from engineio.packet import Packet
from engineio.socket import Socket
from eventlet import hubs, wsgi

from realtime import codec
from realtime.frames import BINARY, RESTART, TEXT, frame
from realtime.handshake import NotAWebSocket, answer
from realtime.websocket import WebSocket

REQUESTS_MAX = 200  # a second of a session that polls: more is a flood
UPGRADE_TIMEOUT = 10.0  # seconds from opening a WebSocket for a session to using it
HEAD_MAX = 1024  # bytes of a frame around a packet
# What the libraries raise where a packet is not what it says.
MALFORMED = ValueError, TypeError, LookupError, RecursionError

log = logging.getLogger("parley")


# What an event handler is given by, that need not wait: session, arguments, and how to acknowledge; whether it took it.
Quick = Callable[[str, list[Any], Callable[[Any], None]], bool]

# An event of the default namespace that has an acknowledgement (Socket.IO protocol 5), up to its name.
_EVENT = re.compile(r'42(\d{1,10})\["([a-z_]{1,64})",')


def install(server: Any, buffer_max: int, quick: Mapping[str, Quick]) -> None:
    """Make the Engine.IO server of a `socketio.Server` one of ours. `buffer_max`: bytes a slow client may be behind.

    `quick` has, by their names, events that are handled in the loop, without a greenlet of their own. One of these is
    given `(sid, arguments, acknowledge)`; it may call `acknowledge(answer)` later, and until then the connection's
    other events wait. What it does not take, and answers with False, goes to the event's common handler.
    """
    engine = server.eio
    engine.__class__ = Engine
    engine.quick = quick
    engine.members = server.manager
    engine.buffer_max = buffer_max
    engine.pulse = Pulse(engine.ping_interval, engine.ping_timeout)
    engine.start_service_task = False  # the pulse does it


class Engine(engineio.Server):  # type: ignore[misc]  # the library has no types
    buffer_max: int
    quick: Mapping[str, Quick]
    members: Any  # the client manager
    pulse: Pulse
    sockets: dict[str, Connection]

    def _handle_connect(
        self,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        transport: str,
        jsonp_index: int | None = None,
    ) -> Any:
        """A new session; one that begins with a WebSocket has its handshake first."""
        connection = Connection(self, self.generate_id())
        self.sockets[connection.sid] = connection
        refused = self._trigger_event("connect", connection.sid, environ, run_async=False)
        if refused is not None and refused is not True:
            del self.sockets[connection.sid]
            return self._unauthorized(refused or None)
        self.pulse.expect(connection)
        if transport == "websocket":
            return connection.open(environ, self._opening(connection, transport))
        connection.connected = True
        connection.send(self._opening(connection, transport))
        try:
            return self._ok(connection.poll(), jsonp_index=jsonp_index)
        except QueueEmpty:
            return self._bad_request()

    def handle_request(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """As python-engineio does it, but what the protocol wants is not guessed."""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if "transport" in query and environ["REQUEST_METHOD"] in ("GET", "POST", "OPTIONS"):
            return super().handle_request(environ, start_response)
        refused = self._bad_request("No such request")
        start_response(refused["status"], refused["headers"])
        return [refused["response"]]

    def deafen(self) -> None:
        """Hear nothing more; what has been heard is handled still."""
        for connection in self.sockets.values():
            if connection.websocket is not None:
                connection.websocket.deafen()

    @property
    def is_handling(self) -> bool:
        return any(connection.is_handling for connection in self.sockets.values())

    def _opening(self, connection: Connection, transport: str) -> Packet:
        return Packet(
            packet.OPEN,
            {
                "sid": connection.sid,
                "upgrades": self._upgrades(connection.sid, transport),
                "pingTimeout": int(self.ping_timeout * 1000),
                "pingInterval": int(self.ping_interval * 1000),
                "maxPayload": self.max_http_buffer_size,
            },
        )


class Connection(Socket):  # type: ignore[misc]
    """A session. `websocket` is None as long as it polls; what it is sent waits in python-engineio's queue then."""

    server: Engine
    closed: bool
    closing: bool
    upgraded: bool
    upgrading: bool
    last_ping: float | None
    websocket: WebSocket | None = None
    _posts = _polls = 0  # requests that bring something or wait for something, and are not done yet
    _requests = 0  # of them all, since `_counted_from`
    _counted_from = 0.0
    _kind = ""  # of the event that was handled the quick way last

    def send(self, pkt: Packet) -> None:
        if self.websocket is None:
            super().send(pkt)
        elif self.closed:
            raise SocketIsClosedError()
        else:
            self.websocket.write(framed(pkt))

    def schedule_ping(self) -> None:
        """A pong came: the next ping is due in a while."""
        if self.last_ping:
            self.last_ping = None
            self.server.pulse.expect(self)

    def ping(self) -> bool:
        """Whether it is still there to be asked."""
        if self.closing or self.closed:
            return False
        self.last_ping = time.time()
        self.send(Packet(packet.PING))
        return True

    def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        if self.websocket is None:
            if not self.closed and not self.closing:
                # Ends a poll that waits. The library's own way says nothing to those who have not answered a ping.
                self.queue.put(Packet(packet.NOOP if abort else packet.CLOSE))
            super().close(wait=False, abort=True, reason=reason)  # nobody waits for a client to fetch the last packet
        elif not self.closed and not self.closing:
            self.closing = True
            self._tell_closed(reason or self.server.reason.SERVER_DISCONNECT)
            if not abort:
                self.websocket.write(framed(Packet(packet.CLOSE)))
            self.closed = True
            self.websocket.close()
        if self.closed:
            self.server.sockets.pop(self.sid, None)

    def _tell_closed(self, reason: Any) -> None:
        self.server._trigger_event("disconnect", self.sid, reason, run_async=False)

    def leave(self) -> None:
        """The process ends. Engine.IO's own close would say so too, but some clients do not come back after it."""
        self.closed = True
        if self.websocket is not None:
            self.websocket.close(RESTART)
        else:
            self.queue.put(Packet(packet.NOOP))  # ends a poll that waits

    # What comes

    @property
    def is_handling(self) -> bool:
        return self._posts > 0 or (self.websocket is not None and self.websocket.is_handling)

    def receive(self, pkt: Packet) -> None:
        if pkt.packet_type == packet.MESSAGE:
            self.server.handlers["message"](self.sid, pkt.data)
        else:
            super().receive(pkt)

    def handle_get_request(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get("HTTP_UPGRADE"):
            return super().handle_get_request(environ, start_response)
        self._check_pace()
        if self._polls:
            self._fail("polls twice at once")
        self._polls += 1
        try:
            return super().handle_get_request(environ, start_response)
        finally:
            self._polls -= 1

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        self._check_pace()
        self._posts += 1
        try:
            if not self._take(lambda: super(Connection, self).handle_post_request(environ)):
                raise EngineIOError()
        finally:
            self._posts -= 1

    def _check_pace(self) -> None:
        self._requests += 1
        if self._requests > REQUESTS_MAX:
            now = time.monotonic()
            if now - self._counted_from < 1:
                self._fail("polls too often")
            self._counted_from, self._requests = now, 0

    def _fail(self, what: str) -> NoReturn:
        log.warning("a session is closed: it %s", what)
        self.close(reason=self.server.reason.TRANSPORT_ERROR)
        raise EngineIOError()

    def _take(self, receive: Callable[[], None]) -> bool:
        """What is no packet ends the session; errors in what it asks for are the handlers' business."""
        try:
            if not self.closed:
                receive()
        except ContentTooLongError:
            raise
        except SocketIsClosedError:
            pass
        except (*MALFORMED, UnknownPacketError) as problem:
            log.warning("a connection is closed: it sent what is no packet (%s)", type(problem).__name__)
            self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            return False
        return True

    # Its WebSocket

    def open(self, environ: dict[str, Any], opening: Packet) -> Any:
        """The session begins with a WebSocket."""
        answered = self._take_over(environ, self._on_message, self._on_close, self._on_quick)
        if isinstance(answered, WebSocket):
            self.connected = self.upgraded = True
            self.websocket = answered
            self.send(opening)
            return []
        self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
        return answered

    def _upgrade_websocket(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """The session polls, and goes over to a WebSocket when that has been tried (Engine.IO, "Upgrade")."""
        if self.upgraded or self.upgrading:
            return self.server._bad_request("There is a WebSocket already")
        probe = Probe(self)
        answered = self._take_over(environ, probe.on_message, probe.on_close, probe.on_quick)
        if isinstance(answered, WebSocket):
            self.upgrading = True
            probe.begin(answered)
            return []
        return answered

    def _take_over(
        self,
        environ: dict[str, Any],
        on_message: Callable[[str | bytes], None],
        on_close: Callable[[], None],
        on_quick: Callable[[str | bytes], bool],
    ) -> Any:
        """The WebSocket, or else what to answer to the request."""
        try:
            handshake = answer(environ)
        except NotAWebSocket as problem:
            return self.server._bad_request(str(problem))
        fileno, early = environ["wsgi.input"].protocol.detach(handshake)
        wsgi.WSGI_LOCAL.already_handled = True  # the response has been written
        size_max = self.server.max_http_buffer_size + HEAD_MAX
        websocket = WebSocket(fileno, size_max, self.server.buffer_max, on_message, on_close, on_quick)
        websocket.start(early)
        return websocket

    def use(self, websocket: WebSocket) -> None:
        """From now on everything goes over it: first what waits, and whoever still polls is let go."""
        self.upgrading, self.upgraded, self.websocket = False, True, websocket
        self.server.members.forget_crowds()
        for waiting in self._waiting():
            websocket.write(framed(waiting))
        self.queue.put(Packet(packet.NOOP))

    def _waiting(self) -> Iterable[Packet]:
        try:
            while True:
                waiting = self.queue.get(block=False)
                if waiting is not None and waiting.packet_type != packet.NOOP:
                    yield waiting
        except self.server.get_queue_empty_exception():
            return

    def _on_message(self, data: str | bytes) -> None:
        self._take(lambda: self.receive(Packet(encoded_packet=data)))

    def _on_quick(self, data: str | bytes) -> bool:
        found = _EVENT.match(data) if isinstance(data, str) else None
        handler = found and self.server.quick.get(found[2])
        if not found or not handler or self.closed:
            return False
        sid = self.server.members.sid_from_eio_sid(self.sid, "/")
        if sid is None or not self.server.members.is_connected(sid, "/"):
            return False
        websocket = self.websocket
        assert websocket is not None  # noqa: S101 - it was heard there
        if websocket.is_holding and self._kind != found[2]:
            return False  # those of one kind keep their order among themselves
        try:
            _name, *arguments = codec.loads(data[found.end(1) :])
        except ValueError:
            return False  # it is told so where all others are
        self._kind = found[2]
        is_done = False

        def acknowledge(answer: Any) -> None:
            nonlocal is_done
            if not is_done:
                is_done = True
                websocket.write(frame(TEXT, b"43" + found[1].encode() + codec.dumps([answer]).encode()))
                websocket.release()

        websocket.hold()
        try:
            if handler(sid, arguments, acknowledge):
                return True
        except Exception:
            log.exception("an event was not handled the quick way")
        if not is_done:
            is_done = True
            websocket.release()
        return False

    def _on_close(self) -> None:
        self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)


class Probe:
    """A WebSocket that a session is trying: "2probe" is answered "3probe", and "5" takes it into use."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._websocket: WebSocket | None = None
        self._is_tried = False
        self._timer: Any = None

    def begin(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._timer = hubs.get_hub().schedule_call_global(UPGRADE_TIMEOUT, websocket.abort)

    def on_message(self, data: str | bytes) -> None:
        connection, websocket = self._connection, self._websocket
        assert websocket is not None  # noqa: S101 - nothing is heard before `begin`
        if connection.websocket is websocket:
            connection._on_message(data)
        elif not self._is_tried and data == "2probe":
            self._is_tried = True
            websocket.send("3probe")
            connection.queue.put(Packet(packet.NOOP))  # ends a poll that waits
        elif self._is_tried and data == "5" and not connection.closed:
            self._timer.cancel()
            connection.use(websocket)
        else:
            websocket.close()

    def on_quick(self, data: str | bytes) -> bool:
        return self._connection.websocket is self._websocket and self._connection._on_quick(data)

    def on_close(self) -> None:
        self._timer.cancel()
        if self._connection.websocket is self._websocket:
            self._connection._on_close()
        else:
            self._connection.upgrading = False


class Pulse:
    """Asks all sessions every `interval` seconds whether they are there, and ends who is silent for `timeout`."""

    def __init__(self, interval: float, timeout: float) -> None:
        self._interval = interval
        self._timeout = timeout
        self._due: deque[tuple[float, Connection]] = deque()
        self._asked: deque[tuple[float, Connection, float | None]] = deque()
        self._is_running = False

    def expect(self, connection: Connection) -> None:
        """Its next ping is an interval from now."""
        self._due.append((time.monotonic() + self._interval, connection))
        connection.last_ping = None
        if not self._is_running:
            self._is_running = True
            eventlet.spawn(self._run)

    def _run(self) -> None:
        while self._due or self._asked:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _moment, connection = self._due.popleft()
                if connection.ping():
                    self._asked.append((now + self._timeout, connection, connection.last_ping))
            while self._asked and self._asked[0][0] <= now:
                _moment, connection, asked = self._asked.popleft()
                if not connection.closed and connection.last_ping == asked:
                    connection.close(abort=False, reason=connection.server.reason.PING_TIMEOUT)
            first = min(queue[0][0] for queue in (self._due, self._asked) if queue) if self._due or self._asked else now
            eventlet.sleep(max(0.05, first - now))
        self._is_running = False


def framed(pkt: Packet) -> bytes:
    """The packet in a WebSocket frame."""
    if pkt.binary:
        return frame(BINARY, bytes(pkt.data))  # it remembers how it was encoded first, and those who poll get letters
    return frame(TEXT, pkt.encode().encode())
