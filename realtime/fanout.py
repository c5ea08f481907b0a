"""Who is in which channel of a Socket.IO server, and one event told to many: it is made once, as a frame.

A client manager as python-socketio has them (`client_manager=`). What it changes: a connection's rooms are known
without looking through all rooms, so that thousands may leave at once; who has a WebSocket of ours is written to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson
import socketio
from engineio import packet as engine_packet
from socketio import packet

from realtime.connections import Connection, framed
from realtime.frames import TEXT, frame
from realtime.outgoing import CROWD, Outgoing, write_to_all

CROWDS_MAX = 64  # crowds that are remembered

EVENT = b"42"  # Engine.IO's message with Socket.IO's event


class Member:
    """A connection to a namespace."""

    __slots__ = ("connection", "eio_sid", "is_pending", "rooms", "sid")

    def __init__(self, sid: str, eio_sid: str, connection: Connection | None) -> None:
        self.sid = sid
        self.eio_sid = eio_sid
        self.connection = connection  # None for Flask-SocketIO's test client
        self.rooms: set[Any] = set()
        self.is_pending = True  # comes or goes


class Hearers(NamedTuple):
    """Who is told: those who have a WebSocket of ours, and all others."""

    websockets: list[Outgoing]
    others: list[Member]

    @classmethod
    def of(cls, members: Iterable[Member]) -> Hearers:
        hearers = cls([], [])
        for member in members:
            if (connection := member.connection) is not None and (websocket := connection.websocket) is not None:
                hearers.websockets.append(websocket)
            else:
                hearers.others.append(member)
        return hearers


class Manager(socketio.Manager):  # type: ignore[misc]  # the library has no types
    """`rooms[namespace][room][sid]` is a Member; the room None has all of a namespace, and `sid` one's own."""

    rooms: dict[str, dict[Any, dict[str, Member]]]

    def __init__(self) -> None:
        super().__init__()
        self._by_session: dict[tuple[str, str], Member] = {}  # (eio_sid, namespace)
        # Of a large set of rooms, as of now: to gather them costs as much as a tenth of what it takes to tell them.
        self._crowds: dict[tuple[str, frozenset[Any]], Hearers] = {}

    # Coming and going

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """None where the session is in the namespace already."""
        if (eio_sid, namespace) in self._by_session:
            return None
        member = Member(self.server.eio.generate_id(), eio_sid, self.server.eio.sockets.get(eio_sid))
        self._by_session[eio_sid, namespace] = member
        self._enter(member, namespace, None)
        self._enter(member, namespace, member.sid)
        return member.sid

    def connect(self, sid: str, namespace: str) -> str | None:
        if self._member(sid, namespace) is None:
            found = self.pre_connect(sid, namespace)  # it is the session's: nobody asked before
            if found is None:
                return None
            sid = found
        member = self._member(sid, namespace)
        if member is not None:
            member.is_pending = False
        return sid

    def is_pre_connected(self, sid: str, namespace: str) -> bool:
        member = self._member(sid, namespace)
        return member is not None and member.is_pending

    def is_connected(self, sid: str, namespace: str) -> bool:
        member = self._member(sid, namespace)
        return member is not None and not member.is_pending

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        member = self._by_session.get((eio_sid, namespace))
        return member.sid if member else None

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        member = self._member(sid, namespace)
        return member.eio_sid if member else None

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        member = self._member(sid, namespace)
        if member is None:
            return None
        member.is_pending = True
        return member.eio_sid

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        member = self._member(sid, namespace)
        if member is not None:
            for room in tuple(member.rooms):
                self._leave(member, namespace, room)
            self._by_session.pop((member.eio_sid, namespace), None)
            self.callbacks.pop(sid, None)

    # Rooms

    def basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        """Raises ValueError for who is not there, and for a room that is somebody's own."""
        member = self._member(sid, namespace)
        if member is None:
            raise ValueError("sid is not connected to requested namespace")
        if sid != room and self.is_sid_room(namespace, room):
            raise ValueError("cannot enter a sid room")
        self._enter(member, namespace, room)

    def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        member = self._member(sid, namespace)
        if member is not None and room in member.rooms:
            self._leave(member, namespace, room)

    def get_rooms(self, sid: str, namespace: str) -> list[Any]:
        member = self._member(sid, namespace)
        return [room for room in member.rooms if room is not None] if member else []

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        for member in self._in(namespace, room):
            yield member.sid, member.eio_sid

    def _member(self, sid: str, namespace: str) -> Member | None:
        try:
            return self.rooms[namespace][None][sid]
        except KeyError:
            return None

    def forget_crowds(self) -> None:
        """Somebody came, left, or has a WebSocket now."""
        self._crowds.clear()

    def _enter(self, member: Member, namespace: str, room: Any) -> None:
        self.forget_crowds()
        self.rooms.setdefault(namespace, {}).setdefault(room, {})[member.sid] = member
        member.rooms.add(room)

    def _leave(self, member: Member, namespace: str, room: Any) -> None:
        self.forget_crowds()
        member.rooms.discard(room)
        rooms = self.rooms[namespace]
        del rooms[room][member.sid]
        if not rooms[room]:
            del rooms[room]
            if not rooms:
                del self.rooms[namespace]

    def _in(self, namespace: str, room: Any) -> Iterable[Member]:
        """Those in a room, or each once of those in one of several, as of now."""
        rooms = self.rooms.get(namespace, {})
        if isinstance(room, list | tuple | set | frozenset):
            return dict.fromkeys([member for one in room if one in rooms for member in rooms[one].values()])
        return list(rooms.get(room, {}).values())

    # Telling

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """As python-socketio's. With a `callback` each recipient's packet has a number of its own."""
        if callback:
            super().emit(event, data, namespace, room, skip_sid, callback, to, **options)
            return
        hearers = self._hearers(namespace, to or room, skip_sid)
        if any(hearers):
            Telling(self.server, event, _arguments(data), namespace).to(hearers)

    def _hearers(self, namespace: str, room: Any, skip_sid: Any) -> Hearers:
        if skip_sid:
            skipped = set(skip_sid) if isinstance(skip_sid, list) else {skip_sid}
            return Hearers.of(member for member in self._in(namespace, room) if member.sid not in skipped)
        if not isinstance(room, frozenset) or len(room) <= CROWD:
            return Hearers.of(self._in(namespace, room))
        if (namespace, room) not in self._crowds:
            if len(self._crowds) >= CROWDS_MAX:
                self.forget_crowds()
            self._crowds[namespace, room] = Hearers.of(self._in(namespace, room))
        return self._crowds[namespace, room]


