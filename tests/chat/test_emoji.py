"""Which emoji are taken for one, and how they are spelled."""

from __future__ import annotations

import pytest

from chat import emoji
from chat.errors import Invalid


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("👍", "👍"),
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("👍🏽", "👍🏽"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("🏳️‍🌈", "🏳️‍🌈"),
        ("🏳‍🌈", "🏳️‍🌈"),
        ("🇨🇳", "🇨🇳"),
        ("1️⃣", "1️⃣"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"),
        ("🕵🏿‍♀", "🕵🏿‍♀️"),
        ("🧑🏻‍🤝‍🧑🏿", "🧑🏻‍🤝‍🧑🏿"),
        ("👩🏻‍❤‍💋‍👨🏿", "👩🏻‍❤️‍💋‍👨🏿"),
    ],
)
def test_one_emoji_has_one_spelling(given: str, spelled: str) -> None:
    assert emoji.one(given) == emoji.one(spelled)
    assert emoji.one(given).replace("\ufe0f", "") == spelled.replace("\ufe0f", "")


@pytest.mark.parametrize(
    "given", ["", "a", "1", "👍👍", "👍 ", "🏽", "😀🏽", "🧑🏻‍🤝‍🧑", "\ufe0f", "\u200d", "🇨", None, 1, []]
)
def test_anything_else_is_refused(given: object) -> None:
    with pytest.raises(Invalid):
        emoji.one(given)


def test_every_emoji_of_the_panel_fits_its_column() -> None:
    assert all(len(sequence) <= emoji.LENGTH_MAX for sequence in emoji._spelled().values())
