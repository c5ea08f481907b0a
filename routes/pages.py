"""The chat itself, and its translations."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.local import LocalProxy

from chat import accounts, fields
from chat.errors import NotFound
from routes import assets, catalogue
from routes.doors import actor, page
from routes.slots import slot

bp = Blueprint("page", __name__)


@bp.get("/")
@page
def chat() -> str:
    boot = {
        "user": accounts.payload(actor()),
        "root": request.script_root,
        "slot": slot(),
        "locale": catalogue.current(),
        "csrf": generate_csrf(),
        "catalogue": catalogue_url(),
        "limits": {"body": fields.BODY_MAX},
    }
    return render_template("chat.html", boot=boot)


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


# What every template, and every macro, can use.
IN_TEMPLATES = {"asset": assets.asset, "modules": assets.modules, "locale": LocalProxy(catalogue.current)}
