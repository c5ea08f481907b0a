"""Clients do what none should: stop reading, vanish in every state, flood. It costs them, and nobody else."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from realtime.frames import CONTINUATION, PING, TEXT
from tests.realtime.masking import client_frame
from tests.realtime.wire import HANDSHAKE, Polling, Wire
from tests.servers import Person, PythonConnection, ServerProcess, wait_until

BUFFER = 256 * 1024  # bytes
MANY = 2_000
AT_ONCE = 20
LEFT = 8 * 1024  # bytes: what grows once in use; a session that stays takes more
SOME = 30  # connections to the database that a busy server keeps
EVENT = b'421["load_presence",{}]'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    rates = {"MESSAGE_RATE": "100000 per second", "CLIENT_BUFFER": str(BUFFER), "SIGN_IN_RATE": "1000 per second"}
    with ServerProcess(tmp_path, **rates, EVENT_RATE="1000 per minute") as process:
        yield process


def memory(server: ServerProcess) -> int:
    """Bytes of the process that are in memory."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(kilobytes) * 1024


def descriptors(server: ServerProcess) -> int:
    assert server.process is not None
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def joined(person: Person, window: int | None = None) -> Wire:
    wire = Wire(person.origin, window=window, Cookie=person.cookie_header)
    wire.open()
    assert wire.join().startswith("40")
    return wire


# Who stops reading


def test_who_stops_reading_costs_a_buffer_delays_nobody_and_catches_up(
    server: ServerProcess, alice: Person, bob: Person
) -> None:
    body = "😀" * 10_000
    with alice.connect() as talking, bob.connect() as reading, joined(bob, window=4096) as deaf:
        room = talking.open_direct("bob")
        for _ in range(20):
            talking.send(room["id"], body)  # so that memory is what it is in use
        version = talking.send(room["id"], "the last that is heard")["version"]
        before = memory(server)
        # What the systems of both sides take is beyond our reach: megabytes, but no more.
        sent = 21
        while "too slow" not in server.log_text():
            assert sent < 1_000, "nobody was dropped"
            said = talking.send(room["id"], body)
            sent += 1
            # The other of bob's devices hears each at once.
            reading.wait_for(lambda heard, said=said: said in heard.messages[-1:])
            with contextlib.suppress(ConnectionError):
                deaf.send("3")  # it says that it is there, and reads nothing
        assert memory(server) - before < 16 * BUFFER
        assert "Traceback" not in server.log_text()
        assert server.log_text().count("too slow") == 1
        assert deaf.ends()
        heard = reading.messages
    assert [message["seq"] for message in heard] == list(range(1, sent + 1))
    with joined(bob) as again:
        caught: list[int] = []
        complete = False
        while not complete:
            again.send("421" + json.dumps(["sync", {"rooms": {str(room["id"]): version}}]))
            [answer] = json.loads(again.until("431")[3:])
            entry = answer["rooms"][str(room["id"])]
            if entry["reload"]:
                break  # too much was missed: the page reads it anew
            caught += [message["seq"] for message in entry["messages"]]
            complete, version = entry["complete"], entry["messages"][-1]["version"]
        assert entry["reload"] or caught == list(range(22, sent + 1))


# Who vanishes


