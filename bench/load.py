"""A crowd of clients in one thread, on raw sockets; they offer permessage-deflate as browsers do.

What is said to each goes to its two callbacks; pings are answered; nothing else is done, so that many fit.
"""

from __future__ import annotations

import select
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench import wire
from bench.dialects import DIALECTS

SECONDS = 240
TAIL = b"\x00\x00\xff\xff"
PIECE = 1 << 18
AT_ONCE = 32  # handshakes under way, where it is not their number that is measured: stock has a backlog of 50


class Lost(Exception):
    """A server closed a connection."""


@dataclass(frozen=True)
class Caller:
    """How somebody connects: where, as whom, and what Socket.IO calls `auth`."""

    port: int
    dialect: str
    number: int
    path: str
    headers: dict[str, str]
    hello: Any = None


class Client:
    """`on_told(client, data)` sees each message, `on_answer(client, number, data)` each acknowledgement, as bytes."""

    __slots__ = (
        *("buffer", "crowd", "dialect", "fileno", "greeting", "heard", "inflate", "is_joined", "number", "numbers"),
        *("on_answer", "on_end", "on_joined", "on_told", "out", "sock", "upgraded"),
    )

    def __init__(self, crowd: Crowd, caller: Caller) -> None:
        self.crowd = crowd
        self.dialect = DIALECTS[caller.dialect]
        self.number = caller.number
        self.sock = sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect_ex(("127.0.0.1", caller.port))
        self.fileno = sock.fileno()
        self.out = wire.request(caller.port, caller.path, caller.headers)
        greeting = self.dialect.greeting(caller.hello)
        self.greeting = wire.framed(greeting.encode()) if greeting else b""
        self.buffer = b""
        self.inflate: Any = None
        self.upgraded = self.is_joined = False
        self.heard = self.numbers = 0  # messages, and their numbers added up
        self.on_joined: Callable[[Client], None] = lambda _client: None
        self.on_end: Callable[[Client], None] = crowd.lost
        self.on_told: Callable[[Client, bytes], None] = lambda _client, _data: None
        self.on_answer: Callable[[Client, int, bytes], None] = lambda _client, _number, _data: None

    def joined(self) -> None:
        self.is_joined = True
        self.on_joined(self)

    def ask(self, number: int, event: str, data: dict[str, Any]) -> None:
        self.send(self.dialect.asking(number, event, data))

    def send(self, said: str) -> None:
        self.out += wire.framed(said.encode())
        self.flush()

    def flush(self) -> None:
        try:
            self.out = self.out[self.sock.send(self.out) :]
        except BlockingIOError:
            pass
        except OSError:
            self.out = b""  # its end is read in a moment
        if self.out:
            self.crowd.wait_to_write(self)


class Crowd:
    """Of one server or several: while one is measured, pings of the others are answered too."""

    def __init__(self) -> None:
        self.clients: dict[int, Client] = {}
        self.ended = 0
        self._poll = select.epoll()

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.drop(list(self.clients.values()))
        self._poll.close()

    def connect(self, callers: Sequence[Caller], at_once: int = AT_ONCE) -> list[Client]:
        """Connect them all, so many at the same time, and wait until they have joined."""
        made: list[Client] = []
        joined = 0

        def all_joined() -> bool:
            nonlocal joined
            while joined < len(made) and made[joined].is_joined:
                joined += 1
            while len(made) < len(callers) and len(made) - joined < at_once:
                made.append(self.begin(callers[len(made)]))
            return joined == len(callers)

        self.run(all_joined)
        return made

    def begin(self, caller: Caller) -> Client:
        """Somebody on the way in."""
        client = Client(self, caller)
        self.clients[client.fileno] = client
        self._poll.register(client.fileno, select.EPOLLIN | select.EPOLLOUT)
        return client

    def lost(self, _client: Client) -> None:
        """The server closed it, which is noticed in `run`."""
        self.ended += 1

    def wait_to_write(self, client: Client) -> None:
        self._poll.modify(client.fileno, select.EPOLLIN | select.EPOLLOUT)

    def drop(self, clients: Iterable[Client]) -> None:
        """Close without a word."""
        for client in clients:
            self._poll.unregister(client.fileno)
            del self.clients[client.fileno]
            client.sock.close()

    def run(self, until: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Hear and answer until the condition holds. Raises AssertionError when it does not in time, Lost."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, f"not within {seconds:g} s"
            if self.ended:
                raise Lost(f"the server closed {self.ended} connections")
            self.step(0.02)

    def step(self, seconds: float) -> None:
        for fileno, events in self._poll.poll(seconds):
            client = self.clients.get(fileno)
            if client is None:
                continue
            if events & select.EPOLLOUT:
                self._poll.modify(fileno, select.EPOLLIN)
                client.flush()
            if events & ~select.EPOLLOUT:
                self._read(client)

    def _read(self, client: Client) -> None:
        try:
            data = client.sock.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop([client])
            client.on_end(client)
            return
        held = client.buffer + data if client.buffer else data
        if client.upgraded or (held := self._upgraded(client, held)):
            found, client.buffer = wire.frames(held)
            for first, content in found:
                self._hear(client, first, content)

    def _upgraded(self, client: Client, held: bytes) -> bytes:
        """What comes after the server's answer to the handshake, once that is there."""
        head, found, rest = held.partition(b"\r\n\r\n")
        if not found:
            client.buffer = held
            return b""
        assert b" 101 " in head.split(b"\r\n")[0], head
        client.upgraded, client.buffer = True, b""
        if b"permessage-deflate" in head:
            client.inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        if client.greeting:
            client.out += client.greeting
            client.flush()
        else:
            client.joined()
        return rest

    def _hear(self, client: Client, first: int, data: bytes) -> None:
        opcode = first & 0x0F
        if first & wire.COMPRESSED:
            data = client.inflate.decompress(data + TAIL)
        if opcode == wire.TEXT:
            client.dialect.hear(client, data)
        elif opcode == wire.PING:
            client.out += wire.framed(data, wire.PONG)
            client.flush()
