"""The tables, as typed SQLAlchemy models with predicates about one row; no queries, no JSON.

Equality of names is decided by the application (see chat/fields.py), so every table compares text byte by byte
(`utf8mb4_bin`): general collations hold 😀 equal to 😂 and `Артём` equal to `Артем`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BINARY,
    VARBINARY,
    BigInteger,
    ColumnElement,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    and_,
    or_,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from extensions import Base

# SQLite gives out row numbers only for a column that is exactly INTEGER.
Identifier = BigInteger().with_variant(Integer, "sqlite")

# The name of a file and of a blob: 32 hexadecimal digits that nobody can guess.
FileId = String(32)

Uuid16 = BINARY(16).with_variant(LargeBinary(16), "sqlite")
Digest = BINARY(32).with_variant(LargeBinary(32), "sqlite")
Few = VARBINARY(128).with_variant(LargeBinary(128), "sqlite")  # bytes that are read with their row


class Instant(TypeDecorator[datetime]):
    """A moment in UTC with milliseconds: aware in Python, `DATETIME(3)` in MySQL, text in SQLite."""

    impl = DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def table(*constraints: Any, **options: Any) -> tuple[Any, ...]:
    """What every table has in common: the same storage and comparison whatever the server's defaults."""
    return (
        *constraints,
        {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", **options},
    )


class Fact(Base):
    """Something that is true once per installation, such as who came first. The primary key decides races."""

    __tablename__ = "facts"
    __table_args__ = table()

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))


class User(Base):
    __tablename__ = "users"
    __table_args__ = table(Index(None, "kind", "last_seen_at"), sqlite_autoincrement=True)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    username: Mapped[str] = mapped_column(String(32))
    username_key: Mapped[str] = mapped_column(String(128), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    search_key: Mapped[str] = mapped_column(String(255), index=True)
    kind: Mapped[str] = mapped_column(String(16), default="member")
    role: Mapped[str] = mapped_column(String(16), default="user")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    hue: Mapped[int | None] = mapped_column(Integer)
    about: Mapped[str] = mapped_column(String(500), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    locale: Mapped[str | None] = mapped_column(String(16))
    preferences: Mapped[str | None] = mapped_column(Text)
    avatar_id: Mapped[str | None] = mapped_column(FileId)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime | None] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_guest(self) -> bool:
        return self.kind == "guest"

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


class Session(Base):
    """One sign-in of one browser. The row is the right to act: deleting it signs that browser out."""

    __tablename__ = "sessions"
    __table_args__ = table()

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime] = mapped_column(Instant, index=True)
    user_agent: Mapped[str] = mapped_column(String(255), default="")
    address: Mapped[str] = mapped_column(String(45), default="")


class Room(Base):
    """A conversation, direct (two people, unique `pair_key`) or group (unique `name_key`).

    `last_seq` counts messages, `version` every change, `epoch` those of who is in it and of its settings. A room is
    deleted from `deleted_at` or `ends_at` on (its idle interval, counted from the last message); the rows go later.
    Times to live are in seconds.
    """

    __tablename__ = "rooms"
    __table_args__ = table(sqlite_autoincrement=True)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    pair_key: Mapped[str | None] = mapped_column(String(48), unique=True)
    name: Mapped[str | None] = mapped_column(String(80))
    name_key: Mapped[str | None] = mapped_column(String(320), unique=True)
    topic: Mapped[str] = mapped_column(String(500), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    visibility: Mapped[str] = mapped_column(String(16), default="private")
    emoji: Mapped[str] = mapped_column(String(64), default="")
    avatar_id: Mapped[str | None] = mapped_column(FileId)
    keeps_history: Mapped[bool] = mapped_column(default=True)
    history_from_join: Mapped[bool] = mapped_column(default=False)
    admits_guests: Mapped[bool] = mapped_column(default=False)
    message_ttl: Mapped[int | None] = mapped_column(Integer)
    idle_ttl: Mapped[int | None] = mapped_column(Integer)
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    # Up to where the history is cleared for everybody, and the same without what can still be taken back.
    cleared_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    settled_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    active_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    # Who may take the deletion back.
    deleted_by_id: Mapped[int | None] = mapped_column(BigInteger)

    def has_ended(self, now: datetime) -> bool:
        return self.deleted_at is not None or (self.ends_at is not None and self.ends_at <= now)

    @classmethod
    def lasts(cls, now: datetime) -> ColumnElement[bool]:
        """That a room has not ended, as a condition."""
        return and_(cls.deleted_at.is_(None), or_(cls.ends_at.is_(None), cls.ends_at > now))

    @property
    def is_direct(self) -> bool:
        return self.kind == "direct"

    @property
    def is_public(self) -> bool:
        return self.visibility == "public"


class Membership(Base):
    """Somebody in a room. They see what comes after `cleared_seq`, the highest of all marks that concern them.

    `settled_seq` is the mark that is theirs alone, without what can still be taken back (chat/clearings.py).
    """

    __tablename__ = "memberships"
    __table_args__ = table(sqlite_with_rowid=False)

    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(16), default="member")
    joined_at: Mapped[datetime] = mapped_column(Instant)
    last_read_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    cleared_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    settled_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    muted_until: Mapped[datetime | None] = mapped_column(Instant)
    notify: Mapped[str] = mapped_column(String(16), default="all")


