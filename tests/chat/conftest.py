from __future__ import annotations

from typing import Any

import pytest

from extensions import SQLite


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list that grows with each commit."""
    seen: list[Any] = []
    commit = SQLite.commit

    def noted(connection: SQLite) -> None:
        commit(connection)
        seen.append(connection)

    monkeypatch.setattr(SQLite, "commit", noted)
    return seen
