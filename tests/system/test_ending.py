"""A server that is told to end acknowledges what it has received, tells everybody when to come back, and is gone."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.wire import Polling, Wire
from tests.servers import REPOSITORY, Person, ServerProcess, make_client_id, wait_until
from tests.system.test_crash import check_rooms, forgets_connections, make_senders, run_through, stored_messages

WITHIN = 10  # seconds
CONNECTIONS = 10
MESSAGES_EACH = 40


@pytest.fixture
def alice(sqlite_server: ServerProcess) -> Person:
    return Person(sqlite_server.url, "alice").register()


@pytest.fixture
def joined(sqlite_server: ServerProcess, alice: Person) -> Iterator[Wire]:
    with Wire(sqlite_server.url, Cookie=alice.cookie_header) as wire:
        wire.open()
        wire.join()
        yield wire


class Half:
    """A request of which only the first half comes."""

    def __init__(self, server: ServerProcess) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n"
        self.socket.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n" + form + b"\r\nuser=")

    def __enter__(self) -> Half:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.socket.close()

    def finish(self) -> bytes:
        self.socket.sendall(b"alice")
        return self.socket.recv(1000)


def lets_nobody_in(server: ServerProcess) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def is_pending(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    [mask] = [line.split()[1] for line in status.splitlines() if line.startswith("ShdPnd:")]
    return bool(int(mask, 16) & 1 << (number - 1))


def send_all(wire: Wire, room_id: int, place: int, client_ids: dict[int, str]) -> None:
    for number, client_id in client_ids.items():
        data = {"room_id": room_id, "body": f"{place}: {number}", "client_id": client_id}
        wire.send(f"42{number}" + json.dumps(["send_message", data]))


def to_the_end(wire: Wire) -> tuple[list[Any], int | None]:
    """The Socket.IO packets up to the Close frame, and its code."""
    packets: list[Any] = []
    while True:
        opcode, data = wire.frame()
        if opcode == 8:
            return packets, int.from_bytes(data[:2], "big")
        packets.append(data.decode())


def test_what_was_received_is_acknowledged_and_nothing_else_is_stored(server: ServerProcess) -> None:
    """Clients that do not wait for answers are cut in the middle, and send again what was not acknowledged."""
    people = [Person(server.url, name).register() for name in ("alice", "bob")]
    with people[0].connect() as connection:
        room_id = connection.open_direct("bob")["id"]
    wires = [Wire(server.url, Cookie=people[number % 2].cookie_header) for number in range(CONNECTIONS)]
    sent: dict[int, dict[int, str]] = {}
    for place, wire in enumerate(wires):
        wire.open()
        wire.join()
        sent[place] = {number: make_client_id() for number in range(MESSAGES_EACH)}
    for place, wire in enumerate(wires):
        send_all(wire, room_id, place, sent[place])
    wires[0].until("43")  # the storing is under way
    server.order()
    acknowledged = {json.loads(wires[0].until("43")[3:].lstrip("0123456789"))[0]["message"]["client_id"]}
    waits = []
    for wire in wires:
        packets, code = to_the_end(wire)
        assert code == 1012
        assert packets[-1].startswith('42["restarting",')
        waits.append(json.loads(packets[-1][2:])[1]["after"])
        for packet in packets:
            if packet.startswith("43"):
                [answer] = json.loads(packet[packet.index("[") :])
                assert answer["ok"], answer
                acknowledged.add(answer["message"]["client_id"])
        wire.socket.close()
    assert len(set(waits)) > CONNECTIONS // 2, waits
    assert all(1_000 <= wait <= 10_000 for wait in waits)
    assert server.stop() == 0

    server.start()
    everything = {client_id for numbers in sent.values() for client_id in numbers.values()}
    stored = [message["client_id"] for message in stored_messages(people[0], room_id)]
    first = set(stored) - acknowledged
    assert len(first) <= 1  # that of the acknowledgement which was read before the end
    assert acknowledged <= set(stored) <= everything
    for place in sent:
        with Wire(server.url, Cookie=people[place % 2].cookie_header) as wire:
            wire.open()
            wire.join()
            send_all(wire, room_id, place, sent[place])
            for _ in sent[place]:
                assert '"ok":true' in wire.until("43")
    stored = [message["client_id"] for message in stored_messages(people[0], room_id)]
    assert sorted(stored) == sorted(everything)


@forgets_connections
def test_a_server_that_ends_in_the_middle_of_senders_loses_and_doubles_nothing(
    tmp_path: Path, database_url: str
) -> None:
    rates = {"MESSAGE_RATE": "100000 per second", "EVENT_RATE": "100000 per second"}
    with ServerProcess(tmp_path, database_url, **rates) as server:
        senders = make_senders(server)
        run_through(server, senders, server.stop)
        check_rooms(senders)
        assert "Traceback" not in server.log_text()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_soon_with_people_connected(sqlite_server: ServerProcess, alice: Person, how: signal.Signals) -> None:
    with alice.connect() as connection:
        assert sqlite_server.stop(how) == 0
        connection.wait_for(lambda heard: heard.heard("disconnect"))
        assert connection.heard("restarting")
    assert "Traceback" not in sqlite_server.log_text()


def test_nobody_new_is_let_in_and_a_request_under_way_is_answered(sqlite_server: ServerProcess, joined: Wire) -> None:
    with Half(sqlite_server) as half:
        sqlite_server.health()  # the half was taken before this was answered
        sqlite_server.order()
        wait_until(lambda: lets_nobody_in(sqlite_server), WITHIN, "a closed door")
        assert half.finish().startswith(b"HTTP/1.1 400")
    assert to_the_end(joined)[1] == 1012
    assert sqlite_server.stop() == 0


def test_who_polls_is_told_and_let_go(sqlite_server: ServerProcess, alice: Person) -> None:
    polling = Polling(sqlite_server.url, alice.cookie_header)
    polling.open()
    polling.post("40")
    polling.until("40")
    with ThreadPoolExecutor(1) as thread:
        poll = thread.submit(lambda: polling.until('42["restarting"'))
        with alice.connect() as connection:
            connection.wait_for(lambda heard: heard.call("load_presence"))
        sqlite_server.order()
        assert poll.result(20).startswith('42["restarting",')
    polling.http.close()
    assert sqlite_server.stop() == 0


def test_it_is_gone_in_time_whoever_holds_it_up(sqlite_server: ServerProcess, joined: Wire) -> None:
    """A request that never ends, a client that never reads and never closes, and signals without end."""
    with Half(sqlite_server):
        process = sqlite_server.process
        assert process is not None
        sqlite_server.health()
        begun = time.monotonic()
        while process.poll() is None and time.monotonic() - begun < 2 * WITHIN:
            process.send_signal(signal.SIGTERM)
            time.sleep(0.01)
        assert process.wait() == 0
        assert time.monotonic() - begun <= WITHIN
    sqlite_server.process = None
    assert "Traceback" not in sqlite_server.log_text()


def test_it_is_gone_in_time_even_when_its_loop_is_held(sqlite_server: ServerProcess, joined: Wire) -> None:
    """A stopped process cannot do anything; continued after the time is over, it ends at once, by the system's hand."""
    process = sqlite_server.process
    assert process is not None
    with Half(sqlite_server):
        sqlite_server.health()
        sqlite_server.order()
        wait_until(lambda: lets_nobody_in(sqlite_server), WITHIN, "a closed door")
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: is_pending(process.pid, signal.SIGALRM), 2 * WITHIN, "the end of the time")
        process.send_signal(signal.SIGCONT)
        assert process.wait(WITHIN) == -signal.SIGALRM
    sqlite_server.process = None


OTHERS = """
import os, signal, threading
from realtime.ending import Order
signal.signal(signal.SIGUSR1, lambda *_given: print("heard", flush=True))
order = Order()
threading.Timer(0.5, lambda: (print("waits", flush=True), os.kill(os.getpid(), signal.SIGTERM))).start()
os.kill(os.getpid(), signal.SIGUSR1)
order.wait()
print("ends")
"""


def test_another_signal_is_no_order_to_end() -> None:
    """All that Python handles wake whoever waits for one."""
    done = subprocess.run([sys.executable, "-c", OTHERS], cwd=REPOSITORY, capture_output=True, text=True, timeout=30)
    assert (done.stdout.split(), done.stderr) == (["heard", "waits", "ends"], "")
