"""Files as they are fetched: whole or a range of them, by whoever may read them (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request
from werkzeug.http import http_date

from chat import downloads
from chat.downloads import Content
from models import User
from routes.doors import checked

bp = Blueprint("files", __name__)

# Whatever a browser takes the content for, nothing in it runs, and nothing is fetched by it.
CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'"
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


@bp.get("/files/<file_id>")
@checked
def original(actor: User, file_id: str) -> Response:
    return answer(downloads.content(actor, file_id))


@bp.get("/files/<file_id>/<any(small, large):variant>")
@checked
def thumbnail(actor: User, file_id: str, variant: str) -> Response:
    return answer(downloads.content(actor, file_id, variant))


def answer(content: Content) -> Response:
    """The content whole, or what of it is asked for."""
    location = current_app.config["SETTINGS"].ACCEL_LOCATION
    if request.if_none_match.contains_weak(content.tag):
        answer = Response(status=304)
    elif location and content.is_local:
        # nginx sends it, and sees to ranges.
        answer = Response(headers={"X-Accel-Redirect": location + content.key})
    else:
        answer = _sent(content)
    answer.headers.update(_headers(content))
    return answer


def _sent(content: Content) -> Response:
    start, end, status = 0, content.size, 200
    if wanted := _wanted(content):
        start, end = wanted
        if start >= end:
            return Response(status=416, headers={"Content-Range": f"bytes */{content.size}"})
        status = 206
    headers = {"Content-Length": str(end - start)}
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    body = None if request.method == "HEAD" else content.open(start, end - start)
    return Response(body, status, headers, direct_passthrough=body is not None)


def _wanted(content: Content) -> tuple[int, int] | None:
    """From where to where, if one range is asked for; an empty one lies beyond the end.

    Several at once are asked for by nobody we know, and the whole is a good answer to them (RFC 9110, 14.2).
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if not match or not _is_current(content) or match[1] == match[2] == "":
        return None
    if match[1] == "":
        return max(0, content.size - int(match[2])), content.size
    start, end = int(match[1]), int(match[2]) + 1 if match[2] else content.size
    return (start, min(end, content.size)) if start < end or not match[2] else None


def _is_current(content: Content) -> bool:
    """Whether the range is one of what there is now (`If-Range`)."""
    condition = request.headers.get("If-Range")
    return condition in (None, f'"{content.tag}"', http_date(content.created_at))


def _headers(content: Content) -> dict[str, str]:
    return {
        "Content-Type": content.type,
        "Content-Disposition": _disposition(content),
        "ETag": f'"{content.tag}"',
        "Last-Modified": http_date(content.created_at),
        "Accept-Ranges": "bytes",
        # Kept by the browser, but only after asking: who may no longer read it does not see it again.
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def _disposition(content: Content) -> str:
    """Under which name it is saved (RFC 6266): in ASCII for old clients, and as it is (RFC 8187)."""
    name = content.name
    how = "attachment" if content.is_saved or request.args.get("download") == "1" else "inline"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().translate({34: "_", 92: "_"})
    return f"{how}; filename=\"{plain.strip()}\"; filename*=UTF-8''{quote(name, safe='')}"
