"""The server is killed in the middle of many senders and started again: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.servers import ANSWER_SECONDS, Person, ServerProcess, make_client_id

ACCOUNTS = 20
CLIENTS_EACH = 10  # 200 senders
MESSAGES_EACH = 5
KILL_AFTER = 300  # acknowledgements, of 1,000
SECONDS = 240  # a bound for a busy machine; half a minute is usual


class Sender:
    """A client that does what docs/protocol.md asks of one: sends again what is unacknowledged, and syncs."""

    def __init__(self, person: Person, room_id: int, number: int) -> None:
        self.person = person
        self.room_id = room_id
        self.unsent = {make_client_id(): f"{person.username} {number}: {count}" for count in range(MESSAGES_EACH)}
        self.acknowledged: list[dict[str, Any]] = []
        self.seen: dict[int, dict[str, Any]] = {}
        self.version = 0

    async def talk(self, total: asyncio.Semaphore, serving: asyncio.Event) -> None:
        """Until everything is acknowledged, through however many connections that takes."""
        while self.unsent:
            await serving.wait()
            with contextlib.suppress(socketio.exceptions.SocketIOError):
                async with Line(self) as line:
                    await self.catch_up(line)
                    await self.send_all(line, total)

    async def send_all(self, line: Line, total: asyncio.Semaphore) -> None:
        for client_id, body in list(self.unsent.items()):
            data = {"room_id": self.room_id, "body": body, "client_id": client_id}
            answer = await line.call("send_message", data)
            assert answer["ok"], answer
            self.acknowledged.append(answer["message"])
            del self.unsent[client_id]
            total.release()

    async def catch_up(self, line: Line) -> None:
        complete = False
        while not complete:
            answer = await line.call("sync", {"rooms": {str(self.room_id): self.version}})
            assert answer["ok"], answer
            entry = answer["rooms"][str(self.room_id)]
            if entry["reload"]:
                self.reload()
                continue
            self.keep(entry["messages"])
            complete = entry["complete"]
            self.version = entry["room"]["version"] if complete else entry["messages"][-1]["version"]

    def reload(self) -> None:
        """Too much was missed: read the room anew, as the page does."""
        self.seen.clear()
        newest = self.person.get_json(f"/rooms/{self.room_id}/messages?limit=200")
        self.version, page = newest["room"]["version"], newest
        self.keep(page["messages"])
        while not page["complete"]:
            before = page["messages"][0]["seq"]
            page = self.person.get_json(f"/rooms/{self.room_id}/messages?limit=200&before={before}")
            self.keep(page["messages"])

    def keep(self, messages: Iterable[dict[str, Any]]) -> None:
        for message in messages:
            known = self.seen.get(message["seq"])
            if known is None or known["version"] < message["version"]:
                self.seen[message["seq"]] = message

    def hear(self, data: dict[str, Any]) -> None:
        """A version that is not the next one shows a gap: it stays behind, and the next sync asks from there."""
        message = data["message"]
        if message["room_id"] == self.room_id:
            self.keep([message])
            if message["version"] == self.version + 1:
                self.version += 1

    @property
    def timeline(self) -> list[dict[str, Any]]:
        return [message for _, message in sorted(self.seen.items())]


class Line:
    """One connection of a sender, on which a call fails as soon as the connection does."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("message_sent", sender.hear)
        self.lost = asyncio.Event()
        self.client.on("disconnect", lambda *reason: self.lost.set())

    async def __aenter__(self) -> Line:
        person = self.sender.person
        headers = {"Cookie": person.cookie_header}
        try:
            await self.client.connect(
                person.origin, headers=headers, transports=["websocket"], wait_timeout=ANSWER_SECONDS
            )
        except BaseException:
            if self.client.eio.http is not None:
                await self.client.eio.http.close()  # the client leaves that to the garbage collector
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.client.disconnect()

    async def call(self, event: str, data: dict[str, Any]) -> Any:
        answer = asyncio.ensure_future(self.client.call(event, data, timeout=SECONDS))
        lost = asyncio.ensure_future(self.lost.wait())
        await asyncio.wait([answer, lost], return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()
        if answer.done():
            result = answer.result()
            if not result["ok"] and result["error"]["code"] == "unavailable":  # "try again", says docs/protocol.md
                raise socketio.exceptions.ConnectionError
            return result
        answer.cancel()
        raise socketio.exceptions.DisconnectedError


# The client leaves a connection whose handshake failed to the garbage collector, and aiohttp complains of that.
forgets_connections = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <function Connection\.__del__:pytest.PytestUnraisableExceptionWarning"
)


