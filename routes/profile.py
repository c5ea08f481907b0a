"""One's own panel, as JSON; and what everybody may know of somebody."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, session
from flask_login import current_user, logout_user

from chat import accounts, guests, limits, profiles
from models import User
from routes.auth import password_min
from routes.doors import api, given

bp = Blueprint("profile", __name__)


@bp.get("/people/<username>")
@api
def person(actor: User, username: str) -> dict[str, Any]:
    return {"person": profiles.of(actor, username)}


@bp.get("/profile")
@api
def mine(actor: User) -> dict[str, Any]:
    limits_of_fields = {**profiles.LIMITS, "password_min": password_min()}
    return {**profiles.mine(actor, current_user.session_id), "limits": limits_of_fields}


@bp.post("/profile")
@api
def change(actor: User) -> dict[str, Any]:
    return {"user": profiles.change(actor, given())}


@bp.post("/profile/preferences")
@api
def prefer(actor: User) -> dict[str, Any]:
    return {"preferences": profiles.prefer(actor, given())}


@bp.post("/profile/password")
@api
def change_password(actor: User) -> dict[str, Any]:
    limits.check("sign_in_name", actor.username_key)
    words = given()
    current, new = words.get("current_password"), words.get("new_password")
    accounts.change_password(actor, current_user.session_id, current, new, password_min())
    return {}


@bp.post("/profile/membership")
@api
def become_member(actor: User) -> dict[str, Any]:
    limits.check("sign_in_name", actor.username_key)
    words = given()
    return {"user": guests.become_member(actor, words.get("password"), words.get("username"), password_min())}


@bp.delete("/profile/sessions/<handle>")
@api
def end_session(actor: User, handle: str) -> dict[str, Any]:
    profiles.end_session(actor, handle)
    return {}


@bp.delete("/profile/sessions")
@api
def end_other_sessions(actor: User) -> dict[str, Any]:
    profiles.end_other_sessions(actor, current_user.session_id)
    return {}


@bp.delete("/profile")
@api
def delete_account(actor: User) -> dict[str, Any]:
    limits.check("sign_in_name", actor.username_key)
    words = given()
    profiles.delete_account(actor, words.get("password"), words.get("messages", "keep"))
    logout_user()
    session.clear()
    return {}
