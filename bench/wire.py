"""WebSocket as a browser's side of it: the request that opens one, the frames that are sent and read. No sockets."""

from __future__ import annotations

import base64
import os

OFFER = "permessage-deflate; client_max_window_bits"  # as browsers do
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
COMPRESSED = 0x40
FINAL = 0x80

Frame = tuple[int, bytes]  # the first byte, the data


def request(port: int, path: str, headers: dict[str, str]) -> bytes:
    given = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Extensions": OFFER,
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (given | headers).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def framed(data: bytes, opcode: int = TEXT) -> bytes:
    """Masked with zeros: what masking costs is the server's to find out, not ours."""
    size, first = len(data), FINAL | opcode
    if size < 126:
        return bytes((first, 0x80 | size)) + b"\0\0\0\0" + data
    if size < 1 << 16:
        return bytes((first, 0xFE)) + size.to_bytes(2, "big") + b"\0\0\0\0" + data
    return bytes((first, 0xFF)) + size.to_bytes(8, "big") + b"\0\0\0\0" + data


def frames(held: bytes) -> tuple[list[Frame], bytes]:
    """The whole frames at the beginning of what a server sent, and the rest."""
    found: list[Frame] = []
    place, size = 0, len(held)
    while size - place >= 2:
        length, start = held[place + 1], place + 2
        if length == 126:
            if size - place < 4:
                break
            length, start = int.from_bytes(held[place + 2 : place + 4], "big"), place + 4
        elif length == 127:
            if size - place < 10:
                break
            length, start = int.from_bytes(held[place + 2 : place + 10], "big"), place + 10
        if size - start < length:
            break
        found.append((held[place], held[start : start + length]))
        place = start + length
    return found, held[place:]
