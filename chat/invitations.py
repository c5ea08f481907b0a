"""How people are brought into group rooms: at once, by name, or by a link with an end and a number of uses."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from chat import accounts, admission, changes, clock, fields, listings, payloads, presence, rooms, transactions
from chat.changes import MEMBER, MODERATOR, OWNER, Change
from chat.errors import Absent, Forbidden, NotFound
from extensions import db
from models import Ban, Invitation, Room, User

EXPIRES_MIN, EXPIRES_MAX = 60, 365 * 24 * 3600  # seconds
USES_MAX = 10_000
LINKS_MAX = 100  # of one room at a time


class NotValid(NotFound):
    """Expired, used up, revoked, never given out, or not for this person: the same answer."""

    sentence = _("This invitation is not valid, or no longer.")


def invite(actor: User, room_id: int, username: object) -> payloads.Payload:
    """Bring somebody in; returns the member. In a private room that is for its owner and moderators.

    They also lift a ban by it. Raises Invalid, NotFound, Forbidden.
    """
    rooms.group_of(actor, room_id)
    person = accounts.named(actor, username)
    return changes.make(actor, room_id, lambda change: _invite(change, person))


def _invite(change: Change, person: User) -> payloads.Payload:
    may = (OWNER, MODERATOR, MEMBER) if change.room.is_public else (OWNER, MODERATOR)
    role = change.require(*may)
    membership = change.find(person.id)
    if membership is None:
        if person.is_guest and not admission.admits(change.room):
            raise admission.NotAdmitted(_("This room is not open to guests."))
        lifted = delete(Ban).where(Ban.room_id == change.room.id, Ban.user_id == person.id)
        if transactions.affected(change.session, lifted) and role == MEMBER:
            raise Forbidden(_("This person was removed from the room."))
        if not (change.room.keeps_history or presence.is_online(person.id)):
            raise Absent(_("This room keeps nothing: only people who are online can be brought in."))
        membership = change.come(person)
        change.line("invited", person)
    return rooms.member(person, membership)


# Links


def create(actor: User, room_id: int, expires_in: object = None, uses: object = None) -> payloads.Payload:
    """Make a link into a room, for so many seconds and so many people, or None for no end.

    Raises Invalid, NotFound, Forbidden.
    """
    seconds = fields.interval(expires_in, "expires_in", EXPIRES_MIN, EXPIRES_MAX)
    uses_left = fields.interval(uses, "uses", 1, USES_MAX)
    expires_at = clock.now() + timedelta(seconds=seconds) if seconds else None
    return changes.make(actor, room_id, lambda change: _create(change, expires_at, uses_left))


def _create(change: Change, expires_at: datetime | None, uses_left: int | None) -> payloads.Payload:
    change.require(OWNER, MODERATOR)
    here = select(func.count()).where(Invitation.room_id == change.room.id, _is_valid())
    if (change.session.scalar(here) or 0) >= LINKS_MAX:
        raise Forbidden(_("This room has too many links already. Revoke some of them first."))
    invitation = Invitation(
        token=secrets.token_urlsafe(32),
        room_id=change.room.id,
        inviter_id=change.actor.id,
        created_at=clock.now(),
        expires_at=expires_at,
        uses_left=uses_left,
    )
    change.session.add(invitation)
    change.session.flush()
    return payloads.invitation(invitation, change.actor)


def revoke(actor: User, room_id: int, invitation_id: int) -> None:
    """Make a link lead nowhere. Raises NotFound, Forbidden."""
    changes.make(actor, room_id, lambda change: _revoke(change, invitation_id))


def _revoke(change: Change, invitation_id: int) -> None:
    change.require(OWNER, MODERATOR)
    revoked = delete(Invitation).where(Invitation.id == invitation_id, Invitation.room_id == change.room.id)
    if not transactions.affected(change.session, revoked):
        raise NotFound()


def of(actor: User, room_id: int) -> list[payloads.Payload]:
    """The links into a room, newest first. Raises NotFound, Forbidden."""
    room, membership = rooms.group_of(actor, room_id)
    if rooms.role(actor, room, membership) not in (OWNER, MODERATOR):
        raise Forbidden()
    found = select(Invitation, User).join(User, User.id == Invitation.inviter_id)
    found = found.where(Invitation.room_id == room_id, _is_valid()).order_by(Invitation.id.desc())
    return [payloads.invitation(row.Invitation, row.User) for row in db.session.execute(found)]


def preview(actor: User | None, token: object) -> payloads.Payload:
    """The room that a link leads into, as somebody outside sees it, signed in or not. Raises NotValid."""
    room, _invitation = _led_to(token)
    if actor is not None and not rooms.admits(actor, room):
        raise NotValid()
    return listings.preview(actor, room)


def accept(actor: User, token: object) -> payloads.Payload:
    """Come in by a link; who is in already spends nothing of it. Raises NotValid."""
    room, invitation = _led_to(token)
    if not rooms.those_of(actor, [room.id]):
        if not rooms.admits(actor, room):
            raise NotValid()
        changes.make(actor, room.id, lambda change: _accept(change, invitation.id))
    return rooms.payload(actor, room.id)


def _accept(change: Change, invitation_id: int) -> None:
    if change.mine is not None:
        return
    # Asked again in the statement: of two who take the last use, one is too late.
    used = update(Invitation).where(Invitation.id == invitation_id, _is_valid())
    if not transactions.affected(change.session, used.values(uses_left=Invitation.uses_left - 1)):
        raise NotValid()
    change.come(change.actor)
    change.announce("joined")


def _led_to(token: object) -> tuple[Room, Invitation]:
    wanted = fields.text(token, "token")
    found = select(Room, Invitation).join(Invitation, Invitation.room_id == Room.id)
    row = db.session.execute(found.where(Invitation.token == wanted, _is_valid(), rooms.is_there())).first()
    if row is None:
        raise NotValid()
    return row.Room, row.Invitation


def _is_valid() -> ColumnElement[bool]:
    lasts = or_(Invitation.expires_at.is_(None), Invitation.expires_at > clock.now())
    return and_(lasts, or_(Invitation.uses_left.is_(None), Invitation.uses_left > 0))


def sweep() -> None:
    """Forget the links that are over."""
    over = delete(Invitation).where(or_(Invitation.expires_at <= clock.now(), Invitation.uses_left <= 0))
    transactions.run(lambda session: session.execute(over))
