"""What lies in `static/`: read once, style sheets joined, compressed once, kept in memory, served under its version.

Modules and style sheets name each other by relative paths, so the version in the path holds for all of them.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import posixpath
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request, url_for

from chat.errors import NotFound
from realtime import threads

bp = Blueprint("assets", __name__)

STATIC = Path(__file__).resolve().parent.parent / "static"
COMPRESSED = (".css", ".js", ".json", ".svg")

_CSS_IMPORT = re.compile(r'@import "([\w/.-]+)"(?: layer\((\w+)\))?;')
_JS_IMPORT = re.compile(r'^(?:import|export)\b[^"\';]*["\']([./][^"\']+)["\'];', re.MULTILINE)
# Lines that are nothing but a comment are a sixth of what our modules weigh. Empty ones stay, for the numbers.
_JS_COMMENT = re.compile(rb"^[ \t]*//.*$", re.MULTILINE)
_MINIFIED_IMPORT = re.compile(r'\bfrom\s*"([./][^"]+)"')


@dataclass(frozen=True)
class Asset:
    body: bytes
    gzipped: bytes | None
    mimetype: str
    etag: str


# JSON that is worth it: two packets and more. Not HTML: compressing a page that holds a secret (the token of its forms)
# beside what others wrote would tell the secret by the page's size (BREACH).
COMPRESSED_FROM = 2048  # bytes


def compress(response: Response) -> Response:
    """For `after_request`: JSON packed where the client takes it."""
    if response.mimetype == "application/json" and "gzip" in request.accept_encodings and not response.content_encoding:
        body = response.get_data()
        if len(body) >= COMPRESSED_FROM:
            response.set_data(threads.run(gzip.compress, body, 5))
            response.content_encoding = "gzip"
        response.vary.add("Accept-Encoding")
    return response


@bp.get("/assets/<version>/<path:filename>")
def serve(version: str, filename: str) -> Response:
    if filename not in files():
        raise NotFound()
    found = threads.run(load, filename)
    packed = found.gzipped is not None and "gzip" in request.accept_encodings
    response = Response(found.gzipped if packed else found.body, mimetype=found.mimetype)
    if packed:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = lasting(version == asset_version())
    response.set_etag(f"{found.etag}-gzip" if packed else found.etag)
    return response.make_conditional(request)


def lasting(current: bool) -> str:
    """For `Cache-Control`: an address with the current version is kept for ever, another one asked about each time."""
    return "public, max-age=31536000, immutable" if current else "public, no-cache"


def asset(filename: str) -> str:
    """The address of a file in `static/`."""
    return outside_slots(url_for("assets.serve", version=asset_version(), filename=filename))


def outside_slots(address: str) -> str:
    """The same file has one address for all accounts, and so one place in the cache."""
    return str(request.environ.get("parley.site", "")) + address.removeprefix(request.script_root)


@cache
def files() -> dict[str, Path]:
    """Every file there is, by its name below `static/`: nothing else can be asked for."""
    return {path.relative_to(STATIC).as_posix(): path for path in sorted(STATIC.rglob("*")) if path.is_file()}


@cache
def asset_version() -> str:
    """A digest of everything in `static/`."""
    digest = hashlib.sha256()
    for name, path in files().items():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def load(filename: str) -> Asset:
    """The file as it is served."""
    body = _joined(filename).encode() if filename.endswith(".css") else files()[filename].read_bytes()
    if filename.startswith("js/"):
        body = _JS_COMMENT.sub(b"", body)
    mimetype = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    gzipped = gzip.compress(body, 9, mtime=0) if filename.endswith(COMPRESSED) else None
    return Asset(body, gzipped, mimetype, hashlib.sha256(body).hexdigest()[:16])


def _joined(filename: str) -> str:
    """A style sheet with those it imports in their places: one request instead of a dozen, one after another."""

    def imported(match: re.Match[str]) -> str:
        name = posixpath.normpath(posixpath.join(posixpath.dirname(filename), match[1]))
        return f"@layer {match[2]} {{\n{_joined(name)}\n}}" if match[2] else _joined(name)

    return _CSS_IMPORT.sub(imported, files()[filename].read_text())


@cache
def modules(filename: str) -> tuple[str, ...]:
    """The module and all it imports, for the page to fetch at once instead of one level after another."""
    found: dict[str, None] = {}
    waiting = [filename]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            source = files()[name].read_text()
            pattern = _MINIFIED_IMPORT if name.startswith("vendor/") else _JS_IMPORT
            folder = posixpath.dirname(name)
            waiting += [posixpath.normpath(posixpath.join(folder, path)) for path in pattern.findall(source)]
    return tuple(found)
