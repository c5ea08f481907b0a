"""How a request becomes a WebSocket (RFC 6455, section 4.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3


class NotAWebSocket(Exception):
    """The request does not open one (section 4.2.1); the message says why."""


def answer(environ: dict[str, Any]) -> bytes:
    """The server's handshake (section 4.2.2). No extension is agreed to. Raises NotAWebSocket."""
    offered = [word.strip() for word in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    if "upgrade" not in offered or environ.get("HTTP_UPGRADE", "").lower() != "websocket":
        raise NotAWebSocket("no upgrade to websocket")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise NotAWebSocket("version 13 only")
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip()
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise NotAWebSocket("the key is not 16 bytes")
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
    )
