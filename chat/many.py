"""One question asked of many at once, by statements that are built once: building them costs more than asking them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, TextClause, and_, bindparam, or_, text
from sqlalchemy.orm import InstrumentedAttribute, scoped_session
from sqlalchemy.orm import Session as Transaction

from chat import clock
from extensions import db
from models import Instant

# SQLite takes at most 500 selects in one statement, a thousand conditions below each other
AT_ONCE = 250
PAIRS = 10_000  # and 32,766 values
STATEMENTS = 200  # of different lengths that are remembered
# What may be different from one to the next.
NAMES = "room_id", "user_id", "cleared_seq", "last_read_seq", "version", "limit"

NOW = bindparam("now", type_=Instant())

_OF_ONE = re.compile(rf":({'|'.join(NAMES)})\b(?!_)")

Template = Callable[[Any], Select[Any]]
Column = InstrumentedAttribute[int]
Asking = tuple[Any, Column, Column]  # a SELECT, and two of its columns
Question = Callable[[], Asking]
Asked = Transaction | scoped_session[Any]


def of_each(template: Template, those: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of `template(each)`, a short SELECT, for all of `those`: united, and in no order.

    The template is given an object with NAMES, which stand for the attributes of each; any moment in it is now.
    """
    return [row for start in range(0, len(those), AT_ONCE) for row in _ask(template, those[start : start + AT_ONCE])]


def among(question: Question, session: Asked, pairs: Iterable[tuple[int, int]]) -> list[Any]:
    """The rows of the question's SELECT in which its two columns are one of these pairs.

    Asked by the first of each pair: to compare pairs, SQLite would read the whole table. The question may name NOW.
    """
    rows: list[Any] = []
    for those in _parts(pairs):
        values: dict[str, Any] = {"now": clock.now()}
        for number, (one, others) in enumerate(those.items()):
            values[f"one_{number}"], values[f"others_{number}"] = one, others
        rows += session.execute(_those(question, len(those)), values)
    return rows


def _parts(pairs: Iterable[tuple[int, int]]) -> Iterator[dict[int, list[int]]]:
    """What stands beside each first, in parts that a statement can hold."""
    those: dict[int, list[int]] = {}
    count = 0
    for one, other in sorted(pairs):
        if count == PAIRS or (len(those) == AT_ONCE and one not in those):
            yield those
            those, count = {}, 0
        those.setdefault(one, []).append(other)
        count += 1
    if those:
        yield those


@lru_cache(maxsize=STATEMENTS)
def _those(question: Question, count: int) -> Select[Any]:
    asked, one, other = question()
    chosen: Select[Any] = asked.where(
        or_(
            *(
                and_(one == bindparam(f"one_{number}"), other.in_(bindparam(f"others_{number}", expanding=True)))
                for number in range(count)
            )
        )
    )
    return chosen


def forget() -> None:
    """Limits and the like that stood in the statements."""
    _united.cache_clear()


def _ask(template: Template, those: Sequence[Any]) -> list[tuple[Any, ...]]:
    # Written out once and repeated as text.
    kind: Any = type(db.session.get_bind().dialect)
    statement, fixed, used = _united(template, kind, len(those))
    now = clock.now()
    values = {name: now if isinstance(value, datetime) else value for name, value in fixed.items()}
    for number, each in enumerate(those):
        for name in used:
            values[f"{name}_{number}"] = getattr(each, name)
    return [tuple(row) for row in db.session.execute(statement, values)]


@lru_cache(maxsize=STATEMENTS)
def _united(template: Template, kind: Any, count: int) -> tuple[TextClause, dict[str, Any], list[str]]:
    """The statement, the values that stand in it for all of them (any moment is now), and what it asks of each."""
    compiled = template(SimpleNamespace(**{name: bindparam(name) for name in NAMES})).compile(
        dialect=kind(paramstyle="named")
    )
    sql = str(compiled)
    used = sorted(set(_OF_ONE.findall(sql)))
    fixed = {name: value for name, value in compiled.params.items() if name not in used}
    moments = [bindparam(name, type_=Instant()) for name, value in fixed.items() if isinstance(value, datetime)]
    parts = (_OF_ONE.sub(rf":\1_{number}", sql) for number in range(count))
    return text(" UNION ALL ".join(parts)).bindparams(*moments), fixed, used
