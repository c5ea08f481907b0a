"""Addresses that lead into a room: an invitation's link, and the link of a public room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from chat import invitations, limits, listings, members, payloads
from chat.errors import ChatError
from models import User
from routes.auth import Answer, begin_session, form, look_in
from routes.doors import known_actor

bp = Blueprint("entrances", __name__)


@bp.route("/i/<token>", methods=["GET", "POST"])
def invitation(token: str) -> Answer:
    return _entrance(
        lambda person: invitations.preview(person, token), lambda person: invitations.accept(person, token)
    )


@bp.route("/r/<int:room_id>", methods=["GET", "POST"])
def public_room(room_id: int) -> Answer:
    return _entrance(
        lambda person: listings.preview_public(person, room_id), lambda person: members.join(person, room_id)
    )


def _entrance(
    show: Callable[[User | None], payloads.Payload | None], enter: Callable[[User], payloads.Payload]
) -> Answer:
    """Shows the room and, to who is signed in, a button that leads into it; the others sign in first.

    Where the room is open to guests, a nickname is enough.
    """
    person = known_actor()
    if person is not None:
        limits.check_of(person, "event")
    if person is not None and request.method == "POST":
        return _into(enter(person))
    room = show(person)
    if room is not None and room["joined"]:
        return _into(room)
    error: ChatError | None = None
    if room is not None and room["open_to_guests"] and request.method == "POST":
        try:
            guest = look_in()
        except ChatError as refused:
            error = refused
        else:
            begin_session(guest)
            return _into(enter(guest))
    return form("auth/room.html", error, room=room, person=person, next=request.path)


def _into(room: dict[str, Any]) -> Response:
    return redirect(f"{url_for('page.chat')}#/room/{room['id']}", 303)
