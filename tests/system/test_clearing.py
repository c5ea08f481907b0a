"""A long history is cleared while people talk, on every database; and a kill in the middle of it."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from tests.servers import Connection, Person, ServerProcess
from tests.system.filling import count, fill, seconds_at_once

COUNT = 50_000
WITHIN = 120.0  # seconds in which everything is gone
ANSWER_MAX = 1.0  # seconds that an acknowledgement may take at the least: a disk may stall
CLEARED = re.compile(r"cleared (\d+) messages, at most ([\d.]+) ms at a time")
RATES = {"MESSAGE_RATE": "100000 per second", "EVENT_RATE": "100000 per second"}


def test_a_long_history_goes_while_people_talk_in_it(tmp_path: Path, database_url: str) -> None:
    with ServerProcess(tmp_path, database_url, **RATES) as server:
        alice, bob, _carol = (Person(server.url, name).register() for name in ("alice", "bob", "carol"))
        with alice.connect() as one, bob.connect() as other:
            room, like_it = one.open_direct("bob")["id"], one.open_direct("carol")["id"]
            for each in (room, like_it):
                fill(database_url, each, COUNT)
            count(database_url, room, COUNT)
            at_once = seconds_at_once(database_url, like_it, COUNT // 2)
            counted = ask(one, "count_history", room_id=room, everyone=True)
            assert (counted["messages"], counted["more"], counted["seq"]) == (COUNT, False, COUNT)
            begun = time.monotonic()
            ask(one, "clear_history", room_id=room, everyone=True, seq=COUNT)
            answered = time.monotonic() - begun
            assert [message["kind"] for message in bob.get_json(f"/rooms/{room}/messages")["messages"]] == ["cleared"]
            waits = waits_until_gone(database_url, one, room)
            other.wait_for(lambda heard: len(heard.messages) == len(waits) + 1)
            said = sorted(message["seq"] for message in other.messages)
        assert said == [*range(COUNT + 1, COUNT + len(waits) + 2)]
        assert rows(database_url, room) == len(said)
        at_once += seconds_at_once(database_url, like_it, COUNT)  # half before, half after: a busy time may be short
        cleared = [(int(gone), float(longest) / 1000) for gone, longest in CLEARED.findall(server.log_text())]
    assert sum(gone for gone, _ in cleared) > COUNT * 0.9, cleared  # the last round may leave no line
    # Beside what one statement for all of them takes on this machine now. The longest of each round is measured along
    # with the stalls of a busy machine: half of the rounds have none.
    assert statistics.median(longest for _, longest in cleared) < at_once / 2, (cleared, at_once)
    assert answered < max(at_once, ANSWER_MAX), (answered, at_once)
    assert len(waits) > 20, waits
    assert statistics.quantiles(waits, n=20)[-1] < max(at_once, ANSWER_MAX), (sorted(waits)[-20:], at_once)
    assert statistics.median(waits) < at_once / 2, (statistics.median(waits), at_once)


def test_after_a_kill_the_rest_goes_and_nothing_else(tmp_path: Path, database_url: str) -> None:
    with ServerProcess(tmp_path, database_url, **RATES) as server:
        alice = Person(server.url, "alice").register()
        Person(server.url, "bob").register()
        with alice.connect() as one:
            room = one.open_direct("bob")["id"]
            fill(database_url, room, COUNT)
            count(database_url, room, COUNT)
            ask(one, "clear_history", room_id=room, everyone=True, seq=COUNT)
            kept = one.send(room, "said afterwards")
        wait_for(lambda: rows(database_url, room) < COUNT, pause=0.05)
        server.kill()
        left = rows(database_url, room)
        assert left > 2, "it was over before the kill"
        server.start()
        wait_for(lambda: open_clearings(database_url) == 0)
        assert rows(database_url, room) == 2
        assert alice.get_json(f"/rooms/{room}/messages")["messages"][-1] == kept


def test_of_clearing_and_sending_at_the_same_moment_each_has_its_place(alice: Person, bob: Person) -> None:
    """Whatever comes first: what is below the mark is gone for everybody, what is above is there for everybody."""
    with alice.connect() as one, bob.connect() as other, alice.connect() as tab, ThreadPoolExecutor(3) as pool:
        room = one.open_direct("bob")["id"]
        for number in range(10):
            seq = one.send(room, f"before {number}")["seq"]
            asked = {"room_id": room, "everyone": True, "seq": seq}
            both = [pool.submit(side.call, "clear_history", asked) for side in (one, other)]
            sent = pool.submit(tab.send, room, f"meanwhile {number}").result()
            answers = [answer.result() for answer in both]
            assert sorted(answer["ok"] for answer in answers) == [False, True], "one history is cleared once"
            [clearing] = [answer["clearing"] for answer in answers if answer["ok"]]
            for person in (alice, bob):
                page = person.get_json(f"/rooms/{room}/messages")["messages"]
                assert sorted(message["kind"] for message in page) == ["cleared", "text"], page
                assert {"kind": "text", "body": sent["body"]}.items() <= max(page, key=lambda m: m["kind"]).items()
            if number % 2:
                who = one if answers[0]["ok"] else other
                before = alice.get_json(f"/rooms/{room}/messages")["room"]["cleared_seq"]
                assert ask(who, "undo_clear_history", clearing=clearing)["room"]["cleared_seq"] < before
                ask(one, "clear_history", room_id=room, everyone=True, seq=seq)


def ask(connection: Connection, event: str, **data: Any) -> Any:
    answer = connection.call(event, data)
    assert answer["ok"], answer
    return answer


def waits_until_gone(url: str, sender: Connection, room: int) -> list[float]:
    """How long each message waited for its acknowledgement, until the last row of the history was gone."""
    waits: list[float] = []
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        for _ in range(10):
            begun = time.monotonic()
            sender.send(room, f"message {len(waits)}")
            waits.append(time.monotonic() - begun)
        if not open_clearings(url):
            return waits
        time.sleep(0.1)
    raise AssertionError("the clearing did not end")


def wait_for(condition: Callable[[], bool], pause: float = 0.3) -> None:
    """Asked seldom: a connection costs the server as much as many a batch."""
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, "it did not end"
        time.sleep(pause)


def rows(url: str, room_id: int) -> int:
    return number(url, f"SELECT COUNT(*) FROM messages WHERE room_id = {room_id}")


def open_clearings(url: str) -> int:
    return number(url, "SELECT COUNT(*) FROM clearings")


def number(url: str, question: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text(question)).scalar_one()
    engine.dispose()
    return int(found)