class Telling:
    """One event, made once for all who have a WebSocket; as packets for others, should there be any."""

    def __init__(self, server: Any, event: str, arguments: list[Any], namespace: str) -> None:
        self._server = server
        self._said = [event, *arguments]
        self._namespace = namespace

    def to(self, hearers: Hearers) -> None:
        packets = self._make_packets() if hearers.others else []
        for member in hearers.others:
            for packed in packets:
                self._server._send_eio_packet(member.eio_sid, packed)
        if hearers.websockets:
            for one in self._make_frames():
                write_to_all(hearers.websockets, one)

    def _make_frames(self) -> list[bytes]:
        """Of text alone without a way through strings; of what has bytes in it, as python-socketio makes packets."""
        try:
            said = orjson.dumps(self._said)
        except TypeError:
            return [framed(one) for one in self._make_packets()]
        else:
            place = b"" if self._namespace == "/" else f"{self._namespace},".encode()
            return [frame(TEXT, EVENT + place + said)]

    def _make_packets(self) -> list[engine_packet.Packet]:
        encoded = self._server.packet_class(packet.EVENT, namespace=self._namespace, data=self._said).encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        return [engine_packet.Packet(engine_packet.MESSAGE, part) for part in parts]


def _arguments(data: Any) -> list[Any]:
    """A tuple is several arguments, None is none."""
    if isinstance(data, tuple):
        return list(data)
    return [] if data is None else [data]
