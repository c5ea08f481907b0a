"""Engine.IO 4 and Socket.IO 5 as their specifications state them: sessions, transports, packets, and their ends."""

from __future__ import annotations

import inspect
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import engineio
import pytest
import requests
import socketio
from engineio import packet as engine_packet
from engineio.socket import Socket
from eventlet import wsgi
from eventlet.greenio import GreenSocket

from realtime.connections import Connection, Engine
from tests.realtime.masking import briefly
from tests.realtime.wire import SECONDS, Polling, Wire
from tests.servers import Person, ServerProcess, csrf_token, wait_until

LIMIT = 256 * 1024


# Engine.IO: the handshake


def test_a_websocket_session_opens_with_its_handshake(server: ServerProcess) -> None:
    with Wire(server.url) as wire:
        opened = wire.open()
    assert opened["sid"]
    assert opened | {"sid": ""} == {
        "sid": "",
        "upgrades": [],
        "pingInterval": 10_000,
        "pingTimeout": 10_000,
        "maxPayload": LIMIT,
    }


def test_a_polling_session_opens_and_may_be_upgraded(server: ServerProcess) -> None:
    opened = Polling(server.url).open()
    assert opened["upgrades"] == ["websocket"]
    assert opened["maxPayload"] == LIMIT


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("GET", "transport=polling"),
        ("GET", "EIO=3&transport=polling"),
        ("GET", "EIO=abc&transport=polling"),
        ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=carrier-pigeon"),
        ("GET", "EIO=4&transport=websocket"),
        ("GET", "EIO=4&transport=polling&sid=unknown"),
        ("POST", "EIO=4&transport=polling"),
        ("POST", "EIO=4&transport=polling&sid=unknown"),
        ("PUT", "EIO=4&transport=polling"),
        ("DELETE", "EIO=4&transport=polling"),
    ],
)
def test_what_is_no_request_of_engineio_is_refused(server: ServerProcess, method: str, query: str) -> None:
    answer = Polling(server.url).http.request(method, f"{server.url}/socket.io/?{query}", timeout=20)
    assert answer.status_code == 400, answer.text


def test_a_websocket_of_an_unknown_session_is_refused(server: ServerProcess) -> None:
    with Wire(server.url, "/socket.io/?EIO=4&transport=websocket&sid=unknown") as wire:
        assert wire.status == 400


# Engine.IO: pings


def test_the_server_asks_and_a_silent_client_is_let_go(server: ServerProcess) -> None:
    """Both intervals are ten seconds: who answers stays, who does not is closed."""
    with Wire(server.url) as speaking, Wire(server.url) as silent:
        speaking.open()
        silent.open()
        speaking.socket.settimeout(40)
        silent.socket.settimeout(40)
        begun = time.monotonic()
        assert silent.frame() == (1, b"2")
        assert time.monotonic() - begun >= 8
        assert speaking.frame() == (1, b"2")
        speaking.send("3")
        assert silent.frame()[1] == b"1"  # Engine.IO's close
        assert silent.close_code() is not None
        assert speaking.frame() == (1, b"2")


def test_a_poll_is_asked_too_and_who_does_not_answer_is_let_go(server: ServerProcess) -> None:
    polling = Polling(server.url)
    polling.open()
    assert polling.until("2") == "2"
    assert polling.poll() == ["1"]
    assert polling.get().status_code == polling.post("3").status_code == 400


# Engine.IO: messages and the end of a session that polls


def test_several_packets_come_in_one_payload_and_are_answered_in_order(polling: Polling) -> None:
    answer = polling.post(*(f'42{number}["load_presence",{{}}]' for number in range(10)))
    assert (answer.status_code, answer.text) == (200, "OK")
    answers: list[str] = []
    while len(answers) < 10:
        answers += [packet for packet in polling.poll() if packet.startswith("43")]
    assert [packet[2:3] for packet in answers] == [str(number) for number in range(10)]


def test_bytes_come_in_a_payload_too(polling: Polling) -> None:
    polling.post('451-5["load_presence",{"x":{"_placeholder":true,"num":0}}]', "bAQIDBA==")
    assert '"ok":true' in polling.until("435")


@pytest.mark.parametrize("body", ["abc", "9", "b***", "4" * (LIMIT + 1), "4x", "2\x1e" * 20])
def test_a_malformed_payload_ends_the_session(server: ServerProcess, polling: Polling, body: str) -> None:
    before = len(server.log_text())
    assert polling.post(body).status_code in (400, 413)
    assert polling.get().status_code == 400
    assert "Traceback" not in server.log_text()[before:]


