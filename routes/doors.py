"""What the views share: who is asking, and the answer shape of the JSON routes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request
from flask_login import UserMixin, current_user, login_required
from sqlalchemy.exc import SQLAlchemyError

from chat import accounts, admission, fields, limits
from chat.errors import AccountChanged, ChatError, Invalid, Unauthenticated
from models import User


class Identity(UserMixin):
    """Flask-Login's idea of a user: a person in one of their sessions."""

    def __init__(self, session_id: str, user: User) -> None:
        self.session_id = session_id
        self.user = user

    def get_id(self) -> str:
        return self.session_id


def load_identity(session_id: str) -> Identity | None:
    """Flask-Login's user loader. Guests of earlier days stay out while the operator admits none, and are told so.

    Who was looked for together with others is in `g.identified`.
    """
    user = g.pop("identified", None) or _person_in(session_id)
    if user is not None and user.is_guest and not admission.is_open():
        g.refusal = admission.NoLongerAdmitted()
        return None
    return None if user is None else Identity(session_id, user)


def _person_in(session_id: str) -> User | None:
    found = accounts.in_session(session_id)
    return found[1] if found else None


def refusal() -> ChatError | None:
    """Why somebody who has a session is nobody all the same."""
    found: ChatError | None = g.get("refusal")
    return found


def actor() -> User:
    """The person asking. Raises Unauthenticated."""
    if not current_user.is_authenticated:
        raise refusal() or Unauthenticated()
    user: User = current_user.user
    return user


def known_actor() -> User | None:
    """As `actor`, but nobody while that cannot be found out: a refusal has to be said in some language even then."""
    try:
        return actor()
    except (Unauthenticated, SQLAlchemyError):
        return None


def page(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page for signed-in people; others are sent to the sign-in form."""
    return login_required(view)


def checked(view: Callable[..., Any]) -> Callable[..., Any]:
    """A route for programs: `view(actor, …)` is called for who is signed in, is meant, and does not ask too often."""

    @wraps(view)
    def wrapped(**kwargs: Any) -> Any:
        person = actor()
        if request.headers.get("X-Account", str(person.id)) != str(person.id):
            raise AccountChanged()
        limits.check_of(person, "event")
        return view(person, **kwargs)

    return wrapped


def api(view: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A JSON route: `view(actor, …)` returns the answer without `ok`."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"ok": True, **view(*args, **kwargs)}

    return checked(answered)


def given() -> dict[str, Any]:
    """The JSON object of the request. Raises Invalid."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Invalid()
    return data


def number(name: str, low: int = 0) -> int | None:
    """A whole number from the query string, or None where there is none. Raises Invalid."""
    text = request.args.get(name)
    return None if text is None else fields.digits(text, name, low)


def limit(default: int, most: int) -> int:
    """How many rows the page may have. Raises Invalid."""
    return fields.digits(request.args.get("limit", str(default)), "limit", 1, most)
