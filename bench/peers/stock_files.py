"""Files as a plain Flask application takes and gives them: `request.files`, `send_file`, Flask-SocketIO's own server.

`python -m bench.peers.stock_files PORT FOLDER`
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from flask import Flask, Response, request, send_file  # noqa: E402
from flask_socketio import SocketIO  # noqa: E402

app = Flask(__name__)
socketio = SocketIO(app, async_mode="eventlet")
folder = Path(sys.argv[2])


@app.get("/healthz")
def health() -> str:
    return "ok"


@app.post("/upload")
def upload() -> str:
    request.files["file"].save(folder / "stored.wav")
    return "ok"


@app.get("/files/stored.wav")
def download() -> Response:
    return send_file(folder / "stored.wav", mimetype="audio/wav")


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(sys.argv[1]))