def test_two_polls_at_once_end_the_session(polling: Polling) -> None:
    def ask() -> requests.Response:
        return requests.get(polling.url, params=polling._query({}), headers=polling.http.headers, timeout=20)

    with ThreadPoolExecutor(2) as threads:
        answers = sorted((poll.result() for poll in [threads.submit(ask), threads.submit(ask)]), key=by_status)
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[0].text.endswith("1")
    assert polling.get().status_code == 400


def by_status(answer: requests.Response) -> int:
    return answer.status_code


def test_a_session_that_is_closed_by_its_client_ends_its_poll(polling: Polling) -> None:
    """Each over a connection of its own: they are taken in the order in which they come."""
    query = urlencode(polling._query({}))
    with closing(HTTPConnection(urlsplit(polling.url).netloc, timeout=SECONDS)) as waiting:
        waiting.request("GET", f"/socket.io/?{query}", headers={"Cookie": polling.http.headers["Cookie"]})
        assert requests.post(f"{polling.url}?{query}", data="1", timeout=SECONDS).ok
        assert waiting.getresponse().read().decode().split("\x1e")[-1] == "6"
    assert polling.get().status_code == 400


# Engine.IO: upgrade


@pytest.fixture
def polling(server: ServerProcess, alice: Person) -> Polling:
    """A polling session of alice's, in the namespace of the chat."""
    session = Polling(server.url, alice.cookie_header)
    session.open()
    assert session.post("40").status_code == 200
    assert session.until("40").startswith('40{"sid":')
    return session


def test_a_session_goes_over_to_a_websocket_and_loses_nothing(
    server: ServerProcess, alice: Person, bob: Person, polling: Polling
) -> None:
    with bob.connect() as talking, Wire(server.url, polling.websocket_path(), Cookie=alice.cookie_header) as wire:
        room = talking.open_direct("alice")["id"]
        wire.send("2probe")
        assert wire.packet() == "3probe"
        said = [talking.send(room, f"while it changes {number}")["seq"] for number in range(5)]
        assert "6" in polling.poll()
        wire.send("5")
        said += [talking.send(room, f"after it {number}")["seq"] for number in range(5)]
        heard = []
        while len(heard) < 10:
            event, data = json.loads(wire.until("42")[2:])
            if event == "message_sent":
                heard.append(data["message"]["seq"])
        assert heard == said
        assert polling.get().status_code == 400
        assert polling.post('421["load_presence",{}]').status_code == 400
        wire.send('421["load_presence",{}]')
        assert wire.until("431").startswith('431[{"ok":true')


def test_a_second_upgrade_of_a_session_is_refused(server: ServerProcess, alice: Person, polling: Polling) -> None:
    with Wire(server.url, polling.websocket_path(), Cookie=alice.cookie_header) as first:
        with Wire(server.url, polling.websocket_path(), Cookie=alice.cookie_header) as meanwhile:
            assert meanwhile.status == 400
        first.send("2probe")
        assert first.packet() == "3probe"
        first.send("5")
        first.send('421["load_presence",{}]')
        first.until("431")
        with Wire(server.url, polling.websocket_path(), Cookie=alice.cookie_header) as after:
            assert after.status == 400
        first.send('422["load_presence",{}]')
        first.until("432")


@pytest.mark.parametrize("said", ["5", "2", "2probe2", "3probe", '421["load_presence",{}]', b"2probe", ""])
def test_a_websocket_that_does_not_probe_is_closed_and_the_session_polls_on(
    server: ServerProcess, alice: Person, polling: Polling, said: str | bytes
) -> None:
    with Wire(server.url, polling.websocket_path(), Cookie=alice.cookie_header) as wire:
        wire.send(said)
        assert wire.ends()
    still_polls(polling)


def test_a_websocket_that_goes_while_it_probes_leaves_the_session_polling(
    server: ServerProcess, alice: Person, polling: Polling
) -> None:
    with Wire(server.url, polling.websocket_path(), Cookie=alice.cookie_header) as wire:
        wire.send("2probe")
        assert wire.packet() == "3probe"
    wait_until(lambda: polling.poll() != ["6"] or True, 5)
    still_polls(polling)


def still_polls(polling: Polling) -> None:
    def answered() -> bool:
        if polling.post('429["load_presence",{}]').status_code != 200:
            return False
        return bool(polling.until("439"))

    wait_until(answered, 10, "an answer to a poll")


# Socket.IO: namespaces