def request(person: Person, path: str) -> bytes:
    headers = HANDSHAKE | {"Host": "127.0.0.1", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    headers["Cookie"] = person.cookie_header
    return "\r\n".join(
        [f"GET {path} HTTP/1.1", *(f"{name}: {said}" for name, said in headers.items()), "", ""]
    ).encode()


OPENING = "/socket.io/?EIO=4&transport=websocket"


def raw(person: Person) -> socket.socket:
    place = urlsplit(person.origin)
    return socket.create_connection((place.hostname, place.port), timeout=20)


def before_a_word(person: Person) -> None:
    raw(person).close()


def in_the_handshake(person: Person) -> None:
    with raw(person) as connection:
        connection.sendall(request(person, OPENING)[:150])


def without_the_answer(person: Person) -> None:
    with raw(person) as connection:
        connection.sendall(request(person, OPENING) + client_frame(TEXT, b"40"))


def in_a_frame(person: Person) -> None:
    with joined(person) as wire:
        wire.raw(client_frame(TEXT, b"x" * 1000)[:500])


def in_a_message(person: Person) -> None:
    with joined(person) as wire:
        wire.raw(client_frame(TEXT, b"4" + b"x" * 1000, final=False))


def before_the_answer(person: Person) -> None:
    with joined(person) as wire:
        wire.raw(client_frame(TEXT, EVENT) * 20)


def without_a_close(person: Person) -> None:
    joined(person).socket.close()


def by_a_reset(person: Person) -> None:
    with joined(person) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def with_a_close(person: Person) -> None:
    with joined(person) as wire:
        wire.raw(client_frame(8, b"\x03\xe8"))
        wire.close_code()


def in_an_upgrade(person: Person) -> None:
    polling = Polling(person.origin, person.cookie_header)
    polling.open()
    polling.post("40")
    with Wire(person.origin, polling.websocket_path(), Cookie=person.cookie_header) as wire:
        wire.send("2probe")
        wire.packet()
    polling.post("1")
    polling.http.close()


WAYS: list[Callable[[Person], None]] = [
    before_a_word,
    in_the_handshake,
    without_the_answer,
    in_a_frame,
    in_a_message,
    before_the_answer,
    without_a_close,
    by_a_reset,
    with_a_close,
    in_an_upgrade,
]


def test_thousands_come_and_vanish_and_leave_nothing_behind(tmp_path: Path) -> None:
    """In every state a connection can be in; and they are gone for others, too."""
    with ServerProcess(tmp_path, EVENT_RATE="100000 per second") as server:
        come_and_vanish(server, *(Person(server.url, name).register() for name in ("alice", "bob")))


def come_and_vanish(server: ServerProcess, alice: Person, bob: Person) -> None:
    with alice.connect() as watching:

        def go(number: int) -> None:
            WAYS[number % len(WAYS)](bob)

        def all_go(count: int) -> None:
            with ThreadPoolExecutor(AT_ONCE) as threads:
                list(threads.map(go, range(count)))
            watching.wait_for(bob_is_gone)

        all_go(MANY // 2)
        warm = memory(server), descriptors(server)
        watching.events.clear()
        all_go(MANY)
        wait_until(lambda: descriptors(server) <= warm[1] + SOME, 60, "the end of all connections")
        assert memory(server) - warm[0] < MANY * LEFT
    # One who had said goodbye is not there any more: no session is left over.
    with alice.connect() as watching:
        assert watching.call("load_presence")["online"] == [alice.get_json("/profile")["user"]["id"]]
    assert "Traceback" not in server.log_text()


def bob_is_gone(heard: PythonConnection) -> bool:
    changes = heard.heard("presence_changed")
    return bool(changes) and bool(changes[-1]["offline"])


# Who floods


@contextlib.contextmanager
def unharmed(server: ServerProcess, alice: Person, bob: Person) -> Iterator[None]:
    """Others talk meanwhile, and everything arrives."""
    with alice.connect() as talking, joined(alice) as hearing:
        room = talking.open_direct("bob")
        yield
        said = [talking.send(room["id"], f"meanwhile {number}")["body"] for number in range(20)]
        heard = []
        while len(heard) < len(said):
            event, data = json.loads(hearing.until("42")[2:])
            if event == "message_sent":
                heard.append(data["message"]["body"])
        assert heard == said
    assert "Traceback" not in server.log_text()


FLOODS = {
    "pings": client_frame(PING) * 1000,
    "pongs": client_frame(0xA) * 1000,
    "fragments": client_frame(CONTINUATION, final=False) * 1000,
    "pongs of Engine.IO": client_frame(TEXT, b"3") * 1000,
    "acknowledgements": client_frame(TEXT, b"437[]") * 1000,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_of_what_says_nothing_ends_the_connection_with_a_reason(
    server: ServerProcess, alice: Person, bob: Person, kind: str
) -> None:
    with unharmed(server, alice, bob), joined(bob) as flooding:
        if kind == "fragments":
            flooding.raw(client_frame(TEXT, b"4", final=False))
        with contextlib.suppress(ConnectionError):
            for _ in range(1_000):
                flooding.raw(FLOODS[kind])
    assert server.log_text().count("a WebSocket is closed: too many frames at once") == 1


@pytest.mark.parametrize("event", ["load_presence", "no such event", "send_message"])
def test_a_flood_of_events_is_answered_with_an_error(
    server: ServerProcess, alice: Person, bob: Person, event: str
) -> None:
    with unharmed(server, alice, bob), joined(bob) as flooding:
        packet = "421" + json.dumps([event, {}])
        answers = []
        for _ in range(20):
            flooding.raw(client_frame(TEXT, packet.encode()) * 100)
            answers += [flooding.until("431") for _ in range(100)]
        refused = [json.loads(answer[3:])[0]["error"] for answer in answers if '"too_often"' in answer]
        assert len(refused) >= 900
        assert all(error["retry_after"] >= 1 for error in refused)


def test_who_joins_and_leaves_without_end_is_refused(server: ServerProcess, alice: Person, bob: Person) -> None:
    with unharmed(server, alice, bob), joined(bob) as flooding:
        answers = []
        for _ in range(1_100):
            flooding.send("41")
            answers.append(flooding.join())
        assert any(answer.startswith("44") and "too_often" in answer for answer in answers)


def test_who_polls_without_end_is_let_go(server: ServerProcess, alice: Person, bob: Person) -> None:
    with unharmed(server, alice, bob):
        polling = Polling(server.url, bob.cookie_header)
        polling.open()
        polling.post("40")
        target = f"/socket.io/?EIO=4&transport=polling&sid={polling.sid}"
        post = f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\n3".encode()
        statuses: set[bytes] = set()
        with raw(bob) as connection:  # many at a time: who waits for each answer is no flood on a slow machine
            for _ in range(20):
                connection.sendall(post * 100)
                said = b""
                while said.count(b"HTTP/1.1 ") < 100:
                    piece = connection.recv(65_536)
                    assert piece, said
                    said += piece
                statuses |= set(re.findall(rb"HTTP/1\.1 (\d+)", said))
        assert statuses == {b"200", b"400"}
        polling.http.close()
    assert "polls too often" in server.log_text()
