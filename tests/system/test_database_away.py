"""A database that cannot be reached: one clear sentence at the start, and a pause that ends by itself while running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import socketio

from tests.servers import (
    Person,
    ServerProcess,
    free_port,
    make_client_id,
    wait_until,
)
from tests.services import MariaDB

BACK_SECONDS = 30


@pytest.fixture
def own_mariadb() -> Iterator[MariaDB]:
    """One that this test may stop."""
    with MariaDB() as server:
        server.root.execute("CREATE DATABASE chat")
        yield server


@pytest.mark.parametrize("what", ["nobody listens", "wrong password", "no such database", "no such folder"])
def test_an_unreachable_database_is_one_sentence(what: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if what == "nobody listens":
        url = f"mysql+pymysql://chat:secret-word@127.0.0.1:{free_port()}/chat"
    elif what == "no such folder":
        url = f"sqlite:///{tmp_path}/nowhere/chat.sqlite3"
    else:
        account = request.getfixturevalue("mariadb_server").chat
        url = account.url("chat_nowhere")
        if what == "wrong password":
            url = f"mysql+pymysql://chat:secret-word@127.0.0.1:{account.port}/chat_nowhere"
    server = ServerProcess(tmp_path, url)
    lines = server.refuse()
    assert len(lines) == 1, lines
    assert "database" in lines[0]
    assert "Traceback" not in lines[0]
    assert "secret-word" not in lines[0]


def test_departures_are_told_while_the_database_is_away(own_mariadb: MariaDB, tmp_path: Path) -> None:
    with ServerProcess(tmp_path, own_mariadb.chat.url("chat")) as server:
        alice, bob = (Person(server.url, name).register() for name in ("alice", "bob"))
        bob_id = alice.find("bob")["id"]
        with alice.connect() as watcher:
            bobs = bob.connect()
            watcher.wait_for(lambda heard: any(bob_id in told["online"] for told in heard.heard("presence_changed")))
            own_mariadb.stop()
            bobs.close()
            left = watcher.wait_for(
                lambda heard: [user for told in heard.heard("presence_changed") for user in told["offline"]]
            )
            assert [user["id"] for user in left] == [bob_id]
            own_mariadb.start()


def test_service_resumes_by_itself(own_mariadb: MariaDB, tmp_path: Path) -> None:
    with ServerProcess(tmp_path, own_mariadb.chat.url("chat")) as server:
        alice, bob = (Person(server.url, name).register() for name in ("alice", "bob"))
        with alice.connect() as sender, bob.connect() as reader:
            room = sender.open_direct("bob")["id"]
            before = sender.send(room, "before")
            own_mariadb.stop()
            client_id = make_client_id()
            refused = sender.call("send_message", {"room_id": room, "body": "during", "client_id": client_id})
            assert not refused["ok"]
            assert refused["error"]["code"] == "unavailable"
            assert server.health() == 503
            assert [alice.get(path).status_code for path in ("/", "/rooms", "/login")] == [503, 503, 503]
            assert alice.get_json("/rooms")["error"]["code"] == "unavailable"
            with pytest.raises(socketio.exceptions.ConnectionError, match="unavailable"):
                alice.connect_node()

            own_mariadb.start()
            wait_until(lambda: server.health() == 200, BACK_SECONDS, "a healthy server")
            during = sender.send(room, "during", client_id)
            after = reader.send(room, "and back")
            for connection in (sender, reader):
                connection.wait_for(lambda heard: len(heard.messages) == 3)
                assert connection.messages == [before, during, after]
                assert connection.heard("disconnect") == []
        assert "Traceback" not in server.log_text()
