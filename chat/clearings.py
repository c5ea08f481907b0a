"""Clearing the history of a conversation, for oneself or for everybody: hidden at once, soon gone for good.

A clearing is a row. It moves the marks up to which people see nothing (chat/visible.py), so whoever reads asks nothing
more. For ten seconds it can be taken back: the marks are then what they would be without it. After that it is settled,
and what nobody can see any more goes in small batches; the row stays until all of it is gone, also over a restart.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, and_, case, delete, func, select, update
from sqlalchemy.orm import Session as Transaction

from chat import (
    broadcasts,
    clock,
    ephemeral,
    exports,
    limits,
    lines,
    messages,
    moments,
    payloads,
    removals,
    retention,
    rooms,
    segments,
    transactions,
    turns,
    visible,
)
from chat.errors import Forbidden, Invalid, NotFound
from extensions import db
from models import Clearing, File, Membership, Message, Room, User

# Up to here it is said exactly how much goes: that reads rows (about 2 ms for a part), as often as anybody asks.
COUNT_MAX = 100_000  # messages
PART = 10_000  # messages counted in one statement
ROUND = 0.5  # seconds of a tick that removing may take

log = logging.getLogger("parley")


def count(actor: User, room_id: int, everyone: bool, before: datetime | None) -> payloads.Payload:
    """`{messages, files, more, seq}`: what a clearing up to `seq`, the newest before that moment, would take away.

    For oneself, of what one sees; for everybody, of all there is. `more` says that there are more than COUNT_MAX.
    Raises NotFound, Forbidden.
    """
    room, mine = rooms.visible_to(actor, room_id)
    if everyone:
        _require(actor, room, mine)
    low, high = room.cleared_seq if everyone else mine.cleared_seq, room.last_seq
    if not room.keeps_history:
        return _count_remembered(room, low, before)
    if before is not None:
        high = max(low, moments.first_since(room, before) - 1)
    found, files, seq = 0, 0, low
    while seq < high and found <= COUNT_MAX:
        upto = min(seq + PART, high)
        found += db.session.scalar(_messages(room_id, seq, upto)) or 0
        files += db.session.scalar(_files(room_id, seq, upto)) or 0
        seq = upto
        time.sleep(0)  # others may go on
    return {"messages": min(found, COUNT_MAX), "files": files, "more": found > COUNT_MAX, "seq": high}


def _messages(room_id: int, after: int, upto: int) -> Select[int]:
    between = Message.room_id == room_id, Message.seq > after, Message.seq <= upto
    return select(func.count()).where(*between, visible.said(), visible.unexpired())


def _files(room_id: int, after: int, upto: int) -> Select[int]:
    between = File.room_id == room_id, File.seq > after, File.seq <= upto
    held = and_(Message.room_id == File.room_id, Message.seq == File.seq)
    return select(func.count()).select_from(File).join(Message, held).where(*between, visible.unexpired())


def _count_remembered(room: Room, low: int, before: datetime | None) -> payloads.Payload:
    """The same, of a room that keeps nothing."""
    everything = ephemeral.shown_to(Membership(room_id=room.id, cleared_seq=low))
    gone = [message for message in everything if before is None or message.created_at < before]
    said = [message for message in gone if visible.can_be_answered(message, low)]
    return {
        "messages": len(said),
        "files": sum(message.file_id is not None for message in said),
        "more": False,
        "seq": max((message.seq for message in gone), default=low),
    }


def clear(actor: User, room_id: int, everyone: bool, seq: int) -> payloads.Payload:
    """Hide everything up to `seq` from the actor, or from everybody; returns `{clearing, undo_until}`.

    In a direct conversation each of the two may do it for both, in a group its owner and moderators for everybody.
    Raises NotFound, Forbidden, TooOften, and Invalid where there is nothing to clear.
    """
    rooms.visible_to(actor, room_id)
    if everyone:
        limits.check_of(actor, "message")  # there will be a line
    with turns.take(room_id):
        clearing, line, hearers = transactions.run(lambda session: _store(session, actor, room_id, everyone, seq))
        _tell(room_id, hearers)
        if line is not None:
            broadcasts.message_sent(line, hearers)
    return {"clearing": clearing.id, "undo_until": payloads.instant(clearing.cleared_at + removals.UNDO)}


def _store(
    session: Transaction, actor: User, room_id: int, everyone: bool, seq: int
) -> tuple[Clearing, payloads.Payload | None, messages.Hearers]:
    room, mine = _locked(session, actor, room_id)
    if everyone:
        _require(actor, room, mine)
    if seq > room.last_seq:
        raise Invalid(_("There is no such message yet."), "seq")
    if seq <= (room.cleared_seq if everyone else mine.cleared_seq):
        raise Invalid(_("There is nothing left to clear."), "seq")
    clearing = Clearing(
        room_id=room_id, user_id=None if everyone else actor.id, cleared_by_id=actor.id, seq=seq, cleared_at=clock.now()
    )
    session.add(clearing)
    line = lines.write(session, room, actor, "cleared") if everyone else None
    clearing.line_seq = line["seq"] if line else None
    return clearing, line, _mark(session, room, clearing.user_id)


def _locked(session: Transaction, actor: User, room_id: int) -> tuple[Room, Membership]:
    """The room and the actor's membership, which nobody changes until the commit. Raises NotFound."""
    room = session.get(Room, room_id, with_for_update=True)
    mine = session.get(Membership, (room_id, actor.id))
    if room is None or mine is None or room.has_ended(clock.now()):
        raise NotFound()
    return room, mine


