"""In which order the changes of a room are committed and told: one after another, the same for everybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from extensions import db

# A fixed number of locks, shared by rooms: nothing to make or to clean up.
_turns = [threading.Lock() for _ in range(256)]


@contextmanager
def take(*room_ids: int) -> Iterator[None]:
    """Wait until what changed in the rooms before has been told, and let nobody change them meanwhile."""
    # Many may wait for a turn, and the reading connection of each would be missing to others meanwhile.
    if db.session.registry.has():
        db.session.close()
    with ExitStack() as held:
        for number in sorted({room_id % len(_turns) for room_id in room_ids}):
            held.enter_context(_turns[number])
        yield


def is_free(room_id: int) -> bool:
    """Whether nobody has the room's turn now."""
    return not _turns[room_id % len(_turns)].locked()
