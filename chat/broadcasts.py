"""The one module that emits: a function per server event, each choosing its own recipients.

Every connection hears the channel of the person it belongs to, which is the person's id, and `session:<id>`; a member's
hears `members` besides. A direct room has no channel of its own: it is told to its two people. What members hear of
everybody, guests hear of their company only (chat/company.py): which guests these are, the caller says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from chat import authors
from chat.payloads import Payload, instant
from extensions import socketio

MEMBERS = "members"


def session_channel(session_id: str) -> str:
    return f"session:{session_id}"


def message_sent(message: Payload, member_ids: Iterable[int]) -> None:
    _tell("message_sent", {"message": message}, member_ids)


def message_changed(message: Payload, member_ids: Iterable[int]) -> None:
    _tell("message_changed", {"message": message}, member_ids)


def whispered(whisper: Payload, user_ids: Iterable[int]) -> None:
    _tell("whispered", {"whisper": whisper}, user_ids)


def room_opened(room: Payload, user_id: int) -> None:
    _tell("room_opened", {"room": room}, [user_id])


def room_closed(room_id: int, reason: str, user_ids: Iterable[int]) -> None:
    _tell("room_closed", {"room_id": room_id, "reason": reason}, user_ids)


def room_changed(room: Payload, member_ids: Iterable[int]) -> None:
    _tell("room_changed", {"room": room}, member_ids)


def members_changed(
    room_id: int,
    member_count: int,
    members: list[Payload],
    gone: list[int],
    read_by: list[Payload],
    member_ids: Iterable[int],
) -> None:
    payload = {"room_id": room_id, "member_count": member_count, "members": members, "gone": gone, "read_by": read_by}
    _tell("members_changed", payload, member_ids)


def here_changed(room_id: int, came: list[Payload], gone: list[int], connections: list[str]) -> None:
    """Told to the connections that have the room open, not to all of their people's."""
    if connections:
        payload = {"room_id": room_id, "came": came, "gone": gone}
        _emit("here_changed", payload, connections)


def history_cleared(room_id: int, cleared_seq: int, user_ids: Iterable[int]) -> None:
    _tell("history_cleared", {"room_id": room_id, "cleared_seq": cleared_seq}, user_ids)


def messages_read(room_id: int, user_id: int, last_read_seq: int, member_ids: Iterable[int]) -> None:
    _tell("messages_read", {"room_id": room_id, "user_id": user_id, "last_read_seq": last_read_seq}, member_ids)


def typing_changed(room_id: int, user_id: int, typing: bool, member_ids: Iterable[int]) -> None:
    others = [member_id for member_id in member_ids if member_id != user_id]
    _tell("typing_changed", {"room_id": room_id, "user_id": user_id, "typing": typing}, others)


def presence_changed(
    came: list[int], gone: list[int], seen_at: datetime, guest_ids: Iterable[int] | None = None
) -> None:
    """To all members; or, of their company, to these guests."""
    channels: list[str | int] = [MEMBERS] if guest_ids is None else list(guest_ids)
    offline = [{"id": user_id, "last_seen_at": instant(seen_at)} for user_id in gone]
    _emit("presence_changed", {"online": came, "offline": offline}, channels)


def user_registered(user: Payload, guest_ids: Iterable[int]) -> None:
    _tell("user_registered", {"user": user}, guest_ids, MEMBERS)


def user_changed(user: Payload, guest_ids: Iterable[int]) -> None:
    authors.changed(user["id"])  # in messages too, from now on
    _tell("user_changed", {"user": user}, [user["id"], *guest_ids], MEMBERS)


def became_member(user_id: int) -> None:
    """From now on the connections of this person hear what members hear."""
    for connection in _connections_in(user_id):
        _server().enter_room(connection, MEMBERS)


def preferences_changed(user_id: int, preferences: Payload) -> None:
    _tell("preferences_changed", {"preferences": preferences}, [user_id])


def room_muted(room_id: int, user_id: int, until: datetime | None) -> None:
    _tell("room_muted", {"room_id": room_id, "muted_until": instant(until)}, [user_id])


def export_changed(export: Payload, user_id: int) -> None:
    _tell("export_changed", {"export": export}, [user_id])


def signed_out(session_ids: Iterable[str], reason: str) -> None:
    """Tell the connections of these sessions that they end, and close them."""
    for session_id in session_ids:
        channel = session_channel(session_id)
        _emit("signed_out", {"reason": reason}, [channel])
        for connection in _connections_in(channel):
            _server().disconnect(connection)


def restarting(connection: str, after: int) -> None:
    """Tell a connection, which ends, to come back after so many milliseconds."""
    _emit("restarting", {"after": after}, [connection])


def _tell(event: str, payload: dict[str, Any], user_ids: Iterable[int], *others: str) -> None:
    # A set that does not change is handed on as it is: who hears in it is remembered.
    is_known = isinstance(user_ids, frozenset) and not others
    channels: Any = user_ids if is_known else [*others, *user_ids]
    if channels:
        _emit(event, payload, channels)


def _emit(event: str, payload: dict[str, Any], channels: Collection[str | int]) -> None:
    """A list or set of channels is one recipient set: a person in two of them still hears the event once.

    Straight to the client manager: what lies between costs as much as telling two people.
    """
    _server().manager.emit(event, payload, "/", to=channels)


def _connections_in(channel: str | int) -> list[str]:
    return [connection for connection, _ in _server().manager.get_participants("/", channel)]


def _server() -> Any:
    return socketio.server  # type: ignore[attr-defined]  # not in the stubs
