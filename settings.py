"""Every setting once: name, default, help; read from the environment or a `.env` file, refused loudly when wrong.

Knows nothing of Flask; `create_app` turns the values into what the libraries want.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import limits
from dotenv import dotenv_values
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from media import FORMATS

ROOT = Path(__file__).resolve().parent
STORAGE = re.compile(r"s3://([^:/@\s]+):([^:/@\s]+)@([^/?@\s]+)/([a-z0-9.-]{3,63})(?:\?([\w=&-]*))?")


class SettingError(Exception):
    """A setting has a value that cannot be used. Its text is one sentence for the operator."""


@dataclass(frozen=True)
class Setting:
    """One line of the operator's manual; `parse` takes the text, returns the value, or raises ValueError."""

    name: str
    default: str
    help: str
    parse: Callable[[str], Any]


class Settings(dict[str, Any]):
    """The parsed values by name, also as attributes: `settings.HOST`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read all settings from `environ`, by default `.env` overridden by the process environment.

    Raises SettingError, naming the setting, when a value is wrong.
    """
    given = _environment() if environ is None else environ
    return Settings({setting.name: _value(setting, given) for setting in SETTINGS})


def _environment() -> dict[str, str]:
    from_file = {name: value or "" for name, value in dotenv_values(ROOT / ".env").items()}
    return {**from_file, **os.environ}


def _value(setting: Setting, given: Mapping[str, str]) -> Any:
    text = given.get(setting.name, "").strip() or setting.default
    try:
        return setting.parse(text)
    except ValueError as reason:
        raise SettingError(f"The setting {setting.name} {reason}.") from None


def _text(text: str) -> str:
    return text


def _folder(text: str) -> Path:
    return (ROOT / text).resolve()


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return parse


def _database_url(text: str) -> str:
    """Refuse without echoing the value: it holds a password."""
    if not text:
        return ""
    try:
        driver = make_url(text).drivername
    except (ArgumentError, ValueError):
        raise ValueError(
            "is not a database URL; write the characters @ : / % # of a password as %40 %3A %2F %25 %23"
        ) from None
    if driver not in ("sqlite", "mysql+pymysql"):
        raise ValueError(f"must begin with sqlite:/// or mysql+pymysql://, not {driver}://")
    return text


def _redis_url(text: str) -> str:
    if text and not re.match(r"(rediss?|unix)://", text):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return text


def _secret(text: str) -> str:
    if text and len(text) < 16:
        raise ValueError("must have at least 16 characters")
    return text


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}, not {text!r}")
        return text

    return parse


def _formats(text: str) -> frozenset[str]:
    wanted = frozenset(text.split())
    if not wanted or wanted - set(FORMATS):
        raise ValueError(f"must be some of {' '.join(FORMATS)}, with spaces between, not {text!r}")
    return wanted


def _storage(text: str) -> str:
    """Refuse without echoing the value: it holds a secret."""
    if text and not STORAGE.fullmatch(text):
        raise ValueError(
            "must be s3://KEY:SECRET@host/bucket; write the characters / : @ % of a secret as %2F %3A %40 %25"
        )
    return text


def _location(text: str) -> str:
    if text and not re.fullmatch(r"/([A-Za-z0-9_-]+/)+", text):
        raise ValueError(f"must be a path such as /protected-files/, not {text!r}")
    return text


def _rate(text: str) -> str:
    try:
        limits.parse_many(text)
    except ValueError:
        raise ValueError(f"must be a rate such as '30 per minute', not {text!r}") from None
    return text