def test_a_connection_to_the_chat_has_an_id_of_its_own(server: ServerProcess, alice: Person) -> None:
    with Wire(server.url, Cookie=alice.cookie_header) as wire:
        session = wire.open()["sid"]
        joined = json.loads(wire.join()[2:])
        assert joined["sid"] not in ("", session)


def test_nobody_is_refused_with_a_reason(wire: Wire) -> None:
    refused = wire.join()
    assert refused.startswith("44")
    assert json.loads(refused[2:])["data"]["code"] == "unauthenticated"


def test_an_unknown_namespace_is_refused(joined: Wire) -> None:
    """The reason is an object with a message, which official clients read."""
    for namespace in ("/admin,", "/admin"):
        assert joined.join(namespace).startswith('44/admin,{"message":')
    joined.send('421["load_presence",{}]')
    joined.until("431")


def test_who_joins_twice_is_refused_and_stays(joined: Wire) -> None:
    joined.send("40")
    assert joined.until("44").startswith("44")
    joined.send('421["load_presence",{}]')
    joined.until("431")


def test_before_joining_nothing_is_heard(wire: Wire) -> None:
    wire.send('421["load_presence",{}]')
    wire.ping(b"still")
    assert wire.pong() == b"still"


def test_who_leaves_hears_nothing_more_and_may_come_again(joined: Wire) -> None:
    joined.send("41")
    joined.send('421["load_presence",{}]')
    answer = joined.join()
    assert answer.startswith("40")  # no acknowledgement came before it
    joined.send('422["load_presence",{}]')
    joined.until("432")


# Socket.IO: events


def test_events_are_acknowledged_with_their_number(joined: Wire) -> None:
    for number in (0, 1, 7, 2**53, 10**30):
        joined.send(f'42{number}["load_presence",{{}}]')
        assert joined.until("43").startswith(f'43{number}[{{"ok":true')


def test_events_without_a_number_are_not(joined: Wire) -> None:
    joined.send('42["load_presence",{}]')
    joined.send('421["load_presence",{}]')
    assert joined.until("43").startswith("431")


@pytest.mark.parametrize(
    "packet",
    [
        '421["load_presence"]',
        '421["load_presence",{},{}]',
        '421["load_presence",[]]',
        '421["load_presence",null]',
        '421["no such event",{}]',
        '421["send_message",{"body":"\\ud800"}]',
        '421["send_message",{"room_id":123456789012345678901234567890}]',
        '421["send_message",{"room_id":NaN}]',
    ],
    ids=briefly,
)
def test_an_event_that_is_not_right_is_answered_with_an_error(joined: Wire, packet: str) -> None:
    joined.send(packet)
    answer: Any = json.loads(joined.until("431")[3:])
    assert answer[0]["ok"] is False
    assert answer[0]["error"]["code"] == "invalid"


def test_a_binary_event_is_put_together(joined: Wire) -> None:
    joined.send('451-1["load_presence",{"_placeholder":true,"num":0}]')
    joined.send(b"\x00\x01")
    assert '"invalid"' in joined.until("431")  # bytes are no object
    joined.send('451-2["load_presence",{"x":{"_placeholder":true,"num":0}}]')
    joined.send(b"")
    assert '"ok":true' in joined.until("432")


@pytest.mark.parametrize("packet", ["abc", "4abc", "42{}", '42abc["load_presence",{}]', '42["load_presence"', "8"])
def test_what_is_no_packet_ends_the_session(joined: Wire, packet: str) -> None:
    joined.send(packet)
    assert joined.ends()


@pytest.mark.parametrize(
    "packet",
    [
        "",
        "4",
        "4x",
        "49",
        '421["unfinished',
        "421{}",
        "421[]",
        "421null",
        '421[{"no":"name"}]',
        "44{}",
        '45999999999999-["load_presence",{}]',
        '451-["load_presence",{"_placeholder":true,"num":7}]',
        "9",
        "x",
        "421" + "[" * 100_000,
        b"\x00\x01",
    ],
    ids=briefly,
)
def test_a_malformed_packet_costs_one_connection_at_most(
    server: ServerProcess, alice: Person, joined: Wire, packet: str | bytes
) -> None:
    """It is closed or goes on; in the log there is no traceback, and others notice nothing."""
    before = len(server.log_text())
    joined.send(packet)
    joined.send(b"\x00")
    try:
        joined.send('425["load_presence",{}]')
        joined.until("435")
    except (EOFError, ConnectionError, AssertionError):
        pass
    assert "Traceback" not in server.log_text()[before:]
    with alice.connect() as another:
        assert another.call("load_presence")["ok"]