def run_through(server: ServerProcess, senders: list[Sender], end: Callable[[], object]) -> None:
    # In a thread of its own: the browser tests' driver keeps a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(talk_through(server, senders, end))).result()
    gc.collect()  # now, and not in the middle of another test


@forgets_connections
def test_a_killed_server_loses_and_doubles_nothing(tmp_path: Path, database_url: str) -> None:
    with ServerProcess(
        tmp_path, database_url, MESSAGE_RATE="100000 per second", EVENT_RATE="100000 per second"
    ) as server:
        senders = make_senders(server)
        run_through(server, senders, server.kill)
        check_rooms(senders)


def make_senders(server: ServerProcess) -> list[Sender]:
    """Twenty accounts in ten conversations, each signed in on ten devices."""
    people = [Person(server.url, f"person{number}") for number in range(ACCOUNTS)]
    with ThreadPoolExecutor(ACCOUNTS) as pool:
        list(pool.map(Person.register, people))
    senders = []
    for left, right in zip(people[::2], people[1::2], strict=True):
        with left.connect() as connection:
            room_id = connection.open_direct(right.username)["id"]
        senders += [Sender(person, room_id, number) for person in (left, right) for number in range(CLIENTS_EACH)]
    return senders


async def talk_through(server: ServerProcess, senders: list[Sender], end: Callable[[], object]) -> None:
    total, serving = asyncio.Semaphore(0), asyncio.Event()
    serving.set()
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        for sender in senders:
            tasks.create_task(sender.talk(total, serving))
        for _ in range(KILL_AFTER):
            await total.acquire()
        assert sum(len(sender.unsent) for sender in senders) > len(senders), "the end came too late to be in the middle"
        serving.clear()
        await asyncio.to_thread(end)
        await asyncio.to_thread(server.start)
        serving.set()
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        for sender in senders:
            tasks.create_task(catch_up_once(sender))


async def catch_up_once(sender: Sender) -> None:
    while True:
        with contextlib.suppress(socketio.exceptions.SocketIOError):
            async with Line(sender) as line:
                return await sender.catch_up(line)


def stored_messages(person: Person, room_id: int) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    after, complete = 0, False
    while not complete:
        page = person.get_json(f"/rooms/{room_id}/messages?after={after}&limit=200")
        messages += page["messages"]
        after, complete = messages[-1]["seq"], page["complete"]
    return messages


def check_rooms(senders: list[Sender]) -> None:
    rooms = defaultdict(list)
    for sender in senders:
        rooms[sender.room_id].append(sender)
    for room_id, room_senders in rooms.items():
        check_room(stored_messages(room_senders[0].person, room_id), room_senders)


def check_room(stored: list[dict[str, Any]], senders: list[Sender]) -> None:
    acknowledged = [message for sender in senders for message in sender.acknowledged]
    assert len(acknowledged) == MESSAGES_EACH * len(senders)
    # Everything was acknowledged in the end, so what is stored is that, each once, and nothing else.
    assert sorted(acknowledged, key=by_seq) == stored
    assert [message["seq"] for message in stored] == list(range(1, len(stored) + 1))
    assert len({message["client_id"] for message in stored}) == len(stored)
    assert all(left["version"] < right["version"] for left, right in pairwise(stored))
    for sender in senders:
        assert sender.timeline == stored
        mine = [
            message["body"]
            for message in stored
            if message["client_id"] in {m["client_id"] for m in sender.acknowledged}
        ]
        assert mine == [message["body"] for message in sender.acknowledged]


def by_seq(message: dict[str, Any]) -> int:
    return int(message["seq"])
