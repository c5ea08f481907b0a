"""Addresses that lead into a room: an invitation's link, and the link of a public room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chat import invitations, limits, listings, members, payloads
from models import User
from routes.doors import known_actor

bp = Blueprint("entrances", __name__)


@bp.route("/i/<token>", methods=["GET", "POST"])
def invitation(token: str) -> Response | str:
    return _entrance(
        lambda person: invitations.preview(person, token), lambda person: invitations.accept(person, token)
    )


@bp.route("/r/<int:room_id>", methods=["GET", "POST"])
def public_room(room_id: int) -> Response | str:
    return _entrance(
        lambda person: listings.preview_public(person, room_id), lambda person: members.join(person, room_id)
    )


def _entrance(
    show: Callable[[User | None], payloads.Payload | None], enter: Callable[[User], payloads.Payload]
) -> Response | str:
    """Shows the room and, to who is signed in, a button that leads into it; the others sign in first."""
    person = known_actor()
    if person is not None:
        limits.check("event", person.id)
    if person is not None and request.method == "POST":
        return _into(enter(person))
    room = show(person)
    if room is not None and room["joined"]:
        return _into(room)
    return render_template("auth/room.html", room=room, person=person, next=request.path)


def _into(room: dict[str, Any]) -> Response:
    return redirect(f"{url_for('page.chat')}#/room/{room['id']}", 303)
