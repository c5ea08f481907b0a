"""Who people are: registering, signing in and out, passwords, finding each other. Knows nothing of cookies."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction
from werkzeug.security import check_password_hash, generate_password_hash

from chat import broadcasts, clock, company, fields, general, payloads, presence, transactions, turns
from chat.errors import ChatError, Conflict, Forbidden, Invalid, NotFound
from extensions import db
from models import Fact, Session, User
from realtime import threads

# OWASP's floor for PBKDF2-HMAC-SHA256 (Password Storage Cheat Sheet).
HASH_METHOD = "pbkdf2:sha256:600000"
# What an unknown name's password is checked against, so that it takes as long as a known one's. Of no password: to hash
# one would take a tenth of the start.
NOBODYS_HASH = f"{HASH_METHOD}${secrets.token_hex(8)}${secrets.token_hex(32)}"
SESSION_LIFETIME = timedelta(days=30)
SESSION_TOUCH = timedelta(minutes=5)
PAGE = 100
FOUNDER = "founder"


class NameTaken(Conflict):
    sentence = _("This name is taken.")


class WrongPassword(ChatError):
    code, status = "unauthenticated", 401
    sentence = _("The name or the password is wrong.")


def register(username: object, password: object, minimum: int, general_name: str = general.NAME) -> User:
    """Make a member, the first of an installation its administrator, and tell everybody.

    Everybody is in one room from the beginning; it is made with the first member, and called `general_name` then.
    Raises Invalid, or NameTaken when the name is somebody's already, in whatever case or width.
    """
    name = fields.username(username)
    password_hash = hashed(fields.new_password(password, minimum))
    with turns.take(general.general_id(db.session) or 0):
        user, enrolment = _store(name, password_hash, general_name)
        registered = payloads.user(user, online=False)
        broadcasts.user_registered(registered, company.audience(presence.guests(), user.id))
        general.tell(enrolment, registered | {"role": "member", "here": False})
    return user


def _store(name: str, password_hash: str, general_name: str) -> tuple[User, general.Enrolment]:
    def store(session: Transaction, first: bool) -> tuple[User, general.Enrolment]:
        user = _insert(session, name, password_hash, first)
        return user, general.enrol(session, user, general_name)

    first = db.session.get(Fact, FOUNDER) is None
    try:
        return transactions.run(lambda session: store(session, first))
    except IntegrityError:
        if by_name(name) is not None:
            raise NameTaken() from None
        # The name is free, so it was somebody else's registration that came first: once more, not as the first.
        return transactions.run(lambda session: store(session, first=False))


def _insert(session: Transaction, name: str, password_hash: str, first: bool) -> User:
    user = User(
        username=name,
        username_key=fields.key(name),
        display_name=name,
        search_key=fields.search_key(name),
        kind="member",
        role="admin" if first else "user",
        password_hash=password_hash,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    if first:
        session.add(Fact(name=FOUNDER, value=str(user.id)))
    return user


def sign_in(username: object, password: object) -> User:
    """The person with this name and password. Raises WrongPassword, the same and as late for an unknown name."""
    name, word = fields.text(username, "username"), fields.text(password, "password")
    user = by_name(name)
    known = user is not None and user.password_hash and not user.is_disabled
    matches = threads.compute(
        check_password_hash, _hash_of(user) if known else NOBODYS_HASH, word[: fields.PASSWORD_MAX + 1]
    )
    if not (known and matches):
        raise WrongPassword()
    return user  # type: ignore[return-value]


def _hash_of(user: User | None) -> str:
    return (user and user.password_hash) or NOBODYS_HASH


def hashed(password: str) -> str:
    return threads.compute(generate_password_hash, password, HASH_METHOD)


def change_password(actor: User, session_id: str, current: object, new: object, minimum: int) -> None:
    """Set a new password and end every other session of this person. Raises Invalid."""
    confirm_password(actor, current, "current_password")
    password_hash = hashed(fields.new_password(new, minimum, "new_password"))
    others = transactions.run(lambda session: _replace_password(session, actor.id, session_id, password_hash))
    broadcasts.signed_out(others, "password_changed")


def confirm_password(actor: User, password: object, field: str) -> None:
    """Make sure that it is the person, and not somebody at their unlocked desk. Raises Invalid, Forbidden."""
    require_password(actor)
    word = fields.text(password, field)
    if not threads.compute(check_password_hash, _hash_of(actor), word[: fields.PASSWORD_MAX + 1]):
        raise Invalid(_("This is not your password."), field)


def require_password(actor: User) -> None:
    """Refuse guests where a password is asked for. Raises Forbidden."""
    if actor.is_guest:
        raise Forbidden(_("Guests have no password. Become a member to choose one."))


def _replace_password(session: Transaction, user_id: int, session_id: str, password_hash: str) -> Sequence[str]:
    session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))
    is_other = and_(Session.user_id == user_id, Session.id != session_id)
    others = session.scalars(select(Session.id).where(is_other)).all()
    session.execute(delete(Session).where(is_other))
    return others


def open_session(user: User, user_agent: str, address: str) -> Session:
    """Sign a browser in."""
    now = clock.now()
    row = Session(
        id=secrets.token_urlsafe(32),
        user_id=user.id,
        created_at=now,
        last_used_at=now,
        user_agent=user_agent[:255],
        address=address[:45],
    )
    transactions.run(lambda session: session.add(row))
    return row


# Asked with everything that anybody does: building it costs more than asking.
_OF_SESSION = select(Session, User).join(User, User.id == Session.user_id).where(Session.id == bindparam("session_id"))


def in_session(session_id: str) -> tuple[Session, User] | None:
    """The session and its person, or nothing when it was ended, is too old, or the person was disabled."""
    now = clock.now()
    row = db.session.execute(_OF_SESSION, {"session_id": session_id}).first()
    if row is None or not _is_valid(row.Session.last_used_at, row.User, now):
        return None
    if row.Session.last_used_at < now - SESSION_TOUCH:
        _touch([session_id], now)
    return row.Session, row.User


def in_sessions(session_ids: Collection[str]) -> dict[str, User]:
    """The people of these sessions that are valid, by the sessions' ids."""
    now = clock.now()
    chosen = select(Session.id, Session.last_used_at, User).join(User, User.id == Session.user_id)
    found = [
        row
        for row in db.session.execute(chosen.where(Session.id.in_(session_ids)))
        if _is_valid(row.last_used_at, row.User, now)
    ]
    stale = [row.id for row in found if row.last_used_at < now - SESSION_TOUCH]
    if stale:
        _touch(stale, now)
    return {row.id: row.User for row in found}


