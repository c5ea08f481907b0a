"""Which emoji there are, and the one way each is written. Knows nothing of messages.

The list is the page's own (static/vendor/emojibase-data), so that whatever its panel offers is accepted.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from flask_babel import lazy_gettext as _

from chat import fields
from chat.errors import Invalid

LIST = Path(__file__).resolve().parent.parent / "static" / "vendor" / "emojibase-data" / "en.json"
LENGTH_MAX = 32

_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_SELECTOR = "\ufe0f"


def one(value: object, field: str = "emoji") -> str:
    """One emoji sequence, spelled as the list spells it: with or without U+FE0F it is the same. Raises Invalid."""
    sequence = fields.text(value, field)
    if len(sequence) > LENGTH_MAX:
        raise Invalid(_("This must be one emoji."), field)
    bare = sequence.replace(_SELECTOR, "")
    found = _spelled().get(bare) or _toned(bare)
    if found is None:
        raise Invalid(_("This must be one emoji."), field)
    return found


def _toned(bare: str) -> str | None:
    """Of two people each can have a tone of their own: the list names only pairs of one tone."""
    tones = _TONE.findall(bare)
    pattern = _spelled().get(_TONE.sub("\U0001f3fb", bare)) if tones else None
    if pattern is None:
        return None
    return _TONE.sub(lambda _match: tones.pop(0), pattern)


@cache
def _spelled() -> dict[str, str]:
    """Each sequence of the list, by its form without selectors."""
    rows = json.loads(LIST.read_text(encoding="utf-8"))
    listed = [sequence for row in rows for sequence in (row[0], *(row[5] if len(row) > 5 else ()))]
    return {sequence.replace(_SELECTOR, ""): sequence for sequence in listed}