def _require(actor: User, room: Room, mine: Membership) -> None:
    """For everybody clears who belongs to a conversation of two, or answers for a room. Raises Forbidden."""
    if not room.is_direct and rooms.role(actor, room, mine) == "member":
        raise Forbidden(_("Only the owner and moderators can clear the history for everybody."))


def _mark(session: Transaction, room: Room, user_id: int | None) -> messages.Hearers:
    """Bring the marks of one person in the room, or of everybody, to what its clearings say; returns those marks.

    The room's row is locked.
    """
    session.flush()
    pending = select(Clearing).where(Clearing.room_id == room.id, Clearing.settled.is_(False))
    clearings = session.scalars(pending).all()
    for_all = max([room.settled_seq, *(one.seq for one in clearings if one.user_id is None)])
    room.cleared_seq = for_all
    theirs = [Membership.room_id == room.id]
    if user_id is not None:
        theirs.append(Membership.user_id == user_id)
    highest = case((Membership.settled_seq > for_all, Membership.settled_seq), else_=for_all)
    _set(session, theirs, highest, Membership.cleared_seq != highest)
    for one in clearings:
        if one.user_id is not None:
            _set(session, [*theirs, Membership.user_id == one.user_id], one.seq, Membership.cleared_seq < one.seq)
    marks = session.execute(select(Membership.user_id, Membership.cleared_seq).where(*theirs))
    return {row.user_id: row.cleared_seq for row in marks}


def _set(session: Transaction, theirs: list[Any], seq: Any, where: Any) -> None:
    changed = update(Membership).where(*theirs, where).values(cleared_seq=seq)
    session.execute(changed.execution_options(synchronize_session=False))


def _tell(room_id: int, hearers: messages.Hearers) -> None:
    """To each their mark; most have the same."""
    together: dict[int, list[int]] = defaultdict(list)
    for user_id, cleared_seq in hearers.items():
        together[cleared_seq].append(user_id)
    for cleared_seq, user_ids in together.items():
        broadcasts.history_cleared(room_id, cleared_seq, user_ids)


def undo(actor: User, clearing_id: int) -> payloads.Payload:
    """Take back what one has just cleared; returns the room. Raises NotFound when it is too late, or not one's own."""
    room_id = db.session.scalar(select(Clearing.room_id).where(Clearing.id == clearing_id))
    if room_id is None:
        raise NotFound()
    rooms.visible_to(actor, room_id)
    with turns.take(room_id):
        _tell(room_id, transactions.run(lambda session: _take_back(session, actor, room_id, clearing_id)))
    return rooms.payload(actor, room_id)


