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
    return rooms_page(actor, number("before", low=1), limit(rooms.PAGE, rooms.PAGE))


@bp.get("/people")
@api
def people(actor: User) -> dict[str, Any]:
    words = fields.query(request.args.get("q", ""))
    return people_page(actor, words, number("after", low=1), limit(accounts.PAGE, accounts.PAGE))


def rooms_page(actor: User, before: int | None = None, most: int = rooms.PAGE) -> dict[str, Any]:
    """A page of the actor's rooms; the first one comes with the chat itself."""
    found, complete = rooms.page(actor, before, most)
    return {"rooms": found, "complete": complete}


def people_page(actor: User, words: str = "", after: int | None = None, most: int = accounts.PAGE) -> dict[str, Any]:
    """A page of everybody; the first one comes with the chat itself."""
    found, complete = accounts.people(actor, words, after, most)
    return {"people": [accounts.payload(person) for person in found], "complete": complete}
