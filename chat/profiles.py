"""One's own panel: what a person says of themselves, how they like the page, where they are signed in, and leaving.

Knows nothing of cookies; a session is spoken of by a handle that opens nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, String, cast, delete, literal, select, true, update
from sqlalchemy.orm import Session as Transaction

from chat import (
    accounts,
    broadcasts,
    clock,
    company,
    edits,
    ephemeral,
    erasures,
    fields,
    files,
    members,
    payloads,
    presence,
    transactions,
)
from chat.errors import Invalid, NotFound
from extensions import db
from models import Export, File, Membership, Room, Session, User

ABOUT_MAX = 500
DISPLAY_NAME_MAX = 64
HUE_MAX = 359
SAID = ("keep", "remove")  # what becomes of it when its author leaves
LIMITS = {"display_name": DISPLAY_NAME_MAX, "about": ABOUT_MAX}
SEARCH_KEY_MAX = 255

# What the page lets one choose; the first of each is the default. Another tab, another device: the same choice.
PREFERENCES: dict[str, tuple[Any, ...]] = {
    "theme": ("system", "light", "dark"),
    "accent": ("jade", "ocean", "violet", "rose", "amber", "slate"),
    "density": ("comfortable", "compact"),
    "send_key": ("enter", "ctrl_enter"),
    "sound": ("soft", "bell", "off"),
    "clock": ("locale", "24", "12"),
}


def mine(actor: User, session_id: str) -> payloads.Payload:
    """`{user, about, email, locale, preferences, sessions}`: all that one's own panel shows."""
    return {
        "user": accounts.payload(actor),
        "about": actor.about,
        "email": actor.email or "",
        "locale": actor.locale,
        "preferences": preferences(actor),
        "sessions": [payloads.session(row, row.id == session_id) for row in _sessions(actor)],
    }


def of(actor: User, username: str) -> payloads.Payload:
    """What everybody may know of somebody. Raises NotFound."""
    person = accounts.named(actor, username)
    return accounts.payload(person) | {"about": person.about, "registered_at": payloads.instant(person.created_at)}


def change(actor: User, given: dict[str, Any]) -> payloads.Payload:
    """Set `display_name`, `about`, `email`, `hue`, whichever are given, and tell everybody. Raises Invalid."""
    values = {name: check(given[name], name) for name, check in _CHECKS.items() if name in given}
    if "display_name" in values:
        values["search_key"] = search_key(values["display_name"], actor.username)
    if values:
        transactions.run(lambda session: session.execute(update(User).where(User.id == actor.id).values(**values)))
    return tell(actor)


def tell(actor: User) -> payloads.Payload:
    """Tell everybody how somebody is shown from now on."""
    changed = accounts.payload(db.session.get_one(User, actor.id))
    broadcasts.user_changed(changed, company.audience(presence.guests(), actor.id))
    return changed


def search_key(display_name: str, username: str) -> str:
    """Somebody is found by either name."""
    return fields.search_key(" ".join(dict.fromkeys((display_name, username))))[:SEARCH_KEY_MAX]


_CHECKS: dict[str, Callable[[object, str], Any]] = {
    "display_name": lambda value, field: fields.line(value, field, 1, DISPLAY_NAME_MAX),
    "about": lambda value, field: fields.lines(value, field, ABOUT_MAX),
    "email": fields.email,
    "hue": lambda value, field: None if value is None else fields.whole(value, field, 0, HUE_MAX),
}


def preferences(actor: User) -> payloads.Payload:
    """Every preference, as chosen or by default."""
    chosen = json.loads(actor.preferences or "{}")
    return {name: chosen[name] if chosen.get(name) in values else values[0] for name, values in PREFERENCES.items()}


def prefer(actor: User, given: dict[str, Any]) -> payloads.Payload:
    """Choose some preferences, and tell the person's other pages. Raises Invalid."""
    for name, value in given.items():
        if name not in PREFERENCES or not isinstance(value, str) or value not in PREFERENCES[name]:
            raise Invalid(_("There is no such choice."), name[:32])
    chosen = preferences(actor) | given
    stored = update(User).where(User.id == actor.id).values(preferences=json.dumps(chosen))
    transactions.run(lambda session: session.execute(stored))
    broadcasts.preferences_changed(actor.id, chosen)
    return chosen


# Sessions


