"""Real server processes, and people who talk to them over HTTP and Socket.IO, for tests."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import requests
import socketio

from settings import SETTINGS

REPOSITORY = Path(__file__).resolve().parent.parent
NODE_CLIENT = REPOSITORY / "tests" / "node" / "client.js"
PASSWORD = "correct horse 1"

PORTS = (20_000, 32_000)
START_SECONDS = 60
STOP_SECONDS = 20
ANSWER_SECONDS = 60

CSRF_FIELD = re.compile(r'<input[^>]*name="?csrf_token"?[^>]*>')
VALUE = re.compile(r'value="([^"]+)"')

T = TypeVar("T")


def free_port() -> int:
    """A port below those that systems give to outgoing connections: a browser that goes on trying to reach a stopped
    server must not be given the very port the server is to come back on.
    """
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_until(condition: Callable[[], T], seconds: float, what: str = "the condition") -> T:
    """Return the first true answer of `condition`; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {seconds:g} s")
        time.sleep(0.02)
    return answer


def make_client_id() -> str:
    return str(uuid.uuid4())


class ServerProcess:
    """`python app.py` in a process of its own, with all it writes below `folder`."""

    command = (sys.executable, "app.py")

    def __init__(self, folder: Path, database_url: str | None = None, **env: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.env = {
            **{setting.name: "" for setting in SETTINGS},  # neither the caller's settings nor those of a .env file
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATABASE_URL": f"sqlite:///{folder / 'chat.sqlite3'}" if database_url is None else database_url,
            "INSTANCE_DIR": str(folder / "instance"),
            "UPLOAD_DIR": str(folder / "uploads"),
            **env,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self if self.process else self.start()

    def __exit__(self, *exc_info: object) -> None:
        if self.process is not None:
            self.kill()

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it to serve."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=REPOSITORY,
                env=os.environ | self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.process

    def start(self) -> Self:
        self.launch()
        return self.wait()

    def wait(self) -> Self:
        try:
            wait_until(self.is_serving, START_SECONDS, "a serving process")
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.log_text()}") from None
        return self

    def refuse(self) -> list[str]:
        """Start the process where it cannot serve, and return what it says before it ends with exit code 1."""
        process = self.launch()
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server started nevertheless\n{self.log_text()}") from None
        self.process = None
        assert code == 1, f"exit code {code}"
        return self.log_text().splitlines()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end, and return its exit code."""
        return self._end(how)

    def order(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to end, and do not wait for it."""
        assert self.process is not None, "the server was not started"
        self.process.send_signal(how)

    def kill(self) -> int:
        return self._end(signal.SIGKILL)

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def is_serving(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError("the server ended early")
        return self.health() == 200

    def health(self) -> int | None:
        """The status of /healthz, or None while nothing answers."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=ANSWER_SECONDS).status_code
        except requests.ConnectionError:
            return None

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")

    def _end(self, how: signal.Signals) -> int:
        assert self.process is not None, "the server was not started"
        self.process.send_signal(how)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{how.name} did not end the server in {STOP_SECONDS} s\n{self.log_text()}") from None
        finally:
            self.process = None


class Person:
    """Somebody with a browser's cookies, in one account slot of a server."""

    def __init__(self, url: str, username: str, password: str = PASSWORD, slot: int = 0) -> None:
        self.origin = url
        self.prefix = f"/u/{slot}" if slot else ""
        self.username = username
        self.password = password
        self.http = requests.Session()

    def register(self) -> Self:
        return self._enter("/register")

    def login(self) -> Self:
        return self._enter("/login")

    def get(self, path: str, **options: Any) -> requests.Response:
        options = {"timeout": ANSWER_SECONDS} | options
        return self.http.get(self.origin + self.prefix + path, **options)

    def get_json(self, path: str) -> Any:
        return self.get(path).json()

    def post_form(self, path: str, **fields: str) -> requests.Response:
        """Fill in the form at `path` and send it, without following a redirect."""
        form = self.get(path)
        assert form.status_code == 200, f"{path} answered {form.status_code}: {form.text}"
        return self.post(path, csrf_token=csrf_token(form.text), **fields)

    def post(self, path: str, **fields: str) -> requests.Response:
        return self.http.post(
            self.origin + self.prefix + path,
            data=fields,
            allow_redirects=False,
            timeout=ANSWER_SECONDS,
        )

    def find(self, username: str) -> Any:
        """Somebody else, as this person sees them."""
        return next(person for person in self.get_json("/people")["people"] if person["username"] == username)

    @property
    def cookie_header(self) -> str:
        url = self.origin + self.prefix + "/"
        request = self.http.prepare_request(requests.Request("GET", url))
        return str(request.headers["Cookie"])

    @property
    def socketio_path(self) -> str:
        return f"{self.prefix}/socket.io".lstrip("/")

    def connect(self, **auth: Any) -> PythonConnection:
        return PythonConnection(self, auth)

    def connect_node(self, **auth: Any) -> NodeConnection:
        return NodeConnection(self, auth)

    def _enter(self, path: str) -> Self:
        answer = self.post_form(path, username=self.username, password=self.password)
        assert answer.status_code == 303, f"{path} answered {answer.status_code}: {answer.text}"
        return self


def csrf_token(page: str) -> str:
    field = CSRF_FIELD.search(page)
    value = field and VALUE.search(field.group())
    assert value, f"no CSRF field in: {page}"
    return value.group(1)


class Connection:
    """What is heard on one Socket.IO connection, in order, and what can be said on it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self._heard = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def call(self, event: str, data: dict[str, Any] | None = None) -> Any:
        """Send one event and return its acknowledgement."""
        raise NotImplementedError

    def close(self) -> None:
        """Say goodbye and go."""
        raise NotImplementedError

    def send(self, room_id: int, body: str, client_id: str | None = None) -> Any:
        """Send a message that has to succeed, and return it as acknowledged."""
        data = {"room_id": room_id, "body": body, "client_id": client_id or make_client_id()}
        answer = self.call("send_message", data)
        assert answer["ok"], answer
        return answer["message"]

    def open_direct(self, username: str) -> Any:
        answer = self.call("open_direct", {"username": username})
        assert answer["ok"], answer
        return answer["room"]

    def heard(self, event: str) -> list[Any]:
        """What `event` carried, each time it was heard."""
        return [data for name, data in list(self.events) if name == event]

    @property
    def messages(self) -> list[Any]:
        return [data["message"] for data in self.heard("message_sent")]

    def wait_for(self, predicate: Callable[[Self], T], seconds: float = ANSWER_SECONDS) -> T:
        """Return the first true answer of `predicate`, asked again after each event."""
        with self._heard:
            answer = self._heard.wait_for(lambda: predicate(self), seconds)
            assert answer, f"not heard within {seconds:g} s; heard {self.events}"
            return answer

    def _keep(self, event: str, data: Any = None) -> None:
        with self._heard:
            self.events.append((event, data))
            self._heard.notify_all()


class PythonConnection(Connection):
    """The official Python client. Its end is kept as the event `disconnect`."""

    def __init__(self, person: Person, auth: dict[str, Any]) -> None:
        super().__init__()
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", self._keep)
        self.client.on("disconnect", lambda *reason: self._keep("disconnect", *reason))
        self.client.connect(
            person.origin,
            headers={"Cookie": person.cookie_header},
            auth=auth,
            transports=["websocket"],
            socketio_path=person.socketio_path,
            wait_timeout=ANSWER_SECONDS,
        )

    def call(self, event: str, data: dict[str, Any] | None = None) -> Any:
        return self.client.call(event, data or {}, timeout=ANSWER_SECONDS)

    def close(self) -> None:
        self.client.disconnect()
        if self.client.eio.ws:
            self.client.eio.ws.shutdown()  # which the library leaves open when the server was the first to close


class NodeConnection(Connection):
    """The official Node client, in a process of its own; see tests/node/client.js."""

    def __init__(self, person: Person, auth: dict[str, Any]) -> None:
        super().__init__()
        self._answers: dict[int, Any] = {}
        self._orders = 0
        self.process = subprocess.Popen(
            ["node", NODE_CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self._order(
                do="connect",
                url=person.origin,
                path=f"/{person.socketio_path}",
                cookie=person.cookie_header,
                auth=auth,
            )
        except BaseException:
            self._end()
            raise

    def call(self, event: str, data: dict[str, Any] | None = None) -> Any:
        return self._order(do="call", event=event, data=data or {})

    def close(self) -> None:
        if self.process.poll() is None:
            self._order(do="disconnect")
        self._end()

    def freeze(self) -> None:
        """Stop answering without a word, as a laptop that is shut; nothing but `kill` is of use afterwards."""
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def _end(self) -> None:
        """Closing its input ends the process, and its end the reader."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(STOP_SECONDS)
        self._reader.join()
        self.process.stdout.close()

    def _order(self, **order: Any) -> Any:
        """Not for several threads at once."""
        assert self.process.stdin is not None
        self._orders += 1
        number = self._orders
        self.process.stdin.write(json.dumps(order | {"id": number}) + "\n")
        self.process.stdin.flush()
        with self._heard:
            assert self._heard.wait_for(lambda: number in self._answers, ANSWER_SECONDS), f"no answer to {order}"
            answer = self._answers.pop(number)
        if "error" in answer:
            raise socketio.exceptions.ConnectionError(answer["error"])
        return answer["answer"]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            line = json.loads(text)
            if "event" in line:
                self._keep(line["event"], line.get("data"))
            else:
                with self._heard:
                    self._answers[line["id"]] = line
                    self._heard.notify_all()
