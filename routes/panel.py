"""The administrators' panel."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from chat import panel
from models import User
from routes.doors import api

bp = Blueprint("panel", __name__)


@bp.get("/panel")
@api
def overview(actor: User) -> dict[str, Any]:
    return panel.overview(actor)
