"""Group commit: what is sent while a commit is under way is stored by the next one, all of it together.

A message that finds nobody storing is stored at once, by itself: it waits for nobody. Nothing is told before it is
stored, and what is stored in a room is told in its order.

Only what is plain goes this way: words, no answer and no file, for the first time, in a room that keeps its history and
has no end in sight, from a session that is known. All else is handed back, to go the long way (chat/messages.py), which
also says what is wrong with it. So nothing is refused here.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from flask import Flask
from sqlalchemy.exc import DataError, IntegrityError

from chat import authors, clock, ledger, messages, payloads, transactions, turns
from chat.batches import BATCH, Batches, Wish
from chat.ledger import Ledger, Stale
from chat.transactions import Bare
from extensions import db

PATIENCE = 0.25  # seconds that a message may be passed over because others are busy with its room
PAUSE = 0.005  # seconds, while they are busy with all of them
ATTEMPTS = 3  # to find rooms and sessions as they are remembered

log = logging.getLogger("parley")


@dataclass(slots=True, eq=False)
class Entry(Wish):
    """Words. What comes of them is the message as it was stored and told."""

    words: messages.Plain


Stored = dict[Entry, payloads.Payload]
Shown = Mapping[int, payloads.Payload]


class Ended(Exception):
    """A session is not valid any more."""


class Journal(Batches[Entry]):
    def __init__(self, app: Flask) -> None:
        self._ledger = Ledger()
        super().__init__(app)

    def _next(self) -> list[Entry]:
        """The first in the line whose rooms are free; who has waited for long is waited with."""
        while True:
            batch: list[Entry] = []
            later: list[Entry] = []
            oldest = time.monotonic() - PATIENCE
            while self._line and len(batch) < BATCH:
                entry = self._line.popleft()
                (batch if turns.is_free(entry.words.room_id) or entry.since < oldest else later).append(entry)
            self._line.extendleft(reversed(later))
            if batch:
                return batch
            time.sleep(PAUSE)

    def fulfil(self, batch: Sequence[Entry]) -> None:
        with turns.take(*{entry.words.room_id for entry in batch}):
            try:
                stored = self._stored(batch)
            except (IntegrityError, DataError):
                stored = None
            for message in (stored or {}).values():
                self._tell(message)
        if stored is None:
            self._store_the_rest(batch)
        else:
            for entry in batch:
                entry.done(stored.get(entry))

    def _tell(self, message: payloads.Payload) -> None:
        """It is stored: whatever goes wrong now, the others of its batch are told too."""
        room = self._ledger.known(message["room_id"])
        try:
            messages.tell_words(message, room.members, room.is_direct)
        except Exception:
            log.exception("a message is stored that not everybody was told")

    def _store_the_rest(self, batch: Sequence[Entry]) -> None:
        """Of a batch that the database refused: what somebody sends again must not harm the others."""
        fresh = transactions.run_plain(partial(ledger.fresh, batch)) if len(batch) > 1 else []
        for entry in batch:
            if entry not in fresh:
                entry.done(None)
        if len(fresh) < len(batch):
            if fresh:
                self.fulfil(fresh)
        else:
            for entry in fresh:
                self.fulfil([entry])

    def _stored(self, batch: Sequence[Entry]) -> Stored:
        sessions = {entry.session_id for entry in batch}
        rooms = {entry.words.room_id for entry in batch}
        for _ in range(ATTEMPTS):
            self._ledger.learn(db.session, rooms)
            shown = authors.of(db.session, {entry.user_id for entry in batch})
            try:
                stored = transactions.run_bare(partial(self._write, batch, sessions, shown))
            except Stale:
                transactions.run_plain(partial(self._ledger.catch_up, rooms))
            except Ended:
                sessions = transactions.run_bare(partial(ledger.valid_sessions, sessions, clock.now()))
            else:
                self._ledger.counted(Counter(entry.words.room_id for entry in stored))
                return stored
        return {}

    def _write(self, batch: Sequence[Entry], sessions: set[str], shown: Shown, bare: Bare) -> Stored:
        now = clock.now()
        plain = [entry for entry in batch if entry.session_id in sessions and self._is_plain(entry)]
        if not plain:
            return {}
        numbers: Counter[int] = Counter()
        newest: dict[tuple[int, int], int] = {}
        rows, stored = [], {}
        at = payloads.instant(now)
        for entry in plain:
            room_id, body, client_id = entry.words
            room = self._ledger.known(room_id)
            numbers[room_id] += 1
            seq, version = room.last_seq + numbers[room_id], room.version + numbers[room_id]
            newest[room_id, entry.user_id] = seq
            end = None if room.message_ttl is None else now + timedelta(seconds=room.message_ttl)
            rows.append(ledger.Row(room_id, seq, version, entry.user_id, client_id, body, end))
            shown_end = payloads.instant(end)
            stored[entry] = payloads.words(room_id, seq, version, client_id, body, shown[entry.user_id], at, shown_end)
        counting = self._ledger.counting(numbers, now)
        marking = ledger.marking(newest, {entry.session_id for entry in plain}, now, bare.place)
        with closing(bare.met(counting, marking, ledger.inserting(rows, now, bare.place))) as met:
            if next(met) != len(numbers):
                raise Stale()
            if next(met) != len(newest):
                raise Ended()
            next(met)
        return stored

    def _is_plain(self, entry: Entry) -> bool:
        room = self._ledger.room(entry.words.room_id)
        return room is not None and room.is_plain and entry.user_id in room.members
