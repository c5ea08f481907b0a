"""Finding what was said: in one room, or in all rooms of somebody, newest first.

The index (chat/segments.py) says which messages may be meant; every one of them is read and asked whether it contains
what is looked for (chat/queries.py). What the person may not see is never read (chat/visible.py). Whispers are stored
nowhere, and what rooms that keep nothing remember is looked through as it is.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select

from chat import accounts, contexts, ephemeral, fields, moments, payloads, queries, rooms, segments, signatures, visible
from chat.errors import Invalid, NotFound
from extensions import db
from models import Blob, File, Membership, Message, Room, SearchMark, User

PAGE, PAGE_MAX = 50, 100
COUNT_MAX = 1_000  # past which it is said that there are more
READ_FIRST, READ = 64, 512  # messages read at once
BLOCKS_FIRST, BLOCKS = 4, 16  # of the index, read at once
ROOMS_MAX = 2_000  # in which one search looks, the liveliest

# Newest first: (moment, room_id, seq), and what it stands for.
Place = tuple[datetime, int, int]
Rooms = Sequence[tuple[Room, Membership]]


@dataclass(frozen=True)
class Asked:
    """What is looked for, by whom, before which place (excluded)."""

    actor: User
    query: queries.Query
    senders: frozenset[int] | None
    before: Place | None


def find(
    actor: User, q: object, room_id: int | None = None, before: object = None, limit: int = PAGE, zone: object = None
) -> payloads.Payload:
    """`{messages, next, words, layout}`: messages newest first, before the place `before`, an earlier `next`.

    In the room with that id, or wherever the actor is. Where nothing is found, `layout` is the query as it reads in the
    other keyboard layout, if that finds something. Raises Invalid, NotFound.
    """
    asked = _asked(actor, q, before, zone)
    there = _rooms(actor, room_id)
    found = list(islice(_hits(asked, there), limit + 1))
    more = len(found) > limit
    page = [(room_id, seq) for _moment, room_id, seq in found[:limit]]
    return {
        "messages": _payloads(actor, page),
        "next": _written(found[limit - 1]) if more else None,
        "words": list(asked.query.words),
        "layout": None if found or before is not None else _other_layout(asked, q, there, zone),
    }


def count(actor: User, q: object, room_id: int | None = None, zone: object = None) -> payloads.Payload:
    """`{count, more}`: how many there are, up to COUNT_MAX. Raises Invalid, NotFound."""
    hits = _hits(_asked(actor, q, None, zone), _rooms(actor, room_id))
    found = sum(1 for _hit in islice(hits, COUNT_MAX + 1))
    return {"count": min(found, COUNT_MAX), "more": found > COUNT_MAX}


def _other_layout(asked: Asked, q: object, there: Rooms, zone: object) -> str | None:
    """The query as other keys would give it, where that finds something."""
    for reading in queries.readings(fields.text(q, "q")) if asked.query.words else ():
        meant = replace(asked, query=queries.parse(reading, zone))
        if next(_hits(meant, there), None) is not None:
            return reading
    return None


def _asked(actor: User, q: object, before: object, zone: object) -> Asked:
    query = queries.parse(q, zone)
    if query.is_empty:
        raise Invalid(_("Say what to look for."), "q")
    senders = None if query.sender is None else frozenset(_named(actor, query.sender))
    return Asked(actor, query, senders, None if before is None else _read(before))


def _named(actor: User, key: str) -> Iterable[int]:
    try:
        return [accounts.named(actor, key).id]
    except NotFound:
        return []


def _read(place: object) -> Place:
    try:
        moment, room_id, seq = (int(part) for part in fields.text(place, "before").split("."))
        return datetime.fromtimestamp(moment / 1000, UTC), room_id, seq
    except (ValueError, OverflowError, OSError):
        raise Invalid(field="before") from None


def _written(place: Place) -> str:
    moment, room_id, seq = place
    return f"{round(moment.timestamp() * 1000)}.{room_id}.{seq}"


def _hits(asked: Asked, there: Rooms) -> Iterator[Place]:
    """All of them, newest first: a room is looked into when its newest message may be next."""
    if asked.senders == frozenset():
        return
    heap: list[tuple[float, int, int, Iterator[Place]]] = []
    for room, mine in there:
        if asked.query.room not in (None, room.name_key):
            continue
        heapq.heappush(heap, (-room.active_at.timestamp(), -room.id, 0, _in_room(asked, room, mine)))
    while heap:
        moment, minus_id, minus_seq, hits = heapq.heappop(heap)
        if minus_seq:
            yield datetime.fromtimestamp(-moment, UTC), -minus_id, -minus_seq
        following = next(hits, None)
        if following is not None:
            heapq.heappush(heap, (-following[0].timestamp(), -following[1], -following[2], hits))


def _rooms(actor: User, room_id: int | None) -> Rooms:
    """Where to look. Raises NotFound for a room that is not the actor's."""
    return rooms.liveliest(actor, ROOMS_MAX) if room_id is None else [rooms.visible_to(actor, room_id)]


