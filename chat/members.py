"""Who is in a group room: coming in, going, being there, and the list of them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, func, or_, select, update

from chat import changes, fields, general, listings, payloads, presence, rooms, transactions
from chat.changes import Change
from chat.errors import Forbidden, NotFound
from extensions import db
from models import Membership, Room, User

PAGE = 100
NOTIFY = ("all", "mentions", "none")


def join(actor: User, room_id: int) -> payloads.Payload:
    """Come into a public room; who is in already is answered the same.

    Raises NotFound for rooms that are not public, Forbidden for who may not come in.
    """
    room = listings.public(room_id)
    # Who is in a private room may ask again as well as anybody.
    return _join(actor, room) if room else rooms.payload(actor, room_id)


def join_named(actor: User, name: object) -> payloads.Payload:
    """As `join`, by the room's name. Raises Invalid too."""
    room = listings.named(actor, name)
    if room is None:
        raise NotFound(_("There is no public room with this name."))
    return _join(actor, room)


def _join(actor: User, room: Room) -> payloads.Payload:
    if not rooms.those_of(actor, [room.id]):
        if not rooms.admits(actor, room):
            raise Forbidden(_("You cannot come into this room."))
        changes.make(actor, room.id, enter_by_oneself)
    return rooms.payload(actor, room.id)


def enter_by_oneself(change: Change) -> None:
    """A step: the actor comes in, once."""
    if change.mine is None:
        change.come(change.actor)
        change.announce("joined")


def leave(actor: User, room_id: int) -> None:
    """Go out of a group room for good. Raises NotFound, Forbidden for the room that everybody is in."""
    rooms.group_of(actor, room_id)
    if general.is_general(db.session, room_id):
        raise Forbidden(_("Everybody is in this room; nobody can leave it."))
    changes.make(actor, room_id, go_by_oneself)


def go_by_oneself(change: Change) -> None:
    """A step: the actor goes. The last one to go ends a room that nobody else could find, or that keeps nothing."""
    go_quietly(change)
    if rooms.member_ids(change.session, change.room.id):
        change.announce("left")


def go_quietly(change: Change) -> None:
    """The same without a line: many go in this way, whom nobody has seen for long."""
    change.go(change.actor, "left")
    if rooms.member_ids(change.session, change.room.id):
        return
    if not (change.room.is_public and change.room.keeps_history):
        change.end("left")
        change.room.name_key = None


def leave_all(actor: User, quietly: bool = False) -> None:
    """Go out of every group room, as an account that is deleted does."""
    mine = select(Membership.room_id).join(Room, Room.id == Membership.room_id)
    for room_id in db.session.scalars(mine.where(Membership.user_id == actor.id, Room.kind == "group")).all():
        try:
            changes.make(actor, room_id, go_quietly if quietly else go_by_oneself)
        except NotFound:
            continue  # it has ended meanwhile


def enter(actor: User, connection: str, room_id: int | None) -> list[int]:
    """This connection has the room open from now on, or none; returns who has. Raises NotFound."""
    presence.enter(connection, room_id)
    if room_id is None:
        return []
    try:
        # Asked afterwards: whoever takes the access away meanwhile either finds the connection in, or is seen here.
        rooms.group_of(actor, room_id)
    except NotFound:
        presence.enter(connection, None)
        raise
    return sorted(presence.here(room_id))


def set_notify(actor: User, room_id: int, notify: object) -> str:
    """What of a room one wants to be told of: everything, mentions, nothing. Raises Invalid, NotFound."""
    chosen = fields.choice(notify, "notify", NOTIFY)
    rooms.group_of(actor, room_id)
    mine = update(Membership).where(Membership.room_id == room_id, Membership.user_id == actor.id)
    transactions.run(lambda session: session.execute(mine.values(notify=chosen)))
    return chosen


def page(actor: User, room_id: int, words: str = "", after: int | None = None, limit: int = PAGE) -> payloads.Payload:
    """`{members, count, complete}`: those whose name holds `words`, by name, from behind the person `after`.

    `count` is of all members. Raises NotFound.
    """
    rooms.group_of(actor, room_id)
    chosen = select(User, Membership).join(Membership, Membership.user_id == User.id)
    chosen = chosen.where(Membership.room_id == room_id)
    if words:
        chosen = chosen.where(User.search_key.contains(words, autoescape=True))
    last = db.session.get(User, after) if after else None
    if last is not None:
        behind = and_(User.search_key == last.search_key, User.id > last.id)
        chosen = chosen.where(or_(User.search_key > last.search_key, behind))
    found = db.session.execute(chosen.order_by(User.search_key, User.id).limit(limit + 1)).all()
    count = db.session.scalar(select(func.count()).where(Membership.room_id == room_id))
    return {
        "members": [rooms.member(row.User, row.Membership) for row in found[:limit]],
        "count": count,
        "complete": len(found) <= limit,
    }
