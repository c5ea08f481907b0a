"""Events that are handled in the loop itself, such as `send_message` of words: to clients they are like all others."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.wire import Polling, Wire
from tests.servers import Person, ServerProcess
from tests.test_events import BAD, valid


class Talk:
    """Packets written by hand on a connection that is in the chat."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def say(self, number: int, event: str, data: Any) -> None:
        self.wire.send(f"42{number}{json.dumps([event, data])}")

    def send(self, number: int, room_id: int, body: str, **more: Any) -> None:
        self.say(number, "send_message", {"room_id": room_id, "body": body, "client_id": str(uuid.uuid4())} | more)

    def answers(self, count: int) -> list[tuple[int, Any]]:
        """The next so many acknowledgements: their numbers, and what they say."""
        found = []
        while len(found) < count:
            packet = self.wire.until("43")
            place = packet.index("[")
            [answer] = json.loads(packet[place:])
            found.append((int(packet[2:place]), answer))
        return found

    def call(self, event: str, data: Any) -> Any:
        self.say(0, event, data)
        [(_, answer)] = self.answers(1)
        return answer


@pytest.fixture
def talk(joined: Wire, bob: Person) -> Talk:
    return Talk(joined)


@pytest.fixture
def room_id(talk: Talk) -> int:
    return int(talk.call("open_direct", {"username": "bob"})["room"]["id"])


def test_one_clients_events_keep_their_order(talk: Talk, room_id: int) -> None:
    """All at once, none waits for the answer to the one before: each finds done what was asked for before it."""
    last = talk.call("create_room", {"name": f"room {uuid.uuid4()}"})["room"]
    here, seq = last["id"], last["last_seq"]
    talk.send(1, here, "first")
    talk.send(2, room_id, "elsewhere")
    talk.say(3, "edit_message", {"room_id": here, "seq": seq + 1, "body": "edited"})
    talk.send(4, here, "second")
    talk.send(5, here, "an answer", reply_to=seq + 2)
    talk.say(6, "delete_message", {"room_id": here, "seq": seq + 2})
    talk.say(7, "mark_read", {"room_id": here, "seq": seq + 3})
    talk.send(8, here, "third")
    talk.say(9, "no_such_event", {})
    answers = talk.answers(9)
    assert [number for number, _ in answers] == list(range(1, 10))
    assert [answer["ok"] for _, answer in answers] == [True] * 8 + [False], answers
    assert answers[2][1]["message"]["body"] == "edited"
    assert answers[4][1]["message"]["reply_to"]["body"] == "second"
    assert [answers[place][1]["message"]["seq"] for place in (0, 3, 4, 7)] == [seq + 1, seq + 2, seq + 3, seq + 4]


def test_many_at_once_are_all_answered_in_their_order(talk: Talk, room_id: int) -> None:
    for number in range(1, 301):
        talk.send(number, room_id, f"{number}")
    answers = talk.answers(300)
    assert [number for number, _ in answers] == list(range(1, 301))
    assert [answer["message"]["body"] for _, answer in answers] == [f"{number}" for number in range(1, 301)]
    seqs = [answer["message"]["seq"] for _, answer in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 300))


def test_marks_are_moved_and_answered(talk: Talk, room_id: int) -> None:
    talk.send(1, room_id, "one")
    [(_, answer)] = talk.answers(1)
    seq = answer["message"]["seq"]
    for number, wanted in ((2, seq), (3, seq - 1 or 1), (4, seq)):
        talk.say(number, "mark_read", {"room_id": room_id, "seq": wanted})
    assert talk.answers(3) == [(number, {"ok": True, "last_read_seq": seq}) for number in (2, 3, 4)]


@pytest.mark.parametrize("change", [{"seq": 10**9}, {"seq": "1"}, {"seq": 0}, {"room_id": 10**9}, {"room_id": None}])
def test_a_mark_that_cannot_be_gets_an_error(talk: Talk, room_id: int, change: dict[str, Any]) -> None:
    answer = talk.call("mark_read", {"room_id": room_id, "seq": 1} | change)
    assert answer["ok"] is False
    assert answer["error"]["code"] in ("invalid", "not_found")


