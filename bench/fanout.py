"""A room of 500: what a second of the server's processor delivers, to one speaker and to fifty at once."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator

from bench import chats, rounds
from bench.load import Crowd
from bench.rows import Row, beside
from bench.scenes import Chat, Scene
from bench.talking import Talking

SIZE = 500
SECONDS = 2.0
# work → speakers, what it is called, how many times as many as each peer
SPEAKING = {
    "fanout": (1, "one sender", {"stock": 4.0, "Node": 1.25}),
    "many": (50, "50 senders at once", {"stock": 8.0, "Node": 3.0}),
}


def measure(works: Collection[str]) -> Iterator[Row]:
    scene = Scene(SIZE, [range(SIZE)])
    with chats.running(chats.there(), scene) as servers, Crowd() as crowd:
        rooms = [joined(crowd, chat) for chat in servers]
        for work in (work for work in SPEAKING if work in works):
            speakers, called, goals = SPEAKING[work]
            yield from compared(rooms, speakers, f"deliveries a CPU second, room of {SIZE}, {called}", goals)


def joined(crowd: Crowd, chat: Chat) -> Talking:
    clients = crowd.connect(chat.callers(range(SIZE)))
    return Talking(chat, crowd, clients, lambda _number: chat.in_group(1), lambda _speaker: clients)


def compared(rooms: list[Talking], speakers: int, work: str, goals: dict[str, float]) -> Iterator[Row]:
    def delivered(room: Talking) -> float:
        talk = room.in_turn(room.clients[:speakers], SECONDS * room.chat.haste)
        return talk.deliveries / talk.cpu

    ours, *theirs = [statistics.median(found) for found in rounds.alternating(rooms, delivered)]
    for room, number in zip(rooms[1:], theirs, strict=True):
        yield beside(work, ours, "a second", room.chat.name, number, at_least=goals.get(room.chat.name))
