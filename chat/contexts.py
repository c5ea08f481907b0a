"""Messages as they are told, with what stands around them: their file, the message they answer, reactions, whom a line
is about.

Asked for all messages at once, never one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from sqlalchemy import Select, select

from chat import ephemeral, many, payloads, visible
from chat.payloads import Payload
from models import Blob, File, Message, Reaction, User

Asked = many.Asked
Key = ephemeral.Key


class Surroundings:
    """What stands around these messages. `drafted` are reactions that are not kept yet."""

    def __init__(
        self, session: Asked, messages: Sequence[Message], drafted: Mapping[Key, ephemeral.Reacted] | None = None
    ) -> None:
        self._sources = _sources(session, messages)
        self._files = of_files(session, [*messages, *(source for source, _ in self._sources.values())])
        self._reactions = reactions(session, messages) | dict(drafted or {})
        self._subjects = _people(session, {message.subject_id for message in messages if message.subject_id})
        self._senders: dict[int, Payload] = {}
        self._shared: dict[Key, Payload] = {}

    def payload(self, message: Message, author: User, cleared_seq: int = 0, viewer_id: int | None = None) -> Payload:
        """As it is told to somebody who sees nothing up to `cleared_seq`, quotes included. Many may be told the same
        object."""
        key = message.room_id, message.seq
        if (shared := self._shared.get(key)) is not None:
            return shared
        reactions, subject = self._reactions.get(key, ()), self._subjects.get(message.subject_id or 0)
        payload = payloads.message(
            message,
            self._sender(author),
            reply_to=quote(message, self._sources, self._files, cleared_seq),
            reactions=reacted(reactions, viewer_id),
            subject=None if subject is None else self._sender(subject),
            file=self._files.get(message.file_id or ""),
        )
        if message.reply_to_seq is None and not reactions:  # it is the same for everybody
            self._shared[key] = payload
        return payload

    def _sender(self, person: User) -> Payload:
        if person.id not in self._senders:
            self._senders[person.id] = payloads.sender(person)
        return self._senders[person.id]


def around(
    session: Asked,
    rows: Sequence[tuple[Message, User]],
    cleared: Mapping[int, int] | None = None,
    viewer_id: int | None = None,
    drafted: Mapping[Key, ephemeral.Reacted] | None = None,
) -> list[Payload]:
    """The rows' payloads. `cleared` says up to which `seq` of each room the viewer sees nothing."""
    surroundings = Surroundings(session, [message for message, _ in rows], drafted)
    return [
        surroundings.payload(message, author, (cleared or {}).get(message.room_id, 0), viewer_id)
        for message, author in rows
    ]


def stored() -> Select[Message, User]:
    """Messages and who wrote them; which ones, the caller says.

    The join is an outer one, though nobody is missing: of an inner one MySQL may begin with the people, where these are
    few, and read all that each of them ever wrote.
    """
    return select(Message, User).outerjoin(User, User.id == Message.sender_id)


def found(session: Asked, keys: Collection[Key]) -> dict[Key, tuple[Message, User]]:
    """Those of these messages that there are, with who wrote them."""
    kept = [message for key in keys if (message := ephemeral.get(*key))]
    remembered = {(message.room_id, message.seq) for message in kept}
    rows = many.among(_stored, session, (key for key in keys if key not in remembered))
    messages = [*kept, *(cast("Message", row) for row in rows)]  # rows of the table, as good as Messages here
    return {(message.room_id, message.seq): (message, author) for message, author in with_authors(session, messages)}


def _stored() -> many.Asking:
    return select(Message.__table__), Message.room_id, Message.seq


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
    return found(
        session,
        {(message.room_id, message.reply_to_seq) for message in messages if message.reply_to_seq is not None},
    )


def of_files(session: Asked, messages: Iterable[Message]) -> dict[str, Payload]:
    """The files that these messages show, by id. Most show none, and then nothing is asked."""
    wanted = {message.file_id for message in messages if message.file_id is not None}
    if not wanted:
        return {}
    found = session.execute(select(File, Blob).join(Blob, Blob.id == File.blob_id).where(File.id.in_(sorted(wanted))))
    return {row.File.id: payloads.file(row.File, row.Blob) for row in found}


def reactions(session: Asked, messages: Iterable[Message]) -> dict[Key, ephemeral.Reacted]:
    keys = [(message.room_id, message.seq) for message in messages]
    gathered: dict[Key, ephemeral.Reacted] = defaultdict(list, ephemeral.reactions(keys))
    for room_id, seq, emoji, user_id in many.among(_reacted, session, keys):
        gathered[room_id, seq].append((emoji, user_id))
    return gathered


def _reacted() -> many.Asking:
    chosen = select(Reaction.room_id, Reaction.seq, Reaction.emoji, Reaction.user_id)
    in_order = chosen.order_by(Reaction.created_at, Reaction.user_id, Reaction.emoji)
    return in_order, Reaction.room_id, Reaction.seq


def _people(session: Asked, user_ids: Collection[int]) -> dict[int, User]:
    """Rows of the table, as good as Users here."""
    if not user_ids:
        return {}
    rows = session.execute(select(User.__table__).where(User.id.in_(user_ids)))
    return {row.id: cast("User", row) for row in rows}
