"""Two thousand people come at once, as after a restart: a connection, whose session it is, what they have missed."""

from __future__ import annotations

import json
import statistics
import time
from collections import deque
from collections.abc import Collection, Iterator

from bench import chats, rounds
from bench.load import Caller, Client, Crowd
from bench.peers.chats import Stock
from bench.rows import Row, beside
from bench.scenes import Chat, Scene
from bench.usage import SPARE, cpu_seconds, open_files

SIZE = 2_000
GROUP = 50  # people in a room; everybody is in one, and in a conversation of two
TOLD, MISSED = 40, 10  # messages in each room
SETTLING = 2.0  # seconds, after all have gone
SETTLING_MAX = 60.0
GOALS = {"stock": 0.5}


def measure(_works: Collection[str]) -> Iterator[Row]:
    groups = [range(first, first + GROUP) for first in range(0, SIZE, GROUP)]
    scene = Scene(SIZE, groups, pairs=SIZE // 2, signs_in=True, told=TOLD)
    with chats.running(chats.there([Stock]), scene) as servers:
        ours, *theirs = map(statistics.median, rounds.alternating(servers, spent))
    for chat, seconds in zip(servers[1:], theirs, strict=True):
        work = f"{SIZE:,} connect, sign in and catch up at once, CPU of each"
        yield beside(work, ours, "us", chat.name, seconds, at_most=GOALS.get(chat.name))


def spent(chat: Chat) -> float:
    """Microseconds for each of them."""
    files = open_files(chat.pid)
    with Crowd() as crowd:
        before = cpu_seconds(chat.pid)
        arrival = Arrival(chat, crowd)
        crowd.run(arrival.is_over)
        took = cpu_seconds(chat.pid) - before
        arrival.check()
    deadline = time.monotonic() + SETTLING_MAX
    while open_files(chat.pid) > files + SPARE:
        assert time.monotonic() < deadline, f"{chat.name}: connections that were closed stay"
        time.sleep(0.1)
    time.sleep(SETTLING)
    return took / SIZE * 1e6


class Arrival:
    """All are on the way in from the beginning, as far as the server has place for them to wait.

    Who is sent away, as who does not answer a ping in time, comes again, as browsers do.
    """

    def __init__(self, chat: Chat, crowd: Crowd) -> None:
        self._chat = chat
        self._crowd = crowd
        self._to_come = deque(chat.callers(range(SIZE)))
        self._under_way = 0
        self._answers: dict[int, bytes] = {}

    def is_over(self) -> bool:
        while self._to_come and self._under_way < self._chat.backlog:
            self._begin(self._to_come.popleft())
        return len(self._answers) == SIZE

    def check(self) -> None:
        """Each has been told what was missed in both rooms."""
        for data in self._answers.values():
            rooms = json.loads(data)[0]["rooms"].values()
            assert [len(room["messages"]) for room in rooms] == [MISSED, MISSED], data

    def _begin(self, caller: Caller) -> None:
        self._under_way += 1
        client = self._crowd.begin(caller)
        client.on_joined, client.on_answer = self._joined, self._answered
        client.on_end = lambda _client: self._sent_away(caller)

    def _joined(self, client: Client) -> None:
        client.ask(1, "sync", {"rooms": self._chat.holding(client.number, MISSED)})

    def _answered(self, client: Client, _number: int, data: bytes) -> None:
        self._under_way -= 1
        self._answers[client.number] = data

    def _sent_away(self, caller: Caller) -> None:
        if caller.number not in self._answers:
            self._under_way -= 1
            self._to_come.append(caller)