def _take_back(session: Transaction, actor: User, room_id: int, clearing_id: int) -> messages.Hearers:
    room, _mine = _locked(session, actor, room_id)
    own = Clearing.id == clearing_id, Clearing.cleared_by_id == actor.id
    fresh = Clearing.settled.is_(False), Clearing.cleared_at > clock.now() - removals.UNDO
    clearing = session.scalars(select(Clearing).where(*own, *fresh)).first()
    if clearing is None:
        raise NotFound(_("It is too late to take this back."))
    session.delete(clearing)
    if clearing.line_seq is not None:
        # As if it had never been written: everybody loads anew what they see.
        _drop_line(session, room, clearing.line_seq)
    return _mark(session, room, clearing.user_id)


def _drop_line(session: Transaction, room: Room, seq: int) -> None:
    if room.keeps_history:
        session.execute(delete(Message).where(Message.room_id == room.id, Message.seq == seq))
    else:
        ephemeral.drop_at_commit(session, room.id, seq)


def sweep(seconds: float | None = None) -> None:
    """Settle what nobody can take back any more, and remove it: as much as a tick allows, the rest next time."""
    deadline = time.monotonic() + (ROUND if seconds is None else seconds)
    over = Clearing.cleared_at <= clock.now() - removals.UNDO - removals.MARGIN
    for row in db.session.execute(select(Clearing.id, Clearing.room_id).where(over).order_by(Clearing.id)).all():
        if not _finish(row.id, row.room_id, deadline):
            return


def _finish(clearing_id: int, room_id: int, deadline: float) -> bool:
    """First what was taken away of it, then the rows, with which files are released, then all that search knows of the
    room, which is made anew of what is left (chat/segments.py). False when time is up.

    Several workers at once get in each other's way, but do no harm.
    """
    seq = transactions.run(lambda session: _settle(session, clearing_id, room_id))
    if seq is None:
        return True
    exports.forget_room(room_id)
    gone = and_(Message.room_id == room_id, Message.seq <= seq)
    removal = retention.remove(gone, Message.seq, deadline - time.monotonic())
    if removal.count >= retention.WORTH_A_LINE or not removal.complete:
        log.info("cleared %d messages, at most %.1f ms at a time", removal.count, removal.longest * 1000)
    if not removal.complete:
        return False
    ephemeral.drop(room_id, range(seq + 1))
    if not segments.forget(room_id, deadline):
        return False
    transactions.run(lambda session: session.execute(delete(Clearing).where(Clearing.id == clearing_id)))
    return True


def _settle(session: Transaction, clearing_id: int, room_id: int) -> int | None:
    """Up to which `seq` everything is to go; None when there is nothing to remove."""
    room = session.get(Room, room_id, with_for_update=True)
    clearing = session.get(Clearing, clearing_id)
    if room is None or clearing is None:
        return None
    if clearing.user_id is not None and not _settle_for_one(session, room, clearing):
        session.delete(clearing)
        return None
    clearing.settled = True
    room.settled_seq = max(room.settled_seq, clearing.seq)
    room.cleared_seq = max(room.cleared_seq, room.settled_seq)
    return clearing.seq


def _settle_for_one(session: Transaction, room: Room, clearing: Clearing) -> bool:
    """Whether the clearing is now one for everybody: what both of two have cleared nobody will ever see again.

    Into a group others may come, who see what was said before.
    """
    mine = session.get(Membership, (room.id, clearing.user_id))
    if mine is not None:
        mine.settled_seq = max(mine.settled_seq, clearing.seq)
        session.flush()
    if not room.is_direct:
        return False
    both = session.scalar(select(func.min(Membership.settled_seq)).where(Membership.room_id == room.id)) or 0
    if both <= room.settled_seq:
        return False
    clearing.user_id, clearing.seq = None, both
    return True
