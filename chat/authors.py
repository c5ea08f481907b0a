"""How people are shown inside messages, remembered until somebody is shown in another way."""

from __future__ import annotations

import time
from collections.abc import Collection

from sqlalchemy import select

from chat.many import Asked
from chat.payloads import Payload, sender
from models import User

REMEMBERED = 10_000  # people
LASTS = 60.0  # seconds: what another process changes is known by then

_shown: dict[int, Payload] = {}
_changes = 0
_begun = 0.0


def changed(user_id: int) -> None:
    """Somebody is shown in another way from now on."""
    global _changes
    _changes += 1
    _shown.pop(user_id, None)


def of(session: Asked, user_ids: Collection[int]) -> dict[int, Payload]:
    """As payloads.sender shows them. Shared: nothing is to be changed in it."""
    global _begun
    now = time.monotonic()
    if now - _begun > LASTS or len(_shown) > REMEMBERED:
        _shown.clear()
        _begun = now
    found = {user_id: _shown[user_id] for user_id in user_ids if user_id in _shown}
    missing = sorted(user_id for user_id in user_ids if user_id not in found)
    if missing:
        before = _changes
        rows = session.execute(select(User.__table__).where(User.id.in_(missing)))
        read = {row.id: sender(row) for row in rows}  # type: ignore[arg-type]  # as good as a User here
        found |= read
        if before == _changes:  # otherwise one of them may be of before
            _shown.update(read)
    return found


def forget() -> None:
    """Begin anew, as a fresh process does."""
    global _begun
    _begun = 0.0
    _shown.clear()