def _in_room(asked: Asked, room: Room, mine: Membership) -> Iterator[Place]:
    if not room.keeps_history:
        yield from _remembered(asked, mine)
        return
    low, high = _bounds(asked, room, mine)
    mark = segments.mark_of(room.id)
    # What is not in the index is read as it is: the newest, and below what was changed since.
    yield from _newest(asked, mine, max(low, mark.seq), high)
    yield from _indexed(asked, mine, mark, low, min(high, mark.seq + 1))


def _bounds(asked: Asked, room: Room, mine: Membership) -> tuple[int, int]:
    """Between which two `seq` to look, both excluded."""
    low, high = mine.cleared_seq, room.last_seq + 1
    if asked.query.since is not None:
        low = max(low, moments.first_since(room, asked.query.since) - 1)
    if asked.query.until is not None:
        high = min(high, moments.first_since(room, asked.query.until))
    if asked.before is not None:
        moment, room_id, seq = asked.before
        high = min(high, seq if room.id == room_id else moments.first_since(room, moment))
    return low, high


def _newest(asked: Asked, mine: Membership, low: int, high: int) -> Iterator[Place]:
    size = READ_FIRST
    while high > low + 1:
        between = _readable(asked, mine).where(Message.seq > low, Message.seq < high)
        rows = db.session.execute(between.order_by(Message.seq.desc()).limit(size)).all()
        yield from _containing(asked, mine, rows)
        if len(rows) < size:
            return
        high, size = rows[-1].seq, min(READ, 2 * size)
        time.sleep(0)  # others may go on


def _changed(mark: SearchMark) -> set[int]:
    """Messages whose signatures may be older than they are."""
    since = select(Message.seq).where(
        Message.room_id == mark.room_id, Message.version > mark.version, Message.seq <= mark.seq
    )
    return set(db.session.scalars(since)) if mark.seq else set()


def _indexed(asked: Asked, mine: Membership, mark: SearchMark, low: int, high: int) -> Iterator[Place]:
    """Candidates are read a few at first, then more at once: one page may be all that is wanted."""
    waiting: list[int] = []
    size = READ_FIRST
    for seq in _candidates(asked, mark, low, high):
        waiting.append(seq)
        if len(waiting) == size:
            yield from _read_all(asked, mine, waiting)
            waiting, size = [], min(READ, 2 * size)
            time.sleep(0)  # others may go on
    yield from _read_all(asked, mine, waiting)


