"""Imports point one way, and what belongs to one place is named only there. Read from the source, which is not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import REPOSITORY

# Each part of the house, and what of ours it may import besides itself: app → doors → chat → models → extensions.
# Doors and rules use realtime's threads, rules have files cleaned by media; those two know nobody.
MAY_IMPORT = {
    "extensions": {"realtime"},  # a commit that waits for the disk does so in a thread
    "settings": {"media"},
    "realtime": set(),
    "media": set(),
    "models": {"extensions"},
    "migrations": {"extensions", "models"},
    "chat": {"extensions", "media", "models", "realtime"},
    "routes": {"chat", "extensions", "models", "realtime"},
    "events": {"chat", "extensions", "models", "realtime", "routes"},
    "jobs": {"chat", "extensions", "media"},
    "cli": {"chat", "extensions", "migrations", "settings"},
}
PARTS = {*MAY_IMPORT, "app"}
DOORS = {"routes", "events", "jobs", "cli"}
OF_THE_REQUEST = {"request", "session", "g", "current_user", "current_app"}
EVENTLET_HOMES = {"app", "realtime"}


def part_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    """All of ours but tests and benchmarks."""
    found = [*REPOSITORY.glob("*.py")]
    for part in PARTS:
        found += (REPOSITORY / part).rglob("*.py")
    return sorted(found)


def imports(source: str) -> Iterator[tuple[str, str]]:
    """(module, name) of each import, wherever it stands; the name is empty for `import module`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where they lead"
            yield from ((node.module or "", alias.name) for alias in node.names)


def forbidden_imports(part: str, source: str) -> list[str]:
    ours = {module.split(".")[0] for module, _name in imports(source)} & PARTS
    allowed = PARTS - {"app"} if part == "app" else MAY_IMPORT[part] | {part}
    return sorted(ours - allowed)


def names_of_the_request(source: str) -> list[str]:
    """What ties code to a request: names of Flask, or Flask as a whole, through which they could be had."""
    flask = [(module, name) for module, name in imports(source) if module.split(".")[0] in ("flask", "flask_login")]
    return [name or module for module, name in flask if name in OF_THE_REQUEST or not name]


def touches_the_database(source: str) -> bool:
    return ("extensions", "db") in imports(source) or ("extensions", "") in imports(source)


every_module = pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(REPOSITORY)))


def test_the_parts_of_the_house_are_all_here() -> None:
    assert {part_of(path) for path in modules()} == PARTS


@every_module
def test_imports_point_one_way(path: Path) -> None:
    assert forbidden_imports(part_of(path), path.read_text()) == []


@every_module
def test_eventlet_is_named_in_two_places_only(path: Path) -> None:
    """Leaving it must stay cheap, so not even a string or a comment elsewhere may count on it."""
    assert part_of(path) in EVENTLET_HOMES or "eventlet" not in path.read_text()


@every_module
def test_doors_leave_the_database_to_the_rules(path: Path) -> None:
    assert part_of(path) not in DOORS or not touches_the_database(path.read_text())


@every_module
def test_the_rules_know_nothing_of_requests(path: Path) -> None:
    assert part_of(path) != "chat" or names_of_the_request(path.read_text()) == []


def test_what_is_forbidden_is_seen() -> None:
    """What the tests above rest on."""
    assert forbidden_imports("realtime", "from chat import rooms") == ["chat"]
    assert forbidden_imports("chat", "def f():\n    import routes.auth") == ["routes"]
    assert forbidden_imports("jobs", "import app") == ["app"]
    assert names_of_the_request("from flask import Flask, request") == ["request"]
    assert names_of_the_request("import flask") == ["flask"]
    assert touches_the_database("from extensions import db, socketio")
