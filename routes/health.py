"""Whether this process can do its work, for whoever watches it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from chat import transactions

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> dict[str, Any]:
    transactions.ping()
    return {"ok": True}
