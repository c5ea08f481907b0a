"""What servers are told and what they say: Socket.IO's packets, and plain JSON over a WebSocket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from bench.load import Client


class Dialect(Protocol):
    name: str

    def greeting(self, hello: Any) -> str:
        """What a client says first; nothing where being connected is enough."""
        ...

    def asking(self, number: int, event: str, data: dict[str, Any]) -> str:
        """An event that is to be acknowledged under this number."""
        ...

    def hear(self, client: Client, data: bytes) -> None: ...


class SocketIO:
    """Version 5 on Engine.IO 4."""

    name = "socketio"

    def greeting(self, hello: Any) -> str:
        return "40" + ("" if hello is None else json.dumps(hello))

    def asking(self, number: int, event: str, data: dict[str, Any]) -> str:
        return f"42{number}{json.dumps([event, data], ensure_ascii=False)}"

    def hear(self, client: Client, data: bytes) -> None:
        if data.startswith(b'42["message_sent"'):
            client.on_told(client, data)
        elif data.startswith(b"43"):
            end = data.index(b"[")
            client.on_answer(client, int(data[2:end]), data[end:])
        elif data == b"2":
            client.send("3")
        elif data.startswith(b"40"):
            client.joined()
        elif data.startswith(b"44"):
            raise AssertionError(f"refused: {data!r}")


class Plain:
    """One JSON object a message, as Django Channels' tutorial has it; `number` is the acknowledgement's."""

    name = "plain"

    def greeting(self, hello: Any) -> str:
        return ""

    def asking(self, number: int, event: str, data: dict[str, Any]) -> str:
        return json.dumps({"type": event, "number": number, **data}, ensure_ascii=False)

    def hear(self, client: Client, data: bytes) -> None:
        if data.startswith(b'{"type": "message_sent"'):
            client.on_told(client, data)
        elif data.startswith(b'{"type": "answer"'):
            client.on_answer(client, json.loads(data)["number"], data)


DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (SocketIO(), Plain())}
