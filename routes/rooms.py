"""My rooms, and the people one can talk to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from chat import accounts, fields, files, invitations, listings, members, rooms
from models import User
from routes.doors import api, limit, number

bp = Blueprint("rooms", __name__)


@bp.get("/rooms")
@api
def mine(actor: User) -> dict[str, Any]:
    return rooms_page(actor, number("before", low=1), limit(rooms.PAGE, rooms.PAGE))


@bp.get("/rooms/public")
@api
def public(actor: User) -> dict[str, Any]:
    after, most = number("after", low=1), limit(listings.PAGE, listings.PAGE)
    found, complete = listings.page(actor, _words(), after, most)
    return {"rooms": found, "complete": complete}


@bp.get("/rooms/<int:room_id>/members")
@api
def room_members(actor: User, room_id: int) -> dict[str, Any]:
    return members.page(actor, room_id, _words(), number("after", low=1), limit(members.PAGE, members.PAGE))


@bp.get("/rooms/<int:room_id>/files")
@api
def room_files(actor: User, room_id: int) -> dict[str, Any]:
    kind = fields.choice(request.args["kind"], "kind", files.KINDS) if "kind" in request.args else None
    return files.page(actor, room_id, kind, number("before"), limit(files.PAGE, files.PAGE_MAX))


@bp.get("/rooms/<int:room_id>/invitations")
@api
def room_invitations(actor: User, room_id: int) -> dict[str, Any]:
    return {"invitations": invitations.of(actor, room_id)}


@bp.get("/people")
@api
def people(actor: User) -> dict[str, Any]:
    return people_page(actor, _words(), number("after", low=1), limit(accounts.PAGE, accounts.PAGE))


def rooms_page(actor: User, before: int | None = None, most: int = rooms.PAGE) -> dict[str, Any]:
    """A page of the actor's rooms; the first one comes with the chat itself."""
    found, complete = rooms.page(actor, before, most)
    return {"rooms": found, "complete": complete}


def people_page(actor: User, words: str = "", after: int | None = None, most: int = accounts.PAGE) -> dict[str, Any]:
    """A page of everybody; the first one comes with the chat itself."""
    found, complete = accounts.people(actor, words, after, most)
    return {"people": [accounts.payload(person) for person in found], "complete": complete}


def _words() -> str:
    return fields.query(request.args.get("q", ""))
