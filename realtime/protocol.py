"""How requests are read: as eventlet does it, but a body that is refused holds nobody up, and a connection that becomes
a WebSocket leaves. Imported after the patch."""

from __future__ import annotations

from typing import Any

import eventlet
from eventlet import wsgi

# Of a body that was refused, so much is read still: who sends it hears the answer then, and the connection goes on.
LEFT_MAX = 8 * 1024 * 1024  # bytes
CHUNK = 64 * 1024  # bytes


class Body(wsgi.Input):  # type: ignore[misc]  # eventlet has no types
    protocol: Any

    def discard(self, buffer_size: int = CHUNK) -> None:
        """Read what the application has left, up to a limit; beyond it, the connection ends.

        eventlet reads on until the announced end, without giving way to others as long as something comes.
        """
        left = LEFT_MAX
        while left > 0:
            piece = self.read(min(buffer_size, left))
            if not piece:
                return
            left -= len(piece)
            eventlet.sleep(0)
        self.protocol.close_connection = 1


class Protocol(wsgi.HttpProtocol):  # type: ignore[misc]
    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        body = environ["wsgi.input"]
        body.__class__ = Body
        body.protocol = self
        return environ

    def detach(self, answer: bytes) -> tuple[int, bytes]:
        """Write `answer` and give the connection away: its file descriptor, and what came after the request already.

        The descriptor belongs to the caller; what eventlet still does with its socket meets nothing.
        """
        self.connection.sendall(answer)
        self.close_connection = 1
        # Without waiting: only what has been read along with the request.
        self.connection.setblocking(False)
        early = bytes(self.rfile.peek())
        return self.connection.fd.detach(), early