def test_a_sync_is_answered_in_its_place(talk: Talk) -> None:
    """All at once: each finds done what was asked for before it, and nothing of what was asked for after."""
    here = talk.call("create_room", {"name": f"room {uuid.uuid4()}"})["room"]["id"]
    talk.send(1, here, "teh")
    [(_, sent)] = talk.answers(1)
    at, held = {"room_id": here, "seq": sent["message"]["seq"]}, sent["message"]["version"]
    talk.say(1, "sync", {"rooms": {str(here): held}})
    talk.say(2, "sync", {"rooms": {str(here): held - 1}})
    talk.say(3, "edit_message", at | {"body": "the"})
    talk.say(4, "sync", {"rooms": {str(here): held}})
    talk.say(5, "set_reaction", at | {"emoji": "👍", "on": True})
    talk.say(6, "sync", {"rooms": {str(here): held}})
    talk.say(7, "leave_room", {"room_id": here})
    talk.say(8, "sync", {"rooms": {str(here): held}})
    answers = talk.answers(8)
    assert [number for number, _ in answers] == list(range(1, 9))
    assert [answer["ok"] for _, answer in answers] == [True] * 8, answers
    told = [answer["rooms"].get(str(here)) for _, answer in answers if "rooms" in answer]
    shown = [
        entry and [(message["body"], len(message["reactions"])) for message in entry["messages"]] for entry in told
    ]
    assert shown == [[], [("teh", 0)], [("the", 0)], [("the", 1)], None]
    assert answers[-1][1]["closed"] == [here]


def test_events_that_are_handled_in_the_loop_keep_their_order_whatever_they_are(talk: Talk, room_id: int) -> None:
    talk.send(1, room_id, "first")
    [(_, first)] = talk.answers(1)
    at = {"room_id": room_id, "seq": first["message"]["seq"]}
    for number in range(2, 32, 3):
        talk.send(number, room_id, f"{number}")
        talk.say(number + 1, "sync", {"rooms": {str(room_id): first["message"]["version"]}})
        talk.say(number + 2, "mark_read", at)
    answers = talk.answers(30)
    assert [number for number, _ in answers] == list(range(2, 32))
    said = [answer["message"]["seq"] for number, answer in answers if number % 3 == 2]
    for place, (_, answer) in enumerate(answer for answer in answers if answer[0] % 3 == 0):
        assert [message["seq"] for message in answer["rooms"][str(room_id)]["messages"]] == said[: place + 1]


def test_many_syncs_at_once_are_all_answered_in_their_order(talk: Talk, room_id: int) -> None:
    talk.send(1, room_id, "hello")
    [(_, sent)] = talk.answers(1)
    version = sent["message"]["version"]
    for number in range(1, 101):
        talk.say(number, "sync", {"rooms": {str(room_id): version - number % 2}})
    answers = talk.answers(100)
    assert [number for number, _ in answers] == list(range(1, 101))
    assert [len(answer["rooms"][str(room_id)]["messages"]) for _, answer in answers] == [1, 0] * 50


def test_many_who_ask_at_once_are_all_told_the_same(
    server: ServerProcess, talk: Talk, room_id: int, alice: Person
) -> None:
    """As after a restart; each on a connection of their own. Not bob: others compare what is told of him."""
    talk.send(1, room_id, "missed")
    [(_, sent)] = talk.answers(1)
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(server.url, Cookie=alice.cookie_header)) for _ in range(30)]
        for wire in wires:
            wire.open()
            wire.send("40")
        for wire in wires:
            assert wire.until("4").startswith('40{"sid":')
        for number, wire in enumerate(wires, 1):
            Talk(wire).say(number, "sync", {"rooms": {str(room_id): sent["message"]["version"] - 1}})
        answers = [Talk(wire).answers(1)[0] for wire in wires]
    assert [number for number, _ in answers] == list(range(1, 31))
    for _, answer in answers:
        assert answer["rooms"][str(room_id)]["messages"] == [sent["message"]]
        assert answer == answers[0][1]


def test_what_is_no_question_is_refused_as_on_every_way(server: ServerProcess, alice: Person, talk: Talk) -> None:
    """Events of who polls all go the long way."""
    polling = Polling(server.url, alice.cookie_header)
    polling.open()
    polling.post("40")
    assert polling.until("4").startswith("40")
    wrong = [json.dumps(["sync", valid("sync", 1) | change]) for event, change, _ in BAD if event == "sync"]
    wrong += [f'["sync"{arguments}]' for arguments in ("", ",{},{}", ",[]", ",null", ',"x"', ",{}")]
    assert len(wrong) > 15
    for packet in wrong:
        talk.wire.send(f"421{packet}")
        polling.post(f"421{packet}")
        [(_, answer)] = talk.answers(1)
        assert answer["error"]["code"] == "invalid", packet
        assert json.loads(polling.until("431")[3:]) == [answer], packet


def test_a_repeat_is_answered_with_the_first_message(talk: Talk, room_id: int) -> None:
    key = str(uuid.uuid4())
    for number, body in ((1, "first"), (2, "again"), (3, "and again")):
        talk.send(number, room_id, body, client_id=key)
    [first, *others] = [answer["message"] for _, answer in talk.answers(3)]
    assert first["body"] == "first"
    assert others == [first, first]


