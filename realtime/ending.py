"""How the process ends when it is told to (SIGTERM, SIGINT): whole, and within ten seconds.

Nobody new is let in. What has come is handled and answered; then everybody is told when to come back, each at another
moment, and let go. What is under way even then, a long download say, ends with the process.
"""

from __future__ import annotations

import random
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

# Seconds after the signal:
HANDLED = 4.0  # what has come is done, or not waited for any longer
SAID = 7.0  # so are requests, and what is said last
CLOSED = 7.5  # clients have closed their side
GONE = 9.5  # the system sees to it, whatever holds the loop
SIGNALS = signal.SIGTERM, signal.SIGINT

# When to come back: once a new process may be there, and not all at once.
START = 1.0  # seconds
RETURNING = 200  # clients a second
RETURNING_MAX = 30.0  # seconds
CROWD = 256  # clients that are let go before others have their turn
LAST_LOOK = 0.5  # seconds for clients to close, when all is said
TICK = 0.02  # seconds

# Tells a connection (its id in the namespace "/") to come back after so many milliseconds.
Tell = Callable[[str, int], None]


class Order:
    """The order to end. From now on it ends nothing by itself, however often it comes."""

    def __init__(self) -> None:
        # A handler cannot wake the loop, but what is written when a signal comes can.
        self._ours, self._theirs = socket.socketpair()
        self._theirs.setblocking(False)
        signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _expire)

    def wait(self) -> None:
        while self._ours.recv(1)[0] not in (0, *SIGNALS):  # other signals that Python handles are written too
            pass

    def give(self) -> None:
        self._theirs.send(b"\0")


def _expire(_number: int, _frame: Any) -> None:
    """From the first signal on there is an end to all waiting, by SIGALRM and its default."""
    if not signal.getitimer(signal.ITIMER_REAL)[0]:
        signal.setitimer(signal.ITIMER_REAL, GONE)


def end(serving: Any, listener: socket.socket, server: Any, tell: Tell) -> None:
    """End the WSGI server, which runs in the greenlet `serving`, and all sessions of the `socketio.Server`."""
    import eventlet

    engine, begun = server.eio, time.monotonic()
    # By itself it lets go of connections without a request, and waits for the others: too long, maybe.
    eventlet.kill(serving)
    listener.close()
    engine.deafen()
    _wait(lambda: not engine.is_handling, begun + HANDLED)
    leaving: list[Any] = []

    def is_all_said() -> bool:
        # Again and again: a request that was under way may have opened one more.
        leaving.extend(_let_go(server, tell))
        return bool(serving.dead) and not any(websocket.has_more_to_say for websocket in leaving)

    _wait(is_all_said, begun + SAID)
    # A connection that ends with something unread in it takes what was said last along.
    _wait(lambda: all(websocket.is_gone for websocket in leaving), min(begun + CLOSED, time.monotonic() + LAST_LOOK))
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # a late one would still kill the interpreter, which forgets our handler


def _let_go(server: Any, tell: Tell) -> list[Any]:
    """Their WebSockets, which say what is left and close."""
    import eventlet

    there = [connection for connection in server.eio.sockets.values() if not connection.closed]
    spread = min(len(there) / RETURNING, RETURNING_MAX)
    for place, connection in enumerate(there, 1):
        sid = server.manager.sid_from_eio_sid(connection.sid, "/")
        if sid is not None and not connection.closed:
            tell(sid, round(1000 * (START + random.uniform(0, max(spread, START)))))  # noqa: S311 - no secret
        connection.leave()
        if place % CROWD == 0:
            eventlet.sleep(0)
    return [connection.websocket for connection in there if connection.websocket is not None]


def _wait(condition: Callable[[], bool], deadline: float) -> None:
    import eventlet

    while not condition() and time.monotonic() < deadline:
        eventlet.sleep(TICK)
