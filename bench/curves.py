"""What does not grow: the cost of a delivery with the room, of a message with the history, of a page with its place.

Plotted into docs/engine-curves.svg.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack

import requests

from bench import chats, rounds
from bench.chats import Ours
from bench.load import Crowd
from bench.peers.chats import Node, Stock
from bench.plot import Panel, Points, svg
from bench.rows import Row, beside
from bench.scenes import Chat, Scene
from bench.talking import Talking
from tests.servers import REPOSITORY

PLOT = REPOSITORY / "docs" / "engine-curves.svg"
RECIPIENTS = (10, 50, 200, 1_000, 5_000)
HISTORY = (0, 1_000, 10_000, 100_000, 1_000_000)  # messages in the room
TALKERS = 10  # in it
SECONDS = 1.0
PAGES = 20  # of each end, in a round
FLAT = 1.5  # times the least
CURVE = dict[str, Points]


def measure(_works: Collection[str]) -> Iterator[Row]:
    kinds = chats.there([Stock, Node])
    deliveries: CURVE = {kind.name: delivering(kind) for kind in kinds}
    sends, newest, oldest = with_history()
    PLOT.write_text(
        svg(
            [
                Panel("A delivery", "people in the room", "CPU, µs", deliveries, steep=True),
                Panel("A message", "messages in the room before (0 at 100)", "CPU, ms", {Ours.name: sends}),
                Panel("A page of history", "messages in the room", "time, ms", {"newest": newest, "oldest": oldest}),
            ]
        )
    )
    *smaller, large = deliveries[Ours.name]
    small = min(smaller, key=lambda point: point[1])
    work = f"CPU of a delivery, room of {large[0]:,}"
    yield beside(work, large[1], "us", f"room of {small[0]:,}", small[1], at_most=FLAT)
    work = f"CPU of a message, {HISTORY[-1]:,} in its room"
    yield beside(work, sends[-1][1], "ms", "empty", sends[0][1], at_most=FLAT)
    for name, pages in (("newest", newest), ("oldest", oldest)):
        work = f"{name} page of history, of {HISTORY[-1]:,}"
        yield beside(work, pages[-1][1], "ms", f"of {HISTORY[1]:,}", pages[0][1], at_most=FLAT)


def delivering(kind: type[Chat]) -> Points:
    """Microseconds of a delivery, one speaker; rooms of different sizes in turns."""
    scene = Scene(RECIPIENTS[-1], [range(size) for size in RECIPIENTS])
    with chats.running([kind], scene) as [chat], Crowd() as crowd:
        clients = crowd.connect(chat.callers(range(RECIPIENTS[-1])))
        places = dict(enumerate(RECIPIENTS, 1))

        def spent(place: int) -> float:
            those = clients[: places[place]]
            talking = Talking(chat, crowd, clients, lambda _number: chat.in_group(place), lambda _speaker: those)
            talk = talking.in_turn(clients[:1], SECONDS)
            return talk.cpu / talk.deliveries * 1e6

        found = rounds.alternating(list(places), spent)
    return list(zip(RECIPIENTS, map(statistics.median, found), strict=True))


def with_history() -> tuple[Points, Points, Points]:
    """Milliseconds of a message, of the newest page and of the oldest, by what was said in the room before."""
    with ExitStack() as stack:
        crowd = stack.enter_context(Crowd())
        rooms = []
        for size in HISTORY:
            scene = Scene(TALKERS, [range(TALKERS)], told=size)
            [chat] = stack.enter_context(chats.running([Ours], scene))
            rooms.append((chat, Reader(chat), talking_in(crowd, chat)))
        found = rounds.alternating(rooms, measured)
    sends, newest, oldest = (
        [(max(size, 100), statistics.median(column)) for size, column in zip(HISTORY, columns, strict=True)]
        for columns in zip(*(zip(*results, strict=True) for results in found), strict=True)
    )
    return sends, newest[1:], oldest[1:]


def talking_in(crowd: Crowd, chat: Chat) -> Talking:
    clients = crowd.connect(chat.callers(range(TALKERS)))
    return Talking(chat, crowd, clients, lambda _number: chat.in_group(1), lambda _speaker: clients)


def measured(room: tuple[Chat, Reader, Talking]) -> tuple[float, float, float]:
    _chat, reader, talking = room
    newest, oldest = reader.took(""), reader.took("?after=0")
    talk = talking.in_turn(talking.clients, SECONDS)
    return talk.cpu / talk.messages * 1000, newest, oldest


class Reader:
    """Somebody who asks for pages over HTTP."""

    def __init__(self, chat: Chat) -> None:
        self._http = requests.Session()
        self._http.headers.update(chat.caller(0).headers)
        self._url = f"http://127.0.0.1:{chat.port}/rooms/{chat.in_group(1)['room_id']}/messages"

    def took(self, query: str) -> float:
        """Milliseconds, the median of some."""
        times = []
        for _ in range(PAGES):
            begun = time.perf_counter()
            answer = self._http.get(self._url + query)
            times.append((time.perf_counter() - begun) * 1000)
            assert answer.ok, answer.text
        return statistics.median(times)
