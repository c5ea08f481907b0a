"""Socket.IO 5 on our engine, apart from the chat: namespaces, both directions, bytes, acknowledgements, rooms."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.wire import Polling, Wire
from tests.servers import ServerProcess

BYTES = b"\x00\x01\xff"
PLACEHOLDER = '{"_placeholder":true,"num":0}'


class EchoProcess(ServerProcess):
    """tests/realtime/echo.py, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.command = (sys.executable, "-m", "tests.realtime.echo", str(self.port))

    def is_serving(self) -> bool:
        return self.health() is not None


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EchoProcess]:
    with EchoProcess(tmp_path_factory.mktemp("echo")) as process:
        yield process
        assert "Traceback" not in process.log_text()


@pytest.fixture
def wire(echo: EchoProcess) -> Iterator[Wire]:
    with Wire(echo.url) as wire:
        wire.open()
        yield wire


@pytest.fixture
def joined(wire: Wire) -> Wire:
    assert wire.join().startswith(('40{"sid":', '42["auth"'))
    return wire


def heard(wire: Wire, start: str) -> Any:
    return json.loads(wire.until(start)[len(start) :])


@pytest.mark.parametrize("namespace", ["", "/custom,"])
@pytest.mark.parametrize("auth", [None, {"token": "123"}])
def test_a_namespace_is_entered_with_what_the_client_says_of_itself(wire: Wire, namespace: str, auth: Any) -> None:
    wire.send(f"40{namespace}" + ("" if auth is None else json.dumps(auth)))
    said = {wire.packet(), wire.packet()}
    assert f'42{namespace}["auth",{json.dumps(auth or {}, separators=(",", ":"))}]' in said
    [answer] = [packet for packet in said if str(packet).startswith(f"40{namespace}")]
    assert set(json.loads(str(answer)[2 + len(namespace) :])) == {"sid"}


@pytest.mark.parametrize("namespace", ["", "/custom,"])
def test_who_is_refused_is_told_why(wire: Wire, namespace: str) -> None:
    wire.send(f'40{namespace}{{"token":"wrong"}}')
    assert heard(wire, f"44{namespace}") == {"message": "not with this", "data": {"token": "wrong"}}
    wire.send(f"40{namespace}")
    wire.until(f"40{namespace}")


def test_two_namespaces_share_a_connection_and_are_left_apart(joined: Wire) -> None:
    joined.join("/custom,")
    joined.send('42/custom,["message","there"]')
    assert joined.until('42/custom,["message-back"') == '42/custom,["message-back","there"]'
    joined.send("41/custom,")
    joined.send('42/custom,["message","nobody"]')
    joined.send('42["message","here"]')
    assert joined.until('42["message-back"') == '42["message-back","here"]'


def test_arguments_come_back_as_they_were_sent(joined: Wire) -> None:
    joined.send('42["message",1,"2",{"3":[true]},null,"привет 😀"]')
    assert joined.until('42["message-back"') == '42["message-back",1,"2",{"3":[true]},null,"привет 😀"]'


def test_bytes_go_both_ways(joined: Wire) -> None:
    joined.send(f'452-["message",{PLACEHOLDER},{{"_placeholder":true,"num":1}}]')
    joined.send(BYTES)
    joined.send(b"")
    assert joined.until("45").startswith('452-["message-back",{')
    assert [joined.packet(), joined.packet()] == [BYTES, b""]


@pytest.mark.parametrize("number", [0, 456, 2**60])
def test_an_event_is_acknowledged_with_its_number(joined: Wire, number: int) -> None:
    joined.send(f'42{number}["message-with-ack",1,"2",{{"3":[false]}}]')
    assert joined.until("43") == f'43{number}[1,"2",{{"3":[false]}}]'


def test_an_acknowledgement_carries_bytes(joined: Wire) -> None:
    joined.send(f'451-789["message-with-ack",{PLACEHOLDER}]')
    joined.send(BYTES)
    assert joined.until("46") == f"461-789[{PLACEHOLDER}]"
    assert joined.packet() == BYTES


