"""What time it is: UTC, cut to the milliseconds that every database keeps."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware, in whole milliseconds (MySQL would round the rest, and a message be from the future)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
