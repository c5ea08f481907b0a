"""Direct messages of a hundred people, stored in MySQL: what one costs, and how long it waits to be acknowledged."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Sequence

from bench import chats, databases, rounds
from bench.load import Client, Crowd
from bench.rows import Row, beside, row
from bench.scenes import Chat, Scene
from bench.talking import Talk, Talking

SENDERS = 100
SECONDS = 3.0
CPU_GOALS = {"stock": 0.1, "Node": 0.5}
WAIT_GOALS = {"stock": 1 / 3, "Node": 1.0}
SHARE = 0.5  # of the peer's top rate


def measure(works: Collection[str]) -> Iterator[Row]:
    with databases.server() as (name, server):
        if server is None:
            yield row("direct messages: not measured, there is neither MySQL nor MariaDB here", None, "")
            return
        kinds = chats.there()
        urls = databases.urls(server, [kind.name for kind in kinds])
        with chats.running(kinds, Scene(SENDERS, pairs=SENDERS // 2), urls) as servers, Crowd() as crowd:
            yield from compared(name, [Conversations(crowd, chat) for chat in servers], works)


class Conversations:
    """Everybody sends to their neighbour, and hears what both of them say."""

    def __init__(self, crowd: Crowd, chat: Chat) -> None:
        self.chat = chat
        self.sent = 0
        self.clients = crowd.connect(chat.callers(range(SENDERS)))
        self._talking = Talking(chat, crowd, self.clients, chat.to_neighbour, self._both)

    def in_turn(self) -> Talk:
        return self._counted(self._talking.in_turn(self.clients, SECONDS))

    def at_pace(self, rate: float) -> Talk:
        return self._counted(self._talking.at_pace(self.clients, rate, SECONDS))

    def check_stored(self) -> None:
        """As many rows as were acknowledged."""
        stored = databases.count(self.chat.database, self.chat.stored_in)
        assert stored == self.sent, f"{self.chat.name}: {stored} rows of {self.sent}"

    def _both(self, speaker: Client) -> Sequence[Client]:
        first = speaker.number // 2 * 2
        return self.clients[first : first + 2]

    def _counted(self, talk: Talk) -> Talk:
        self.sent += talk.messages
        return talk


def compared(name: str, those: list[Conversations], works: Collection[str]) -> Iterator[Row]:
    talks = rounds.alternating(those, Conversations.in_turn)
    cost = [statistics.median(talk.cpu / talk.messages * 1e6 for talk in found) for found in talks]
    rates = [statistics.median(talk.rate for talk in found) for found in talks]
    if "direct" in works:
        work = f"CPU of a direct message, {name}, {SENDERS} senders"
        for one, theirs in zip(those[1:], cost[1:], strict=True):
            yield beside(work, cost[0], "us", one.chat.name, theirs, at_most=CPU_GOALS.get(one.chat.name))
        for one, rate in zip(those[1:], rates[1:], strict=True):
            yield beside(
                f"direct messages at most, {name}, {SENDERS} senders", rates[0], "a second", one.chat.name, rate
            )
    if "latency" in works:
        for one, rate in zip(those[1:], rates[1:], strict=True):
            yield waits(name, those[0], one, rate * SHARE)
    for one in those:
        one.check_stored()


def waits(name: str, ours: Conversations, peer: Conversations, rate: float) -> Row:
    """Both at half of what the peer can do."""
    talks = rounds.alternating((ours, peer), lambda one: one.at_pace(rate).p99() * 1000)
    work = f"send to acknowledgement, p99, {name}, {rate:.0f} a second"
    mine, theirs = map(statistics.median, talks)
    return beside(work, mine, "ms", peer.chat.name, theirs, at_most=WAIT_GOALS.get(peer.chat.name))
