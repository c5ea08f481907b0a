"""The listening socket and the WSGI server on it."""

from __future__ import annotations

import logging
import socket
from typing import Any

BACKLOG = 4096
# A cap of the WSGI server's own; each open connection holds one of its greenlets.
MAX_CONNECTIONS = 65_536

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


def serve(listener: socket.socket, app: Any) -> None:
    """Answer requests until the process is told to stop."""
    from eventlet import wsgi

    from realtime.protocol import Protocol

    # debug=False: otherwise eventlet sends tracebacks to clients.
    wsgi.server(listener, app, max_size=MAX_CONNECTIONS, log_output=False, debug=False, protocol=Protocol)
