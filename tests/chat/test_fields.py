"""What people type: names, passwords, texts."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from chat import fields, queries
from chat.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("al", "al"),
        ("Артём", "Артём"),
        ("林晓雨", "林晓雨"),
        ("ﬁona", "fiona"),
        ("Ｗｉｄｅ", "Wide"),
        ("  bob  ", "bob"),
        ("a_b.c-d", "a_b.c-d"),
        ("नमस्ते", "नमस्ते"),
        ("user2026", "user2026"),
        ("x" * 32, "x" * 32),
        ("e\u0301a", "éa"),
    ],
)
def test_a_name_is_brought_to_one_form(typed: str, name: str) -> None:
    assert fields.username(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        None,
        5,
        [],
        "",
        "a",
        "x" * 33,
        "two words",
        "a\u200bb",
        "a\u202eb",
        "a\0b",
        "a\nb",
        "a/b",
        "<b>",
        "a@b",
        "смайл😀",
        "__",
        ".hidden",
        "-dash",
        "\u0301accent",
        "a\ufe0fb",
        "\ud800ab",
        "a\u3164b",
        "a\u034fb",
        "a\U000e0100b",
    ],
)
def test_a_wrong_name_is_refused(typed: object) -> None:
    with pytest.raises(Invalid) as refused:
        fields.username(typed)
    assert refused.value.field == "username"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Артём", "артём"),
        ("Bob", "ＢＯＢ"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ﬁona", "FIONA"),
        ("é", "e\u0301"),
    ],
)
def test_names_that_look_alike_by_case_or_width_are_one(one: str, other: str) -> None:
    assert fields.key(one) == fields.key(other)


@pytest.mark.parametrize(("one", "other"), [("Артём", "Артем"), ("bob", "b0b"), ("林", "森"), ("a_b", "a-b")])
def test_other_names_are_two(one: str, other: str) -> None:
    assert fields.key(one) != fields.key(other)


def test_looking_for_somebody_takes_e_for_yo() -> None:
    assert fields.search_key("АРТЁМ") == fields.search_key("артем")


@pytest.mark.parametrize("password", ["123456", "п" * 256, "   spaces   ", "密码密码密码", "emoji😀😀😀"])
def test_any_password_of_the_right_length_will_do(password: str) -> None:
    assert fields.new_password(password, minimum=6) == password


@pytest.mark.parametrize("password", [None, 123456, "", "12345", "x" * 257, "half \ud83d pair"])
def test_a_wrong_password_is_refused(password: object) -> None:
    with pytest.raises(Invalid) as refused:
        fields.new_password(password, minimum=6)
    assert refused.value.field == "password"


def test_texts_that_are_folded_the_short_way_come_out_the_same() -> None:
    every = [chr(number) for number in range(sys.maxunicode + 1) if not 0xD800 <= number < 0xE000]
    short = [one for one in every if queries._PLAIN.fullmatch(one)]
    assert len(short) > 20_000
    assert all(queries.fold(f"a{one}b") == " ".join(fields.search_key(f"a{one}b").split()) for one in short)


def test_control_characters_are_those_of_unicode() -> None:
    for number in range(0x110000):
        character = chr(number)
        is_control = unicodedata.category(character) == "Cc" and character not in "\n\t"
        assert bool(fields._CONTROL.search(character)) is is_control, hex(number)
