"""What people take away: conversations, and all that is their own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from chat import exports
from models import User
from routes.doors import api, checked
from routes.files import answer

bp = Blueprint("exports", __name__)


@bp.post("/rooms/<int:room_id>/export")
@api
def conversation(actor: User, room_id: int) -> dict[str, Any]:
    return {"export": exports.begin(actor, room_id)}


@bp.post("/profile/export")
@api
def own_data(actor: User) -> dict[str, Any]:
    return {"export": exports.begin(actor)}


@bp.get("/exports")
@api
def mine(actor: User) -> dict[str, Any]:
    return {"exports": exports.of(actor)}


@bp.get("/exports/<export_id>")
@checked
def fetch(actor: User, export_id: str) -> Response:
    return answer(exports.content(actor, export_id))


@bp.delete("/exports/<export_id>")
@api
def remove(actor: User, export_id: str) -> dict[str, Any]:
    exports.remove(actor, export_id)
    return {}