@pytest.mark.parametrize(
    "change",
    [
        {"room_id": 10**9},
        {"room_id": "1"},
        {"room_id": None},
        {"body": ""},
        {"body": "x" * 10_001},
        {"body": 1},
        {"body": "\ud800"},
        {"body": "\x00"},
        {"client_id": "no"},
        {"client_id": None},
        {"reply_to": 10**9},
        {"reply_to": "1"},
        {"file_id": "0" * 32},
        {"file_id": 1},
    ],
)
def test_bad_input_gets_the_error_that_all_other_doors_give(talk: Talk, room_id: int, change: dict[str, Any]) -> None:
    before = talk.call("sync", {"rooms": {str(room_id): 0}})["rooms"][str(room_id)]
    answer = talk.call("send_message", {"room_id": room_id, "body": "x", "client_id": str(uuid.uuid4())} | change)
    assert answer["ok"] is False
    assert answer["error"]["code"] in ("invalid", "not_found")
    assert answer["error"]["message"]
    assert talk.call("sync", {"rooms": {str(room_id): 0}})["rooms"][str(room_id)] == before


@pytest.mark.parametrize(
    "packet",
    [
        '421["send_message"]',
        '421["send_message",{},{}]',
        '421["send_message",[]]',
        '421["send_message",null]',
        '421["send_message","x"]',
    ],
)
def test_wrong_arguments_are_answered(talk: Talk, packet: str) -> None:
    talk.wire.send(packet)
    [(number, answer)] = talk.answers(1)
    assert (number, answer["ok"], answer["error"]["code"]) == (1, False, "invalid")


@pytest.mark.parametrize(
    "packet", ['421["send_message",{]', '421["send_message",', '421["send_message",{"body":"\\ud800"', "421[}"]
)
def test_what_is_no_json_ends_the_connection(talk: Talk, packet: str) -> None:
    talk.wire.send(packet)
    assert talk.wire.ends()


def test_without_an_acknowledgement_it_is_sent_all_the_same(talk: Talk, room_id: int) -> None:
    data = {"room_id": room_id, "body": "quietly", "client_id": str(uuid.uuid4())}
    talk.wire.send("42" + json.dumps(["send_message", data]))
    assert json.loads(talk.wire.until('42["message_sent"')[2:])[1]["message"]["body"] == "quietly"


def test_who_has_not_joined_is_not_heard(wire: Wire, alice: Person) -> None:
    Talk(wire).send(1, 1, "hello")
    wire.send("40{}")  # of nobody: it is refused, and the message before it was not answered
    assert wire.until("4").startswith("44")


def test_a_session_that_ended_in_the_database_alone_says_nothing_more(
    server: ServerProcess, talk: Talk, room_id: int
) -> None:
    """As another process, or the operator, ends it: this one is not told."""
    talk.send(1, room_id, "still here")
    [(_, answer)] = talk.answers(1)
    assert answer["ok"], answer
    sender = answer["message"]["sender"]["id"]
    with sqlite3.connect(server.folder / "chat.sqlite3") as connection:
        connection.execute("DELETE FROM sessions WHERE user_id = ?", (sender,))
    for number in (2, 3):
        talk.send(number, room_id, "gone")
        [(_, answer)] = talk.answers(1)
        assert (answer["ok"], answer["error"]["code"]) == (False, "unauthenticated")


def test_who_was_away_for_a_while_is_let_in(server: ServerProcess, alice: Person) -> None:
    """Which marks the session as used."""
    with sqlite3.connect(server.folder / "chat.sqlite3") as connection:
        connection.execute("UPDATE sessions SET last_used_at = datetime('now', '-10 minutes') || '.000000'")
    with Wire(server.url, Cookie=alice.cookie_header) as wire:
        wire.open()
        assert wire.join().startswith('40{"sid":')


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path, MESSAGE_RATE="5 per hour") as process:
        for name in ("root", "alice", "bob"):
            Person(process.url, name).register()
        yield process


def test_too_many_are_refused_in_ones_own_language(strict: ServerProcess) -> None:
    alice = Person(strict.url, "alice").login()
    with Wire(strict.url, Cookie=alice.cookie_header, Accept_Language="ru") as wire:
        wire.open()
        wire.join()
        talk = Talk(wire)
        room_id = talk.call("open_direct", {"username": "bob"})["room"]["id"]
        for number in range(1, 9):
            talk.send(number, room_id, f"{number}")
        answers = [answer for _, answer in sorted(talk.answers(8), key=itemgetter(0))]  # a refusal waits for nobody
    assert [answer["ok"] for answer in answers] == [True] * 5 + [False] * 3
    for answer in answers[5:]:
        assert answer["error"]["code"] == "too_often"
        assert 0 < answer["error"]["retry_after"] <= 3600
        assert any("а" <= letter <= "я" for letter in answer["error"]["message"].lower()), answer
