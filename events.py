"""The Socket.IO door: one short handler per client event (docs/protocol.md, "client events")."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request
from flask_login import current_user
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import join_room

from chat import (
    avatars,
    broadcasts,
    clearings,
    company,
    edits,
    fields,
    groups,
    history,
    invitations,
    limits,
    members,
    messages,
    presence,
    reading,
    roles,
    rooms,
    whispers,
)
from chat.errors import AccountChanged, Internal, Invalid, translated
from extensions import socketio
from models import User
from routes.doors import actor
from routes.errors import note

log = logging.getLogger("parley")

Data = dict[str, Any]
Handler = Callable[[User, Data], Data]


@socketio.on("connect")
def on_connect(auth: Any = None) -> None:
    try:
        person = actor()
        expected = auth.get("user_id", person.id) if isinstance(auth, dict) else person.id
        if expected != person.id:
            raise AccountChanged()
    except Exception as error:  # noqa: BLE001 - the one translator of this door
        raise Refused(*_refusal(error)) from None
    join_room(broadcasts.user_channel(person.id))
    join_room(broadcasts.session_channel(current_user.session_id))
    if not person.is_guest:
        join_room(broadcasts.MEMBERS)
    presence.connected(person.id, request.sid, guest=person.is_guest)  # type: ignore[attr-defined]


def _refusal(error: Exception) -> tuple[str, Data]:
    """What a refused client gets: a sentence, and the error object as `data`."""
    described: Data = _translated(error)["error"]
    return described["message"], described


@socketio.on("disconnect")
def on_disconnect(_reason: Any = None) -> None:
    presence.disconnected(request.sid)  # type: ignore[attr-defined]


def event(handler: Handler) -> Handler:
    """Register `on_<name>` for the client event `<name>`: signed in, one object, not too often, always acknowledged."""

    @wraps(handler)
    def acknowledged(*arguments: Any) -> Data:
        try:
            person = actor()
            limits.check_of(person, "event")
            return {"ok": True, **handler(person, _object(arguments))}
        except Exception as error:  # noqa: BLE001 - the one translator of this door
            return _translated(error)

    socketio.on(handler.__name__.removeprefix("on_"))(acknowledged)
    return handler


def _object(arguments: tuple[Any, ...]) -> Data:
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise Invalid()
    return arguments[0]


def _translated(error: Exception) -> Data:
    refusal = translated(error)
    note(error, refusal)
    return refusal.payload()


@event
def on_open_direct(person: User, data: Data) -> Data:
    return {"room": rooms.open_direct(person, data.get("username"))}


@event
def on_send_message(person: User, data: Data) -> Data:
    reply_to = data.get("reply_to")
    if reply_to is not None:
        fields.identifier(reply_to, "reply_to")
    words, key, file_id = data.get("body"), data.get("client_id"), data.get("file_id")
    return {"message": messages.send(person, _room_id(data), words, key, reply_to, file_id)}


@event
def on_edit_message(person: User, data: Data) -> Data:
    return {"message": edits.edit(person, _room_id(data), _seq(data), data.get("body"))}


@event
def on_delete_message(person: User, data: Data) -> Data:
    return {"message": edits.delete(person, _room_id(data), _seq(data))}


@event
def on_set_reaction(person: User, data: Data) -> Data:
    on = fields.flag(data.get("on"), "on")
    return {"message": edits.react(person, _room_id(data), _seq(data), data.get("emoji"), on)}


@event
def on_whisper(person: User, data: Data) -> Data:
    words, key, file_id = data.get("body"), data.get("client_id"), data.get("file_id")
    return {"whisper": whispers.send(person, _room_id(data), _user_id(data), words, key, file_id)}


@event
def on_mark_read(person: User, data: Data) -> Data:
    return {"last_read_seq": reading.mark(person, _room_id(data), _seq(data))}


@event
def on_count_history(person: User, data: Data) -> Data:
    before = data.get("before")
    moment = None if before is None else fields.moment(before, "before")
    return clearings.count(person, _room_id(data), _everyone(data), moment)


@event
def on_clear_history(person: User, data: Data) -> Data:
    return clearings.clear(person, _room_id(data), _everyone(data), _seq(data))


@event
def on_undo_clear_history(person: User, data: Data) -> Data:
    return {"room": clearings.undo(person, fields.identifier(data.get("clearing"), "clearing"))}


@event
def on_mute_room(person: User, data: Data) -> Data:
    seconds = data.get("seconds")
    if seconds is not None:
        fields.whole(seconds, "seconds", 0, reading.MUTE_MAX)
    return {"muted_until": reading.mute(person, _room_id(data), seconds)}


@event
def on_set_typing(person: User, data: Data) -> Data:
    reading.set_typing(person, _room_id(data), fields.flag(data.get("typing"), "typing"))
    return {}


@event
def on_sync(person: User, data: Data) -> Data:
    return history.changes(person, data.get("rooms"))


@event
def on_load_presence(person: User, _data: Data) -> Data:
    return {"online": company.among(person, presence.online())}


@event
def on_set_avatar(person: User, data: Data) -> Data:
    if "file_id" not in data:
        raise Invalid(field="file_id")
    return {"user": avatars.choose(person, data["file_id"])}


@event
def on_create_room(person: User, data: Data) -> Data:
    return {"room": groups.create(person, data)}


@event
def on_change_room(person: User, data: Data) -> Data:
    return {"room": groups.change(person, _room_id(data), data)}


@event
def on_delete_room(person: User, data: Data) -> Data:
    return {"undo_until": groups.delete(person, _room_id(data))}


@event
def on_undo_delete_room(person: User, data: Data) -> Data:
    return {"room": groups.undo_delete(person, _room_id(data))}


@event
def on_join_room(person: User, data: Data) -> Data:
    if "room_id" in data:
        return {"room": members.join(person, _room_id(data))}
    return {"room": members.join_named(person, data.get("name"))}


@event
def on_leave_room(person: User, data: Data) -> Data:
    members.leave(person, _room_id(data))
    return {}


@event
def on_enter_room(person: User, data: Data) -> Data:
    room_id = None if data.get("room_id", 0) is None else _room_id(data)
    return {"here": members.enter(person, request.sid, room_id)}  # type: ignore[attr-defined]


@event
def on_set_notify(person: User, data: Data) -> Data:
    return {"notify": members.set_notify(person, _room_id(data), data.get("notify"))}


@event
def on_invite(person: User, data: Data) -> Data:
    return {"member": invitations.invite(person, _room_id(data), data.get("username"))}


@event
def on_remove_member(person: User, data: Data) -> Data:
    roles.remove(person, _room_id(data), _user_id(data))
    return {}


@event
def on_set_role(person: User, data: Data) -> Data:
    roles.appoint(person, _room_id(data), _user_id(data), data.get("role"))
    return {}


@event
def on_hand_over(person: User, data: Data) -> Data:
    roles.hand_over(person, _room_id(data), _user_id(data))
    return {}


@event
def on_create_invitation(person: User, data: Data) -> Data:
    return {"invitation": invitations.create(person, _room_id(data), data.get("expires_in"), data.get("uses"))}


@event
def on_revoke_invitation(person: User, data: Data) -> Data:
    invitation_id = fields.identifier(data.get("invitation_id"), "invitation_id")
    invitations.revoke(person, _room_id(data), invitation_id)
    return {}


@event
def on_accept_invitation(person: User, data: Data) -> Data:
    return {"room": invitations.accept(person, data.get("token"))}


@socketio.on("*")
def on_anything_else(*_arguments: Any) -> Data:
    return Invalid().payload()


@socketio.on_error_default
def on_accident(error: Exception) -> Data:
    """Its answer becomes the acknowledgement."""
    log.error("unexpected error in an event handler", exc_info=error)
    return Internal().payload()


def _room_id(data: Data) -> int:
    return fields.identifier(data.get("room_id"), "room_id")


def _seq(data: Data) -> int:
    return fields.identifier(data.get("seq"), "seq")


def _everyone(data: Data) -> bool:
    return fields.flag(data.get("everyone"), "everyone")


def _user_id(data: Data) -> int:
    return fields.identifier(data.get("user_id"), "user_id")
