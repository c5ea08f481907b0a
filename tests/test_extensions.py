"""How the databases are connected to."""

from __future__ import annotations

import pytest

from extensions import engines


@pytest.mark.parametrize(
    ("url", "is_plain"),
    [
        ("mysql+pymysql://chat:x@127.0.0.1/chat", True),
        ("mysql+pymysql://chat:x@localhost:3307/chat?charset=utf8mb4", True),
        ("mysql+pymysql://chat:x@[::1]/chat", True),
        ("mysql+pymysql://chat:x@127.0.0.1/chat?ssl_ca=/etc/ca.pem", False),
        ("mysql+pymysql://chat:x@db.example.org/chat", False),
        ("mysql+pymysql://chat:x@127.0.0.1.example.org/chat", False),
        ("sqlite:////tmp/chat.sqlite3", False),
    ],
)
def test_only_what_stays_on_this_machine_is_not_encrypted(url: str, is_plain: bool) -> None:
    made = engines(url)
    for options in (made["SQLALCHEMY_ENGINE_OPTIONS"], made["SQLALCHEMY_BINDS"]["writes"]):
        assert options["connect_args"].get("ssl_disabled", False) is is_plain
