"""RFC 6455 as a server keeps it: the handshake, frames however they arrive, and the ends of a connection."""

from __future__ import annotations

import base64
import contextlib
import struct

import pytest

from realtime.frames import BINARY, CLOSE, CONTINUATION, PING, TEXT
from tests.realtime.masking import briefly, client_frame, fragments
from tests.realtime.wire import Wire
from tests.servers import ServerProcess

EVENT = b'421["load_presence",{}]'  # acknowledged with "431"
LIMIT = 256 * 1024  # bytes of a message


def test_the_handshake_is_that_of_the_rfc(server: ServerProcess) -> None:
    with Wire(server.url, **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}) as wire:
        assert wire.status == 101
        assert wire.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert wire.headers["upgrade"].lower() == "websocket"
        assert wire.headers["connection"].lower() == "upgrade"


def test_no_compression_is_agreed_to(server: ServerProcess) -> None:
    with Wire(server.url) as wire:
        assert "sec-websocket-extensions" not in wire.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-WebSocket-Key": None},
        {"Sec-WebSocket-Key": "c2hvcnQ="},
        {"Sec-WebSocket-Key": base64.b64encode(b"x" * 17).decode()},
        {"Sec-WebSocket-Key": "not base64 at all"},
        {"Sec-WebSocket-Version": None},
        {"Sec-WebSocket-Version": "8"},
        {"Sec-WebSocket-Version": "76"},
        {"Upgrade": "h2c"},
        {"Upgrade": None},
        {"Connection": "keep-alive"},
    ],
)
def test_what_is_no_handshake_is_refused(server: ServerProcess, headers: dict[str, str | None]) -> None:
    with Wire(server.url, **headers) as wire:
        assert wire.status == 400


@pytest.mark.parametrize(
    "data",
    [
        client_frame(TEXT, EVENT),
        fragments(EVENT[:5], EVENT[5:]),
        fragments(b"", EVENT[:1], EVENT[1:9], b"", EVENT[9:], b""),
        client_frame(TEXT, EVENT[:5], final=False) + client_frame(PING) + client_frame(CONTINUATION, EVENT[5:]),
        client_frame(TEXT, EVENT, key=b"\0\0\0\0"),
    ],
    ids=briefly,
)
@pytest.mark.parametrize("piece", [1, 3, 10_000])
def test_a_message_is_heard_however_it_comes(joined: Wire, data: bytes, piece: int) -> None:
    for place in range(0, len(data), piece):
        joined.raw(data[place : place + piece])
    while True:
        opcode, answer = joined.frame()
        if opcode == TEXT and answer.startswith(b"431"):
            break


def test_many_frames_in_one_segment_are_answered_in_their_order(joined: Wire) -> None:
    joined.raw(b"".join(client_frame(TEXT, b'42%d["load_presence",{}]' % number) for number in range(500)))
    for number in range(500):
        assert joined.until("43").startswith(f"43{number}[")


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, LIMIT - 100])
def test_lengths_of_7_16_and_64_bits(joined: Wire, size: int) -> None:
    joined.send(f'421["load_presence",{{"x":"{"y" * size}"}}]')
    assert joined.until("431").startswith('431[{"ok":true')


def test_a_ping_is_answered_with_its_data(wire: Wire) -> None:
    for data in (b"", b"here?", b"x" * 125):
        wire.ping(data)
        assert wire.pong() == data


def test_a_pong_that_nobody_asked_for_is_nothing(joined: Wire) -> None:
    joined.raw(client_frame(0xA, b"unasked"))
    joined.send(EVENT.decode())
    joined.until("431")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (client_frame(TEXT, b"2", key=None), 1002),
        (client_frame(TEXT, b"2", reserved=4), 1002),
        (client_frame(3, b"2"), 1002),
        (client_frame(PING, final=False), 1002),
        (client_frame(PING, b"x" * 126), 1002),
        (client_frame(CONTINUATION, b"2"), 1002),
        (client_frame(TEXT, b"2", final=False) + client_frame(TEXT, b"2"), 1002),
        (client_frame(TEXT, b"2", length=struct.pack("!BQ", 127, 1 << 63)), 1002),
        (client_frame(CLOSE, b"\x03"), 1002),
        (client_frame(CLOSE, struct.pack("!H", 1005)), 1002),
        (client_frame(TEXT, b"4\xff"), 1007),
        (fragments(b"4\xe2", b"x"), 1007),
        (client_frame(TEXT, b"4" + b"x" * (LIMIT + 2000)), 1009),
        (client_frame(BINARY, b"", length=struct.pack("!BQ", 127, 1 << 50)), 1009),
    ],
    ids=briefly,
)
def test_what_the_rfc_forbids_ends_the_connection_with_its_code(wire: Wire, data: bytes, code: int) -> None:
    with contextlib.suppress(ConnectionError):  # it may end before the last byte is sent
        wire.raw(data)
    assert wire.close_code() == code
    assert wire.ends()


@pytest.mark.parametrize(("sent", "code"), [(b"", 1000), (b"\x03\xe8", 1000), (b"\x0f\xa0bye", 4000)])
def test_a_close_is_answered(wire: Wire, sent: bytes, code: int) -> None:
    wire.raw(client_frame(CLOSE, sent))
    assert wire.close_code() == code
    assert wire.ends()


def test_what_follows_a_close_means_nothing(joined: Wire) -> None:
    joined.raw(client_frame(CLOSE) + client_frame(TEXT, EVENT))
    assert joined.frame()[0] == CLOSE
    assert joined.ends()


def test_what_went_wrong_is_one_line_in_the_log(server: ServerProcess, wire: Wire) -> None:
    before = len(server.log_text().splitlines())
    wire.raw(client_frame(TEXT, b"2", key=None))
    assert wire.ends()
    [line] = server.log_text().splitlines()[before:]
    assert "masked" in line