@pytest.mark.parametrize("namespace", ["", "/custom,"])
def test_a_client_acknowledges_too(wire: Wire, namespace: str) -> None:
    wire.send(f"40{namespace}")
    for question in ("first", "second"):
        wire.send(f'42{namespace}["ask","{question}"]')
        asked = wire.until(f"42{namespace}1", f"42{namespace}2")
        number, _, said = asked[2 + len(namespace) :].partition("[")
        assert json.loads("[" + said) == ["question", question]
        wire.send(f'43{namespace}{number}["yes",{{"to":"{question}"}}]')
        wire.send(f'43{namespace}{number}["again"]')  # nobody waits for it any more
        assert wire.until(f'42{namespace}["answered"').endswith(f'["answered","yes",{{"to":"{question}"}}]')


def test_a_room_is_told_once_each_whatever_the_transport(echo: EchoProcess, joined: Wire) -> None:
    polling = Polling(echo.url)
    polling.open()
    polling.post("40")
    polling.until("40")
    with Wire(echo.url) as other, Wire(echo.url) as outside:
        for one in (other, outside):
            one.open()
            one.join()
        other.send('421["enter","room"]')
        other.until("431")
        polling.post('421["enter","room"]')
        polling.until("431")
        joined.send('421["enter","room"]')
        joined.until("431")
        for said in ('"text"', '{"deep":["é",1]}'):
            joined.send(f'422["tell","room",{said}]')
            joined.until("432")
            assert other.until('42["told"') == polling.until('42["told"') == f'42["told",{said}]'
        joined.send(f'451-3["tell","room",{PLACEHOLDER}]')
        joined.send(BYTES)
        assert other.until("45") == f'451-["told",{PLACEHOLDER}]'
        assert other.packet() == BYTES
        assert polling.until("bAAH/") == "bAAH/"
        other.send('424["leave","room"]')
        other.until("434")
        joined.send('425["tell","room","gone"]')
        joined.until("435")
        for one in (other, outside):
            one.send('429["message-with-ack"]')
            before = []
            while not (packet := str(one.packet())).startswith("439"):
                before.append(packet)
            assert not [packet for packet in before if '"told"' in packet]
    polling.post("1")


def test_a_crowd_is_told_as_it_is_now_whoever_came_went_or_changed_the_transport(
    echo: EchoProcess, joined: Wire
) -> None:
    def told(said: str, *hearers: Wire) -> str:
        """Tell the crowd. These hear it, and have heard nothing since the last that they were to hear."""
        joined.send(f'422["tell-crowd","{said}"]')
        joined.until("432")
        packet = f'42["told","{said}"]'
        assert [hearer.until('42["told"') for hearer in hearers] == [packet] * len(hearers)
        return packet

    def ask(one: Wire, *asked: str) -> None:
        one.send(f"421{json.dumps(asked)}")
        one.until("431")

    polling = Polling(echo.url)
    polling.open()
    polling.post("40")
    polling.until("40")
    with Wire(echo.url) as one, Wire(echo.url) as other:
        for wire in (one, other):
            wire.open()
            wire.join()
        told("to nobody")
        ask(one, "enter", "crowd-0")
        ask(one, "enter", "crowd-1")
        told("once to who is there twice", one)
        ask(other, "enter", "crowd-2")
        told("to who has come", one, other)
        polling.post('421["enter","crowd-3"]')
        polling.until("431")
        packet = told("to who polls", one, other)
        assert polling.until('42["told"') == packet
        with Wire(echo.url, polling.websocket_path()) as upgraded:
            upgraded.send("2probe")
            assert upgraded.packet() == "3probe"
            assert "6" in polling.poll()
            upgraded.send("5")
            ask(upgraded, "message-with-ack")
            told("to a new WebSocket", one, other, upgraded)
            ask(other, "leave", "crowd-2")
            told("not to who left", one, upgraded)
            ask(other, "enter", "crowd-2")
            told("to who is back", one, other, upgraded)
        told("to who is left", one, other)


def test_who_does_not_answer_a_ping_is_let_go(echo: EchoProcess) -> None:
    with Wire(echo.url) as silent:
        silent.open()
        assert silent.frame() == (1, b"2")
        assert silent.frame() == (1, b"1")
        assert silent.close_code() is not None
