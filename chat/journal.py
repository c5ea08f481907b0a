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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from chat import authors, clock, ledger, messages, payloads, transactions, turns
from chat.batches import BATCH, Batches, Wish
from chat.ledger import Ledger, Stale

PATIENCE = 0.25  # seconds that a message may be passed over because others are busy with its room
PAUSE = 0.005  # seconds, while they are busy with all of them
ATTEMPTS = 3  # to find rooms and sessions as they are remembered

log = logging.getLogger("parley")


@dataclass(slots=True, eq=False)
class Entry(Wish):
    """Words. What comes of them is the message as it was stored and told."""

    words: messages.Plain


Stored = dict[Entry, payloads.Payload]


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
            try:
                stored = transactions.run_plain(partial(self._write, batch, sessions))
            except Stale:
                transactions.run_plain(partial(self._ledger.catch_up, rooms))
            except Ended:
                sessions = transactions.run_plain(partial(ledger.valid_sessions, sessions, clock.now()))
            else:
                self._ledger.counted(Counter(entry.words.room_id for entry in stored))
                return stored
        return {}

    def _write(self, batch: Sequence[Entry], sessions: set[str], connection: Connection) -> Stored:
        now = clock.now()
        self._ledger.learn(connection, {entry.words.room_id for entry in batch})
        plain = [entry for entry in batch if entry.session_id in sessions and self._is_plain(entry)]
        if not plain:
            return {}
        shown = authors.of(connection, {entry.user_id for entry in plain})
        self._ledger.count(connection, Counter(entry.words.room_id for entry in plain), now)
        numbers: Counter[int] = Counter()
        newest: dict[tuple[int, int], int] = {}
        rows, stored = [], {}
        at, stamp = payloads.instant(now), ledger.stamp(now)
        for entry in plain:
            room = self._ledger.known(entry.words.room_id)
            numbers[entry.words.room_id] += 1
            seq, version = room.last_seq + numbers[entry.words.room_id], room.version + numbers[entry.words.room_id]
            newest[entry.words.room_id, entry.user_id] = seq
            end = None if room.message_ttl is None else now + timedelta(seconds=room.message_ttl)
            rows.append(
                (
                    entry.words.room_id,
                    seq,
                    version,
                    entry.user_id,
                    entry.words.client_id,
                    "text",
                    entry.words.body,
                    stamp,
                    end and ledger.stamp(end),
                )
            )
            stored[entry] = payloads.words(
                entry.words.room_id,
                seq,
                version,
                entry.words.client_id,
                entry.words.body,
                shown[entry.user_id],
                at,
                payloads.instant(end),
            )
        if not ledger.mark_read(connection, newest, {entry.session_id for entry in plain}, now):
            raise Ended()
        ledger.insert(connection, rows)
        return stored

    def _is_plain(self, entry: Entry) -> bool:
        room = self._ledger.room(entry.words.room_id)
        return room is not None and room.is_plain and entry.user_id in room.members
