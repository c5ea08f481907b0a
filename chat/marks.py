"""How far people have read, moved together: in a busy room all who have it open move their marks with each message.

As reading.mark does it for one; what it would refuse is handed back to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from chat import broadcasts, clock, ledger, readers, reading, transactions
from chat.batches import Batches, Wish
from chat.transactions import Bare
from extensions import db

Place = tuple[int, int]  # room and person


@dataclass(slots=True, eq=False)
class Mark(Wish):
    """How far somebody has read. What comes of it is where the mark is now."""

    read: reading.Plain


class Marks(Batches[Mark]):
    def fulfil(self, batch: Sequence[Mark]) -> None:
        found, moved = transactions.run_bare(partial(_move, batch))
        hearers: dict[int, Sequence[int]] = {}
        for (room_id, user_id), seq in moved.items():
            if room_id not in hearers:
                hearers[room_id] = readers.everybody(db.session, room_id)
            broadcasts.messages_read(room_id, user_id, seq, hearers[room_id] or [user_id])
        for mark in batch:
            mark.done(found.get(mark))


def _move(batch: Sequence[Mark], bare: Bare) -> tuple[dict[Mark, int], Mapping[Place, int]]:
    """Where the marks are that may be moved, and those of them that have been."""
    now = clock.now()
    sessions = ledger.valid_sessions({mark.session_id for mark in batch}, now, bare)
    places = ledger.places(bare, {(mark.read.room_id, mark.user_id) for mark in batch}, now)
    wanted: dict[Place, int] = {}
    taken = []
    for mark in batch:
        place = mark.read.room_id, mark.user_id
        if mark.session_id in sessions and place in places and mark.read.seq <= places[place].last_seq:
            wanted[place] = max(mark.read.seq, wanted.get(place, 0))
            taken.append(mark)
    moved = {place: seq for place, seq in wanted.items() if seq > places[place].last_read_seq}
    if moved:
        ledger.move_marks(bare, moved)
    return {mark: max(mark.read.seq, places[mark.read.room_id, mark.user_id].last_read_seq) for mark in taken}, moved
