"""The fixed cast: alice and bob share a room, carol is outside, root administers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

import settings
from app import create_app
from chat import accounts, authors, ephemeral, many, presence, whispers
from extensions import db
from migrations import state
from tests.cast import NAMES, PASSWORD, Member

pytest_plugins = ["tests.services"]


def make_app(folder: Path, **changed: str) -> Flask:
    """An application on a SQLite file in `folder`, with all settings at their defaults but those given."""
    return create_app(settings.load({"INSTANCE_DIR": str(folder), "UPLOAD_DIR": str(folder / "uploads"), **changed}))


def close(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def forget() -> None:
    """What the process remembers of the people and rooms of another database."""
    presence.forget()
    whispers.forget()
    ephemeral.forget()
    authors.forget()


@contextmanager
def prepared(folder: Path, url: str) -> Iterator[Flask]:
    """An application in its own context, on a database that was empty."""
    app = make_app(folder, DATABASE_URL=url)
    forget()
    with app.app_context():
        state.prepare()
        yield app
    close(app)


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database in which the cast is registered: hashing their passwords takes long enough for once."""
    folder = tmp_path_factory.mktemp("registered")
    app = make_app(folder)
    with app.app_context():
        state.prepare()
        for name in NAMES:
            accounts.register(name, PASSWORD, minimum=6)
    close(app)
    return folder


@pytest.fixture
def make(registered: Path, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes the application anew on one copy of that database, with settings of one's choice."""
    shutil.copytree(registered, tmp_path / "instance")
    made: list[Flask] = []

    def build(**changed: str) -> Flask:
        made.append(make_app(tmp_path / "instance", **changed))
        return made[-1]

    forget()
    yield build
    for app in made:
        close(app)


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    return make()


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[Flask]:
    """An application on which nobody has registered."""
    app = make_app(tmp_path / "empty")
    forget()
    with app.app_context():
        state.prepare()
    yield app
    close(app)


@pytest.fixture
def statements_anew() -> Iterator[None]:
    """What a test changes of limits is in no statement that was remembered before, or is afterwards."""
    many.forget()
    yield
    many.forget()


@pytest.fixture
def root(app: Flask) -> Member:
    return Member(app, "root")


@pytest.fixture
def alice(app: Flask) -> Member:
    return Member(app, "alice")


@pytest.fixture
def bob(app: Flask) -> Member:
    return Member(app, "bob")


@pytest.fixture
def carol(app: Flask) -> Member:
    return Member(app, "carol")


@pytest.fixture
def room_id(alice: Member, bob: Member) -> int:
    """The room alice and bob share."""
    connection = alice.connect()
    room = connection.ok("open_direct", {"username": bob.username})["room"]
    connection.close()
    return int(room["id"])
