"""The page's translations: the strings of `static/js` out of the one catalogue that Flask-Babel uses too."""

from __future__ import annotations

import gettext
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import current_app, g, has_app_context, has_request_context, request, session
from flask_babel import get_locale

from routes.doors import known_actor

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
# Enough numbers to meet every plural category of a language.
SAMPLES = (*range(200), 1000, 1_000_000)


def choose() -> str | None:
    """For Flask-Babel: the language chosen by the person, or before signing in, or else the browser's."""
    if not has_request_context():
        return g.get("locale") if has_app_context() else None
    locales = current_app.config["LOCALES"]
    person = known_actor()
    chosen = person.locale if person else session.get("locale")
    return chosen if chosen in locales else request.accept_languages.best_match(locales, default="en")


def current() -> str:
    """The language in use: `en`, `ru` or `zh`."""
    return str(get_locale())


@cache
def read(locale: str) -> dict[str, Any]:
    """`{plural: {category: index}, messages: {msgid: [form, …]}}`; categories are those of Intl.PluralRules."""
    if locale == "en":
        return {"plural": {"one": 0, "other": 1}, "messages": {}}
    with (TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=locale)
    return {"plural": _plural(locale, catalogue), "messages": _messages(catalogue)}


@cache
def version(locale: str) -> str:
    return hashlib.sha256(json.dumps(read(locale), sort_keys=True).encode()).hexdigest()[:12]


def _plural(locale: str, catalogue: Catalog) -> dict[str, int]:
    category = Locale(locale).plural_form
    index = gettext.c2py(catalogue.plural_expr)  # type: ignore[attr-defined]
    return {"other": catalogue.num_plurals - 1} | {category(number): index(number) for number in SAMPLES}


def _messages(catalogue: Catalog) -> dict[str, list[str]]:
    return {
        message.id if isinstance(message.id, str) else message.id[0]: _forms(message.string)
        for message in catalogue
        if message.id and any(path.startswith("static/js/") for path, _line in message.locations)
    }


def _forms(string: Any) -> list[str]:
    return [string] if isinstance(string, str) else list(string)
