"""Rounds in which those who are compared take turns, so that whatever else the machine does hits all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

ROUNDS = int(os.environ.get("ROUNDS", "5"))

T = TypeVar("T")
R = TypeVar("R")


def alternating(those: Sequence[T], measured: Callable[[T], R]) -> list[list[R]]:
    """What each gave in each round. A round before them, which warms up, is not counted."""
    found: list[list[R]] = [[] for _ in those]
    for turn in range(-1, ROUNDS):
        for one, results in zip(those, found, strict=True):
            result = measured(one)
            if turn >= 0:
                results.append(result)
    return found
