"""A network between a browser and the server that loses, holds, slows and repeats what the server says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self

from tests.servers import ServerProcess

CHUNK = 65_536
PATIENCE = 30  # seconds


class Wire:
    """Passes bytes in both directions; WebSocket frames from the server are passed whole, one by one."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.delay = 0.0  # seconds before each frame of the server
        self.copies = 1  # how often each message of the server arrives
        self._open = threading.Event()
        self._open.set()
        self._parted = False
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc_info: object) -> None:
        end(self._door)  # wakes the thread that waits at it
        self._door.close()
        self.cut()
        self.release()
        for thread in list(self._threads):
            thread.join(PATIENCE)

    def hold(self) -> None:
        """The server hears everything, and nothing of what it says arrives."""
        self._open.clear()

    def release(self) -> None:
        """What was held arrives, late."""
        self._open.set()

    def cut(self) -> None:
        """Every connection breaks, and what was held is lost. New ones can be made."""
        held, self._sockets = self._sockets, []
        for one in held:
            end(one)

    def part(self) -> None:
        """Every connection breaks, and none can be made until it is mended."""
        self._parted = True
        self.cut()

    def mend(self) -> None:
        self._parted = False

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                browser, _ = self._door.accept()
                self._start(self._join, browser)

    def _join(self, browser: socket.socket) -> None:
        if self._parted:
            browser.close()
            return
        with browser, suppress(OSError), socket.create_connection(("127.0.0.1", self.server.port)) as server:
            self._sockets += [browser, server]
            forth = self._start(self._forth, browser, server)
            self._back(server, browser)
            forth.join()

    def _forth(self, browser: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := browser.recv(CHUNK):
                server.sendall(data)
        end(server)

    def _back(self, server: socket.socket, browser: socket.socket) -> None:
        with suppress(OSError):
            for piece, is_message in pieces(server):
                time.sleep(self.delay)
                self._open.wait()
                if server not in self._sockets:
                    break
                browser.sendall(piece * (self.copies if is_message else 1))
        end(browser)


def end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


def pieces(server: socket.socket) -> Iterator[tuple[bytes, bool]]:
    """What a server says: bytes as they come until it switches to WebSocket (RFC 6455), then whole frames; and whether
    it is a message: an event or an acknowledgement of Socket.IO, not part of a handshake or a ping."""
    buffer = b""
    framed = False
    while data := server.recv(CHUNK):
        buffer += data
        if not framed and buffer.startswith(b"HTTP/1.1 101"):
            head, found, rest = buffer.partition(b"\r\n\r\n")
            if not found:
                continue
            yield head + found, False
            framed, buffer = True, rest
        while framed and (length := frame_length(buffer)):
            frame, buffer = buffer[:length], buffer[length:]
            yield frame, b"42[" in frame[:13] or b"43" in frame[2:13]
        if not framed:
            yield buffer, False
            buffer = b""


def frame_length(buffer: bytes) -> int:
    """Of the frame at the beginning, with its header; 0 while it is not all there. Servers do not mask."""
    if len(buffer) < 2:
        return 0
    short = buffer[1] & 0x7F
    extra = {126: 2, 127: 8}.get(short, 0)
    length = int.from_bytes(buffer[2 : 2 + extra]) if extra else short
    whole = 2 + extra + length
    return whole if len(buffer) >= 2 + extra and len(buffer) >= whole else 0
