"""Behind nginx with our own deploy/nginx.conf: signing in, talking, and what the proxy says about the visitor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import pytest

from tests.servers import Person, ServerProcess
from tests.services import Nginx


@dataclass
class Site:
    app: ServerProcess
    url: str


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ServerProcess(tmp_path, TRUSTED_PROXIES="1") as app, Nginx(app.port) as proxy:
        yield Site(app, proxy.url)


def test_two_people_talk_through_the_proxy(site: Site) -> None:
    alice, bob = (Person(site.url, name).register() for name in ("alice", "bob"))
    with alice.connect() as python, bob.connect_node() as node:
        room = python.open_direct("bob")["id"]
        sent = [python.send(room, "Привет 👋"), node.send(room, "你好")]
        for connection in (python, node):
            connection.wait_for(lambda heard: len(heard.messages) == 2)
            assert connection.messages == sent


def test_slots_work_through_the_proxy(site: Site) -> None:
    alice, bob = Person(site.url, "alice").register(), Person(site.url, "bob", slot=1).register()
    with alice.connect() as first, bob.connect() as second:
        message = first.send(first.open_direct("bob")["id"], "to the other tab")
        second.wait_for(lambda heard: heard.messages == [message])


@pytest.mark.parametrize(("proto", "secure"), [("https", True), ("http", False)])
def test_the_cookie_is_secure_behind_https(proto: str, secure: bool, site: Site) -> None:
    assert bool(session_cookie(site.url, proto)["secure"]) is secure


def test_without_a_trusted_proxy_its_word_is_ignored(sqlite_server: ServerProcess) -> None:
    assert not session_cookie(sqlite_server.url, "https")["secure"]


def session_cookie(url: str, proto: str) -> Morsel[str]:
    """What is set for somebody who looks at the form, which holds a CSRF token."""
    answer = Person(url, "alice").get("/login", headers={"X-Forwarded-Proto": proto})
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    return cookie
