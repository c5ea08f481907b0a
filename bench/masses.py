"""Five thousand idle people: what one takes of memory, and how long two others wait when all of them leave at once."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from bench import chats
from bench.crowding import Crowding
from bench.load import Crowd, Lost
from bench.rounds import ROUNDS
from bench.rows import Row, beside
from bench.scenes import Chat, Scene
from bench.talking import Talking
from bench.usage import SPARE, open_files, resident

SIZE = 5_000
GROUP = 50  # people in each of their rooms
FIRST = 2  # before them are the two who talk
WARM = 100  # who came and went before memory is looked at
PACE = 100.0  # messages a second
SETTLING = 2.0  # seconds, after all have come and after all have gone
MEMORY_GOALS = {"stock": 1 / 6, "Node": 1.5}
STALL_GOALS = {"stock": 0.05, "Node": 1.0}


def measure(works: Collection[str]) -> Iterator[Row]:
    kinds = chats.there()
    memory: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    stalls: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    groups = [range(first, first + GROUP) for first in range(FIRST, FIRST + SIZE, GROUP)]
    scene = Scene(FIRST + SIZE, groups, pairs=1, signs_in=True)
    for _round in range(ROUNDS):
        for kind in kinds:  # a new process each time: what is left of the crowd before would be counted
            with tempfile.TemporaryDirectory() as folder, kind(scene, Path(folder) / kind.name) as chat:
                taken, stall = visited(chat, "disconnect" in works)
            memory[kind.name].append(taken / 1024)
            stalls[kind.name].append(stall * 1000)
    for work, called, unit, found, goals in (
        ("memory", f"memory of an idle client, {SIZE:,} connected", "KiB", memory, MEMORY_GOALS),
        ("disconnect", f"{SIZE:,} leave at once, longest wait of others", "ms", stalls, STALL_GOALS),
    ):
        if work in works:
            ours, *theirs = [(kind.name, statistics.median(found[kind.name])) for kind in kinds]
            for name, number in theirs:
                yield beside(called, ours[1], unit, name, number, at_most=goals.get(name))


def visited(chat: Chat, with_talk: bool) -> tuple[float, float]:
    """Bytes for each of the crowd, and the longest wait of the two in seconds."""
    with Crowd() as crowd:
        pair = crowd.connect(chat.callers(range(FIRST)))
        with Crowding(chat.callers(range(FIRST, FIRST + WARM)), crowd) as first:
            first.drop()
            wait_for_files(crowd, chat, open_files(chat.pid) - WARM)
        before, files = resident(chat.pid), open_files(chat.pid)
        with Crowding(chat.callers(range(FIRST, FIRST + SIZE)), crowd) as those:
            rest(crowd, SETTLING)
            taken = (resident(chat.pid) - before) / SIZE
            if not with_talk:
                return taken, 0.0
            talking = Talking(chat, crowd, pair, chat.to_neighbour, lambda _speaker: pair)
            return taken, stall(chat, talking, those, files)


def stall(chat: Chat, talking: Talking, those: Crowding, files: int) -> float:
    """The longest time from sending to being heard by the other, while and after the crowd goes."""
    begun = time.monotonic()
    quiet: float | None = None
    gone = False

    def goes_on() -> bool:
        nonlocal gone, quiet
        now = time.monotonic()
        if not gone and now > begun + SETTLING / 2:
            those.drop()
            gone = True
        if gone and quiet is None and open_files(chat.pid) <= files + SPARE:
            quiet = now
        return quiet is None or now < quiet + SETTLING

    try:
        return talking.while_it(goes_on, PACE).delay
    except Lost:
        # So long that the server found the two themselves gone: at least what they had waited then.
        return talking.overdue()


def wait_for_files(crowd: Crowd, chat: Chat, count: int) -> None:
    crowd.run(lambda: open_files(chat.pid) <= count + SPARE)
    rest(crowd, SETTLING)


def rest(crowd: Crowd, seconds: float) -> None:
    end = time.monotonic() + seconds
    crowd.run(lambda: time.monotonic() > end)
