"""People inside the process: signed in without a form, with Flask's and Flask-SocketIO's test clients."""

from __future__ import annotations

import re
import uuid
from functools import cached_property
from typing import Any, Self

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from chat import accounts, clock, guests, presence, transactions
from extensions import socketio
from models import Membership, Message, Room

NAMES = ("root", "alice", "bob", "carol")  # root comes first, and so is the administrator
PASSWORD = "correct horse 1"

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def new_id() -> str:
    return str(uuid.uuid4())


def make_room(*people: Member, **options: Any) -> int:
    """A group of these people, the first of them its owner; `options` are columns of the room."""
    with people[0].app.app_context():
        now = clock.now()
        room = Room(kind="group", created_at=now, active_at=now, owner_id=people[0].id, **options)

        def change(session: Session) -> None:
            session.add(room)
            session.flush()
            for person in people:
                role = "owner" if person is people[0] else "member"
                session.add(Membership(room_id=room.id, user_id=person.id, role=role, joined_at=now))

        transactions.run(change)
        return room.id


def set_member(person: Member, room_id: int, **columns: Any) -> None:
    """Change somebody's membership behind the back of the rules."""
    mine = update(Membership).where(Membership.room_id == room_id, Membership.user_id == person.id)
    with person.app.app_context():
        transactions.run(lambda session: session.execute(mine.values(**columns)))


def set_message(person: Member, room_id: int, seq: int, **columns: Any) -> None:
    """Change a message behind the back of the rules."""
    chosen = update(Message).where(Message.room_id == room_id, Message.seq == seq)
    with person.app.app_context():
        transactions.run(lambda session: session.execute(chosen.values(**columns)))


def opens(person: Member, room_id: int | None) -> None:
    """All the person's connections have the room open from now on."""
    for connection in list(presence._people.get(person.id, ())):
        presence.enter(connection, room_id)


class Visitor:
    """Somebody with a browser, signed in or not."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.http: FlaskClient = app.test_client()

    def token(self, path: str) -> str:
        found = _TOKEN.search(self.http.get(path).text)
        assert found, f"no CSRF field in the form at {path}"
        return found[1]

    @cached_property
    def csrf(self) -> str:
        """The token that requests carry which change something."""
        return self.token("/logout" if isinstance(self, Member) else "/login")

    def submit(self, path: str, form: str | None = None, **fields: Any) -> TestResponse:
        """Fill in the form at `path` (or take the token of the one at `form`) and send it."""
        return self.http.post(path, data={"csrf_token": self.token(form or path), **fields})

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.http.get(path, headers=headers, buffered=True)

    def get_ok(self, path: str) -> dict[str, Any]:
        response = self.get(path)
        assert response.status_code == 200, response.text
        assert response.json["ok"] is True
        return response.json

    def get_error(self, path: str, **headers: str) -> tuple[int, str]:
        """The status, and the error's code."""
        response = self.get(path, **headers)
        assert response.json["ok"] is False
        return response.status_code, response.json["error"]["code"]


class Member(Visitor):
    """One of the cast, signed in."""

    def __init__(self, app: Flask, username: str) -> None:
        super().__init__(app)
        self.username = username
        with app.app_context():
            user = accounts.by_name(username)
            assert user is not None
            self.id = user.id
            self.session_id = accounts.open_session(user, "a browser", "127.0.0.1").id
        with self.http.session_transaction() as session:
            session["_user_id"] = self.session_id

    def conversations(self) -> list[dict[str, Any]]:
        """One's direct rooms; the one that everybody is in is left out."""
        return [room for room in self.get_ok("/rooms")["rooms"] if room["kind"] == "direct"]

    def make_room(self, **options: Any) -> dict[str, Any]:
        """A group room of one's own."""
        connection = self.connect()
        room: dict[str, Any] = connection.ok("create_room", {"name": "Tea room", **options})["room"]
        connection.close()
        return room

    def connect(self, auth: dict[str, Any] | None = None) -> Connection:
        return Connection(self, auth)

    def room(self, room_id: int) -> dict[str, Any]:
        """One of the person's rooms, as the list has it."""
        [room] = [room for room in self.get_ok("/rooms")["rooms"] if room["id"] == room_id]
        return dict(room)

    def signs_out(self) -> None:
        with self.app.app_context():
            accounts.close_session(self.session_id)


class Guest(Member):
    """Somebody with a nickname only, signed in."""

    def __init__(self, app: Flask, nickname: str) -> None:
        with app.app_context():
            guests.enter(nickname)
        super().__init__(app, nickname)


class Connection:
    """An open Socket.IO connection."""

    def __init__(self, person: Visitor, auth: dict[str, Any] | None = None) -> None:
        self.app = person.app
        self.client = socketio.test_client(person.app, flask_test_client=person.http, auth=auth)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.is_open:
            self.close()

    @property
    def is_open(self) -> bool:
        return bool(self.client.is_connected())

    def call(self, event: str, *data: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.emit(event, *data, callback=True)
        return answer

    def ok(self, event: str, data: Any) -> dict[str, Any]:
        answer = self.call(event, data)
        assert answer["ok"] is True, answer
        return answer

    def error(self, event: str, *data: Any) -> str:
        """The code of the refusal."""
        answer = self.call(event, *data)
        assert answer["ok"] is False, answer
        assert answer["error"]["message"]
        return str(answer["error"]["code"])

    def send(self, room_id: int, body: str, client_id: str | None = None, **more: Any) -> dict[str, Any]:
        sent = self.ok("send_message", {"room_id": room_id, "body": body, "client_id": client_id or new_id(), **more})
        return dict(sent["message"])

    def heard(self, *events: str) -> list[dict[str, Any]]:
        """What came since the last time, of these events."""
        return [packet["args"][0] for packet in self.client.get_received() if packet["name"] in events]

    def bodies(self) -> list[str]:
        return [heard["message"]["body"] for heard in self.heard("message_sent")]

    def close(self) -> None:
        self.client.disconnect()
