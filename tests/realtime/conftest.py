from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.realtime.wire import Wire
from tests.servers import Person, ServerProcess


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    names = "MESSAGE_RATE", "EVENT_RATE", "SIGN_IN_RATE", "SIGN_IN_NAME_RATE"
    rates = dict.fromkeys(names, "1000000 per second")
    with ServerProcess(tmp_path_factory.mktemp("server"), **rates) as process:
        for name in ("root", "alice", "bob"):
            Person(process.url, name).register()
        yield process


@pytest.fixture
def alice(server: ServerProcess) -> Person:
    return Person(server.url, "alice").login()


@pytest.fixture
def bob(server: ServerProcess) -> Person:
    return Person(server.url, "bob").login()


@pytest.fixture
def wire(server: ServerProcess) -> Iterator[Wire]:
    """A WebSocket of nobody, whose session is open."""
    with Wire(server.url) as wire:
        assert wire.status == 101
        wire.open()
        yield wire


@pytest.fixture
def joined(server: ServerProcess, alice: Person) -> Iterator[Wire]:
    """A WebSocket of alice's, in the namespace of the chat."""
    with Wire(server.url, Cookie=alice.cookie_header) as wire:
        wire.open()
        assert wire.join().startswith('40{"sid":')
        yield wire
