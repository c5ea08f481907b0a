"""The chat itself, and what it loads: files under their version, translations."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, render_template, request, send_from_directory, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.local import LocalProxy

from chat import accounts, fields
from chat.errors import NotFound
from routes import catalogue
from routes.doors import actor, page
from routes.slots import slot

bp = Blueprint("page", __name__)

STATIC = Path(__file__).resolve().parent.parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"


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
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == catalogue.version(locale) else "no-cache"
    return response


@bp.get("/assets/<version>/<path:filename>")
def assets(version: str, filename: str) -> Response:
    response = send_from_directory(STATIC, filename)
    response.headers["Cache-Control"] = FOR_EVER if version == asset_version() else "no-cache"
    return response


def asset(filename: str) -> str:
    """The address of a file in `static/`. Modules import each other by relative paths: the version holds for all."""
    return _outside_slots(url_for("page.assets", version=asset_version(), filename=filename))


def catalogue_url() -> str:
    locale = catalogue.current()
    return _outside_slots(url_for("page.translations", locale=locale, v=catalogue.version(locale)))


def _outside_slots(address: str) -> str:
    """The same file has one address for all accounts, and so one place in the cache."""
    return str(request.environ.get("parley.site", "")) + address.removeprefix(request.script_root)


@cache
def asset_version() -> str:
    """A digest of everything in `static/`."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(STATIC)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


# What every template, and every macro, can use.
IN_TEMPLATES = {"asset": asset, "locale": LocalProxy(catalogue.current)}
