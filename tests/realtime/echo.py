"""A server on our engine that answers as those of the protocols' own test suites do: `python -m`, with a port."""

if __name__ == "__main__":
    import warnings

    warnings.filterwarnings("ignore", message=r"(?s).*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()

import sys
from typing import Any

import socketio

from realtime import codec, connections, fanout, outgoing, server

NAMESPACES = "/", "/custom"
# Rooms of a crowd: so many, told as one set that does not change, are remembered with who is in them.
CROWD = frozenset(f"crowd-{number}" for number in range(2 * outgoing.CROWD))


def register(io: Any, namespace: str) -> None:
    def on_connect(sid: str, _environ: Any, auth: Any) -> None:
        if auth == {"token": "wrong"}:
            raise socketio.exceptions.ConnectionRefusedError("not with this", {"token": "wrong"})
        io.emit("auth", auth or {}, to=sid, namespace=namespace)

    def on_message(sid: str, *said: Any) -> None:
        io.emit("message-back", said, to=sid, namespace=namespace)

    def on_message_with_ack(_sid: str, *said: Any) -> Any:
        return said

    def on_ask(sid: str, question: Any) -> None:
        io.emit(
            "question",
            question,
            to=sid,
            namespace=namespace,
            callback=lambda *answer: io.emit("answered", answer, to=sid, namespace=namespace),
        )

    def on_enter(sid: str, room: str) -> bool:
        io.enter_room(sid, room, namespace=namespace)
        return True

    def on_leave(sid: str, room: str) -> bool:
        io.leave_room(sid, room, namespace=namespace)
        return True

    def on_tell(sid: str, room: str, said: Any) -> bool:
        io.emit("told", said, to=room, namespace=namespace, skip_sid=sid)
        return True

    def on_tell_crowd(_sid: str, said: Any) -> bool:
        io.emit("told", said, to=CROWD, namespace=namespace)
        return True

    io.on("connect", on_connect, namespace=namespace)
    io.on("message", on_message, namespace=namespace)
    io.on("message-with-ack", on_message_with_ack, namespace=namespace)
    io.on("ask", on_ask, namespace=namespace)
    io.on("enter", on_enter, namespace=namespace)
    io.on("leave", on_leave, namespace=namespace)
    io.on("tell", on_tell, namespace=namespace)
    io.on("tell-crowd", on_tell_crowd, namespace=namespace)


def main() -> None:
    io = socketio.Server(
        client_manager=fanout.Manager(),
        json=codec,
        serializer=codec.Packet,
        async_mode="eventlet",
        async_handlers=False,
        ping_interval=1,
        ping_timeout=5,
    )
    for namespace in NAMESPACES:
        register(io, namespace)
    connections.install(io, 1 << 20, {})
    listener = server.listen("127.0.0.1", int(sys.argv[1]))
    server.serve(listener, socketio.WSGIApp(io), io, lambda _connection, _after: None)


if __name__ == "__main__":
    main()
