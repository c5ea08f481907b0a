"""Stock Flask-SocketIO on eventlet with Flask-SQLAlchemy and Flask-Login, the way their tutorials do it.

`python -m bench.peers.stock_chat PORT DATABASE_URL [store] [sign-in]`. With `store` each message is one ORM insert and
commit; with `sign-in` a connection is whose session cookie it has, otherwise whoever it says it is.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask, session  # noqa: E402
from flask_login import LoginManager, current_user  # noqa: E402
from flask_socketio import SocketIO, emit, join_room  # noqa: E402

from bench.peers.stock_models import Member, SignedIn, Told, User, db  # noqa: E402

PORT, DATABASE_URL, *MODES = sys.argv[1:]
STORES, SIGNS_IN = "store" in MODES, "sign-in" in MODES
KEY = "a secret key of the bench, long enough"
# eventlet's own cap of 1,024 would let nobody else in; it is the one thing that no tutorial has.
MOST = 65_536

app = Flask(__name__)
app.config["SECRET_KEY"] = KEY
app.config["SQLALCHEMY_DATABASE_URI"] = DATABASE_URL
if STORES:
    # As many as Node's peer has. With SQLAlchemy's own five most would be opened for one message and thrown away.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 20}
db.init_app(app)
login_manager = LoginManager(app)
socketio = SocketIO(app, async_mode="eventlet", ping_interval=10, ping_timeout=10)


@login_manager.user_loader
def load_user(session_id: str) -> User | None:
    signed_in = db.session.get(SignedIn, session_id)
    return signed_in and db.session.get(User, signed_in.user_id)  # type: ignore[return-value]


@app.get("/healthz")
def health() -> str:
    return "ok"


@socketio.on("connect")
def on_connect(auth: dict[str, Any] | None = None) -> bool | None:
    if SIGNS_IN:
        if not current_user.is_authenticated:
            return False
        person = current_user.id
        rooms = [member.room_id for member in Member.query.filter_by(user_id=person)]
    else:
        person, rooms = auth["person"], auth["rooms"]  # type: ignore[index]
    session["person"] = person
    join_room(f"user:{person}")
    for room in rooms:
        join_room(f"room:{room}")
    return None


@socketio.on("sync")
def on_sync(data: dict[str, Any]) -> dict[str, Any]:
    """What was said since the last message of each room that the client holds."""
    mine = {member.room_id for member in Member.query.filter_by(user_id=session["person"])}
    rooms = {}
    for room, last in data["rooms"].items():
        if int(room) in mine:
            newer = Told.query.filter(Told.room_id == int(room), Told.id > last).order_by(Told.id).limit(200)
            rooms[room] = {"messages": [shown(told) for told in newer]}
    return {"ok": True, "rooms": rooms}


def shown(told: Told) -> dict[str, Any]:
    sender = {"id": told.sender_id, "name": f"Person {told.sender_id}"}
    values = {name: getattr(told, name) for name in ("id", "room_id", "client_id", "body")}
    return {**values, "sender": sender, "created_at": told.created_at.isoformat()}


@socketio.on("send_message")
def on_send_message(data: dict[str, Any]) -> dict[str, Any]:
    person, now = session["person"], datetime.now(UTC)
    message = {**data, "sender": {"id": person, "name": f"Person {person}"}, "created_at": now.isoformat()}
    if STORES:
        values = {name: data[name] for name in ("room_id", "client_id", "body")}
        row = Told(sender_id=person, created_at=now.replace(tzinfo=None), **values)
        db.session.add(row)
        db.session.flush()
        message["id"] = row.id  # before the commit, after which it would be read again
        db.session.commit()
    if "to" in data:
        for other in (data["to"], person):
            emit("message_sent", {"message": message}, to=f"user:{other}")
    else:
        emit("message_sent", {"message": message}, to=f"room:{data['room_id']}")
    return {"ok": True, "message": message}


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(PORT), log_output=False, max_size=MOST)
