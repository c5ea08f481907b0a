"""The page in an export, which reads without a server and without a network: its frame, its style, its chunks.

From a file a page can fetch nothing but scripts, so what was said lies in scripts that call a function, some hundred
messages each, and only a few of them are in the page at a time. What people wrote is data there, never markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from chat.parcels import packed
from chat.payloads import Payload

CHUNK = 500  # messages
STATIC = Path(__file__).resolve().parent.parent / "static"

# Nothing from elsewhere, nothing inline. `file:` is what 'self' means for a page from the disk.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' file:",
        "style-src 'self' file:",
        "img-src 'self' file:",
        "media-src 'self' file:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)

FRAME = """<!doctype html>
<html lang="{lang}" data-accent="{accent}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<link rel="stylesheet" href="view/tokens.css">
<link rel="stylesheet" href="view/page.css">
</head>
<body>
<noscript>{noscript}</noscript>
<script src="view/markup.js"></script>
<script src="view/page.js"></script>
<script src="data/index.js"></script>
</body>
</html>
"""


def frame(title: str, accent: str) -> str:
    return FRAME.format(
        lang=escape(_language()),
        accent=escape(accent),
        policy=escape(CONTENT_SECURITY_POLICY),
        title=escape(title),
        noscript=escape(_("This page needs JavaScript. All that is in it is also in messages.jsonl.")),
    )


def assets() -> dict[str, str]:
    """What the frame loads besides the data, by its name: the colours and marks are those of the chat itself."""
    return {
        "view/tokens.css": (STATIC / "css" / "tokens.css").read_text(),
        "view/page.css": (STATIC / "export" / "page.css").read_text(),
        "view/page.js": (STATIC / "export" / "page.js").read_text(),
        "view/markup.js": _classic((STATIC / "js" / "markup.js").read_text()),
    }


def _classic(module: str) -> str:
    """A module without imports as a script: from the disk, browsers load no modules."""
    plain = module.replace("export ", "")
    return f"(() => {{\n{plain}\nObject.assign(globalThis, {{ parseMarkup: parse, plainMarkup: plain }});\n}})();\n"


def script(call: str, *values: object) -> str:
    """A script that calls a function with data. What could end a script or a line in it is written otherwise."""
    data = ",".join(packed(value) for value in values)
    for sign in "<\u2028\u2029":
        data = data.replace(sign, f"\\u{ord(sign):04x}")
    return f"{call}({data});\n"


def chunk_name(number: int) -> str:
    return f"data/{number:05d}.js"


def index(title: str, about: str, **data: object) -> str:
    return script("parley.begin", {"title": title, "about": about, "words": words(), "lang": _language(), **data})


def _language() -> str:
    return str(get_locale() or "en")


def words() -> dict[str, str]:
    """What the page itself says, in the language of whoever takes it away."""
    return {
        "search": _("Search"),
        "from": _("Go to a day"),
        "found": _("Found: %(count)s", count="#"),
        "searching": _("Searching…"),
        "nothing": _("Nothing was found."),
        "more": _("Show more"),
        "close": _("Close"),
        "earlier": _("Earlier messages"),
        "later": _("Later messages"),
        "edited": _("edited"),
        "gone": _("Deleted account"),
        "lost": _("This file is no longer there."),
        "unseen": _("A message that is not here"),
        "photo": _("Photo"),
        "recording": _("Recording"),
        "empty": _("Nothing was said here."),
    }


# What became of a room, as the chat says it (static/js/lines.js).
_LINES: Mapping[str, Callable[[str, str, str], Any]] = {
    "created": lambda name, other, body: _("%(name)s made this room", name=name),
    "joined": lambda name, other, body: ngettext("%(names)s joined", "%(names)s joined", 1, names=name),
    "left": lambda name, other, body: ngettext("%(names)s left", "%(names)s left", 1, names=name),
    "invited": lambda name, other, body: _("%(name)s invited %(names)s", name=name, names=other),
    "removed": lambda name, other, body: _("%(name)s removed %(names)s", name=name, names=other),
    "promoted": lambda name, other, body: (
        _("%(name)s is a moderator now", name=other)
        if body == "moderator"
        else _("%(name)s is no longer a moderator", name=other)
    ),
    "handed_over": lambda name, other, body: _("%(name)s handed the room over to %(other)s", name=name, other=other),
    "cleared": lambda name, other, body: _("%(name)s cleared the history", name=name),
    "renamed": lambda name, other, body: _("%(name)s called this room “%(room)s”", name=name, room=body),
}


def line(entry: Payload, name_of: Callable[[int | None], str]) -> str:
    """A quiet line in words."""
    say = _LINES.get(entry["kind"], _changed)
    return str(say(name_of(entry["sender"]), name_of(entry["subject"]), entry["body"]))


def _changed(name: str, _other: str, _body: str) -> Any:
    return _("%(name)s changed the room", name=name)
