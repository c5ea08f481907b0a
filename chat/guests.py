"""Guests: coming in with a nickname, becoming a member, going for good. Where they are let in, admission.py decides."""

from __future__ import annotations

from contextlib import suppress
from itertools import count, islice

from flask_babel import lazy_gettext as _
from sqlalchemy import Update, and_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from chat import (
    accounts,
    admission,
    broadcasts,
    clock,
    company,
    fields,
    general,
    members,
    payloads,
    presence,
    profiles,
    transactions,
    turns,
)
from chat.errors import Forbidden, NotFound
from extensions import db
from models import Room, User

SWEPT_AT_ONCE = 25  # guests: a small batch every other second holds nobody up


class NicknameTaken(accounts.NameTaken):
    """Somebody has this name; `free` is one like it that nobody had a moment ago."""

    def __init__(self, free: str) -> None:
        super().__init__(_("This name is taken. “%(free)s” is free.", free=free), field="nickname")
        self.free = free


def enter(nickname: object) -> User:
    """Make a guest and tell those who may know. Raises NotAdmitted, Invalid, NicknameTaken."""
    if not admission.is_open():
        raise admission.NotAdmitted()
    name = fields.username(nickname, "nickname")
    with turns.take(general.general_id(db.session) or 0):
        try:
            guest, enrolment = transactions.run(lambda session: _store(session, name))
        except IntegrityError:
            raise NicknameTaken(_free_name_like(name)) from None
        entered = payloads.user(guest, online=False)
        broadcasts.user_registered(entered, company.audience(presence.guests(), guest.id))
        general.tell(enrolment, entered | {"role": "member", "here": False})
    return guest


def _store(session: Transaction, name: str) -> tuple[User, general.Enrolment]:
    """The guest is in the room of everybody from the beginning, where that one admits guests."""
    guest = _insert(session, name)
    session.flush()
    room = session.get(Room, general.general_id(session) or 0)
    is_for_guests = room is not None and admission.admits(room)
    return guest, general.enrol(session, guest, general.NAME) if is_for_guests else general.Enrolment()


def _insert(session: Transaction, name: str) -> User:
    now = clock.now()
    guest = User(
        username=name,
        username_key=fields.key(name),
        display_name=name,
        search_key=fields.search_key(name),
        kind="guest",
        created_at=now,
        # From the first moment on: who never opens a page is absent, too.
        last_seen_at=now,
    )
    session.add(guest)
    return guest


# How many numbers are looked at behind a name that is taken, at first.
_TRIES = 32


def _free_name_like(name: str) -> str:
    """The name with the lowest number behind it that nobody has."""
    numbers = count(2)
    while True:
        tried = [_numbered(name, number) for number in islice(numbers, _TRIES)]
        keys = [fields.key(one) for one in tried]
        taken = set(db.session.scalars(select(User.username_key).where(User.username_key.in_(keys))))
        for one, key in zip(tried, keys, strict=True):
            if key not in taken:
                return one


def _numbered(name: str, number: int) -> str:
    return f"{name[: fields.USERNAME_MAX - len(str(number))]}{number}"


def become_member(actor: User, password: object, username: object, minimum: int) -> payloads.Payload:
    """Give a guest a password, and another name if `username` is not None; everything else stays.

    Raises Forbidden for a member, Invalid, NameTaken.
    """
    if not actor.is_guest:
        raise Forbidden(_("You are a member already."))
    name = actor.username if username is None else fields.username(username)
    word = fields.new_password(password, minimum)
    values = {"password_hash": accounts.hashed(word), "kind": "member", **_named(actor, name)}
    try:
        became = transactions.run(lambda session: transactions.affected(session, _as_guest(actor).values(**values)))
    except IntegrityError:
        raise accounts.NameTaken(field="username") from None
    if not became:
        raise Forbidden(_("You are a member already."))
    presence.became_member(actor.id)
    broadcasts.became_member(actor.id)
    member = db.session.get_one(User, actor.id)
    shown = accounts.payload(member)
    broadcasts.user_changed(shown, company.audience(presence.guests(), actor.id))
    _join_general(member)
    return shown


def _join_general(member: User) -> None:
    """Where guests were not admitted, a member is."""
    room_id = general.general_id(db.session)
    if room_id is not None:
        with suppress(NotFound, Forbidden):  # deleted, or not for them
            members.join(member, room_id)


def _as_guest(actor: User) -> Update:
    return update(User).where(User.id == actor.id, User.kind == "guest")


def _named(actor: User, name: str) -> dict[str, str]:
    """The columns of a name. Who never chose another one to be shown is shown under the new one."""
    shown = name if actor.display_name == actor.username else actor.display_name
    key, search_key = fields.key(name), profiles.search_key(shown, name)
    return {"username": name, "username_key": key, "display_name": shown, "search_key": search_key}


def leave(actor: User) -> None:
    """A guest signs out: nothing would lead back to the account, so it ends, and the nickname is free."""
    profiles.end_accounts([actor.id], User.kind == "guest", "deleted")


def sweep() -> int:
    """End some of those who were absent for too long, the longest first; returns how many."""
    absent = and_(User.kind == "guest", User.last_seen_at < clock.now() - admission.patience())
    some = select(User.id).where(absent).order_by(User.last_seen_at).limit(SWEPT_AT_ONCE)
    return profiles.end_accounts(db.session.scalars(some).all(), absent, "deleted", quietly=True)


def sweep_all() -> int:
    """End all of them; returns how many."""
    swept = 0
    while ended := sweep():
        swept += ended
    return swept