def end_session(actor: User, session_handle: str) -> None:
    """Sign one of one's own browsers out. Raises NotFound."""
    for row in _sessions(actor):
        if payloads.session_handle(row.id) == session_handle:
            accounts.close_session(row.id)
            return
    raise NotFound()


def end_other_sessions(actor: User, session_id: str) -> None:
    """Sign all of one's other browsers out."""
    others = [row.id for row in _sessions(actor) if row.id != session_id]
    ended = delete(Session).where(Session.id.in_(others))
    transactions.run(lambda session: session.execute(ended))
    broadcasts.signed_out(others, "signed_out")


def _sessions(actor: User) -> list[Session]:
    rows = select(Session).where(Session.user_id == actor.id).order_by(Session.last_used_at.desc(), Session.id)
    return list(db.session.scalars(rows))


# Leaving


def delete_account(actor: User, password: object, said: object = "keep") -> None:
    """Leave for good: the name is free again. What was said stays, by "a deleted account", or goes (`remove`).

    The row stays, since messages point to it; nothing personal stays in it. Raises Invalid.
    """
    removes = fields.choice(said, "messages", SAID) == "remove"
    accounts.confirm_password(actor, password, "password")
    if removes:
        _take_back_what_is_not_kept(actor)
    end_accounts([actor.id], true(), "deleted", removes=removes)


def _take_back_what_is_not_kept(actor: User) -> None:
    """In rooms that keep nothing, one's messages are taken back while one is still in them."""
    mine = select(Membership.room_id).join(Room, Room.id == Membership.room_id)
    mine = mine.where(Membership.user_id == actor.id, Room.keeps_history.is_(False))
    for room_id in db.session.scalars(mine).all():
        for seq in ephemeral.said_by(room_id, actor.id):
            with suppress(NotFound):  # it has gone meanwhile
                edits.delete(actor, room_id, seq)


def end_accounts(
    user_ids: Sequence[int], still: ColumnElement[bool], reason: str, quietly: bool = False, removes: bool = False
) -> int:
    """End those of these accounts of which `still` is true by then; returns how many. See `delete_account`.

    They go out of their rooms; `quietly`, without a line about it. With `removes`, what they said goes.
    """
    # Asked now: afterwards they are in no room any more.
    audiences = company.audiences(presence.guests() - set(user_ids), user_ids)
    ended, sessions = transactions.run(lambda session: _forget(session, user_ids, still, removes))
    broadcasts.signed_out(sessions, reason)
    for person in db.session.scalars(select(User).where(User.id.in_(ended))).all():
        members.leave_all(person, quietly)
        heard_by = [guest_id for guests, people in audiences if person.id in people for guest_id in guests]
        broadcasts.user_changed(accounts.payload(person), heard_by)
        time.sleep(0)  # they may be many; others may go on
    return len(ended)


def _forget(
    session: Transaction, user_ids: Sequence[int], still: ColumnElement[bool], removes: bool
) -> tuple[Sequence[int], Sequence[str]]:
    """The people and the sessions that ended."""
    ended = session.scalars(select(User.id).where(User.id.in_(user_ids), still).with_for_update()).all()
    # A colon stands in no name, so nobody can ever have taken this one.
    nobody = literal("deleted:").concat(cast(User.id, String(20)))
    empty = {"username": nobody, "username_key": nobody, "search_key": nobody, "display_name": "", "kind": "deleted"}
    cleared = {
        "password_hash": None,
        "about": "",
        "email": None,
        "preferences": None,
        "role": "user",
        "avatar_id": None,
    }
    files.release(session, File.id.in_(select(User.avatar_id).where(User.id.in_(ended))))
    session.execute(
        update(User)
        .where(User.id.in_(ended))
        .values(**empty, **cleared, disabled_at=clock.now(), last_seen_at=None)
        .execution_options(synchronize_session=False)
    )
    # Nobody writes to them any more.
    theirs = select(Membership.room_id).where(Membership.user_id.in_(ended))
    alone = update(Room).where(Room.kind == "direct", Room.id.in_(theirs)).values(epoch=Room.epoch + 1)
    session.execute(alone.execution_options(synchronize_session=False))
    session.execute(delete(Export).where(Export.user_id.in_(ended)))
    for user_id in ended if removes else ():
        erasures.want(session, user_id)
    sessions = session.scalars(select(Session.id).where(Session.user_id.in_(ended))).all()
    session.execute(delete(Session).where(Session.user_id.in_(ended)))
    return ended, sessions
