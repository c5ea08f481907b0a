"""What people take away: asked for, looked at, fetched, thrown away.

What is in it, archives.py says; how it is made, export_runs.py.

An export is a file in a folder of this machine and a row that says whose it is. Who may no longer see the room may no
longer fetch what was taken from it; a day after it was asked for it goes.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from chat import archives, clock, downloads, filenames, limits, payloads, rooms, storage, transactions
from chat.errors import Conflict, Forbidden, NotFound, TooOften
from extensions import db
from models import Export, User

WAITING_MAX = 50  # of all people together
PATIENCE = 60.0  # seconds after which to ask again where that many wait
UNFINISHED = ("waiting", "working")

_folder = Path()


class OneAtATime(Conflict):
    sentence = lazy_gettext("Something is being made for you already. Wait until it is ready, or cancel it.")


def configure(instance: Path) -> None:
    """Choose the folder; it is made when it is first needed."""
    global _folder
    _folder = instance / "exports"


def folder() -> Path:
    return _folder


def path(export_id: str) -> Path:
    return _folder / f"{export_id}.zip"


def begin(actor: User, room_id: int | None = None) -> payloads.Payload:
    """Ask for a conversation, or without a room for all that is the actor's own; it is made in the background.

    Raises NotFound, Forbidden for rooms that keep nothing, TooOften, OneAtATime.
    """
    title = _title(actor, room_id)
    limits.check("export", actor.id)
    waiting = select(func.count()).select_from(Export).where(Export.state == "waiting")
    if (db.session.scalar(waiting) or 0) >= WAITING_MAX:
        raise TooOften(retry_after=PATIENCE)
    now = clock.now()
    row = Export(
        id=secrets.token_hex(16),
        user_id=actor.id,
        room_id=room_id,
        working_for=actor.id,
        # A name is one part of a path.
        name=filenames.cleaned(f"{title} {now:%Y-%m-%d}.zip".replace("/", "_").replace("\\", "_")),
        locale=str(get_locale() or "en"),
        created_at=now,
        touched_at=now,
        expires_at=now + archives.LIFETIME,
    )
    try:
        transactions.run(lambda session: session.add(row))
    except IntegrityError:
        raise OneAtATime() from None
    _replace_earlier(row)
    return payloads.export(row)


def _title(actor: User, room_id: int | None) -> str:
    if room_id is None:
        return str(_("All my data"))
    room, _mine = rooms.visible_to(actor, room_id)
    if not room.keeps_history:
        raise Forbidden(_("Nothing that is said here is stored, so there is nothing to take away."))
    return archives.title_of(actor, room)


def _replace_earlier(row: Export) -> None:
    """Of the same thing, the latest is enough."""
    same = Export.room_id == row.room_id if row.room_id else Export.room_id.is_(None)
    chosen = select(Export.id).where(Export.user_id == row.user_id, same, Export.id != row.id)
    _throw_away(db.session.scalars(chosen).all())


def _throw_away(export_ids: Sequence[str]) -> None:
    if export_ids:
        transactions.run(lambda session: session.execute(delete(Export).where(Export.id.in_(export_ids))))
    for export_id in export_ids:
        path(export_id).unlink(missing_ok=True)


def of(actor: User) -> list[payloads.Payload]:
    """What the actor has asked for and may still have, the newest first."""
    mine = select(Export).where(Export.user_id == actor.id, Export.expires_at > clock.now())
    rows = db.session.scalars(mine.order_by(Export.created_at.desc()).execution_options(populate_existing=True)).all()
    return [payloads.export(row) for row in rows if _is_open(actor, row)]


def _is_open(actor: User, row: Export) -> bool:
    """Whether the actor is in the room, and has been ever since: what was before may not be for them any more."""
    if row.room_id is None:
        return True
    try:
        _room, mine = rooms.visible_to(actor, row.room_id)
    except NotFound:
        return False
    return mine.joined_at <= row.created_at


def _mine(actor: User, export_id: str) -> Export:
    """Raises NotFound: "not yours" and "not there" are the same answer."""
    row = db.session.get(Export, export_id, populate_existing=True)
    if row is None or row.user_id != actor.id or row.expires_at <= clock.now() or not _is_open(actor, row):
        raise NotFound()
    return row


@dataclass(frozen=True)
class Content(downloads.Content):
    """A ZIP as it is fetched. It lies in no store."""

    def open(self, start: int, length: int) -> storage.Stream:
        try:
            return storage.Folder(_folder).open(self.key, start, length)
        except FileNotFoundError:
            raise NotFound() from None

    @property
    def is_local(self) -> bool:
        return False


def content(actor: User, export_id: str) -> Content:
    """The ZIP. Raises NotFound, also while it is not ready."""
    row = _mine(actor, export_id)
    if row.state != "ready":
        raise NotFound()
    name = path(row.id).name
    return Content(name, row.id, "application/zip", row.size, row.name, row.created_at, is_saved=True)


def remove(actor: User, export_id: str) -> None:
    """Throw it away; while it is made, whoever makes it stops. Raises NotFound."""
    _throw_away([_mine(actor, export_id).id])


def forget_room(room_id: int) -> None:
    """What was taken from a room is no longer here; for when its history is cleared for everybody."""
    _throw_away(db.session.scalars(select(Export.id).where(Export.room_id == room_id)).all())
