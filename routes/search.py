"""Finding messages: pages of hits, and how many there are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from chat import limits, searches
from models import User
from routes.doors import api, limit, number

bp = Blueprint("search", __name__)


@bp.get("/search")
@api
def find(actor: User) -> dict[str, Any]:
    limits.check("search", actor.id)
    return searches.find(
        actor,
        request.args.get("q", ""),
        number("room", low=1),
        request.args.get("before"),
        limit(searches.PAGE, searches.PAGE_MAX),
        request.args.get("zone"),
    )


@bp.get("/search/count")
@api
def count(actor: User) -> dict[str, Any]:
    limits.check("search", actor.id)
    return searches.count(actor, request.args.get("q", ""), number("room", low=1), request.args.get("zone"))
