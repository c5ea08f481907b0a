"""Refusals and accidents as answers: JSON where a program asked, a page where a person did."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from chat import errors
from chat.errors import ChatError, translated

bp = Blueprint("errors", __name__)
log = logging.getLogger("parley")

JSON_DOORS = frozenset({"rooms", "history", "search", "health", "panel", "profile", "uploads", "files", "exports"})
_BY_STATUS = {error.status: error for error in (errors.Forbidden, errors.NotFound, errors.TooLarge)}


@bp.app_errorhandler(ChatError)
def refused(error: ChatError) -> tuple[Any, int]:
    return _answer(error, error.status)


@bp.app_errorhandler(CSRFError)
def untrusted(error: CSRFError) -> tuple[Any, int]:
    return _answer(errors.MissingToken(), errors.MissingToken.status)


@bp.app_errorhandler(HTTPException)
def failed(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    fallback = errors.Invalid if status < 500 else errors.Internal
    return _answer(_BY_STATUS.get(status, fallback)(), status)


@bp.app_errorhandler(Exception)
def unexpected(error: Exception) -> tuple[Any, int]:
    refusal = translated(error)
    note(error, refusal)
    return _answer(refusal, refusal.status)


def note(error: BaseException, refusal: ChatError) -> None:
    """Log an accident: in one line when the database is away, with its traceback when the fault is ours."""
    if isinstance(refusal, errors.Unavailable):
        log.error("database unavailable: %s", type(error).__name__)
    elif isinstance(refusal, errors.Internal):
        log.error("unexpected error", exc_info=error)


def sign_in_first() -> Response:
    """Flask-Login: a page was asked for by nobody. Leads back to it after signing in."""
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("auth.login", next=None if wanted == "/" else wanted), 303)


def _answer(error: ChatError, status: int) -> tuple[Any, int]:
    if request.blueprint in JSON_DOORS or request.accept_mimetypes.best == "application/json":
        return error.payload(), status
    return render_template("error.html", status=status, message=error.sentence), status
