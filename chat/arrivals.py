"""Whose sessions they are that connect: when the server has been away, everybody's at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from chat import accounts
from chat.batches import Batches, Wish
from models import User


@dataclass(slots=True, eq=False)
class Arrival(Wish):
    """What comes of it is the person, who is in that session."""


class Arrivals(Batches[Arrival]):
    def fulfil(self, batch: Sequence[Arrival]) -> None:
        found = accounts.in_sessions({arrival.session_id for arrival in batch})
        for arrival in batch:
            arrival.done(found.get(arrival.session_id))

    def of(self, session_id: str) -> User | None:
        """Who is in a session, if it is valid; nobody, too, when that could not be found out. Waits."""
        is_done = threading.Event()
        outcomes: list[User | None] = []

        def done(outcome: User | None) -> None:
            outcomes.append(outcome)
            is_done.set()

        self.put(Arrival(0, session_id, done))
        is_done.wait()
        return outcomes[0]
