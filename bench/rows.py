"""A row of the table of results, and how it is printed."""

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
        "ratio": float(f"{ours / theirs:.3g}") if ours is not None and theirs else None,
        "goal": goal,
        "unit": unit,
        "holds": holds,
    }


def beside(
    work: str,
    ours: float,
    unit: str,
    peer: str,
    theirs: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """Ours and a peer's, and how many times the peer's ours is to be; without either, the two just stand there."""
    ratio = ours / theirs
    goal = f">= {at_least:.3g}x" if at_least else f"<= {at_most:.3g}x" if at_most else ""
    holds = (at_least is None or ratio >= at_least) and (at_most is None or ratio <= at_most)
    return row(work, ours, unit, goal, holds, peer, theirs)


def shown(row: Row) -> str:
    """A line of the table."""
    ours = "" if row["ours"] is None else number(row["ours"])
    peer = "" if row["theirs"] is None else f"{row['peer']}: {number(row['theirs'])}"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:g}x"
    goal = f"goal {row['goal']:<9} {'holds' if row['holds'] else 'DOES NOT HOLD'}" if row["goal"] else ""
    return f"{row['work']:<64} {ours:>9} {row['unit']:<9} {peer:<22} {ratio:>8}  {goal}".rstrip()


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
