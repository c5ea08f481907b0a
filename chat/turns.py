"""In which order the changes of a room are committed and told: one after another, the same for everybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from extensions import db

# A fixed number of locks, shared by rooms: nothing to make or to clean up.
_turns = [threading.Lock() for _ in range(256)]


@contextmanager
def take(room_id: int) -> Iterator[None]:
    """Wait until what changed in the room before has been told, and let nobody change it meanwhile."""
    # Many may wait for a turn, and the reading connection of each would be missing to others meanwhile.
    db.session.close()
    with _turns[room_id % len(_turns)]:
        yield
