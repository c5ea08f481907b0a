"""Hashing passwords holds nobody up: messages are acknowledged while fifty people sign in at once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import Any

from tests.servers import Connection, Person, ServerProcess

PEOPLE = 50
LEAST_ITERATIONS = 600_000  # what a password costs at the least; the server's own number is not lower
FAST = 8  # a message has to be this many times faster than one hash


def test_messages_flow_while_fifty_people_sign_in(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, MESSAGE_RATE="100000 per second", EVENT_RATE="100000 per second") as server:
        send_during_sign_ins(server)


def send_during_sign_ins(server: ServerProcess) -> None:
    alice, bob = (Person(server.url, name).register() for name in ("alice", "bob"))
    crowd = [Person(server.url, f"person{number}") for number in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool, alice.connect() as sender, bob.connect() as reader:
        list(pool.map(Person.register, crowd))
        room = sender.open_direct("bob")["id"]
        hashing = seconds(make_hash)

        # Cookies forgotten before: signing in begins with a new form, as on another device.
        again = [Person(server.url, person.username) for person in crowd]
        sign_ins = [pool.submit(person.login) for person in again]
        waits = waits_until_done(sign_ins, sender, room)

        reader.wait_for(lambda heard: [one["kind"] for one in heard.messages].count("text") == len(waits))
        assert all(sign_in.result() for sign_in in sign_ins)
        hashing = max(hashing, seconds(make_hash))  # busy times may be short
    # Were hashes made where messages are moved, a message would wait for one at the least.
    assert len(waits) > PEOPLE, f"only {len(waits)} messages went through while {PEOPLE} people signed in"
    assert statistics.median(waits) < hashing / FAST, (statistics.median(waits), hashing)
    assert statistics.quantiles(waits, n=20)[-1] < hashing, (waits, hashing)


def make_hash() -> None:
    pbkdf2_hmac("sha256", b"correct horse 1", b"salt" * 4, LEAST_ITERATIONS)


def waits_until_done(sign_ins: list[Future[Person]], sender: Connection, room: int) -> list[float]:
    """How long each message waited for its acknowledgement, as long as somebody is signing in."""
    waits: list[float] = []
    while not all(sign_in.done() for sign_in in sign_ins):
        waits.append(seconds(lambda: sender.send(room, f"message {len(waits)}")))
    return waits


def seconds(what: Callable[[], Any]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start
