"""How long messages take to be heard while something else goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.servers import Connection

PACE = 0.01  # seconds between two messages


def delays(sender: Connection, hearer: Connection, room_id: int, goes_on: Callable[[], bool]) -> list[float]:
    """Milliseconds from sending to being heard by somebody else, of messages sent at an even pace."""
    found = []
    while goes_on():
        begun = time.perf_counter()
        sent = sender.send(room_id, f"at {begun}")
        hearer.wait_for(lambda heard, sent=sent: heard.messages[-1:] == [sent])  # type: ignore[misc]
        found.append((time.perf_counter() - begun) * 1000)
        hearer.events.clear()
        time.sleep(PACE)
    return found
