"""What was meant by keys pressed in the other keyboard layout: `ghbdtn` is `привет`, `руддщ` is `hello`.

The page has the same keys for names (static/js/layouts.js); a test holds them equal.
"""

from __future__ import annotations

LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.~{}:\"<>"
CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбюёхъжэбю"

_TO_CYRILLIC = dict(zip(LATIN, CYRILLIC, strict=True))
_TO_LATIN = dict(zip(reversed(CYRILLIC), reversed(LATIN), strict=True))


def cyrillic(word: str) -> str:
    """The word as it would be in Cyrillic, where it has Latin letters."""
    return _through(_TO_CYRILLIC, word) if any("a" <= sign <= "z" for sign in word.lower()) else word


def latin(word: str) -> str:
    """The word as it would be in Latin, where it has Cyrillic letters."""
    return _through(_TO_LATIN, word) if any(sign in CYRILLIC for sign in word.lower()) else word


def _through(keys: dict[str, str], word: str) -> str:
    return "".join(_pressed(keys, sign) for sign in word)


def _pressed(keys: dict[str, str], sign: str) -> str:
    other = keys.get(sign.lower(), sign)
    return other.upper() if sign != sign.lower() else other