SETTINGS = (
    Setting("HOST", "127.0.0.1", "Address to listen on. `0.0.0.0` is every IPv4 address of the machine.", _text),
    Setting("PORT", "5000", "Port to listen on.", _between(1, 65535)),
    Setting(
        "DATABASE_URL",
        "",
        "`sqlite:////path/file.db` or `mysql+pymysql://user:p%40ss@host/db`. Empty: a SQLite file in INSTANCE_DIR.",
        _database_url,
    ),
    Setting(
        "REDIS_URL",
        "",
        "`redis://host:6379/0`. Keeps rate limits over a restart and shares them between processes. Empty: in memory.",
        _redis_url,
    ),
    Setting("INSTANCE_DIR", "instance", "Folder for the secret key and the SQLite file.", _folder),
    Setting("UPLOAD_DIR", "uploads", "Folder for uploaded files.", _folder),
    Setting(
        "STORAGE",
        "",
        "`s3://KEY:SECRET@host/bucket?region=us-east-1`: keep files in an S3-compatible store (`&tls=0`: without TLS). "
        "Empty: in UPLOAD_DIR, which holds uploads under way in any case.",
        _storage,
    ),
    Setting(
        "ACCEL_LOCATION",
        "",
        "An internal location of nginx over UPLOAD_DIR, such as `/protected-files/`: nginx sends the files. "
        "Empty: Parley does.",
        _location,
    ),
    Setting("IMAGE_MAX_MB", "20", "Largest picture, in megabytes.", _between(1, 1000)),
    Setting(
        "IMAGE_MEGAPIXELS",
        "40",
        "Most pixels a picture may have, in millions; all frames of an animation ten times as many.",
        _between(1, 1000),
    ),
    Setting("AUDIO_MAX_MB", "100", "Largest recording, in megabytes.", _between(1, 1000)),
    Setting("FILE_FORMATS", " ".join(FORMATS), "What may be sent.", _formats),
    Setting("UPLOAD_RATE", "60 per minute", "Files one person may begin to send.", _rate),
    Setting(
        "SECRET_KEY", "", "Signs cookies; 16 characters or more. Empty: made once and kept in INSTANCE_DIR.", _secret
    ),
    Setting(
        "TRUSTED_PROXIES",
        "0",
        "How many proxies in front set X-Forwarded-For and X-Forwarded-Proto. 0: none, the headers are ignored.",
        _between(0, 9),
    ),
    Setting("PASSWORD_MIN_LENGTH", "6", "Shortest password allowed, in characters.", _between(6, 64)),
    Setting("SIGN_IN_RATE", "60 per minute", "Attempts to sign in from one address (IPv6: one /64).", _rate),
    Setting("SIGN_IN_NAME_RATE", "10 per minute", "Attempts to sign in or change a password under one name.", _rate),
    Setting("REGISTER_RATE", "300 per hour", "Registrations and guests from one address (IPv6: one /64).", _rate),
    Setting("MESSAGE_RATE", "200 per 10 second", "Messages one person may send.", _rate),
    Setting("EVENT_RATE", "600 per 10 second", "Other Socket.IO events and page reads of one person.", _rate),
    Setting("EXPORT_RATE", "10 per hour", "Conversations, or all that is theirs, one person may take away.", _rate),
    Setting("SEARCH_RATE", "120 per 10 second", "Pages and counts of searches one person may ask for.", _rate),
    Setting(
        "CLIENT_BUFFER",
        "1048576",
        "Bytes that may wait for a client who is too slow; past it, the connection ends and the page catches up.",
        _between(65536, 999_999_999),
    ),
    Setting(
        "GUESTS",
        "public",
        "Where a nickname is enough: `off` nowhere, `named` in rooms that admit guests, `public` in public ones too.",
        _one_of("off", "named", "public"),
    ),
    # A session ends after 30 days without use, and a guest who lost theirs cannot come back.
    Setting(
        "GUEST_DAYS", "30", "Days of absence after which a guest and the nickname are gone, 1 to 30.", _between(1, 30)
    ),
    Setting("GUEST_MESSAGE_RATE", "20 per 10 second", "Messages one guest may send.", _rate),
    Setting("GUEST_EVENT_RATE", "200 per 10 second", "Other Socket.IO events and page reads of one guest.", _rate),
)