def _is_valid(last_used_at: datetime, user: User, now: datetime) -> bool:
    return not user.is_disabled and last_used_at >= now - SESSION_LIFETIME


def _touch(session_ids: Collection[str], now: datetime) -> None:
    """Without the ORM, which would forget whom it has just read."""
    touched = update(Session).where(Session.id.in_(session_ids)).values(last_used_at=now)
    transactions.run_plain(lambda connection: connection.execute(touched))


def close_session(session_id: str) -> None:
    """Sign a browser out, and close its connections."""
    transactions.run(lambda session: session.execute(delete(Session).where(Session.id == session_id)))
    broadcasts.signed_out([session_id], "signed_out")


def sweep_sessions() -> None:
    """Forget the sessions that nobody has used for as long as a cookie lives."""
    oldest = clock.now() - SESSION_LIFETIME
    transactions.run(lambda session: session.execute(delete(Session).where(Session.last_used_at < oldest)))


def choose_locale(actor: User, locale: str) -> None:
    """Remember the language this person reads."""
    transactions.run(lambda session: session.execute(update(User).where(User.id == actor.id).values(locale=locale)))


def promote(username: str) -> bool:
    """Make a member an administrator; False when there is nobody of that name."""
    promoted = update(User).where(User.username_key == fields.key(username.strip())).values(role="admin")
    return bool(transactions.run(lambda session: transactions.affected(session, promoted)))


def by_name(name: str) -> User | None:
    """The person with this name, in whatever case or width it is written."""
    return db.session.scalars(select(User).where(User.username_key == fields.key(name.strip()))).first()


def named(actor: User, username: object) -> User:
    """Somebody `actor` may talk to. Raises NotFound."""
    key = fields.key(fields.text(username, "username")[:256].strip())
    user = db.session.scalars(select(User).where(User.username_key == key, company.visible_to(actor))).first()
    if user is None or user.is_disabled:
        raise NotFound(_("There is nobody with this name."))
    return user


def people(actor: User, words: str = "", after: int | None = None, limit: int = PAGE) -> tuple[list[User], bool]:
    """Everybody but `actor` whose name holds `words`, by name, from behind the person `after`; whether that is all.

    To a guest, everybody is those they share a room with.
    """
    chosen = select(User).where(User.id != actor.id, User.disabled_at.is_(None), company.visible_to(actor))
    if words:
        chosen = chosen.where(User.search_key.contains(words, autoescape=True))
    known = select(User).where(User.id == after, company.visible_to(actor))
    last = db.session.scalars(known).first() if after else None
    if last is not None:
        behind = and_(User.search_key == last.search_key, User.id > last.id)
        chosen = chosen.where(or_(User.search_key > last.search_key, behind))
    found = db.session.scalars(chosen.order_by(User.search_key, User.id).limit(limit + 1)).all()
    return list(found[:limit]), len(found) <= limit


def payload(user: User) -> payloads.Payload:
    return payloads.user(user, online=presence.is_online(user.id))
