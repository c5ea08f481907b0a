"""Behind nginx with our own deploy/nginx.conf: signing in, talking, and what the proxy says about the visitor."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Person, ServerProcess
from tests.services import Nginx


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Nginx]:
    with ServerProcess(tmp_path, TRUSTED_PROXIES="1") as app, Nginx(app.port) as nginx:
        yield nginx


def test_two_people_talk_through_the_proxy(proxy: Nginx) -> None:
    alice, bob = (Person(proxy.url, name).register() for name in ("alice", "bob"))
    with alice.connect() as python, bob.connect_node() as node:
        room = python.open_direct("bob")["id"]
        sent = [python.send(room, "Привет 👋"), node.send(room, "你好")]
        for connection in (python, node):
            connection.wait_for(lambda heard: len(heard.messages) == 2)
            assert connection.messages == sent


def test_slots_work_through_the_proxy(proxy: Nginx) -> None:
    alice, bob = Person(proxy.url, "alice").register(), Person(proxy.url, "bob", slot=1).register()
    with alice.connect() as first, bob.connect() as second:
        message = first.send(first.open_direct("bob")["id"], "to the other tab")
        second.wait_for(lambda heard: heard.messages == [message])


def test_the_cookie_is_secure_behind_https(proxy: Nginx) -> None:
    assert session_cookie(proxy.https_url, verify=str(proxy.certificate))["secure"]
    assert not session_cookie(proxy.url)["secure"]


def test_a_visitor_cannot_speak_for_the_proxy(proxy: Nginx) -> None:
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "elsewhere.example"}
    assert not session_cookie(proxy.url, headers=said)["secure"]


def test_without_a_trusted_proxy_its_word_is_ignored(sqlite_server: ServerProcess) -> None:
    assert not session_cookie(sqlite_server.url, headers={"X-Forwarded-Proto": "https"})["secure"]


def session_cookie(url: str, **options: Any) -> Morsel[str]:
    """What is set for somebody who looks at the form, which holds a CSRF token."""
    answer = Person(url, "alice").get("/login", **options)
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    return cookie
