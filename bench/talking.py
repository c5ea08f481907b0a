"""People who talk: each says the next when the last is acknowledged, or all at an even pace. Everything is counted."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.load import Client, Crowd
from bench.scenes import Chat
from bench.usage import cpu_seconds

MARK = b"^"  # around the number of a message, which is part of its words
WORDS = "Привет, how is it going? 今天天气很好"


@dataclass
class Talk:
    """What one round took."""

    messages: int
    deliveries: int
    cpu: float  # seconds
    seconds: float
    waits: list[float]  # seconds from sending to the acknowledgement, in order of size
    delay: float  # seconds, the longest from sending until everybody has heard it

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    def p99(self) -> float:
        return self.waits[int(len(self.waits) * 0.99)]


class Talking:
    """`addressed` says where a speaker's messages go, `hearers` who hears them."""

    def __init__(
        self,
        chat: Chat,
        crowd: Crowd,
        clients: Sequence[Client],
        addressed: Callable[[int], dict[str, Any]],
        hearers: Callable[[Client], Sequence[Client]],
    ) -> None:
        self.chat = chat
        self.crowd = crowd
        self.clients = clients
        self.hearers = hearers
        self._addressed = addressed
        self._last = 0
        for client in clients:
            client.on_told, client.on_answer = self._hear, self._answered
        self._begin()

    def _begin(self) -> None:
        self._said: dict[int, list[int]] = {}  # a speaker's number → numbers of messages
        self._started: dict[int, float] = {}  # message → when
        self._waits: list[float] = []
        self._sent_at: dict[int, float] = {}
        self._delay = 0.0
        self._heard = 0
        self._goes_on = False
        for client in self.clients:
            client.heard = client.numbers = 0

    def in_turn(self, speakers: Sequence[Client], seconds: float) -> Talk:
        """Each says the next as soon as the last is acknowledged."""
        self._goes_on = True
        end = time.perf_counter() + seconds

        def is_over() -> bool:
            self._goes_on = time.perf_counter() < end
            return not self._goes_on

        def talk() -> None:
            for speaker in speakers:
                self._say(speaker, time.perf_counter())
            self.crowd.run(is_over)

        return self._measured(talk)

    def at_pace(self, speakers: Sequence[Client], rate: float, seconds: float) -> Talk:
        """So many messages a second, spread over all of them, whether or not the last is acknowledged."""
        count = int(rate * seconds)
        return self._measured(lambda: self._pace(speakers, rate, lambda turn: turn < count))

    def while_it(self, goes_on: Callable[[], bool], rate: float) -> Talk:
        """The same of all, as long as something else goes on."""
        return self._measured(lambda: self._pace(self.clients, rate, lambda _turn: goes_on()))

    def overdue(self) -> float:
        """Seconds for which the oldest message has not been acknowledged."""
        now = time.perf_counter()
        return now - min(self._started.values(), default=now)

    def _pace(self, speakers: Sequence[Client], rate: float, goes_on: Callable[[int], bool]) -> None:
        begun = time.perf_counter()
        for turn in itertools.takewhile(goes_on, itertools.count()):
            due = begun + turn / rate
            while (ahead := due - time.perf_counter()) > 0:
                self.crowd.step(ahead)
            self._say(speakers[turn % len(speakers)], due)
            self.crowd.step(0)

    def _measured(self, talk: Callable[[], None]) -> Talk:
        self._begin()
        spent, begun = cpu_seconds(self.chat.pid), time.perf_counter()
        talk()
        self.crowd.run(lambda: not self._started)
        expected = sum(len(self.hearers(client)) * len(self._said.get(client.number, ())) for client in self.clients)
        self.crowd.run(lambda: self._heard >= expected)
        seconds = time.perf_counter() - begun
        spent = cpu_seconds(self.chat.pid) - spent
        self._check()
        return Talk(len(self._waits), self._heard, spent, seconds, sorted(self._waits), self._delay)

    def _check(self) -> None:
        """Each has heard what it must, once, and nothing else."""
        counts: dict[int, tuple[int, int]] = {}
        for speaker in self.clients:
            said = self._said.get(speaker.number, [])
            for hearer in self.hearers(speaker) if said else ():
                count, total = counts.get(hearer.number, (0, 0))
                counts[hearer.number] = count + len(said), total + sum(said)
        for client in self.clients:
            wanted = counts.get(client.number, (0, 0))
            assert (client.heard, client.numbers) == wanted, f"{self.chat.name}: lost, or heard twice"

    def _say(self, speaker: Client, when: float) -> None:
        self._last = number = self._last + 1
        self._said.setdefault(speaker.number, []).append(number)
        self._started[number] = self._sent_at[number] = when
        body = f"^{number}^ {WORDS}"
        data = {**self._addressed(speaker.number), "body": body, "client_id": str(uuid.uuid4())}
        speaker.ask(number, "send_message", data)

    def _hear(self, client: Client, data: bytes) -> None:
        begin = data.index(MARK) + 1
        number = int(data[begin : data.index(MARK, begin)])
        client.heard += 1
        client.numbers += number
        self._heard += 1
        self._delay = max(self._delay, time.perf_counter() - self._sent_at[number])

    def _answered(self, client: Client, number: int, data: bytes) -> None:
        assert b'"ok":true' in data or b'"ok": true' in data, data
        now = time.perf_counter()
        self._waits.append(now - self._started.pop(number))
        if self._goes_on:
            self._say(client, now)
