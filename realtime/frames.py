"""WebSocket frames (RFC 6455, section 5) as bytes: read in a server's place, and made. Does no input or output."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
CONTROL_MAX = 125  # bytes (section 5.5)
BLOCK = 16 * 1024  # bytes unmasked at once, a multiple of four: numbers take several times their room

# Section 7.4.1.
NORMAL, GOING_AWAY, PROTOCOL_ERROR, INVALID_DATA, TOO_BIG = 1000, 1001, 1002, 1007, 1009
POLICY, RESTART = 1008, 1012  # the second was registered later
NO_STATUS = 1005  # never on the wire


class Failed(Exception):
    """The connection must be failed (section 7.1.7), with this close code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Ping:
    data: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    code: int
    reason: str


Event = str | bytes | Ping | Pong | Close


class Reader:
    """Turns bytes, however they are cut, into messages (`str`, `bytes`) and control frames, in their order.

    Holds no more than one message of `max_size` bytes and one frame's head.
    """

    __slots__ = ("_decoder", "_held", "_is_text", "_max_size", "_message", "_needed", "frames")

    def __init__(self, max_size: int) -> None:
        self.frames = 0  # so many have been read; whoever counts them may begin anew
        self._max_size = max_size
        self._held = bytearray()  # a frame that has not come whole
        self._needed = 2  # bytes without which nothing can be read on
        self._message: bytearray | None = None  # the fragments so far
        self._is_text = False
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """What is complete with these bytes. Raises Failed after what was complete before; feed nothing after it."""
        held: bytes | bytearray = data
        if self._held:
            self._held += data
            held = self._held
        place, size = 0, len(held)
        try:
            while size - place >= self._needed:
                length = self._frame_length(held, place, size)
                if length is None:
                    continue
                event = self._frame(held, place, length)
                place += length
                self._needed = 2
                self.frames += 1
                if event is not None:
                    yield event
        finally:
            if held is self._held:
                del self._held[:place]
            elif place < size:
                self._held += held[place:] if place else held

    def _frame_length(self, held: bytes | bytearray, place: int, size: int) -> int | None:
        """Of the whole frame, in bytes; None, and `_needed` set, while it has not come. Checks the head (5.2)."""
        first, second = held[place], held[place + 1]
        opcode, length, head = first & 0x0F, second & 0x7F, 6
        if first & 0x70:
            raise Failed(PROTOCOL_ERROR, "reserved bits are set")
        if opcode not in OPCODES:
            raise Failed(PROTOCOL_ERROR, "unknown opcode")
        if not second & 0x80:
            raise Failed(PROTOCOL_ERROR, "frames of a client must be masked")
        if opcode & 0x8:
            if not first & 0x80:
                raise Failed(PROTOCOL_ERROR, "control frames must not be fragmented")
            if length > CONTROL_MAX:
                raise Failed(PROTOCOL_ERROR, "control frame is too long")
        elif (opcode == CONTINUATION) != (self._message is not None):
            raise Failed(PROTOCOL_ERROR, "fragments are out of order")
        if length >= 126:
            head = 8 if length == 126 else 14
            if size - place < head:
                self._needed = head
                return None
            length = self._extended(held, place + 2, length)
        if length + len(self._message or b"") > self._max_size and not opcode & 0x8:
            raise Failed(TOO_BIG, "message is too big")
        if size - place < head + length:
            self._needed = head + length
            return None
        return head + length

    @staticmethod
    def _extended(held: bytes | bytearray, place: int, kind: int) -> int:
        if kind == 126:
            [length] = struct.unpack_from("!H", held, place)
            least = 126
        else:
            [length] = struct.unpack_from("!Q", held, place)
            least = 1 << 16
        if length < least or length >> 63:
            raise Failed(PROTOCOL_ERROR, "length is not written in the fewest bytes")
        return int(length)

    def _frame(self, held: bytes | bytearray, place: int, length: int) -> Event | None:
        """A whole frame; None when it is part of a message that is not complete."""
        first, size = held[place], held[place + 1] & 0x7F
        head = 6 if size < 126 else 8 if size == 126 else 14
        end = place + length
        data = unmasked(held[place + head : end], held[place + head - 4 : place + head])
        opcode, final = first & 0x0F, bool(first & 0x80)
        if opcode & 0x8:
            return _control(opcode, data)
        if opcode != CONTINUATION and final:
            return _text(data) if opcode == TEXT else data
        return self._fragment(opcode, data, final)

    def _fragment(self, opcode: int, data: bytes, final: bool) -> Event | None:
        """Text is checked as it comes (section 8.1): what is wrong already is not waited out."""
        if self._message is None:
            self._message, self._is_text = bytearray(), opcode == TEXT
            self._decoder = codecs.getincrementaldecoder("utf-8")() if self._is_text else None
        if self._decoder is not None:
            try:
                self._decoder.decode(data, final)
            except UnicodeDecodeError:
                raise Failed(INVALID_DATA, "text is not UTF-8") from None
        self._message += data
        if not final:
            return None
        whole, self._message, self._decoder = bytes(self._message), None, None
        return whole.decode() if self._is_text else whole


def unmasked(data: bytes | bytearray, key: bytes | bytearray) -> bytes:
    """Section 5.3, as an exclusive or of large numbers."""
    if len(data) <= BLOCK:
        return _xored(data, key)
    return b"".join(_xored(data[place : place + BLOCK], key) for place in range(0, len(data), BLOCK))


def _xored(data: bytes | bytearray, key: bytes | bytearray) -> bytes:
    size = len(data)
    keys = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(keys, "little")).to_bytes(size, "little")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Failed(INVALID_DATA, "text is not UTF-8") from None


def _control(opcode: int, data: bytes) -> Event:
    if opcode == PING:
        return Ping(data)
    if opcode == PONG:
        return Pong(data)
    if not data:
        return Close(NO_STATUS, "")
    if len(data) == 1:
        raise Failed(PROTOCOL_ERROR, "close code is cut off")
    [code] = struct.unpack_from("!H", data)
    if not may_be_sent(code):
        raise Failed(PROTOCOL_ERROR, "close code is not one")
    return Close(code, _text(data[2:]))


def may_be_sent(code: int) -> bool:
    """Section 7.4: those that are assigned, and those of libraries and applications."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def frame(opcode: int, data: bytes) -> bytes:
    """A whole message or control frame of a server, which masks nothing."""
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
    return head + data


def close_frame(code: int, reason: str = "") -> bytes:
    said = reason.encode()[: CONTROL_MAX - 2].decode(errors="ignore").encode()
    return frame(CLOSE, struct.pack("!H", code) + said)
