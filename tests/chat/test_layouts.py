"""What was meant by keys pressed in the other keyboard layout."""

from __future__ import annotations

import json
import re

import pytest

from chat import layouts
from tests.servers import REPOSITORY


@pytest.mark.parametrize(
    ("pressed", "meant"),
    [
        ("ghbdtn", "привет"),
        ("Ghbdtn", "Привет"),
        ("j,obq", "общий"),
        ("`krf", "ёлка"),
        ("привет", "привет"),
        ("42!", "42!"),
    ],
)
def test_what_was_meant_in_cyrillic(pressed: str, meant: str) -> None:
    assert layouts.cyrillic(pressed) == meant


@pytest.mark.parametrize(
    ("pressed", "meant"), [("руддщ", "hello"), ("РУддщ", "HEllo"), ("hello", "hello"), ("еуые1", "test1"), ("天", "天")]
)
def test_what_was_meant_in_latin(pressed: str, meant: str) -> None:
    assert layouts.latin(pressed) == meant


def test_the_page_has_the_same_keys() -> None:
    source = (REPOSITORY / "static" / "js" / "layouts.js").read_text()
    keys = {
        name: json.loads(text) for name, text in re.findall(r'^const (LATIN|CYRILLIC) = (".*");$', source, re.MULTILINE)
    }
    assert keys == {"LATIN": layouts.LATIN, "CYRILLIC": layouts.CYRILLIC}
