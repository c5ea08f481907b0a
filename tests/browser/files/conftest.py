"""One server for the tests of a module, in which alice and bob share files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Person, ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), UPLOAD_RATE="6000 per minute") as process:
        yield process


@pytest.fixture(scope="module")
def people(server: ServerProcess) -> tuple[Person, Person]:
    return Person(server.url, "alice").register(), Person(server.url, "bob").register()