class Clearing(Base):
    """A history that somebody has cleared up to `seq`: for `user_id`, or for everybody where that is null.

    Until it is settled it can be taken back; then the row stays until the last message up to `seq` is gone.
    `line_seq` is the line that tells of it.
    """

    __tablename__ = "clearings"
    __table_args__ = table(sqlite_autoincrement=True)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    cleared_by_id: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    line_seq: Mapped[int | None] = mapped_column(BigInteger)
    cleared_at: Mapped[datetime] = mapped_column(Instant, index=True)
    settled: Mapped[bool] = mapped_column(default=False)


class Message(Base):
    """One message. The key (room_id, seq) keeps a room's history together on disk."""

    __tablename__ = "messages"
    __table_args__ = table(
        Index(None, "sender_id", "client_id", unique=True),
        Index(None, "room_id", "version"),
        sqlite_with_rowid=False,
    )

    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    sender_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    client_id: Mapped[bytes] = mapped_column(Uuid16)
    kind: Mapped[str] = mapped_column(String(16), default="text")
    body: Mapped[str] = mapped_column(Text)
    # Whom a line about people concerns. No foreign key: it would be one more index to write for every message, and
    # nobody is ever taken out of the table of users.
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    reply_to_seq: Mapped[int | None] = mapped_column(BigInteger)
    # What it shows, in a message of kind "file". No foreign key, as above: the file knows its message.
    file_id: Mapped[str | None] = mapped_column(FileId)
    created_at: Mapped[datetime] = mapped_column(Instant)
    edited_at: Mapped[datetime | None] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant, index=True)

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


class Reaction(Base):
    """One emoji of one person at one message."""

    __tablename__ = "reactions"
    __table_args__ = table(
        ForeignKeyConstraint(["room_id", "seq"], ["messages.room_id", "messages.seq"], ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )

    room_id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    emoji: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Blob(Base):
    """Content that is stored, cleaned and described, once however often it was uploaded.

    `digest` (SHA-256) is that of what came in, with the recipe it was cleaned by. Of images, `width` and `height` are
    pixels as they are shown, `small_size` and `large_size` bytes of the thumbnails that there are; of sound, `duration`
    is milliseconds and `waveform` one byte, 0 to 100, for each bar. What is not portable does not play everywhere.
    """

    __tablename__ = "blobs"
    __table_args__ = table()

    id: Mapped[str] = mapped_column(FileId, primary_key=True)
    digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    animated: Mapped[bool] = mapped_column(default=False)
    thumbhash: Mapped[bytes | None] = mapped_column(Few)
    small_size: Mapped[int | None] = mapped_column(Integer)
    large_size: Mapped[int | None] = mapped_column(Integer)
    duration: Mapped[int | None] = mapped_column(BigInteger)
    waveform: Mapped[bytes | None] = mapped_column(Few)
    portable: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class File(Base):
    """One file of somebody, from the first byte of its upload to its last reader; several may share a blob.

    `purpose` is `upload` until it is sent (without a blob until it has come whole and was found good), then `message`,
    `memory` (a message of a room that keeps nothing), `whisper` (for `recipient_id` too) or `avatar` (of the room
    `room_id`, or else of its uploader). Of a `message` that is no longer there, `room_id` and `seq` are null: nobody
    may read the file any more, and it goes; so does every file that is released (chat/files.py).
    """

    __tablename__ = "files"
    __table_args__ = table(
        ForeignKeyConstraint(["room_id", "seq"], ["messages.room_id", "messages.seq"], ondelete="SET NULL"),
        Index(None, "room_id", "seq"),
        Index(None, "purpose", "room_id"),
    )

    id: Mapped[str] = mapped_column(FileId, primary_key=True)
    uploader_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    blob_id: Mapped[str | None] = mapped_column(ForeignKey("blobs.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    voice: Mapped[bool] = mapped_column(default=False)
    purpose: Mapped[str] = mapped_column(String(16), default="upload")
    room_id: Mapped[int | None] = mapped_column(Identifier)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    recipient_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)


class SearchSlice(Base):
    """One bit of each message of a block, or of a part of the last one (-1, -2, …), for search (chat/segments.py)."""

    __tablename__ = "search_slices"
    __table_args__ = table()

    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    slot: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    block: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class SearchMark(Base):
    """How far the slices of a room go: messages up to `seq`, as they were at the room's `version`."""

    __tablename__ = "search_marks"
    __table_args__ = table()

    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[int] = mapped_column(BigInteger, default=0)


class Export(Base):
    """Something that a person takes away: a conversation, or, without a room, all that is theirs (chat/exports.py).

    `state` is `waiting`, `working`, `ready` or `failed`. `working_for` is the person while it is not finished: being
    unique, it lets each have one at a time. `touched_at` is when whoever makes it was last seen at work.
    """

    __tablename__ = "exports"
    __table_args__ = table()

    id: Mapped[str] = mapped_column(FileId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    working_for: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    name: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Erasure(Base):
    """Somebody who left and took back what they said; the row is there until all of it is gone (chat/erasures.py)."""

    __tablename__ = "erasures"
    __table_args__ = table()

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Invitation(Base):
    """A link into a room, for as long as the row is there, `expires_at` is ahead and `uses_left` is not 0."""

    __tablename__ = "invitations"
    __table_args__ = table(sqlite_autoincrement=True)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(String(43), unique=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    inviter_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    uses_left: Mapped[int | None] = mapped_column(Integer)


class Ban(Base):
    """Somebody who was removed from a room, and comes back only by invitation of its moderators."""

    __tablename__ = "bans"
    __table_args__ = table(sqlite_with_rowid=False)

    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
