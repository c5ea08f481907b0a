"""The peers as servers in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import requests
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy.engine import make_url

from bench import people
from bench.load import Caller
from bench.peers import installing, stock_models
from bench.scenes import SOCKET_IO, Chat
from tests.servers import REPOSITORY, wait_until

START_SECONDS = 60


class Peer(Chat):
    stored_in = "told"

    def __enter__(self) -> Self:
        self.folder.mkdir()
        self.database = self.url or f"sqlite:///{self.folder / 'peer.sqlite3'}"
        stock_models.prepare(self.database, self.scene.people, self.scene.rooms(), self.scene.told)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=REPOSITORY, env=self.environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self.pid = self.process.pid
        try:
            wait_until(self._answers, START_SECONDS, f"{self.name} in {self.folder}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.kill()
        self.process.wait()

    def command(self) -> list[str | Path]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def caller(self, number: int) -> Caller:
        return self.called(number, SOCKET_IO, {}, {"person": number, "rooms": self.scene.groups_of(number)})

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=START_SECONDS)
        except requests.ConnectionError:
            return False
        return True


class Stock(Peer):
    name = "stock"
    backlog = 40

    def command(self) -> list[str | Path]:
        modes = ["store"] * (self.url is not None) + ["sign-in"] * self.scene.signs_in
        program = [sys.executable, "-W", "ignore", "-m", "bench.peers.stock_chat"]
        return [*program, str(self.port), self.database, *modes]

    def caller(self, number: int) -> Caller:
        if not self.scene.signs_in:
            return super().caller(number)
        said = {"_user_id": stock_models.session_id(number), "_fresh": True}
        return self.called(number, SOCKET_IO, {"Cookie": f"session={_serializer().dumps(said)}"})


def _serializer() -> Any:
    app = Flask(__name__)
    app.secret_key = people.KEY
    return SecureCookieSessionInterface().get_signing_serializer(app)


class Node(Peer):
    name = "Node"

    def command(self) -> list[str | Path]:
        url = self.url and make_url(self.url).set(drivername="mysql", query={}).render_as_string(hide_password=False)
        program = installing.node()
        assert program is not None
        return [program, installing.NODE / "server.js", str(self.port), *([url] if url else [])]


class Channels(Peer):
    name = "Channels"
    dialect = "plain"
    haste = 0.1  # it acknowledges what it delivers much later

    def command(self) -> list[str | Path]:
        daphne = installing.channels() / "daphne"
        # Nobody is sent away for opening too slowly, when thousands do it at once.
        patience = ["--websocket_connect_timeout", "120"]
        return [daphne, "-b", "127.0.0.1", "-p", str(self.port), *patience, "bench.peers.channels_chat:application"]

    def environment(self) -> dict[str, str]:
        return os.environ | {"CHANNELS_DATABASE": self.url or ""}

    def caller(self, number: int) -> Caller:
        rooms = ",".join(map(str, self.scene.groups_of(number)))
        return self.called(number, f"/?person={number}&rooms={rooms}", {})
