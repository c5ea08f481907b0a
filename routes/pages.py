"""The chat itself, and its translations."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.local import LocalProxy

from chat import accounts, clock, fields, formats, payloads, profiles
from chat.errors import NotFound
from routes import assets, catalogue
from routes.doors import actor, known_actor, page
from routes.rooms import people_page, rooms_page
from routes.slots import slot

bp = Blueprint("page", __name__)

# Rooms and people that come with the page: as many as a large screen shows.
FIRST = 40


@bp.get("/")
@page
def chat() -> str:
    rooms, people = rooms_page(actor(), most=FIRST), people_page(actor(), most=FIRST)
    boot = {
        "user": accounts.payload(actor()),
        "now": payloads.instant(clock.now()),
        "root": request.script_root,
        "slot": slot(),
        "locale": catalogue.current(),
        "csrf": generate_csrf(),
        "catalogue": catalogue_url(),
        "limits": {"body": fields.BODY_MAX, "files": formats.described()},
        "preferences": profiles.preferences(actor()),
        "locales": current_app.config["LOCALES"],
        "admin": actor().is_admin,
        "guests": current_app.config["SETTINGS"].GUESTS,
        "rooms": rooms,
        "people": {**people, "people": _told_once(people["people"], rooms["rooms"])},
    }
    return render_template("chat.html", boot=boot)


def _told_once(people: list[payloads.Payload], rooms: list[payloads.Payload]) -> list[payloads.Payload]:
    """Whom a conversation describes already is only named."""
    described = {room["peer"]["id"] for room in rooms if room["peer"]}
    return [{"id": person["id"]} if person["id"] in described else person for person in people]


@bp.get("/catalogue/<locale>.json")
def translations(locale: str) -> Response:
    if locale not in current_app.config["LOCALES"]:
        raise NotFound()
    response = jsonify(catalogue.read(locale))
    response.headers["Cache-Control"] = assets.lasting(request.args.get("v") == catalogue.version(locale))
    return response


def catalogue_url() -> str:
    locale = catalogue.current()
    return assets.outside_slots(url_for("page.translations", locale=locale, v=catalogue.version(locale)))


def looks() -> payloads.Payload | None:
    """How the person likes the page, before its first paint; signed out, the browser remembers (static/js/paint.js)."""
    person = known_actor()
    return profiles.preferences(person) if person else None


# What every template, and every macro, can use.
IN_TEMPLATES = {
    "asset": assets.asset,
    "modules": assets.modules,
    "locale": LocalProxy(catalogue.current),
    "looks": looks,
}
