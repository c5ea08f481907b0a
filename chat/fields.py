"""What people and programs type, checked and brought to one form. Knows nothing of what is stored.

Each function takes the raw value and returns the clean one, or raises Invalid with the field's name.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask_babel import lazy_gettext as _

from chat.errors import Invalid

USERNAME_MIN, USERNAME_MAX = 2, 32
PASSWORD_MAX = 256
BODY_MAX = 10_000
QUERY_MAX = 100
EMAIL_MAX = 254
ROOM_NAME_MAX = 80
IDENTIFIER_MAX = 2**63 - 1

_USERNAME_MARKS = "_.-"
# Letters and marks that show nothing (Unicode's Default_Ignorable_Code_Point, as far as it is of categories L and M).
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# Unicode's category Cc, but newline and tab.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]]+\.[^\s@<>\"(),:;\\\[\]]+")
_FILE_ID = re.compile(r"[0-9a-f]{32}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def text(value: Any, field: str) -> str:
    """A string that can be written as UTF-8 (JSON can carry half of a surrogate pair; UTF-8 cannot)."""
    if not isinstance(value, str):
        raise Invalid(_("This must be text."), field)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid(_("This text is damaged: it is not valid Unicode."), field) from None
    return value


def username(value: Any, field: str = "username") -> str:
    """The name as shown: NFKC, 2–32 letters and digits of any script with `_ . -` between."""
    name = unicodedata.normalize("NFKC", text(value, field)).strip()
    if not USERNAME_MIN <= len(name) <= USERNAME_MAX:
        raise Invalid(_("A name has 2 to 32 characters."), field)
    if _INVISIBLE.search(name) or not all(_may_stand_in_a_name(character) for character in name):
        raise Invalid(_("A name has only letters, digits and _ . -"), field)
    if not name[0].isalnum():
        raise Invalid(_("A name begins with a letter or a digit."), field)
    return name


def _may_stand_in_a_name(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "L" or category in ("Mn", "Mc", "Nd") or character in _USERNAME_MARKS


def key(name: str) -> str:
    """The form under which a name is unique: `Артём` and `артём` are one, `Артём` and `Артем` are two.

    Unicode's compatibility caseless match (definition D146): fold and normalise until nothing changes.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())


def search_key(value: str) -> str:
    """The form in which text is looked for: as `key`, and ё is е."""
    return key(value).replace("ё", "е")


def query(value: Any, field: str = "q") -> str:
    """What somebody looks for, already folded; may be empty."""
    words = search_key(text(value, field)).strip()
    if len(words) > QUERY_MAX:
        raise Invalid(_("That is too long to search for."), field)
    return words


def new_password(value: Any, minimum: int, field: str = "password") -> str:
    """A password somebody chooses: any characters, `minimum` to 256 of them."""
    password = text(value, field)
    if len(password) < minimum:
        raise Invalid(_("A password has at least %(count)d characters.", count=minimum), field)
    if len(password) > PASSWORD_MAX:
        raise Invalid(_("A password has at most %(count)d characters.", count=PASSWORD_MAX), field)
    return password


def body(value: Any, field: str = "body", may_be_empty: bool = False) -> str:
    """A message's text: NFC, trimmed, 1–10,000 characters, no control characters but newline and tab.

    A caption may be empty.
    """
    words = unicodedata.normalize("NFC", text(value, field)).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not words and not may_be_empty:
        raise Invalid(_("A message cannot be empty."), field)
    if len(words) > BODY_MAX:
        raise Invalid(_("A message has at most 10,000 characters."), field)
    if _CONTROL.search(words):
        raise Invalid(_("A message cannot hold control characters."), field)
    return words


