"""Messages as they are told, with what stands around them: their file, the message they answer, reactions, whom a line
is about.

Asked for all messages at once, never one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import scoped_session

from chat import ephemeral, payloads, visible
from chat.payloads import Payload
from models import Blob, File, Message, Reaction, User

Asked = Transaction | scoped_session[Any]
Key = ephemeral.Key


def around(
    session: Asked,
    rows: Sequence[tuple[Message, User]],
    cleared: Mapping[int, int] | None = None,
    viewer_id: int | None = None,
    drafted: Mapping[Key, ephemeral.Reacted] | None = None,
) -> list[Payload]:
    """The rows' payloads. `cleared` says up to which `seq` of each room the viewer sees nothing, quotes included.

    `drafted` are reactions that are not kept yet.
    """
    messages = [message for message, _ in rows]
    sources = _sources(session, messages)
    files = of_files(session, [*messages, *(source for source, _ in sources.values())])
    reactions = _reactions(session, messages) | dict(drafted or {})
    subjects = _people(session, {message.subject_id for message in messages if message.subject_id})
    return [
        payloads.message(
            message,
            author,
            reply_to=quote(message, sources, files, (cleared or {}).get(message.room_id, 0)),
            reactions=reacted(reactions.get((message.room_id, message.seq), ()), viewer_id),
            subject=subjects.get(message.subject_id or 0),
            file=files.get(message.file_id or ""),
        )
        for message, author in rows
    ]


def at(table: type[Message | Reaction], keys: Iterable[Key]) -> ColumnElement[bool]:
    """The rows of these messages, room by room: to compare pairs, SQLite would read the whole table."""
    by_room: dict[int, list[int]] = defaultdict(list)
    for room_id, seq in keys:
        by_room[room_id].append(seq)
    return or_(*(and_(table.room_id == room_id, table.seq.in_(seqs)) for room_id, seqs in by_room.items()))


def stored() -> Select[Message, User]:
    """Messages and who wrote them; which ones, the caller says.

    The join is an outer one, though nobody is missing: of an inner one MySQL may begin with the people, where these are
    few, and read all that each of them ever wrote.
    """
    return select(Message, User).outerjoin(User, User.id == Message.sender_id)


def with_authors(session: Asked, messages: Sequence[Message]) -> list[tuple[Message, User]]:
    """Messages from memory with those who wrote them."""
    people = _people(session, {message.sender_id for message in messages})
    return [(message, people[message.sender_id]) for message in messages]


def quote(
    message: Message, sources: Mapping[Key, tuple[Message, User]], files: Mapping[str, Payload], cleared_seq: int
) -> Payload | None:
    """What stands above an answer: nothing of a source that is deleted, expired or not for the viewer."""
    if message.reply_to_seq is None:
        return None
    source, author = sources.get((message.room_id, message.reply_to_seq), (None, None))
    shown = visible.can_be_answered(source, cleared_seq)
    if source is None or not shown:
        return payloads.quote(message.reply_to_seq)
    return payloads.quote(message.reply_to_seq, source, author, files.get(source.file_id or ""))


def reacted(reactions: Iterable[tuple[str, int]], viewer_id: int | None) -> list[Payload]:
    """(emoji, user id) in the order of their coming, as one entry for each emoji."""
    people: dict[str, list[int]] = defaultdict(list)
    for emoji, user_id in reactions:
        people[emoji].append(user_id)
    return [payloads.reaction(emoji, user_ids, viewer_id) for emoji, user_ids in people.items()]


def _sources(session: Asked, messages: Iterable[Message]) -> dict[Key, tuple[Message, User]]:
    """The messages that these answer, found by key."""
    keys = {(message.room_id, message.reply_to_seq) for message in messages if message.reply_to_seq is not None}
    if not keys:
        return {}
    kept = [message for key in keys if (message := ephemeral.get(*key))]
    sources = {(row[0].room_id, row[0].seq): row for row in with_authors(session, kept)}
    if sources.keys() == keys:
        return sources
    found = session.execute(stored().where(at(Message, keys)))
    return sources | {(row.Message.room_id, row.Message.seq): (row.Message, row.User) for row in found}


def of_files(session: Asked, messages: Iterable[Message]) -> dict[str, Payload]:
    """The files that these messages show, by id. Most show none, and then nothing is asked."""
    wanted = {message.file_id for message in messages if message.file_id is not None}
    if not wanted:
        return {}
    found = session.execute(select(File, Blob).join(Blob, Blob.id == File.blob_id).where(File.id.in_(sorted(wanted))))
    return {row.File.id: payloads.file(row.File, row.Blob) for row in found}


def _reactions(session: Asked, messages: Iterable[Message]) -> dict[Key, ephemeral.Reacted]:
    keys = [(message.room_id, message.seq) for message in messages]
    if not keys:
        return {}
    found = session.execute(
        select(Reaction.room_id, Reaction.seq, Reaction.emoji, Reaction.user_id)
        .where(at(Reaction, keys))
        .order_by(Reaction.created_at, Reaction.user_id, Reaction.emoji)
    )
    gathered: dict[Key, ephemeral.Reacted] = defaultdict(list, ephemeral.reactions(keys))
    for row in found:
        gathered[row.room_id, row.seq].append((row.emoji, row.user_id))
    return gathered


def _people(session: Asked, user_ids: Collection[int]) -> dict[int, User]:
    if not user_ids:
        return {}
    return {user.id: user for user in session.scalars(select(User).where(User.id.in_(user_ids)))}
