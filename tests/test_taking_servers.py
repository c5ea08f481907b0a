"""Taking away, taking in and taking back on MariaDB and MySQL; on SQLite: tests/routes/test_exports.py and others."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat import accounts
from migrations import state
from tests.cast import NAMES, PASSWORD, Member
from tests.chat.test_erasures import leave, sweep
from tests.chat.test_imports import named, ok, say_everything
from tests.conftest import close, forget, make_app
from tests.files import page
from tests.routes.test_exports import bodies, conversation, taken
from tests.services import DatabaseServer
from tests.test_schema_servers import MakeDatabase


def test_all_of_it_works_on_a_server(
    database_server: DatabaseServer, make_database: MakeDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_server.chat.url(make_database(database_server, "utf8mb4_general_ci"))
    app = make_app(tmp_path, DATABASE_URL=url)
    forget()
    with app.app_context():
        state.prepare()
        for name in NAMES:
            accounts.register(name, PASSWORD, minimum=6)
    alice, bob = Member(app, "alice"), Member(app, "bob")
    room_id = say_everything(alice, bob)

    exported, again = tmp_path / "tea.zip", tmp_path / "again.zip"
    ok(app, "export", room_id, exported)
    assert "7 messages and 3 files taken in" in ok(app, "import", exported, "--match")
    assert "0 messages and 0 files taken in" in ok(app, "import", exported, "--match")
    ok(app, "export", "Tea room 2", again)
    assert named(again) == named(exported)

    assert len(bodies(conversation(alice, room_id))) == 5
    assert sorted(bodies(taken(alice, "/profile/export"))) == 2 * ["a caption"] + 2 * ["the first, mended"]

    assert leave(alice, messages="remove").json["ok"]
    sweep(bob, monkeypatch)
    left = [message for message in page(bob, room_id) if message["kind"] in ("text", "file")]
    assert {message["sender"]["id"] for message in left} == {bob.id}
    close(app)
