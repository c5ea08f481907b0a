"""Uploads by the tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload), and what they become."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.http import http_date

from chat import contents, fields, formats, uploads
from chat.errors import Invalid, TooLarge, Unsupported
from models import File, User
from realtime import bodies
from routes.doors import api, checked, given

bp = Blueprint("uploads", __name__)

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination"
BODY_TYPE = "application/offset+octet-stream"


@bp.url_value_preprocessor
def take_large_bodies(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything looks at the body, and only where nothing holds it in memory."""
    if request.mimetype == BODY_TYPE:
        request.max_content_length = request.content_length


@bp.before_request
def refuse_other_versions() -> Response | None:
    if request.method == "OPTIONS" or request.endpoint == "uploads.finish":
        return None
    if request.headers.get("Tus-Resumable") != VERSION:
        return Response(status=412, headers={"Tus-Version": VERSION})
    return None


@bp.after_request
def say_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    return response


@bp.route("/uploads", methods=["OPTIONS"])
def describe() -> Response:
    limits = formats.described()
    most = max(limits["image_max"], limits["audio_max"])
    described = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(most)}
    return Response(status=204, headers=described)


@bp.post("/uploads")
@checked
def begin(actor: User) -> Response:
    size = _whole("Upload-Length")
    said = _metadata(request.headers.get("Upload-Metadata", ""))
    if _length() > size:
        raise TooLarge()
    row = uploads.begin(actor, said.get("filename", ""), said.get("filetype", ""), size, said.get("voice") == "1")
    offset = 0
    if request.mimetype == BODY_TYPE:
        row, offset = uploads.append(actor, row.id, 0, _length(), bodies.chunks(request.environ, _length()))
    answer = _answer(201, row, offset)
    answer.headers["Location"] = url_for("uploads.progress", upload_id=row.id)
    return answer


@bp.route("/uploads/<upload_id>", methods=["HEAD"])
@checked
def progress(actor: User, upload_id: str) -> Response:
    row, offset = uploads.progress(actor, upload_id)
    answer = _answer(200, row, offset)
    answer.headers["Upload-Length"] = str(row.size)
    answer.headers["Upload-Metadata"] = _told(row)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.patch("/uploads/<upload_id>")
@checked
def append(actor: User, upload_id: str) -> Response:
    if request.mimetype != BODY_TYPE:
        raise Unsupported()
    offset, length = _whole("Upload-Offset"), _length()
    return _answer(204, *uploads.append(actor, upload_id, offset, length, bodies.chunks(request.environ, length)))


@bp.delete("/uploads/<upload_id>")
@checked
def cancel(actor: User, upload_id: str) -> Response:
    uploads.cancel(actor, upload_id)
    return Response(status=204)


@bp.post("/uploads/<upload_id>")
def overridden(upload_id: str) -> Any:
    """For clients behind something that lets no other method through."""
    views = {"PATCH": append, "DELETE": cancel}
    wanted = request.headers.get("X-HTTP-Method-Override", "")
    if wanted not in views:
        raise Invalid(field="X-HTTP-Method-Override")
    return views[wanted](upload_id=upload_id)


@bp.post("/uploads/<upload_id>/file")
@api
def finish(actor: User, upload_id: str) -> dict[str, Any]:
    hints = given()
    return {"file": contents.finish(actor, upload_id, hints.get("waveform"), hints.get("duration"))}


def _answer(status: int, row: File, offset: int) -> Response:
    headers = {"Upload-Offset": str(offset), "Upload-Expires": http_date(uploads.expires_at(row))}
    return Response(status=status, headers=headers)


def _told(row: File) -> str:
    """What we keep of the metadata, as they came."""
    said = {"filename": row.name} | ({"voice": "1"} if row.voice else {})
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


def _whole(name: str) -> int:
    return fields.digits(request.headers.get(name), name)


def _length() -> int:
    """Of the body, which has to be said beforehand."""
    if "Transfer-Encoding" in request.headers:
        raise Invalid(field="Content-Length")
    return request.content_length or 0


def _metadata(header: str) -> dict[str, str]:
    """What `Upload-Metadata` says: pairs of a key and a text in Base64, which may be missing. Raises Invalid."""
    said: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        key, *rest = pair.strip().split(" ")
        if not key or key in said or len(rest) > 1:
            raise Invalid(field="Upload-Metadata")
        try:
            said[key] = base64.b64decode("".join(rest), validate=True).decode()
        except (binascii.Error, UnicodeError):
            raise Invalid(field="Upload-Metadata") from None
    return said
