"""The Socket.IO door: one short handler per client event (docs/protocol.md, "client events")."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flask import Flask, g, request, session
from flask_babel import get_locale
from flask_login import current_user
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import join_room

from chat import (
    accounts,
    arrivals,
    avatars,
    broadcasts,
    clearings,
    company,
    directs,
    edits,
    fields,
    groups,
    invitations,
    journal,
    limits,
    marks,
    members,
    messages,
    presence,
    reading,
    roles,
    syncs,
    whispers,
)
from chat.batches import Batches, Wish
from chat.errors import AccountChanged, Internal, Invalid, TooOften, Unauthenticated, translated
from extensions import socketio
from models import User
from routes.doors import actor, load_identity, refusal
from routes.errors import note

log = logging.getLogger("parley")

Data = dict[str, Any]
Handler = Callable[[User, Data], Data]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is behind a connection, and in which session: whether that still is so is asked with each event."""

    id: int
    session_id: str
    locale: str
    until: float  # in time.monotonic(): then the session has to be marked as used


_actors: dict[str, Actor] = {}
_arrivals: arrivals.Arrivals | None = None  # where there is a loop, on which those who connect can wait for each other
HANDLERS: dict[str, Handler] = {}


@socketio.on("connect")
def on_connect(auth: Any = None) -> None:
    try:
        if _arrivals is not None and "_user_id" in session:
            g.identified = _arrivals.of(session["_user_id"])
        person = actor()
        expected = auth.get("user_id", person.id) if isinstance(auth, dict) else person.id
        if expected != person.id:
            raise AccountChanged()
        limits.check("guest_event" if person.is_guest else "event", f"connect {person.id}")
    except Exception as error:  # noqa: BLE001 - the one translator of this door
        raise Refused(*_refusal(error)) from None
    connection: str = request.sid  # type: ignore[attr-defined]
    _actors[connection] = Actor(person.id, current_user.session_id, person.locale or str(get_locale()), _soon())
    join_room(person.id)
    join_room(broadcasts.session_channel(current_user.session_id))
    if not person.is_guest:
        join_room(broadcasts.MEMBERS)
    presence.connected(person.id, connection, guest=person.is_guest)


def _refusal(error: Exception) -> tuple[str, Data]:
    """What a refused client gets: a sentence, and the error object as `data`."""
    described: Data = _translated(error)["error"]
    return described["message"], described


def _soon() -> float:
    return time.monotonic() + accounts.SESSION_TOUCH.total_seconds()


def on_disconnect(connection: str, _reason: Any = None) -> None:
    _actors.pop(connection, None)
    presence.disconnected(connection)


def event(handler: Handler) -> Handler:
    """Register `on_<name>` for the client event `<name>`: signed in, one object, not too often, always acknowledged."""
    HANDLERS[handler.__name__.removeprefix("on_")] = handler
    return handler


def install(app: Flask) -> None:
    """Register the events with the application's Socket.IO server itself: they have no need of a request around them,
    which costs more than most of them."""
    server = socketio.server  # type: ignore[attr-defined]  # not in the stubs
    server.on("disconnect", on_disconnect)
    for name, handler in HANDLERS.items():
        server.on(name, partial(_acknowledged, app, handler))


def _acknowledged(app: Flask, handler: Handler, connection: str, *arguments: Any) -> Data:
    with app.app_context():
        try:
            person = _present(connection)
            limits.check_of(person, "event")
            return {"ok": True, **handler(person, _object(arguments))}
        except Exception as error:  # noqa: BLE001 - the one translator of this door
            return _translated(error)


def _present(connection: str) -> User:
    """Who is behind a connection now. Raises Unauthenticated."""
    remembered = _actors.get(connection)
    if remembered is None:
        raise Unauthenticated()
    g.connection, g.locale = connection, remembered.locale
    person = _asked(remembered.session_id)
    g.locale = person.locale or remembered.locale
    if connection in _actors:  # it may have ended meanwhile
        _actors[connection] = replace(remembered, locale=g.locale, until=_soon())
    return person


def _asked(session_id: str) -> User:
    identity = load_identity(session_id)
    if identity is None:
        raise refusal() or Unauthenticated()
    return identity.user


@dataclass(frozen=True)
class Short:
    """The short way of an event that many ask for at once: what it wishes is done together with what others wish.

    What is not plain, or not right, is left to the event's handler. As realtime/connections.py wants it (`Quick`).
    """

    app: Flask
    rates: tuple[str, ...]
    plain: Callable[[object], Any]  # what is wished, or None
    batches: Batches[Any]
    wish: Callable[..., Wish]  # of user, session, `done`, and what is wished
    answer: Callable[[Any], Data]  # of what comes of it
    long: Callable[..., Any]  # of the person and what is wished: by itself, counted already

    def __call__(self, connection: str, arguments: list[Any], acknowledge: Callable[[Data], None]) -> bool:
        person = _actors.get(connection)
        wished = self.plain(arguments[0]) if len(arguments) == 1 else None
        if person is None or wished is None or time.monotonic() > person.until:
            return False
        is_guest = presence.is_guest(person.id)
        try:
            for rate in self.rates:
                limits.check_by(person.id, is_guest, rate)
        except TooOften as error:
            with self.app.app_context():
                g.locale = person.locale
                acknowledge(_translated(error))
            return True

        def done(outcome: Any) -> None:
            if outcome is None:
                socketio.start_background_task(self._take_the_long_way, person, wished, acknowledge)
            else:
                acknowledge({"ok": True, **self.answer(outcome)})

        self.batches.put(self.wish(person.id, person.session_id, done, wished))
        return True

    def _take_the_long_way(self, person: Actor, wished: Any, acknowledge: Callable[[Data], None]) -> None:
        answer = Internal().payload()
        try:
            with self.app.app_context():
                g.locale = person.locale
                try:
                    answer = {"ok": True, **self.answer(self.long(_asked(person.session_id), wished))}
                except Exception as error:  # noqa: BLE001 - the one translator of this door
                    answer = _translated(error)
        finally:
            acknowledge(answer)


def short_ways(app: Flask) -> dict[str, Short]:
    """By the names of their events."""
    global _arrivals
    _arrivals = arrivals.Arrivals(app)
    return {
        "send_message": Short(
            app,
            ("event", "message"),
            messages.plain,
            journal.Journal(app),
            journal.Entry,
            lambda message: {"message": message},
            messages.send_words,
        ),
        "mark_read": Short(
            app,
            ("event",),
            reading.plain,
            marks.Marks(app),
            marks.Mark,
            lambda seq: {"last_read_seq": seq},
            reading.mark_plain,
        ),
        "sync": Short(app, ("event",), syncs.plain, syncs.Syncs(app), syncs.Sync, dict, syncs.changes_plain),
    }


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
    return {"room": directs.open_with(person, data.get("username"))}


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
    return syncs.changes(person, data.get("rooms"))


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
    return {"here": members.enter(person, g.connection, room_id)}


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
    try:
        limits.check_of(actor(), "event")
        raise Invalid()
    except Exception as error:  # noqa: BLE001 - the one translator of this door
        return _translated(error)


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
