"""Two people with official clients, one Python and one Node, talk through a real server on every database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.servers import (
    ANSWER_SECONDS,
    Connection,
    NodeConnection,
    Person,
    PythonConnection,
    ServerProcess,
    make_client_id,
)

TEXTS = [
    "Привет! Как дела, ёжик?",
    "你好，世界。龘龘龘",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 😀😂 🇨🇳",
    "two\nlines\tand a tab",
    "𝒳" * 10_000,
    "<script>alert('&amp;')</script> \\ \" % %s {x}",
]

UNCLEAN_LOSS_SECONDS = 30
NOTHING = {"sender": None, "body": "", "kind": "text", "file": None}  # of a message that is gone, in a quote


@contextmanager
def talking(alice: Person, bob: Person) -> Iterator[tuple[PythonConnection, NodeConnection]]:
    with alice.connect() as python, bob.connect_node() as node:
        yield python, node


def has_message(message: dict[str, Any]) -> Any:
    """A predicate for `wait_for`: this very message was heard."""
    return lambda connection: message in connection.messages


def test_two_people_talk_both_ways(alice: Person, bob: Person) -> None:
    with talking(alice, bob) as (python, node):
        room = python.open_direct("bob")
        sent = []
        for text in TEXTS:
            sent.append(python.send(room["id"], text))
            sent.append(node.send(room["id"], text[::-1]))

        for connection in (python, node):
            connection.wait_for(lambda heard: len(heard.messages) >= len(sent))
            assert connection.messages == sent
        # Bob did not ask for this room: he is told of it before its first message.
        told = [event for event, _ in node.events if event in ("room_opened", "message_sent")]
        assert told[:2] == ["room_opened", "message_sent"]
        assert node.heard("room_opened")[0]["room"]["id"] == room["id"]
    assert [message["body"] for message in sent[::2]] == TEXTS
    assert [message["body"] for message in sent[1::2]] == [text[::-1] for text in TEXTS]
    assert [message["seq"] for message in sent] == list(range(1, len(sent) + 1))
    versions = [message["version"] for message in sent]
    assert versions == sorted(set(versions))
    assert [message["sender"]["username"] for message in sent] == ["alice", "bob"] * len(TEXTS)
    for person in (alice, bob):
        assert person.get_json(f"/rooms/{room['id']}/messages")["messages"] == sent


def test_both_open_the_same_conversation(alice: Person, bob: Person) -> None:
    with talking(alice, bob) as (python, node):
        mine = python.open_direct("bob")
        theirs = node.open_direct("alice")
    assert mine["id"] == theirs["id"]
    assert mine["peer"]["username"] == "bob"
    assert theirs["peer"]["username"] == "alice"


@pytest.mark.parametrize("end", ["restart", "kill"])
def test_sending_again_returns_the_first_message(end: str, server: ServerProcess, alice: Person, bob: Person) -> None:
    """Within one connection, and after the server was started anew: an answer may be lost with it."""
    client_id = make_client_id()
    with talking(alice, bob) as (python, node):
        room = python.open_direct("bob")["id"]
        first = python.send(room, "once", client_id)
        assert python.send(room, "once", client_id) == first
        last = python.send(room, "twice")
        node.wait_for(has_message(last))
        assert node.messages == [first, last]

    if end == "kill":
        server.kill()
        server.start()
    else:
        server.restart()

    with talking(alice, bob) as (python, node):
        assert python.send(room, "once", client_id) == first
        after = python.send(room, "thrice")
        node.wait_for(has_message(after))
        assert node.messages == [after]
    assert after["seq"] == 3
    assert alice.get_json(f"/rooms/{room}/messages")["messages"] == [first, last, after]


def test_who_was_away_gets_exactly_what_was_missed(alice: Person, bob: Person) -> None:
    with talking(alice, bob) as (python, node):
        room = python.open_direct("bob")["id"]
        seen = python.send(room, "seen by both")
        node.wait_for(has_message(seen))
        node.close()
        missed = [python.send(room, f"пропущено {number} 😂") for number in range(120)]

        with bob.connect_node() as again:
            assert caught_up(again, room, seen["version"]) == missed
            assert caught_up(again, room, missed[-1]["version"]) == []
            live = python.send(room, "live again")
            again.wait_for(has_message(live))
            assert again.messages == [live]


def test_sync_tells_of_a_conversation_that_was_opened_meanwhile(alice: Person, bob: Person) -> None:
    with alice.connect() as python:
        room = python.open_direct("bob")["id"]
        message = python.send(room, "are you there?")
    with bob.connect_node() as node:
        answer = node.call("sync", {"rooms": {}})
    direct = [opened for opened in answer["opened"] if opened["kind"] == "direct"]
    assert [(opened["id"], opened["last_message"]) for opened in direct] == [(room, message)]
    assert answer["closed"] == []


def test_all_who_come_back_at_once_get_exactly_what_they_missed(
    server: ServerProcess, alice: Person, bob: Person
) -> None:
    """Each holds another version; what was answered in one of them has been deleted since."""
    with alice.connect() as here, bob.connect() as there:
        room = here.open_direct("bob")["id"]
        sent = [here.send(room, f"пропущено {number} 😂") for number in range(8)]
        question = there.send(room, "question")
        data = {"room_id": room, "body": "answer", "client_id": make_client_id(), "reply_to": question["seq"]}
        answer = here.call("send_message", data)["message"]
        gone = there.call("delete_message", {"room_id": room, "seq": question["seq"]})["message"]
    assert answer["reply_to"]["body"] == "question"
    missed = [*sent, answer | {"reply_to": {"seq": question["seq"], **NOTHING}}, gone]
    server.restart()

    def comes_back(number: int) -> list[Any]:
        with (alice, bob)[number % 2].connect() as connection:
            together.wait(ANSWER_SECONDS)
            return caught_up(connection, room, number)

    together = threading.Barrier(len(sent))
    with ThreadPoolExecutor(len(sent)) as pool:
        told = list(pool.map(comes_back, range(len(sent))))
    assert told == [missed[number:] for number in range(len(sent))]


def caught_up(connection: Connection, room: int, version: int) -> list[Any]:
    """All messages of a room changed since `version`, asked for page by page as docs/protocol.md says."""
    messages: list[Any] = []
    while True:
        answer = connection.call("sync", {"rooms": {str(room): version}})
        entry = answer["rooms"][str(room)]
        assert answer["ok"]
        assert not entry["reload"]
        messages += entry["messages"]
        if entry["complete"]:
            assert max([version, *(message["version"] for message in entry["messages"])]) <= entry["room"]["version"]
            return messages
        version = max(message["version"] for message in entry["messages"])


def test_a_reload_is_not_a_departure_and_the_last_close_is(sqlite_server: ServerProcess) -> None:
    alice, bob, carol = (Person(sqlite_server.url, name).register() for name in ("alice", "bob", "carol"))
    alice_id, carol_id = bob.find("alice")["id"], bob.find("carol")["id"]
    with bob.connect_node() as watcher:
        tab, other_tab, carols = alice.connect(), alice.connect(), carol.connect()
        watcher.wait_for(lambda heard: {alice_id, carol_id} <= ids_online(heard))

        other_tab.close()
        tab.close()
        tab = alice.connect()
        carols.close()
        # Carol left last, so whatever the reload was taken for has been told when her departure is.
        watcher.wait_for(lambda heard: carol_id in ids_offline(heard))
        assert alice_id not in ids_offline(watcher)
        assert alice_id in watcher.call("load_presence")["online"]

        tab.close()
        watcher.wait_for(lambda heard: alice_id in ids_offline(heard))
        assert watcher.call("load_presence")["online"] == [alice.find("bob")["id"]]
    assert not bob.find("alice")["online"]
    assert bob.find("alice")["last_seen_at"] is not None


def test_somebody_lost_without_a_word_is_missed_within_30_seconds(sqlite_server: ServerProcess) -> None:
    alice, bob = (Person(sqlite_server.url, name).register() for name in ("alice", "bob"))
    bob_id = alice.find("bob")["id"]
    with alice.connect() as watcher:
        node = bob.connect_node()
        watcher.wait_for(lambda heard: bob_id in ids_online(heard))
        node.freeze()
        try:
            watcher.wait_for(lambda heard: bob_id in ids_offline(heard), UNCLEAN_LOSS_SECONDS)
        finally:
            node.kill()


def ids_online(connection: Connection) -> set[int]:
    """Who was ever told to have come."""
    return {user_id for change in connection.heard("presence_changed") for user_id in change["online"]}


def ids_offline(connection: Connection) -> set[int]:
    """Who was ever told to have left."""
    return {user["id"] for change in connection.heard("presence_changed") for user in change["offline"]}
