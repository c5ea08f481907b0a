"""Pages of a room's history, and the days it has."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask_babel import lazy_gettext as _

from chat import fields, history, moments
from chat.errors import Invalid
from models import User
from routes.doors import api, limit, number

bp = Blueprint("history", __name__)

PLACES = ("before", "after", "around", "at")


@bp.get("/rooms/<int:room_id>/messages")
@api
def messages(actor: User, room_id: int) -> dict[str, Any]:
    most = limit(history.PAGE, history.PAGE_MAX)
    asked = [name for name in PLACES if name in request.args]
    if len(asked) > 1 and asked != ["before", "after"]:
        raise Invalid(_("Ask for one place at a time."), asked[-1])
    if asked == ["at"]:
        return history.at(actor, room_id, fields.moment(request.args["at"], "at"), most)
    seq = number("around")
    if seq is not None:
        return history.around(actor, room_id, seq, most)
    return history.page(actor, room_id, number("before"), number("after"), most)


@bp.get("/rooms/<int:room_id>/days")
@api
def days(actor: User, room_id: int) -> dict[str, Any]:
    return moments.days(actor, room_id, request.args.get("month"), request.args.get("zone"))
