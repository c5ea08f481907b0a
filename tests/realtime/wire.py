"""A client of bytes: Engine.IO over HTTP and over a WebSocket, doing also what no client should."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from realtime.frames import BINARY, CLOSE, PING, PONG, TEXT
from tests.realtime.masking import client_frame

SECONDS = 20
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
}


class Wire:
    """A TCP connection that becomes a WebSocket."""

    def __init__(
        self,
        url: str,
        path: str = "/socket.io/?EIO=4&transport=websocket",
        window: int | None = None,
        **headers: str | None,
    ) -> None:
        """`window` is how many bytes this side's system takes without anybody reading; None as it likes."""
        place = urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(SECONDS)
        if window is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.connect((place.hostname, place.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""
        given = HANDSHAKE | {"Host": place.netloc, "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[dict-item]
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value is not None)]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = self._until(b"\r\n\r\n").decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.socket.close()

    def send(self, packet: str | bytes) -> None:
        data, opcode = (packet.encode(), TEXT) if isinstance(packet, str) else (packet, BINARY)
        self.raw(client_frame(opcode, data))

    def raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode and data. Raises EOFError at the connection's end."""
        first, second = self._exactly(2)
        assert first & 0xF0 == 0x80, "a server's frames are whole here, without extension"
        assert not second & 0x80, "a server masks nothing"
        size = second
        if size == 126:
            [size] = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            [size] = struct.unpack("!Q", self._exactly(8))
        return first & 0x0F, self._exactly(size)

    def packet(self) -> str | bytes:
        """The next Engine.IO packet other than a ping, which is answered."""
        while True:
            opcode, data = self.frame()
            assert opcode in (TEXT, BINARY), f"control frame {opcode}: {data!r}"
            if (opcode, data) == (TEXT, b"2"):
                self.send("3")
            else:
                return data.decode() if opcode == TEXT else data

    def open(self) -> Any:
        """Read Engine.IO's handshake."""
        packet = self.packet()
        assert isinstance(packet, str)
        assert packet[0] == "0"
        return json.loads(packet[1:])

    def join(self, namespace: str = "", auth: Any = None) -> str:
        """Connect to a namespace, and return the answer."""
        self.send("40" + namespace + ("" if auth is None else json.dumps(auth)))
        return self.until("4")

    def until(self, *starts: str) -> str:
        """The next text packet that begins so."""
        while True:
            packet = self.packet()
            if isinstance(packet, str) and packet.startswith(starts):
                return packet

    def close_code(self) -> int | None:
        """Read up to the server's Close frame, or to the end without one."""
        try:
            while True:
                opcode, data = self.frame()
                if opcode == CLOSE:
                    return int(struct.unpack("!H", data[:2])[0]) if data else 1005
        except (EOFError, ConnectionError):
            return None

    def pong(self) -> bytes:
        """The data of the next pong."""
        while True:
            opcode, data = self.frame()
            if opcode == PONG:
                return data

    def ping(self, data: bytes) -> None:
        self.raw(client_frame(PING, data))

    def ends(self) -> bool:
        """Whether the server ends the connection, whatever it says before."""
        try:
            while self.socket.recv(65_536):
                pass
        except ConnectionError:
            pass
        return True

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._held:
            self._more()
        head, _, self._held = self._held.partition(mark)
        return head

    def _exactly(self, count: int) -> bytes:
        while len(self._held) < count:
            self._more()
        data, self._held = self._held[:count], self._held[count:]
        return data

    def _more(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise EOFError
        self._held += data


class Polling:
    """A session over HTTP long-polling."""

    def __init__(self, url: str, cookie: str | None = None) -> None:
        self.url = f"{url}/socket.io/"
        self.http = requests.Session()
        if cookie:
            self.http.headers["Cookie"] = cookie
        self.sid: str | None = None

    def open(self) -> Any:
        [packet] = self.poll()
        assert packet[0] == "0"
        handshake = json.loads(packet[1:])
        self.sid = handshake["sid"]
        return handshake

    def get(self, **query: str) -> requests.Response:
        return self.http.get(self.url, params=self._query(query), timeout=SECONDS)

    def poll(self) -> list[str]:
        answer = self.get()
        assert answer.status_code == 200, answer.text
        return answer.content.decode().split("\x1e")

    def post(self, *packets: str) -> requests.Response:
        body = "\x1e".join(packets).encode()
        return self.http.post(self.url, params=self._query({}), data=body, timeout=SECONDS)

    def until(self, *starts: str) -> str:
        """The next packet that begins so; pings before it are answered, what comes along with it is lost."""
        while True:
            for packet in self.poll():
                if packet.startswith(starts):
                    return packet
                if packet == "2":
                    self.post("3")

    def websocket_path(self) -> str:
        return f"/socket.io/?EIO=4&transport=websocket&sid={self.sid}"

    def _query(self, query: dict[str, str]) -> dict[str, str]:
        return {"EIO": "4", "transport": "polling"} | ({"sid": self.sid} if self.sid else {}) | query
