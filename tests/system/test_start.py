"""How the process starts, what it makes for itself, and what it refuses."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.servers import Person, ServerProcess


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_empty_folder_is_enough(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, "") as server:
        answer = Person(server.url, "alice").get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        instance = tmp_path / "instance"
        assert mode(instance) == 0o700
        assert all(mode(file) == 0o600 for file in instance.iterdir()), [
            (f.name, oct(mode(f))) for f in instance.iterdir()
        ]
        assert any(file.suffix in (".sqlite", ".sqlite3", ".db") for file in instance.iterdir())
        Person(server.url, "alice").register()


def test_a_second_start_keeps_people_and_sessions(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, "") as server:
        alice = Person(server.url, "alice").register()
        bob = Person(server.url, "bob").register()
        server.restart()
        assert alice.find("bob")["username"] == "bob"
        bob.http.cookies.clear()
        assert bob.login().find("alice")["username"] == "alice"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("DATABASE_URL", "postgresql://localhost/chat"),
        ("DATABASE_URL", "mysql+pymysql://chat:p@ss:w/rd%1@localhost:x/chat"),
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "localhost:6379"),
        ("SECRET_KEY", "short"),
        ("TRUSTED_PROXIES", "yes"),
        ("SIGN_IN_RATE", "often"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: str, tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, **{name: value})
    lines = server.refuse()
    assert len(lines) == 1, lines
    assert name in lines[0]


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with ServerProcess(tmp_path / "first") as first:
        second = ServerProcess(tmp_path / "second", PORT=str(first.port))
        lines = second.refuse()
        assert len(lines) == 1, lines
        assert "PORT" in lines[0]