def _candidates(asked: Asked, mark: SearchMark, low: int, high: int) -> Iterator[int]:
    """Their `seq`, the highest first."""
    wanted, changed = _wanted(asked), _changed(mark)
    blocks = range((high - 2) // segments.BLOCK, low // segments.BLOCK - 1, -1) if high > low + 1 else range(0)
    size = BLOCKS_FIRST
    while blocks:
        some, blocks, size = blocks[:size], blocks[size:], min(BLOCKS, 4 * size)
        for block, bits in sorted(segments.candidates(mark, some, wanted).items(), reverse=True):
            first = block * segments.BLOCK + 1
            for seq in changed:
                if 0 <= seq - first < segments.BLOCK:
                    bits |= 1 << (seq - first)
            for number in signatures.descending(bits):
                if low < first + number < high:
                    yield first + number


def _wanted(asked: Asked) -> list[int]:
    query = asked.query
    marks = {"link": signatures.LINK, "image": signatures.IMAGE, "audio": signatures.AUDIO}
    slots = [signatures.slot(marks[what]) for what in query.has]
    slots += [signatures.slot(signatures.sender(user_id)) for user_id in asked.senders or ()]
    for word in query.words:
        slots += signatures.telling(word)
    return list(dict.fromkeys(slots))


def _read_all(asked: Asked, mine: Membership, seqs: Sequence[int]) -> Iterator[Place]:
    if seqs:
        rows = db.session.execute(
            _readable(asked, mine).where(Message.seq.in_(seqs)).order_by(Message.seq.desc())
        ).all()
        yield from _containing(asked, mine, rows)


def _readable(asked: Asked, mine: Membership) -> Select[*tuple[Any, ...]]:
    """What the actor may see of what the query allows, but for its words."""
    # Up to where the history is cleared is said by each caller: two conditions on `seq` lead SQLite astray.
    shown = Message.room_id == mine.room_id, visible.unexpired(), visible.said()
    chosen: Select[*tuple[Any, ...]] = select(Message.seq, Message.created_at, Message.body).where(*shown)
    kinds = asked.query.has & {"image", "audio"}
    if asked.senders is not None:
        chosen = chosen.where(Message.sender_id.in_(asked.senders))
    if kinds:
        with_files = chosen.join(File, File.id == Message.file_id).join(Blob, Blob.id == File.blob_id)
        chosen = with_files.where(*(Blob.kind == kind for kind in kinds))
    return chosen


def _containing(asked: Asked, mine: Membership, rows: Iterable[Any]) -> Iterator[Place]:
    for row in rows:
        if _contains(asked.query, row.body):
            yield row.created_at, mine.room_id, row.seq


def _contains(query: queries.Query, body: str) -> bool:
    return query.is_in(queries.fold(body)) and ("link" not in query.has or queries.has_link(body))


def _remembered(asked: Asked, mine: Membership) -> Iterator[Place]:
    """In a room that keeps nothing."""
    query = asked.query
    for message in reversed(ephemeral.shown_to(mine)):
        if (
            message.kind in visible.SAID
            and not message.is_deleted
            and (asked.senders is None or message.sender_id in asked.senders)
            and (query.since is None or message.created_at >= query.since)
            and (query.until is None or message.created_at < query.until)
            and (asked.before is None or _is_before(asked.before, message))
            and query.has <= {"link"} | {_kind_of_file(message)}
            and _contains(query, message.body)
        ):
            yield message.created_at, message.room_id, message.seq


def _is_before(place: Place, message: Message) -> bool:
    moment, room_id, seq = place
    return message.seq < seq if message.room_id == room_id else message.created_at < moment


def _kind_of_file(message: Message) -> str | None:
    if message.file_id is None:
        return None
    of_file = select(Blob.kind).join(File, File.blob_id == Blob.id).where(File.id == message.file_id)
    return db.session.scalar(of_file)


def _payloads(actor: User, page: Sequence[tuple[int, int]]) -> list[payloads.Payload]:
    """The messages at these places, as their room's members are told them."""
    if not page:
        return []
    memberships = rooms.memberships(actor, {room_id for room_id, _seq in page})
    found = contexts.found(db.session, page)
    shown = [
        found[place]
        for place in page
        if place in found and place[0] in memberships and visible.shows(memberships[place[0]], found[place][0])
    ]
    return contexts.around(db.session, [row for row in shown if row[0].deleted_at is None], memberships, actor.id)
