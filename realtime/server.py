"""The listening socket, the WSGI server on it, and how both end."""

from __future__ import annotations

import logging
import resource
import socket
from typing import Any

from realtime.ending import Tell

BACKLOG = 4096
# A cap of the WSGI server's own; each open connection holds one of its greenlets.
MAX_CONNECTIONS = 65_536
PAUSE = 0.2  # seconds until the next try, when nobody can be let in

log = logging.getLogger("parley")


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket. Raises OSError when the address is taken or not ours.

    TCP_NODELAY is inherited by accepted sockets; without it an acknowledgement that follows a broadcast waits 40 ms.
    """
    import eventlet

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without a shared port: a second process on it would quietly get half of the people.
    listener: socket.socket = eventlet.listen((host, port), family=family, backlog=BACKLOG, reuse_port=False)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def serve(listener: socket.socket, app: Any, server: Any, tell: Tell) -> None:
    """Answer requests until the process is told to end, and then what is under way.

    `server` is the `socketio.Server`; how `tell` is called stands in realtime/ending.py.
    """
    import eventlet
    from eventlet import wsgi

    from realtime import ending
    from realtime.protocol import Protocol

    _raise_limit()
    order = ending.Order()
    # debug=False: otherwise eventlet sends tracebacks to clients.
    options = {"max_size": MAX_CONNECTIONS, "log_output": False, "debug": False, "protocol": Protocol}
    serving = eventlet.spawn(wsgi.server, Door(listener), app, **options)
    serving.link(lambda _ended: order.give())  # should it end by itself, nobody could come any more
    order.wait()
    log.info("Parley ends")
    ending.end(serving, listener, server, tell)


def _raise_limit() -> None:
    """Each connection is a file descriptor, and many systems allow 1,024 of them unless one asks for more."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Door:
    """The listening socket, as far as the WSGI server uses it: that one would end when a connection cannot be taken."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)

    def accept(self) -> tuple[socket.socket, Any]:
        import eventlet

        while True:
            try:
                return self._listener.accept()
            except OSError as problem:  # too many open files, or it went before it was let in
                log.warning("a connection could not be let in: %s", problem.strerror)
                eventlet.sleep(PAUSE)
