"""Socket.IO's packets and their JSON: orjson's, and the standard library's for what orjson refuses (large integers)."""

from __future__ import annotations

import json
from typing import Any

import orjson
from socketio import packet


class Packet(packet.Packet):  # type: ignore[misc]  # the library has no types
    """Why a namespace cannot be entered is an object with a `message` (Socket.IO 5), in all cases."""

    data: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.packet_type == packet.CONNECT_ERROR and isinstance(self.data, str):
            self.data = {"message": self.data}


def dumps(data: Any, **_options: Any) -> str:
    """As short as it gets. Raises TypeError for what JSON cannot say."""
    try:
        return orjson.dumps(data).decode()
    except TypeError:
        return json.dumps(data, separators=(",", ":"))


def loads(text: str | bytes, **_options: Any) -> Any:
    """Raises ValueError."""
    try:
        return orjson.loads(text)
    except ValueError:
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("JSON is nested too deeply") from None
