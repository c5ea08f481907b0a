"""What the tests of guests share."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from chat import fields, presence
from tests.cast import Member, Visitor, make_room

CLOSED = "Guests cannot come in here"
NO_LONGER = "Guests are no longer let in here"


def public_room(app: Flask, name: str, *people: Member, **options: Any) -> int:
    """A room with a name, public unless the options say otherwise; root's when nobody's."""
    named = {"name": name, "name_key": fields.key(name), "visibility": "public", **options}
    return make_room(*(people or (Member(app, "root"),)), **named)


def look_in(visitor: Visitor, nickname: str, **more: str) -> TestResponse:
    return visitor.submit("/guest", nickname=nickname, **more)


def boot(person: Visitor) -> Any:
    return json.loads(re.search(r'id="boot">(.*?)</script>', person.get("/").text)[1])


def ask(person: Visitor, method: str, path: str, data: Any = None) -> TestResponse:
    token = boot(person)["csrf"]
    return person.http.open(path, method=method, json=data, headers={"X-CSRFToken": token})


def general_of(person: Member) -> dict[str, Any]:
    [room] = [room for room in person.get_ok("/rooms")["rooms"] if room.get("general")]
    return room


def settle(app: Flask) -> None:
    with app.app_context():
        presence.settle()
