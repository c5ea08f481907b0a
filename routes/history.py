"""Pages of a room's history."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from chat import history
from models import User
from routes.doors import api, limit, number

bp = Blueprint("history", __name__)


@bp.get("/rooms/<int:room_id>/messages")
@api
def messages(actor: User, room_id: int) -> dict[str, Any]:
    return history.page(actor, room_id, number("before"), number("after"), limit(history.PAGE, history.PAGE_MAX))
