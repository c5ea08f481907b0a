"""The index of search as it is stored: the slices of a room's signatures, written in the background.

A block is BLOCK messages of a room by their `seq`. The last one, not yet full, lies there in parts of PART messages, of
which the last grows by STEP at a time: what comes in later rewrites little. Full parts are joined to a block. A room's
mark says how far its slices go, and so which block is in parts, and how old they are; whoever looks for something reads
the messages that are newer, or were changed since, as they are. So the index may lag, and sending costs it nothing. A
signature may have too many bits, never too few.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from chat import queries, signatures, transactions
from extensions import db
from models import Blob, File, Message, Room, SearchMark, SearchSlice
from realtime import threads

BLOCK = 65_536  # messages
PART = 4_096  # messages
FIRST = 2_048  # messages of a room with an index: of fewer, it would be larger than they are
STEP = 512  # messages that come into the index together
READ = 512  # messages read at once
CHANGED_MAX = 2_000  # messages whose signatures are made anew in one go
WRITTEN = 1 << 17  # bits of slices that are changed in one transaction
MOVED = 8  # slices of a block that are stored in one transaction
DROPPED = 128  # slices, of a block or a part, that are removed in one transaction
ROUND = 1.0  # seconds of a round of the clock
GOING = -1  # the version of a mark whose room is being taken out of the index

Bits = Mapping[int, int]  # by slot


class Outrun(Exception):
    """Another worker moves the same mark."""


def extend_round() -> None:
    """What the clock does: bring up to date what has fallen behind, for a moment."""
    begun = time.monotonic()
    for room_id in _behind():
        while extend(room_id):
            if time.monotonic() - begun >= ROUND:
                return


def rebuild() -> int:
    """Make the whole index anew; returns the number of messages in it. Nobody misses anything meanwhile."""
    for room_id in db.session.scalars(select(SearchMark.room_id)).all():
        forget(room_id)
    for room_id in _behind():
        while extend(room_id):
            pass
    return int(db.session.scalar(select(func.sum(SearchMark.seq))) or 0)


def forget(room_id: int, deadline: float | None = None) -> bool:
    """Take a room out of the index, in small batches; False when time was up (in seconds of time.monotonic())."""
    # First the mark: nobody relies on the slices any more. It goes last, so that nobody makes new ones among the old.
    values = {"seq": 0, "version": GOING}
    moved = update(SearchMark).where(SearchMark.room_id == room_id).values(**values)
    if not transactions.run(lambda session: transactions.affected(session, moved)):
        return True
    mark = SearchMark(room_id=room_id, **values)
    try:
        while slots := _first_slots(room_id):
            transactions.run(partial(_drop, mark=mark, some=SearchSlice.slot.in_(slots)))
            time.sleep(0)  # others may go on
            if deadline is not None and time.monotonic() > deadline:
                return False
    except Outrun:
        return True  # somebody else was at it too
    transactions.run(lambda session: session.execute(delete(SearchMark).where(*_as_read(mark))))
    return True


def _first_slots(room_id: int) -> set[int]:
    """Of the slices that are there still, so that whoever goes on begins where it was left."""
    chosen = select(SearchSlice.slot).where(SearchSlice.room_id == room_id)
    return set(db.session.scalars(chosen.order_by(SearchSlice.slot).limit(DROPPED)))


def mark_of(room_id: int) -> SearchMark:
    found = db.session.get(SearchMark, room_id, populate_existing=True)
    return SearchMark(room_id=room_id, seq=found.seq if found else 0, version=found.version if found else 0)


def _behind() -> Sequence[int]:
    """Rooms with enough messages that are not in the index, or in which something changed."""
    grown = and_(Room.last_seq >= FIRST, Room.last_seq >= func.coalesce(SearchMark.seq, 0) + STEP)
    changed = Room.version > SearchMark.version
    chosen = select(Room.id).outerjoin(SearchMark, SearchMark.room_id == Room.id)
    there = Room.keeps_history, Room.deleted_at.is_(None)
    return db.session.scalars(chosen.where(*there, or_(grown, changed)).order_by(Room.id)).all()


def extend(room_id: int) -> bool:
    """Take a room's changes into its slices, then its next messages; whether there is more to do."""
    room = db.session.get(Room, room_id, populate_existing=True)
    if room is None or not room.keeps_history or room.deleted_at is not None:
        return False
    mark = mark_of(room_id)
    if mark.version == GOING:
        return forget(room_id)  # whoever began may have crashed
    try:
        if mark.version < room.version and mark.seq and not _take_changes(room, mark):
            return True
        return _take_new(room, mark)
    except Outrun:
        return False


