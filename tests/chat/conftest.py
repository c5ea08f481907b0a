from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from extensions import db


@pytest.fixture
def commits(app: Flask) -> Iterator[list[Any]]:
    """A list that grows with each commit."""
    with app.app_context():
        engine, seen = db.engines["writes"], list[Any]()
    note = seen.append
    event.listen(engine, "commit", note)
    yield seen
    event.remove(engine, "commit", note)
