"""What is typed to find something, and when a text contains it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chat import queries
from chat.errors import Invalid
from chat.queries import Query


def day(text: str, hour: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(hour=hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Query()),
        ("  \t ", Query()),
        ("Привет Ёлка", Query(("привет", "елка"))),
        ("hello hello", Query(("hello",))),
        ('"Hello  world" again', Query(("hello world", "again"))),
        ("«Доброе утро»", Query(("доброе утро",))),
        ("“good morning”", Query(("good morning",))),
        ('"not closed', Query(("not closed",))),
        ('""', Query()),
        ("你好", Query(("你好",))),
        ("ＦＵＬＬ", Query(("full",))),
        ("tea -milk", Query(("tea",), ("milk",))),
        ('tea -"with milk"', Query(("tea",), ("with milk",))),
        ("-milk", Query((), ("milk",))),
        ("a-b", Query(("a-b",))),
        ("from:Alice tea", Query(("tea",), sender="alice")),
        ("FROM:@Ёва", Query(sender="ёва")),
        ('from:"alice"', Query(sender="alice")),
        ('in:"Tea room" tea', Query(("tea",), room="tea room")),
        ("in:#Garden", Query(room="garden")),
        ("has:image has:LINK", Query(has=frozenset({"image", "link"}))),
        ("on:2026-02-03", Query(since=day("2026-02-03"), until=day("2026-02-04"))),
        ("after:2026-02-03", Query(since=day("2026-02-04"))),
        ("before:2026-02-03", Query(until=day("2026-02-03"))),
        ("after:2026-02-01 after:2026-02-03", Query(since=day("2026-02-04"))),
        ("before:2026-02-03 on:2026-02-10", Query(since=day("2026-02-10"), until=day("2026-02-03"))),
        ("to:alice", Query(("to:alice",))),
        ("from: alice", Query(("from:", "alice"))),
        ("https://example.org", Query(("https://example.org",))),
        ("-from:alice", Query((), ("from:alice",))),
    ],
)
def test_what_is_typed_has_a_meaning(typed: str, meant: Query) -> None:
    assert queries.parse(typed) == meant


def test_days_begin_where_the_reader_is() -> None:
    assert queries.parse("on:2026-02-03", "Asia/Shanghai").since == day("2026-02-02", hour=16)


@pytest.mark.parametrize(
    ("typed", "zone", "field"),
    [
        (None, None, "q"),
        (5, None, "q"),
        (["tea"], None, "q"),
        ("\ud83d", None, "q"),
        ("x" * (queries.LENGTH_MAX + 1), None, "q"),
        ("on:yesterday", None, "q"),
        ("on:2026-02-30", None, "q"),
        ("after:9999-12-31", None, "q"),
        ("has:video", None, "q"),
        ("on:2026-02-03", "Nowhere/Land", "zone"),
        ("on:2026-02-03", "../../etc/passwd", "zone"),
        ("on:2026-02-03", "x" * 10_000, "zone"),
    ],
)
def test_what_has_none_is_refused_with_the_reason(typed: Any, zone: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        queries.parse(typed, zone)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("typed", "text", "contained"),
    [
        ("кот", "Мой КОТ спит", True),
        ("кот", "котёнок", True),
        ("котенок", "КОТЁНОК", True),
        ("ёж", "еж", True),
        ("天", "今天天气很好", True),
        ("天气", "天空和气球", False),
        ("full width", "ＷＩＤＴＨ and ｆｕｌｌ", True),
        ('"full width"', "ＷＩＤＴＨ and ｆｕｌｌ", False),
        ('"one two"', "one\n  two", True),
        ("strasse", "Straße", True),
        ("fine", "ﬁne", True),
        ("tea -milk", "tea with milk", False),
        ("tea -milk", "tea", True),
        ("😀", "yes 😀", True),
        ("😂", "yes 😀", False),
        ("и", "й", False),
    ],
)
def test_when_a_text_contains_it(typed: str, text: str, contained: bool) -> None:
    assert queries.parse(typed).is_in(queries.fold(text)) is contained


@pytest.mark.parametrize(
    ("typed", "readings"),
    [
        ("ghbdtn", ["привет"]),
        ("руддщ", ["hello"]),
        ('"ghbdtn vbh" -jq', ['"привет мир" -ой']),
        ("from:bob ghbdtn has:link", ["from:bob привет has:link"]),
        ("«руддщ»", ["«hello»"]),
        ("ghbdtn руддщ", ["привет руддщ", "ghbdtn hello"]),
        ("from:bob 42", []),
        ("天气", []),
    ],
)
def test_words_have_a_reading_in_the_other_layout(typed: str, readings: list[str]) -> None:
    assert queries.readings(typed) == readings
