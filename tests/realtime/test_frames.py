"""RFC 6455, section 5 to 8: what a server reads out of bytes, however they are cut, and what fails the connection."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from realtime.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    INVALID_DATA,
    NO_STATUS,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    Close,
    Event,
    Failed,
    Ping,
    Pong,
    Reader,
    close_frame,
    frame,
    unmasked,
)
from tests.realtime.masking import KEY, briefly, client_frame, fragments

MAX = 100_000
EURO = "€".encode()


def read(*pieces: bytes, max_size: int = MAX) -> list[Event]:
    reader = Reader(max_size)
    return [event for piece in pieces for event in reader.feed(piece)]


def outcome(max_size: int, *pieces: bytes) -> tuple[list[Event], int | None]:
    """What was heard, and the close code of what failed then."""
    heard: list[Event] = []
    reader = Reader(max_size)
    try:
        for piece in pieces:
            for event in reader.feed(piece):
                heard.append(event)  # noqa: PERF402 - those before an exception
    except Failed as failed:
        return heard, failed.code
    return heard, None


def singly(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


@pytest.mark.parametrize(
    ("wire", "events"),
    [
        (client_frame(TEXT, b"Hello"), ["Hello"]),
        (client_frame(TEXT), [""]),
        (client_frame(BINARY, b"\x00\xff"), [b"\x00\xff"]),
        (client_frame(BINARY), [b""]),
        (client_frame(TEXT, "привет 中文 😀".encode()), ["привет 中文 😀"]),
        (client_frame(TEXT, b"x" * 125), ["x" * 125]),
        (client_frame(TEXT, b"x" * 126), ["x" * 126]),
        (client_frame(TEXT, b"x" * 65_535), ["x" * 65_535]),
        (client_frame(TEXT, b"x" * 65_536), ["x" * 65_536]),
        (client_frame(TEXT, b"Hello", key=b"\0\0\0\0"), ["Hello"]),
        (fragments(b"Hel", b"lo"), ["Hello"]),
        (fragments(b"", b"", b"Hello", b""), ["Hello"]),
        (fragments(b"Hel", b"lo", opcode=BINARY), [b"Hello"]),
        (fragments(EURO[:1], EURO[1:2], EURO[2:]), ["€"]),
        (client_frame(PING, b"Hello"), [Ping(b"Hello")]),
        (client_frame(PING, b"x" * 125), [Ping(b"x" * 125)]),
        (client_frame(PONG), [Pong(b"")]),
        (client_frame(CLOSE), [Close(NO_STATUS, "")]),
        (client_frame(CLOSE, b"\x03\xe8"), [Close(1000, "")]),
        (client_frame(CLOSE, b"\x0f\xa0" + "пока".encode()), [Close(4000, "пока")]),
    ],
    ids=briefly,
)
def test_a_message_is_read_whole_and_byte_by_byte(wire: bytes, events: list[Event]) -> None:
    assert read(wire) == read(*singly(wire)) == read(wire[:1], wire[1:]) == read(wire[:-1], wire[-1:]) == events


def test_many_frames_of_one_segment_are_read_in_order() -> None:
    wire = b"".join(client_frame(TEXT, b"%d" % number) for number in range(1000))
    assert read(wire) == [str(number) for number in range(1000)]
    assert read(wire[:777], wire[777:]) == [str(number) for number in range(1000)]


def test_control_frames_come_between_fragments() -> None:
    first, second = (client_frame(TEXT, b"Hel", final=False), client_frame(CONTINUATION, b"lo"))
    assert read(first + client_frame(PING, b"?") + client_frame(PONG) + second) == [Ping(b"?"), Pong(b""), "Hello"]


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (client_frame(TEXT, b"Hello", key=None), PROTOCOL_ERROR),
        (client_frame(PING, key=None), PROTOCOL_ERROR),
        *((client_frame(TEXT, b"x", reserved=bits), PROTOCOL_ERROR) for bits in range(1, 8)),
        *((client_frame(opcode, b"x"), PROTOCOL_ERROR) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
        *((client_frame(opcode, final=False), PROTOCOL_ERROR) for opcode in (CLOSE, PING, PONG)),
        *((client_frame(opcode, b"x" * 126), PROTOCOL_ERROR) for opcode in (CLOSE, PING, PONG)),
        (client_frame(CONTINUATION, b"x"), PROTOCOL_ERROR),
        (client_frame(TEXT, b"x", final=False) + client_frame(TEXT, b"y"), PROTOCOL_ERROR),
        (client_frame(TEXT, b"x", final=False) + client_frame(BINARY, b"y"), PROTOCOL_ERROR),
        (fragments(b"a", b"b") + client_frame(CONTINUATION, b"c"), PROTOCOL_ERROR),
        (client_frame(TEXT, b"Hello", length=struct.pack("!BH", 126, 5)), PROTOCOL_ERROR),
        (client_frame(TEXT, b"Hello", length=struct.pack("!BQ", 127, 5)), PROTOCOL_ERROR),
        (client_frame(TEXT, b"Hello", length=struct.pack("!BQ", 127, 1 << 63)), PROTOCOL_ERROR),
        (client_frame(CLOSE, b"\x03"), PROTOCOL_ERROR),
        *(
            (client_frame(CLOSE, struct.pack("!H", code)), PROTOCOL_ERROR)
            for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535)
        ),
        (client_frame(CLOSE, b"\x03\xe8\xff"), INVALID_DATA),
        (client_frame(TEXT, b"\xff"), INVALID_DATA),
        (client_frame(TEXT, EURO[:2]), INVALID_DATA),
        (client_frame(TEXT, b"\xed\xa0\x80"), INVALID_DATA),  # half of a surrogate pair
        (client_frame(TEXT, b"\xc0\xaf"), INVALID_DATA),  # an overlong form
        (client_frame(TEXT, b"\xf4\x90\x80\x80"), INVALID_DATA),  # beyond U+10FFFF
        (fragments(EURO[:1], b"x"), INVALID_DATA),
        (client_frame(TEXT, b"good \xff", final=False), INVALID_DATA),  # at once, not only at the end
        (client_frame(BINARY, b"x" * (MAX + 1)), TOO_BIG),
        (client_frame(TEXT, b"", length=struct.pack("!BQ", 127, 1 << 40)), TOO_BIG),
        (fragments(b"x" * MAX, b"y"), TOO_BIG),
    ],
    ids=briefly,
)
def test_what_the_rfc_forbids_fails_the_connection(wire: bytes, code: int) -> None:
    for pieces in ([wire], singly(wire)):
        with pytest.raises(Failed) as failed:
            read(*pieces)
        assert failed.value.code == code


def test_what_came_before_the_fault_is_heard() -> None:
    wire = client_frame(TEXT, b"one") + client_frame(TEXT, b"two", key=None)
    assert outcome(MAX, wire) == (["one"], PROTOCOL_ERROR)


def test_the_example_of_the_rfc() -> None:
    assert read(bytes.fromhex("818537fa213d7f9f4d5158")) == ["Hello"]
    assert frame(TEXT, b"Hello") == bytes.fromhex("810548656c6c6f")
    assert frame(BINARY, b"x" * 256)[:4] == bytes.fromhex("827e0100")
    assert frame(BINARY, b"x" * 65_536)[:10] == bytes.fromhex("827f0000000000010000")
    assert frame(PONG, b"Hello") == bytes.fromhex("8a0548656c6c6f")


def test_a_close_frame_is_cut_to_fit() -> None:
    made = close_frame(1009, "д" * 200)
    assert made[:2] == b"\x88\x7c"
    assert len(made) == 126
    assert made[4:].decode() == "д" * 61


def messages() -> some.SearchStrategy[list[str | bytes]]:
    return some.lists(some.text(max_size=200) | some.binary(max_size=200), max_size=8)


@given(messages(), some.data())
def test_any_messages_in_any_pieces_are_what_was_sent(said: list[str | bytes], data: some.DataObject) -> None:
    wire = b""
    for message in said:
        raw, opcode = (message.encode(), TEXT) if isinstance(message, str) else (message, BINARY)
        cuts = sorted(data.draw(some.lists(some.integers(0, len(raw)), max_size=3)))
        parts = [raw[low:high] for low, high in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
        wire += fragments(*parts, opcode=opcode)
    places = sorted(data.draw(some.lists(some.integers(0, len(wire)), max_size=6)))
    assert read(*(wire[low:high] for low, high in zip([0, *places], [*places, len(wire)], strict=True))) == said


@settings(max_examples=1000)
@given(some.lists(some.binary(max_size=300), max_size=6))
def test_any_bytes_are_read_or_refused(pieces: list[bytes]) -> None:
    heard, code = outcome(1000, *pieces)
    assert all(isinstance(event, str | bytes | Ping | Pong | Close) for event in heard)
    assert code in (None, PROTOCOL_ERROR, INVALID_DATA, TOO_BIG)


@given(
    some.lists(
        some.tuples(
            some.sampled_from([CONTINUATION, TEXT, BINARY, PING, PONG]), some.binary(max_size=150), some.booleans()
        ),
        max_size=10,
    )
)
def test_any_frames_are_read_or_refused(parts: list[tuple[int, bytes, bool]]) -> None:
    wire = b"".join(client_frame(opcode, data, final=final) for opcode, data, final in parts)
    assert outcome(400, wire) == outcome(400, *singly(wire))


@given(some.binary(max_size=300), some.binary(min_size=4, max_size=4))
def test_unmasking_is_an_exclusive_or(data: bytes, key: bytes) -> None:
    assert unmasked(data, key) == bytes(byte ^ key[place % 4] for place, byte in enumerate(data))


def test_memory_is_bounded_whatever_is_announced() -> None:
    """Frames without end that never complete a message, in the smallest pieces."""
    reader = Reader(MAX)
    start = client_frame(TEXT, b"", final=False)
    following = client_frame(CONTINUATION, b"", final=False) * 1000
    pieces = singly(client_frame(CONTINUATION, b"x" * (MAX - 10), final=False))
    list(reader.feed(start))
    tracemalloc.start()
    try:
        for _ in range(50):
            assert list(reader.feed(following)) == []
        for piece in pieces:
            list(reader.feed(piece))
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5 * MAX
    with pytest.raises(Failed):
        list(reader.feed(client_frame(CONTINUATION, b"x" * 11, key=KEY)))
