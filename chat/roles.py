"""Who says what goes in a group room: its owner, moderators; and removing people from it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from chat import changes, clock, fields, general
from chat.changes import MEMBER, MODERATOR, OWNER, Change
from chat.errors import Forbidden, Invalid
from models import Ban, User


def remove(actor: User, room_id: int, user_id: int) -> None:
    """Put somebody out of a room; they come back only by an invitation of its owner or moderators.

    The owner removes anybody, moderators members. Raises Invalid for oneself, NotFound, Forbidden.
    """
    changes.make(actor, room_id, lambda change: _remove(change, user_id))


def _remove(change: Change, user_id: int) -> None:
    role = change.require(OWNER, MODERATOR)
    user, membership = change.member(user_id)
    if user_id == change.actor.id:
        raise Invalid(_("You cannot remove yourself; leave the room instead."), "user_id")
    if general.is_general(change.session, change.room.id):
        raise Forbidden(_("Everybody is in this room; nobody can be removed from it."))
    if role == MODERATOR and membership.role != MEMBER:
        raise Forbidden(_("Only the owner can remove moderators."))
    change.session.merge(Ban(room_id=change.room.id, user_id=user_id, created_at=clock.now()))
    change.line("removed", user)
    change.go(user, "removed")


def appoint(actor: User, room_id: int, user_id: int, role: object) -> None:
    """Make a member a moderator, or a member again. Raises Invalid, NotFound, Forbidden."""
    chosen = fields.choice(role, "role", (MODERATOR, MEMBER))
    changes.make(actor, room_id, lambda change: _appoint(change, user_id, chosen))


def _appoint(change: Change, user_id: int, role: str) -> None:
    change.require(OWNER)
    user, membership = change.member(user_id)
    if membership.role == OWNER:
        raise Forbidden(_("Hand the room over first."))
    if membership.role != role:
        change.appoint(user, role)
        change.line("promoted", user, role)
        if role == MEMBER:
            change.revoke(user)


def hand_over(actor: User, room_id: int, user_id: int) -> None:
    """Make somebody in the room its owner; who owned it is a moderator then. Raises Invalid, NotFound, Forbidden."""
    changes.make(actor, room_id, lambda change: _hand_over(change, user_id))


def _hand_over(change: Change, user_id: int) -> None:
    change.require(OWNER)
    user, membership = change.member(user_id)
    if membership.role == OWNER:
        raise Invalid(_("The room is theirs already."), "user_id")
    if user.is_guest:
        raise Forbidden(_("A guest cannot own a room."))
    if change.room.owner_id is not None:
        change.appoint(change.member(change.room.owner_id)[0], MODERATOR)
    change.own(user)