def test_a_session_that_is_closed_by_its_client_ends(server: ServerProcess, joined: Wire) -> None:
    joined.send("1")
    assert joined.ends()


def test_who_is_signed_out_is_told_and_hears_nothing_more(server: ServerProcess, bob: Person) -> None:
    with Wire(server.url, Cookie=bob.cookie_header) as wire:
        wire.open()
        wire.join()
        bob.post("/logout", csrf_token=csrf_token(bob.get("/").text))
        assert wire.until('42["signed_out"') == '42["signed_out",{"reason":"signed_out"}]'
        assert wire.packet() == "41"
        wire.send('421["load_presence",{}]')
        assert wire.join().startswith("44")


# Both transports in one room


def test_who_polls_and_who_does_not_hear_the_same(polling: Polling, bob: Person, joined: Wire) -> None:
    with bob.connect() as talking:
        room = talking.open_direct("alice")["id"]
        said = [talking.send(room, f"Привет {number}, 你好 😀")["body"] for number in range(10)]

    def bodies(until: Any) -> list[str]:
        heard: list[str] = []
        while len(heard) < len(said):
            for packet in until():
                if packet.startswith('42["message_sent"'):
                    body = json.loads(packet[2:])[1]["message"]["body"]
                    if body in said:
                        heard.append(body)
        return heard

    assert bodies(lambda: [joined.until("42")]) == said
    assert bodies(polling.poll) == said


# What we rely on


READ = {
    engineio.Server._handle_connect: ("socket.Socket(self, sid)", "s.schedule_ping()", "s.handle_get_request("),
    Socket.handle_get_request: ("'_upgrade_' + transport", "self.upgrading or self.upgraded"),
    Socket.receive: ("self.schedule_ping()", "self.server._trigger_event('message'"),
    Socket.close: ("self.server._trigger_event(", "self.queue.put(None)"),
    Socket.poll: ("self.queue.get(", "if packets == [None]:", "self.queue.put(None)"),
    engineio.Server.handle_request: ("except exceptions.EngineIOError:", "self.sockets[sid].closed"),
    engine_packet.Packet.encode: ("if self.encode_cache:", "if self.binary:"),
    wsgi.server: ("sock.accept()", "greenio.shutdown_safe(cs[1])", "pool.waitall()"),
    wsgi.Input.get_socket: (),
    wsgi.Input._do_read: (),
    wsgi.HttpProtocol.handle_one_request: ("self.handle_one_response()",),
    wsgi.HttpProtocol.handle_one_response: ("WSGI_LOCAL.already_handled", "self.close_connection = 1"),
    socketio.Manager.emit: ("self.server._send_eio_packet(", "self.server._send_packet("),
    socketio.Server._handle_connect: ("self.manager.pre_connect(", "self.manager.connect("),
    socketio.Server._handle_disconnect: ("self.manager.pre_disconnect(", "self.manager.disconnect("),
}


@pytest.mark.parametrize("method", READ, ids=lambda method: method.__qualname__)
def test_the_libraries_are_those_that_were_read(method: Any) -> None:
    """What is overridden or relied on is private: an upgrade that changes it has to be read before it is trusted."""
    for line in READ[method]:
        assert line in inspect.getsource(method)


PRIVATE = {
    engineio.Server: ("_bad_request", "_ok", "_unauthorized", "_upgrades", "_trigger_event", "_handle_connect"),
    socketio.Server: ("_send_eio_packet", "_send_packet", "_handle_eio_message"),
    Socket: ("_upgrade_websocket",),
    GreenSocket: ("fd",),
}


@pytest.mark.parametrize("kind", PRIVATE, ids=lambda kind: kind.__module__)
def test_what_is_called_is_there(kind: Any) -> None:
    made = {Socket: lambda: Socket(engineio.Server(), "sid")}.get(kind, kind)()
    assert [name for name in PRIVATE[kind] if not hasattr(made, name)] == []


def test_what_is_set_is_there() -> None:
    socket, server = Socket(engineio.Server(), "sid"), socketio.Server()
    for name in ("closed", "closing", "connected", "upgraded", "upgrading", "last_ping", "queue"):
        assert name in vars(socket)
    assert {"sockets", "handlers", "start_service_task", "ping_interval", "ping_timeout"} <= set(vars(server.eio))
    assert {"rooms", "callbacks", "server"} <= set(vars(server.manager))


def test_the_server_is_ours() -> None:
    assert set(inspect.signature(engineio.Server._handle_connect).parameters) == set(
        inspect.signature(Engine._handle_connect).parameters
    )
    assert issubclass(Connection, Socket)
