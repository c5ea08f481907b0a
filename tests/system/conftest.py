"""What the tests of the whole share: a server on each database, and two people who are in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Person, ServerProcess


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[ServerProcess]:
    # No rate is what these tests are about, and a quick machine sends as fast as it can.
    rates = {"MESSAGE_RATE": "100000 per second", "EVENT_RATE": "100000 per second"}
    with ServerProcess(tmp_path, database_url, **rates) as process:
        yield process


@pytest.fixture
def sqlite_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """For what does not depend on the database."""
    with ServerProcess(tmp_path) as process:
        yield process


@pytest.fixture
def alice(server: ServerProcess) -> Person:
    return Person(server.url, "alice").register()


@pytest.fixture
def bob(server: ServerProcess) -> Person:
    return Person(server.url, "bob").register()