def _take_changes(room: Room, mark: SearchMark) -> bool:
    """Changed messages get new signatures, those of deleted ones go; whether these were all changes."""
    changed = _selected().where(Message.room_id == room.id, Message.version > mark.version, Message.seq <= mark.seq)
    rows = db.session.execute(changed.order_by(Message.version).limit(CHANGED_MAX)).all()
    altered: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        if row.edited_at or row.deleted_at:
            altered[_place(row.seq, mark)].append(row)
    for place, some in altered.items():
        _write(mark, place, some, anew=True)
    complete = len(rows) < CHANGED_MAX
    _move(mark, mark.seq, room.version if complete else rows[-1].version)
    return complete


def _take_new(room: Room, mark: SearchMark) -> bool:
    """The next messages come into the last part, full parts become a block; whether there are more."""
    upto = min((mark.seq // PART + 1) * PART, room.last_seq // STEP * STEP)
    if upto <= mark.seq or room.last_seq < FIRST:
        return False
    if not mark.seq:
        _begin(mark, room.version)
    elif mark.seq % BLOCK == 0:
        _drop_parts(mark)  # those of the block before, which nobody asks for any more
    _write(mark, _part(upto), list(_messages(room.id, mark.seq, upto)))
    if upto % BLOCK == 0:
        _join(mark, upto // BLOCK - 1)
    _move(mark, upto, mark.version)
    return upto + STEP <= room.last_seq


def _place(seq: int, mark: SearchMark) -> int:
    """The number of the block with the slices of a message, or of its part."""
    block = (seq - 1) // BLOCK
    return block if block < mark.seq // BLOCK else _part(seq)


def _part(seq: int) -> int:
    """The parts of the last block are -1, -2, …, beside the blocks 0, 1, …"""
    return -1 - (seq - 1) % BLOCK // PART


def _width(place: int) -> int:
    return BLOCK if place >= 0 else PART


def _selected() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Message.seq,
            Message.version,
            Message.kind,
            Message.body,
            Message.sender_id,
            Message.edited_at,
            Message.deleted_at,
            Message.expires_at,
            Blob.kind.label("file_kind"),
        )
        .outerjoin(File, File.id == Message.file_id)
        .outerjoin(Blob, Blob.id == File.blob_id)
    )


def _messages(room_id: int, after: int, upto: int) -> Iterator[Any]:
    while after < upto:
        chosen = _selected().where(
            Message.room_id == room_id, Message.seq > after, Message.seq <= min(after + READ, upto)
        )
        yield from db.session.execute(chosen).all()
        time.sleep(0)  # others may go on
        after += READ


def _slots(row: Any) -> Iterable[int]:
    """What will not stay is not in the index: it is read each time, and leaves no trace."""
    if row.deleted_at or row.kind not in ("text", "file"):
        return ()
    if row.expires_at:
        return (signatures.OPAQUE,)
    marks = [signatures.sender(row.sender_id)]
    if row.file_kind:
        marks.append(signatures.IMAGE if row.file_kind == "image" else signatures.AUDIO)
    if queries.has_link(row.body):
        marks.append(signatures.LINK)
    return signatures.slots(queries.fold(row.body), marks)


def _write(mark: SearchMark, place: int, rows: Sequence[Any], anew: bool = False) -> None:
    """Take messages into the slices; `anew` those that may have bits there already."""
    width = _width(place)
    bits = threads.run(_sliced, width, rows)
    gone = sum(1 << (row.seq - 1) % width for row in rows) if anew else 0
    for slots in _together([slot for slot in bits if gone or bits[slot]], max(1, WRITTEN // width)):
        some = {slot: bits[slot] for slot in slots}
        transactions.run(partial(_merge, mark=mark, place=place, bits=some, gone=gone))
        time.sleep(0)  # others may go on


def _sliced(width: int, rows: Iterable[Any]) -> Bits:
    return signatures.sliced(width, (((row.seq - 1) % width, _slots(row)) for row in rows))


def _together(slots: Sequence[int], count: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(slots), count):
        yield slots[start : start + count]


def _merge(session: Transaction, mark: SearchMark, place: int, bits: Bits, gone: int) -> None:
    """Give slices new bits, and take others away before."""
    _hold(session, mark)
    width, changed = _width(place), {}
    held = {slot: content for _place, slot, content in session.execute(_stored(mark, [place], bits))}
    for slot, some in bits.items():
        before = signatures.unpacked(held[slot], width) if slot in held else 0
        after = before & ~gone | some
        if after != before:
            changed[slot] = signatures.packed(after, width)
    _replace(session, mark, place, changed)


def _stored(mark: SearchMark, places: Sequence[int], slots: Iterable[int]) -> Select[int, int, bytes]:
    return select(SearchSlice.block, SearchSlice.slot, SearchSlice.content).where(
        SearchSlice.room_id == mark.room_id, SearchSlice.slot.in_(slots), SearchSlice.block.in_(places)
    )


def _replace(session: Transaction, mark: SearchMark, place: int, contents: Mapping[int, bytes]) -> None:
    """In two statements, however many they are."""
    if not contents:
        return
    here = SearchSlice.room_id == mark.room_id, SearchSlice.block == place, SearchSlice.slot.in_(contents)
    session.execute(delete(SearchSlice).where(*here))
    same = {"room_id": mark.room_id, "block": place}
    session.execute(insert(SearchSlice), [same | {"slot": slot, "content": it} for slot, it in contents.items()])


def _join(mark: SearchMark, block: int) -> None:
    """Make a block of its parts."""
    places = [-1 - number for number in range(BLOCK // PART)]
    for slots in _together(range(signatures.SLICES), MOVED):
        parts = db.session.execute(_stored(mark, places, slots)).all()
        joined = threads.run(_joined, parts)
        transactions.run(partial(_settle, mark=mark, place=block, contents=joined))
        time.sleep(0)  # others may go on


def _joined(parts: Sequence[Any]) -> dict[int, bytes]:
    found: dict[int, int] = defaultdict(int)
    for place, slot, content in parts:
        found[slot] |= signatures.unpacked(content, PART) << (-1 - place) * PART
    return {slot: signatures.packed(bits, BLOCK) for slot, bits in found.items()}


def _settle(session: Transaction, mark: SearchMark, place: int, contents: Mapping[int, bytes]) -> None:
    _hold(session, mark)
    _replace(session, mark, place, contents)


def _drop_parts(mark: SearchMark) -> None:
    for slots in _together(range(signatures.SLICES), DROPPED // (BLOCK // PART)):
        transactions.run(partial(_drop, mark=mark, some=and_(SearchSlice.slot.in_(slots), SearchSlice.block < 0)))
        time.sleep(0)  # others may go on


def _drop(session: Transaction, mark: SearchMark, some: ColumnElement[bool]) -> None:
    _hold(session, mark)
    session.execute(delete(SearchSlice).where(SearchSlice.room_id == mark.room_id, some))


def _begin(mark: SearchMark, version: int) -> None:
    """The primary key decides between two workers who begin at once."""
    if mark.version:
        return
    mark.version = version
    values = {"room_id": mark.room_id, "seq": 0, "version": version}
    try:
        transactions.run(lambda session: session.execute(insert(SearchMark).values(**values)))
    except IntegrityError:
        raise Outrun() from None


def _hold(session: Transaction, mark: SearchMark) -> None:
    """Nobody else moves the mark until the commit. Raises Outrun where somebody did since it was read."""
    chosen = select(SearchMark.seq, SearchMark.version).where(SearchMark.room_id == mark.room_id).with_for_update()
    if session.execute(chosen).first() != (mark.seq, mark.version):
        raise Outrun()


def _move(mark: SearchMark, seq: int, version: int) -> None:
    """Raises Outrun."""
    moved = update(SearchMark).where(*_as_read(mark)).values(seq=seq, version=version)
    if (seq, version) != (mark.seq, mark.version):
        if not transactions.run(lambda session: transactions.affected(session, moved)):
            raise Outrun()
        mark.seq, mark.version = seq, version


def _as_read(mark: SearchMark) -> tuple[ColumnElement[bool], ...]:
    return SearchMark.room_id == mark.room_id, SearchMark.seq == mark.seq, SearchMark.version == mark.version


def candidates(mark: SearchMark, blocks: Sequence[int], wanted: Sequence[int]) -> dict[int, int]:
    """{block: bits of the messages that may have all these slots}, of these blocks of the room."""
    last, rest = divmod(mark.seq, BLOCK)
    parts = [-1 - number for number in range(-(-rest // PART))] if last in blocks else []
    places = [block for block in blocks if block < last] + parts
    stored: dict[int, dict[int, bytes]] = {place: {} for place in places}
    # How far the slices go is said by the same statement, and so of the same moment.
    reached = select(SearchMark.seq).where(SearchMark.room_id == mark.room_id).scalar_subquery()
    rows = db.session.execute(_stored(mark, places, [*wanted, signatures.OPAQUE]).add_columns(reached)).all()
    for place, slot, content, _seq in rows:
        stored[place][slot] = content
    now = rows[0][-1] or 0 if rows else mark_of(mark.room_id).seq
    if now < mark.seq:  # the index is made anew: everything has to be read
        return dict.fromkeys(blocks, (1 << BLOCK) - 1)
    if parts and now // BLOCK > last:  # the parts have been joined, and may have gone
        return candidates(mark_of(mark.room_id), blocks, wanted)
    found = dict.fromkeys(blocks, 0)
    for place in places:
        bits = signatures.candidates(_width(place), stored[place], wanted)
        if place < 0:
            found[last] |= bits << (-1 - place) * PART
        else:
            found[place] = bits
    return found
