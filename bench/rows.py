"""A row of the table of results."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def row(
    work: str,
    ours: float | None,
    unit: str,
    goal: str = "",
    holds: bool = True,
    peer: str | None = None,
    theirs: float | None = None,
) -> Row:
    """Where something could not be measured, `ours` is None; without a goal everything holds."""
    return {
        "work": work,
        "peer": peer,
        "ours": None if ours is None else round(ours, 1),
        "theirs": None if theirs is None else round(theirs, 1),
        "ratio": round(ours / theirs, 2) if ours is not None and theirs else None,
        "goal": goal,
        "unit": unit,
        "holds": holds,
    }
