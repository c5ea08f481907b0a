"""Forms to register, sign in, look in as a guest, sign out, and change the password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from chat import accounts, admission, fields, guests, limits
from chat.errors import ChatError
from models import User
from routes.doors import Identity, actor, page, refusal

bp = Blueprint("auth", __name__)

Answer = Response | str | tuple[str, int]


@bp.route("/register", methods=["GET", "POST"])
def register() -> Answer:
    return _entrance("auth/register.html", _register)


@bp.route("/guest", methods=["GET", "POST"])
def guest() -> Answer:
    if not (current_user.is_authenticated or admission.has_a_way_in()):
        raise admission.NotAdmitted()
    return _entrance("auth/guest.html", look_in)


@bp.route("/login", methods=["GET", "POST"])
def login() -> Answer:
    return _entrance("auth/login.html", _sign_in)


def _entrance(template: str, enter: Callable[[], User]) -> Answer:
    """A form through which somebody comes in: shows it, or signs them in, or shows it again with what is wrong."""
    if current_user.is_authenticated:
        return redirect(url_for("page.chat"), 303)
    error: ChatError | None = None
    if request.method == "POST":
        try:
            begin_session(enter())
            return redirect(_next(), 303)
        except ChatError as refused:
            error = refused
    return form(
        template,
        error,
        username=request.form.get("username", ""),
        next=request.values.get("next", ""),
        guests_welcome=admission.has_a_way_in(),
    )


def _nickname(error: ChatError | None) -> str:
    """What stands in the form: where the wish is taken, another one that is free."""
    return error.free if isinstance(error, guests.NicknameTaken) else request.form.get("nickname", "")


def _register() -> User:
    limits.check("register", _network())
    # Given by the first to register, in their language; it is a room's name from then on.
    general = _("General")
    return accounts.register(request.form.get("username"), request.form.get("password"), password_min(), general)


def look_in() -> User:
    """Make the guest of the form."""
    limits.check("register", _network())
    return guests.enter(request.form.get("nickname"))


def _sign_in() -> User:
    limits.check("sign_in", _network())
    limits.check("sign_in_name", fields.key(request.form.get("username", "")[:256].strip()))
    return accounts.sign_in(request.form.get("username"), request.form.get("password"))


def begin_session(user: User) -> None:
    """Sign this browser in."""
    row = accounts.open_session(user, request.headers.get("User-Agent", ""), request.remote_addr or "")
    if "locale" in session:
        accounts.choose_locale(user, session["locale"])
    # A new session from nothing: no token from before signing in is worth anything after.
    session.clear()
    session.permanent = True
    login_user(Identity(row.id, user))


@bp.route("/logout", methods=["GET", "POST"])
def logout() -> Answer:
    if not current_user.is_authenticated:
        return redirect(url_for("auth.login"), 303)
    if request.method == "GET":
        return render_template("auth/logout.html", username=actor().username, is_guest=actor().is_guest)
    if actor().is_guest:
        guests.leave(actor())
    else:
        accounts.close_session(current_user.session_id)
    logout_user()
    session.clear()
    return redirect(url_for("auth.login"), 303)


@bp.route("/password", methods=["GET", "POST"])
@page
def password() -> Answer:
    accounts.require_password(actor())
    error = None
    if request.method == "POST":
        try:
            _change_password()
        except ChatError as refused:
            error = refused
    return form("auth/password.html", error, done=request.method == "POST" and error is None)


def _change_password() -> None:
    limits.check("sign_in_name", actor().username_key)
    current, new = request.form.get("current_password"), request.form.get("new_password")
    accounts.change_password(actor(), current_user.session_id, current, new, password_min())


@bp.route("/locale", methods=["POST"])
def locale() -> Answer:
    chosen = request.form.get("locale", "")
    if chosen in current_app.config["LOCALES"]:
        if current_user.is_authenticated:
            accounts.choose_locale(actor(), chosen)
        else:
            session["locale"] = chosen
    return redirect(_next(), 303)


def form(template: str, error: ChatError | None, **values: Any) -> Answer:
    """A page with a form on it, which says what was wrong with it the last time."""
    page_text = render_template(
        template,
        error=error and error.sentence,
        error_field=error and error.details.get("field"),
        password_min=password_min(),
        nickname=_nickname(error),
        shut_out=refusal(),
        **values,
    )
    return page_text, error.status if error else 200


def _next() -> str:
    """Where the form was asked to lead, if that is a path of ours; the chat otherwise."""
    wanted = request.values.get("next", "")
    if not is_own_path(wanted):
        return url_for("page.chat")
    return request.script_root + wanted


def is_own_path(address: str) -> bool:
    """Whether a browser takes `address` for a path on this site: `//host`, `/\\host` and `https:…` lead elsewhere."""
    begins_well = address.startswith("/") and not address.startswith("//")
    return begins_well and "\\" not in address and address.isprintable()


def _network() -> str:
    return limits.network(request.remote_addr)


def password_min() -> int:
    return int(current_app.config["PASSWORD_MIN_LENGTH"])
