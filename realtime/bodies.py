"""The body of a request as it arrives, for those that are too large to be held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CHUNK = 64 * 1024  # bytes
# What a slow sender has sent is handed on after so long, and not packet by packet.
PAUSE = 0.05  # seconds
# Of a connection that died without a word, nothing is heard any more.
SILENCE = 60.0  # seconds


def chunks(environ: dict[str, Any], length: int) -> Iterator[bytes]:
    """The next `length` bytes of the request's body in pieces; fewer when the connection breaks or falls silent.

    `environ` is WSGI's, with the server's own stream in it: a wrapped one would raise instead of giving what came.
    """
    source = _Source(environ["wsgi.input"])
    gathered = bytearray()
    while length > 0:
        if gathered and (len(gathered) >= CHUNK or not source.has_more(PAUSE)):
            yield bytes(gathered)
            gathered.clear()
        piece = source.read(min(CHUNK - len(gathered), length))
        if not piece:
            break
        gathered += piece
        length -= len(piece)
    if gathered:
        yield bytes(gathered)


class _Source:
    """The server's stream. Its own `read` waits until all that is asked for has come, and a cut would lose it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._socket = stream.get_socket() if hasattr(stream, "get_socket") else None
        if self._socket is not None:
            self._socket.settimeout(SILENCE)

    def has_more(self, seconds: float) -> bool:
        """Whether something comes within this time, be it the end."""
        if self._socket is None:
            return True
        from eventlet import hubs

        try:
            hubs.trampoline(self._socket, read=True, timeout=seconds, timeout_exc=TimeoutError)
        except TimeoutError:
            return False
        else:
            return True

    def read(self, size: int) -> bytes:
        """What has come, up to so many bytes; nothing at the end, which may be a cut."""
        try:
            if self._socket is None:
                return bytes(self._stream.read(size))
            else:
                return bytes(self._stream._do_read(self._stream.rfile.read1, size))
        except OSError:
            return b""
