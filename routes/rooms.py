"""My rooms, and the people one can talk to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from chat import accounts, fields, rooms
from models import User
from routes.doors import api, limit, number

bp = Blueprint("rooms", __name__)


@bp.get("/rooms")
@api
def mine(actor: User) -> dict[str, Any]:
    found, complete = rooms.page(actor, number("before", low=1), limit(rooms.PAGE, rooms.PAGE))
    return {"rooms": found, "complete": complete}


@bp.get("/people")
@api
def people(actor: User) -> dict[str, Any]:
    words = fields.query(request.args.get("q", ""))
    found, complete = accounts.people(actor, words, number("after", low=1), limit(accounts.PAGE, accounts.PAGE))
    return {"people": [accounts.payload(person) for person in found], "complete": complete}
