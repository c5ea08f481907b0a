"""The servers that are measured beside each other: ours and the peers, with the same people and rooms."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from bench import filling, people
from bench.load import Caller
from bench.peers import installing
from bench.peers.chats import Channels, Node, Peer, Stock
from bench.scenes import SOCKET_IO, Chat, Scene
from tests.conftest import close, make_app
from tests.servers import ServerProcess

# One person says more here in a second than the limits let a hundred say in a minute.
RATES = dict.fromkeys(("MESSAGE_RATE", "EVENT_RATE"), "10000000 per second")


class Ours(Chat):
    name = "Parley"
    stored_in = "messages WHERE kind = 'text'"  # the server's own lines were said by nobody

    def __enter__(self) -> Ours:
        self.folder.mkdir()
        url = self.url or f"sqlite:///{self.folder / 'chat.sqlite3'}"
        scene = self.scene
        self.groups, self.pairs = people.prepare(url, scene.people, scene.groups, scene.pairs)
        app = make_app(self.folder, DATABASE_URL=url, SECRET_KEY=people.KEY)
        with app.app_context():
            self.cookies = people.cookies(app, scene.people)
        close(app)
        if scene.told:
            ids = [[people.FIRST + number for number in within] for within in scene.rooms()]
            rooms = dict(zip([*self.groups, *self.pairs], ids, strict=True))
            filling.fill(make_url(url).database or "", rooms, scene.told)
        self.database = url
        self.server = ServerProcess(self.folder, url, SECRET_KEY=people.KEY, **RATES).start()
        self.port = self.server.port
        assert self.server.process is not None
        self.pid = self.server.process.pid
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.__exit__()

    def caller(self, number: int) -> Caller:
        return self.called(number, SOCKET_IO, {"Cookie": self.cookies[number]})

    def in_group(self, place: int) -> dict[str, Any]:
        return {"room_id": self.groups[place - 1]}

    def to_neighbour(self, number: int) -> dict[str, Any]:
        return {"room_id": self.pairs[number // 2]}

    def holding(self, number: int, missed: int) -> dict[str, int]:
        last = self.scene.told - missed
        return {str(self._room(int(place))): last for place in super().holding(number, missed)}

    def _room(self, place: int) -> int:
        return [*self.groups, *self.pairs][place - 1]


PEERS: tuple[type[Peer], ...] = (Stock, Node, Channels)


def there(kinds: Sequence[type[Peer]] = PEERS) -> list[type[Chat]]:
    """Ours and those peers that this machine can run, ours first."""
    return [Ours, *(kind for kind in kinds if kind is not Node or installing.node() is not None)]


@contextmanager
def running(kinds: Sequence[type[Chat]], scene: Scene, urls: Sequence[str] = ()) -> Iterator[list[Chat]]:
    """All of them; `urls` names a database for each, where they are to store what is said."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield [
            stack.enter_context(kind(scene, folder / kind.name, urls[place] if urls else None))
            for place, kind in enumerate(kinds)
        ]
