"""People and rooms that all servers are measured with, and what is asked of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench.load import Caller
from tests.servers import free_port

SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"


@dataclass(frozen=True)
class Scene:
    """People have numbers from 0 on; groups are of some of them, conversations between 0 and 1, 2 and 3, …"""

    people: int
    groups: Sequence[range] = ()
    pairs: int = 0
    signs_in: bool = False  # peers ask whose the session cookie is, as ours always does
    told: int = 0  # messages in each room, where that is asked for: ours on SQLite, and stock

    def groups_of(self, number: int) -> list[int]:
        """Their places in `groups`, from 1."""
        return [place for place, group in enumerate(self.groups, 1) if number in group]

    def rooms(self) -> list[range]:
        """Who is in which room: groups, and then conversations."""
        return [*self.groups, *(range(2 * pair, 2 * pair + 2) for pair in range(self.pairs))]


class Chat:
    """A running server. `url` names an empty database to store messages in; ours always has one."""

    name: str
    dialect = "socketio"
    haste = 1.0  # of a round's length, for one that takes too long over it
    backlog = 4_000  # who may wait at its door
    pid: int
    database: str  # its URL
    stored_in: str  # table, and which of its rows are what people said

    def __init__(self, scene: Scene, folder: Path, url: str | None = None) -> None:
        self.scene = scene
        self.folder = folder
        self.url = url
        self.port = free_port()

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(self, *exc_info: object) -> None:
        raise NotImplementedError

    def caller(self, number: int) -> Caller:
        raise NotImplementedError

    def called(self, number: int, path: str, headers: dict[str, str], hello: Any = None) -> Caller:
        return Caller(self.port, self.dialect, number, path, headers, hello)

    def callers(self, numbers: Sequence[int]) -> list[Caller]:
        return [self.caller(number) for number in numbers]

    def in_group(self, place: int) -> dict[str, Any]:
        """How a message is addressed to a group."""
        return {"room_id": place}

    def to_neighbour(self, number: int) -> dict[str, Any]:
        """How a message of this person is addressed to the other of two."""
        return {"room_id": len(self.scene.groups) + 1 + number // 2, "to": number ^ 1}

    def holding(self, number: int, missed: int) -> dict[str, int]:
        """What somebody says of each of their rooms who has missed so many of the messages that were told."""
        last = self.scene.told - missed
        return {
            str(place): (place - 1) * self.scene.told + last
            for place, people in enumerate(self.scene.rooms(), 1)
            if number in people
        }
