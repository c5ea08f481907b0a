"""Everything that can go wrong on purpose, and the one answer shape both doors give.

ChatError
├── Invalid           400  the input is wrong; `field` says where
├── MissingToken      400  the CSRF token is missing or has expired
├── Unauthenticated   401  signed out
├── Forbidden         403
├── NotFound          404  not there, or not visible: the same answer
├── Conflict          409  somebody was quicker
├── Absent            409  whoever it is for is not there now
├── AccountChanged    409  somebody else is signed in in this slot
├── TooLarge          413
├── Unsupported       415  a file of a kind that is not allowed, or that cannot be read
├── Busy              423  an upload is already being received by another request
├── TooOften          429  `retry_after` in seconds
├── Internal          500
├── Unavailable       503  the database is away
└── Full              507  no room is left for files, or none can be written
"""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class ChatError(Exception):
    """A refusal: a `code` for programs, an HTTP `status`, a sentence for the person (lazy, in their language)."""

    code = "internal"
    status = 500
    sentence: Any = _("Something went wrong on our side. Please try again.")

    def __init__(self, sentence: Any = None, **details: Any) -> None:
        super().__init__(sentence or self.sentence)
        self.sentence = sentence or self.sentence
        self.details = details

    def payload(self) -> dict[str, Any]:
        """`{ok: false, error: {code, message, …}}`."""
        return {"ok": False, "error": {"code": self.code, "message": str(self.sentence), **self.details}}


class Invalid(ChatError):
    code, status = "invalid", 400
    sentence = _("That is not valid.")

    def __init__(self, sentence: Any = None, field: str | None = None) -> None:
        super().__init__(sentence, **({"field": field} if field else {}))
        self.field = field


class MissingToken(ChatError):
    code, status = "csrf", 400
    sentence = _("This form has expired. Please try again.")


class Unauthenticated(ChatError):
    code, status = "unauthenticated", 401
    sentence = _("Please sign in.")


class Forbidden(ChatError):
    code, status = "forbidden", 403
    sentence = _("You may not do that.")


class NotFound(ChatError):
    code, status = "not_found", 404
    sentence = _("That does not exist, or you cannot see it.")


class Conflict(ChatError):
    code, status = "conflict", 409
    sentence = _("Somebody was quicker.")


class Absent(ChatError):
    code, status = "absent", 409
    sentence = _("This person is not in the room now.")


class AccountChanged(ChatError):
    code, status = "account_changed", 409
    sentence = _("Another account is now signed in here.")


class TooLarge(ChatError):
    code, status = "too_large", 413
    sentence = _("That is too large.")


class Unsupported(ChatError):
    code, status = "unsupported", 415
    sentence = _("Files of this kind cannot be sent here.")


class Busy(ChatError):
    code, status = "busy", 423
    sentence = _("This file is being received already.")


class TooOften(ChatError):
    code, status = "too_often", 429
    sentence = _("Too many attempts. Please wait a moment.")

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = retry_after


class Internal(ChatError):
    pass


class Unavailable(ChatError):
    code, status = "unavailable", 503
    sentence = _("The server cannot reach its database. Please try again in a moment.")


class Full(ChatError):
    code, status = "full", 507
    sentence = _("The server has no room for more files. Please tell whoever runs it.")


def translated(error: BaseException) -> ChatError:
    """The refusal that stands for `error`; anything unexpected becomes Internal, without details."""
    if isinstance(error, ChatError):
        return error
    return Unavailable() if is_outage(error) else Internal()


def is_outage(error: BaseException) -> bool:
    """Whether the database is away, as against having been asked something wrong."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)
