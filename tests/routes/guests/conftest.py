"""Guests are admitted by name; one of them is in no room yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.cast import Guest, Member, Visitor
from tests.routes.guests.stage import public_room


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    """Guests are admitted by name: not into "General", where they would be in company with everybody."""
    return make(GUESTS="named")


@pytest.fixture
def lobby(app: Flask, alice: Member) -> int:
    """A public room in which alice is, and into which guests may come."""
    return public_room(app, "Lobby", alice, admits_guests=True)


@pytest.fixture
def visitor(app: Flask, lobby: int) -> Visitor:
    return Visitor(app)


@pytest.fixture
def guest(app: Flask) -> Guest:
    """In no room of this test."""
    return Guest(app, "visitor")
