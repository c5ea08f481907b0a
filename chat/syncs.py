"""What changed since the versions that people hold: asked by everybody at once when the server has been away.

So the questions of many are answered together: with a handful of statements, and each message is made ready once for
all who missed it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select

from chat import accounts, contexts, ephemeral, fields, many, payloads, rooms, summaries, visible
from chat.batches import Batches, Wish
from chat.errors import Invalid
from chat.summaries import Place, Row
from extensions import db
from models import Message, Room, User

ROOMS_MAX = 500  # that one client may ask about
PAGE = 200  # messages of each
# Past this many missed versions a client had better load the room anew than catch up.
MISSED_MAX = 5_000
OPENED_MAX = 100
SHORT_MAX = 100  # rooms; who asks about more asks alone
TOGETHER = 60  # rooms that are looked up for several at once, before others have their turn

Versions = dict[int, int]  # of rooms, by their ids
Changes = payloads.Payload
Latest = Mapping[int, Sequence[int]]  # a person's rooms


class Gap(NamedTuple):
    """What has been told since a version of a room that somebody holds who sees nothing up to the mark."""

    room_id: int
    cleared_seq: int
    version: int


class Page(NamedTuple):
    """The first of what was told: (`seq`, `version`) in the order of the latter."""

    told: list[tuple[int, int]]
    is_whole: bool


@dataclass(slots=True, eq=False)
class Sync(Wish):
    """What comes of it are `changes`."""

    held: Versions


class Syncs(Batches[Sync]):
    def fulfil(self, batch: Sequence[Sync]) -> None:
        people = accounts.in_sessions({wish.session_id for wish in batch})
        latest = rooms.latest_ids({person.id for person in people.values()}, OPENED_MAX)
        for wish in batch:
            if wish.session_id not in people:
                wish.done(None)
        for part in _parts([wish for wish in batch if wish.session_id in people], latest):
            found = changes_of([(people[wish.session_id], wish.held) for wish in part], latest)
            for wish, changed in zip(part, found, strict=True):
                wish.done(changed)
            time.sleep(0)  # reading SQLite lets nobody else on


def _parts(wishes: Sequence[Sync], latest: Latest) -> Iterator[list[Sync]]:
    """Those that are answered together."""
    part: list[Sync] = []
    count = 0
    for wish in wishes:
        size = len(wish.held.keys() | latest[wish.user_id])
        if part and count + size > TOGETHER:
            yield part
            part, count = [], 0
        part.append(wish)
        count += size
    if part:
        yield part


def plain(given: object) -> Versions | None:
    """What is held, if it can be asked about together with others."""
    try:
        held = _held(given.get("rooms")) if isinstance(given, dict) else None
    except Invalid:
        return None
    return held if held is not None and len(held) <= SHORT_MAX else None


def changes(actor: User, versions: object) -> Changes:
    """`{rooms, opened, closed}`: what changed since the versions the client holds (docs/protocol.md, `sync`).

    `versions` is `{id: version}` with ids as text, as JSON has it. Raises Invalid.
    """
    return changes_of([(actor, _held(versions))])[0]


def changes_plain(actor: User, held: Versions) -> Changes:
    """What `Syncs` handed back."""
    return changes_of([(actor, held)])[0]


def _held(versions: object) -> Versions:
    if not isinstance(versions, dict):
        raise Invalid(_("This must be an object with a version for each room."), "rooms")
    if len(versions) > ROOMS_MAX:
        raise Invalid(_("At most %(count)d rooms at once.", count=ROOMS_MAX), "rooms")
    return {
        fields.digits(room_id, "rooms", low=1): fields.whole(version, "rooms") for room_id, version in versions.items()
    }


def changes_of(asked: Sequence[tuple[User, Versions]], latest: Latest | None = None) -> list[Changes]:
    """As `changes`, for many. `latest` as rooms.latest_ids has it."""
    people = {actor.id: actor for actor, _held in asked}
    if latest is None:
        latest = rooms.latest_ids(people, OPENED_MAX)
    rows = rooms.of_people({(room_id, actor.id) for actor, held in asked for room_id in {*held, *latest[actor.id]}})
    views = {(room.id, mine.user_id): (room, mine) for room, mine in rows}
    # Rooms have been read before their messages: what is stored meanwhile is told twice rather than never.
    pages = _pages(
        {
            Gap(room_id, view[1].cleared_seq, version): view
            for actor, held in asked
            for room_id, version in held.items()
            if (view := views.get((room_id, actor.id))) and _is_near(view[0], version)
        }
    )
    newest = summaries.newest(rows)
    wanted = {(gap.room_id, seq) for gap, page in pages.items() for seq, _version in page.told}
    found = contexts.found(db.session, wanted.union(newest.values()))
    surroundings = contexts.Surroundings(db.session, [message for message, _author in found.values()])
    shown = rooms.payloads_of(people, rows, summaries.shown(rows, newest, found, surroundings))
    payload_of = dict(zip(views, shown, strict=True))

    def since(place: Place, version: int) -> payloads.Payload:
        room, mine = views[place]
        answer = {"room": payload_of[place], "messages": [], "complete": True, "reload": False}
        if _is_near(room, version):
            page = pages[Gap(room.id, mine.cleared_seq, version)]
            answer["complete"] = page.is_whole
            answer["messages"] = [
                surroundings.payload(*row, mine.cleared_seq, mine.user_id)
                for seq, version in page.told
                # What was changed since has a later version, and comes with it.
                if (row := found.get((room.id, seq))) and row[0].version == version
            ]
            # All of a page may have been changed, but a client goes on from what it was told.
            answer["reload"] = not (page.is_whole or answer["messages"])
        # A version from the future is from before the database was restored from a backup.
        elif version != room.version:
            answer["reload"] = True
        return answer

    return [
        {
            "rooms": {
                str(room_id): since((room_id, actor.id), version)
                for room_id, version in held.items()
                if (room_id, actor.id) in views
            },
            "opened": [
                payload_of[room_id, actor.id]
                for room_id in latest[actor.id]
                if room_id not in held and (room_id, actor.id) in views
            ],
            "closed": sorted(room_id for room_id in held if (room_id, actor.id) not in views),
        }
        for actor, held in asked
    ]


def _is_near(room: Room, version: int) -> bool:
    """Whether something has been told since, and not so much that it had better be loaded anew."""
    return 0 < room.version - version <= MISSED_MAX


def _pages(gaps: Mapping[Gap, Row]) -> dict[Gap, Page]:
    """The first of what was told in each."""
    told: dict[Gap, list[tuple[int, int]]] = {gap: [] for gap in gaps}
    kept = [gap for gap, (room, _mine) in gaps.items() if room.keeps_history]
    for room_id, cleared_seq, held, seq, version in many.of_each(_told, kept):
        told[Gap(room_id, cleared_seq, held)].append((seq, version))
    for gap, (room, mine) in gaps.items():
        if not room.keeps_history:
            told[gap] = [(one.seq, one.version) for one in ephemeral.shown_to(mine) if one.version > gap.version]
        told[gap].sort(key=itemgetter(1))
    return {gap: Page(those[:PAGE], len(those) <= PAGE) for gap, those in told.items()}


def _told(gap: Any) -> Select[Any]:
    """The gap's parts, and which messages are in it."""
    told = (
        select(Message.room_id, Message.seq, Message.version)
        .where(visible.condition(gap), Message.version > gap.version)
        .order_by(Message.version)
        .limit(PAGE + 1)
        .subquery()
    )
    named = gap.cleared_seq.label("cleared_seq"), gap.version.label("held")
    return select(told.c.room_id, *named, told.c.seq, told.c.version)
