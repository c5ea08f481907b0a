"""Account slots: `/u/1/…` … `/u/9/…` are the same site with a session of their own: two people in two tabs.

The WSGI layer moves the prefix into SCRIPT_NAME; every address, the cookie's path and the Socket.IO path follow by
themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

_SLOT = re.compile(r"/u/([1-9])(?=/|$)")


class Slots:
    """Wraps a WSGI application; notes the slot and the address of the site itself in the environment."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        site = environ.get("SCRIPT_NAME", "")
        path = environ.get("PATH_INFO", "")
        match = _SLOT.match(path)
        environ["parley.site"] = site
        environ["parley.slot"] = int(match[1]) if match else 0
        if match:
            environ["SCRIPT_NAME"] = site + match[0]
            environ["PATH_INFO"] = path[match.end() :] or "/"
        return self.application(environ, start_response)


def slot() -> int:
    """The slot of this request, 0 for the plain address."""
    return int(request.environ.get("parley.slot", 0))


class SlotSessions(SecureCookieSessionInterface):
    """A cookie per slot, under its own path and name: the first slot's cookie is sent to all of them."""

    def __init__(self) -> None:
        self._signing: tuple[Any, Any] = None, None  # for a secret key

    def get_signing_serializer(self, app: Flask) -> Any:
        """Made once, and not for each request: that was 7 % of what it costs to let somebody in."""
        if self._signing[0] != app.secret_key:
            self._signing = app.secret_key, super().get_signing_serializer(app)
        return self._signing[1]

    def get_cookie_name(self, app: Flask) -> str:
        name = super().get_cookie_name(app)
        return f"{name}-{slot()}" if slot() else name

    def get_cookie_path(self, app: Flask) -> str:
        return request.script_root or "/"

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # What is the same for everybody carries no cookie, and caches need not tell people apart.
        if not response.cache_control.public:
            super().save_session(app, session, response)