def line(value: Any, field: str, low: int, high: int) -> str:
    """One line somebody calls something by: NFC, trimmed, `low` to `high` characters, at least one of them visible."""
    words = " ".join(unicodedata.normalize("NFC", text(value, field)).split())
    if not low <= len(words) <= high:
        raise Invalid(_("This must have %(low)d to %(high)d characters.", low=low, high=high), field)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in words):
        raise Invalid(_("This holds characters that cannot be shown."), field)
    if words and not any(unicodedata.category(character)[0] in "LNPS" for character in _INVISIBLE.sub("", words)):
        raise Invalid(_("This holds characters that cannot be shown."), field)
    return words


def room_name(value: Any, field: str = "name") -> str:
    """What a room is called: one line of 1–80 characters of any script, NFKC."""
    return line(unicodedata.normalize("NFKC", text(value, field)), field, 1, ROOM_NAME_MAX)


def lines(value: Any, field: str, high: int) -> str:
    """A few lines, or none: as a message's body, up to `high` characters."""
    words = unicodedata.normalize("NFC", text(value, field)).replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(words) > high:
        raise Invalid(_("This must have %(low)d to %(high)d characters.", low=0, high=high), field)
    if _CONTROL.search(words):
        raise Invalid(_("This holds characters that cannot be shown."), field)
    return words


def email(value: Any, field: str = "email") -> str | None:
    """An address as RFC 5321 limits it, or None for an empty one. Whether it exists, only a mail can tell."""
    address = text(value, field).strip()
    if not address:
        return None
    if len(address) > EMAIL_MAX or not _EMAIL.fullmatch(address):
        raise Invalid(_("This is not an e-mail address."), field)
    return address


def client_id(value: Any, field: str = "client_id") -> bytes:
    """A UUID in its canonical form (RFC 9562 section 4), as 16 bytes."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise Invalid(_("A client_id is a UUID."), field)
    return bytes.fromhex(value.replace("-", ""))


def file_id(value: Any, field: str = "file_id") -> str | None:
    """What a file is called by, or None for no file."""
    if value is not None and (not isinstance(value, str) or not _FILE_ID.fullmatch(value)):
        raise Invalid(_("There is no such file."), field)
    return value


def identifier(value: Any, field: str) -> int:
    """A positive 64-bit integer, as one is in JSON; `true` and `"1"` are not."""
    return whole(value, field, low=1)


def whole(value: Any, field: str, low: int = 0, high: int = IDENTIFIER_MAX) -> int:
    """An integer from `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Invalid(_("This must be a whole number from %(low)d to %(high)d.", low=low, high=high), field)
    return value


def digits(value: Any, field: str, low: int = 0, high: int = IDENTIFIER_MAX) -> int:
    """The same as `whole`, written as text: in an address or as a key of a JSON object."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,19}", value):
        raise Invalid(_("This must be a whole number from %(low)d to %(high)d.", low=low, high=high), field)
    return whole(int(value), field, low, high)


def interval(value: Any, field: str, low: int, high: int) -> int | None:
    """So many seconds, from `low` to `high`, or None for never."""
    return None if value is None else whole(value, field, low, high)


def moment(value: Any, field: str) -> datetime:
    """A moment in ISO 8601, with its distance from UTC."""
    try:
        found = datetime.fromisoformat(text(value, field))
        return found.astimezone(UTC) if found.tzinfo else _refuse_moment(field)
    except (ValueError, OverflowError):
        return _refuse_moment(field)


def _refuse_moment(field: str) -> NoReturn:
    raise Invalid(_("This must be a moment such as 2026-01-31T08:00:00Z."), field)


def choice(value: Any, field: str, choices: tuple[str, ...]) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in choices:
        raise Invalid(_("There is no such choice."), field)
    return value


def flag(value: Any, field: str) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise Invalid(_("This must be true or false."), field)
    return value


def zone(name: Any, field: str = "zone") -> ZoneInfo:
    """The time zone by this IANA name, UTC where there is none. Raises Invalid."""
    try:
        return ZoneInfo(text(name, field) if name else "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(_("There is no such time zone."), field) from None
