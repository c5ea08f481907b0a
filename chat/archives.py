"""What is in an export: a conversation as somebody sees it, or all that is a person's own (docs/export.md).

Read in pages by key, each of which asks anew what may be seen; written as it is read, so memory stays flat.
Works alike in a process of its own (chat/export_runs.py), on the command line and in tests.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, or_, select

from chat import clock, contexts, offline, payloads, profiles, rooms, visible
from chat.errors import NotFound
from chat.parcels import Parcel
from chat.payloads import Payload
from extensions import db
from models import Blob, File, Membership, Message, Room, Session, User

PAGE = 500  # messages read at once
# For so long an export is there. What goes before that is not in it: no ZIP outlives its messages.
LIFETIME = timedelta(hours=24)
CONVERSATION, OWN_DATA = "parley-conversation", "parley-own-data"
VERSION = 1
NAMESPACE = uuid.UUID("b0d1a9ae-6f0c-4d0e-9a55-1d2f0c3f6a71")

# How far it has come: so many of so many. It may raise, to end the work.
Tell = Callable[[int, int], None]
# The membership through whose eyes is read, asked anew for each page; raises NotFound for who has none any more.
Look = Callable[[], Membership]
Rows = Sequence[tuple[Message, User]]


def conversation(actor: User, room_id: int, path: Path, tell: Tell) -> None:
    """Write what the actor sees of a room. Raises NotFound, also in the middle, when they are no longer in it."""
    room, _mine = rooms.visible_to(actor, room_id)
    _write_conversation(room, lambda: rooms.visible_to(actor, room_id)[1], path, tell, actor)


def whole_room(room: Room, path: Path, tell: Tell) -> None:
    """Write all of a room, for the operator: what any member could see."""
    anybody = Membership(room_id=room.id, user_id=0, cleared_seq=room.cleared_seq)
    _write_conversation(room, lambda: anybody, path, tell, None)


def title_of(actor: User | None, room: Room) -> str:
    """What a conversation is called, for one of its people or for the operator."""
    if room.name is not None:
        return room.name
    others = select(User).join(Membership, Membership.user_id == User.id).where(Membership.room_id == room.id)
    people = [person for person in db.session.scalars(others.order_by(User.id)) if not actor or person.id != actor.id]
    return ", ".join(person.display_name or _("Deleted account") for person in people)


def identity(room: Room) -> str:
    """Names a conversation wherever it is taken, so that it is known when it comes again."""
    return str(uuid.uuid5(NAMESPACE, f"{room.id} {payloads.instant(room.created_at)}"))


def _write_conversation(room: Room, look: Look, path: Path, tell: Tell, actor: User | None) -> None:
    last, title, described = room.last_seq, title_of(actor, room), _room(room)
    first = look().cleared_seq
    with Parcel(path) as parcel:
        record = _Record(parcel)
        for rows in _pages(look, last, () if actor is None else (_lasting(),)):
            record.add(rows, look().cleared_seq)
            tell(min(rows[-1][0].seq, last) - first, last - first)
        record.people |= _members(room.id)
        about = _("%(count)s messages, taken away on %(day)s", count=record.count, day=_today())
        record.finish(title, about, _accent(actor), me=actor.id if actor else None)
        head = {
            "format": CONVERSATION,
            "version": VERSION,
            "exported_at": payloads.instant(clock.now()),
            "title": title,
            "room": described,
            "last_seq": last,
            "messages": record.count,
            "files": record.files,
            "people": sorted(record.people.values(), key=lambda person: int(person["id"])),
        }
        parcel.json("conversation.json", head)
    tell(last - first, last - first)


def _room(room: Room) -> Payload:
    return {
        "id": identity(room),
        "kind": room.kind,
        "name": room.name,
        "topic": room.topic,
        "emoji": room.emoji,
        "created_at": payloads.instant(room.created_at),
    }


def _members(room_id: int) -> dict[int, Payload]:
    found = db.session.execute(
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.room_id == room_id)
    )
    return {person.id: _person(person) | {"role": role} for person, role in found}


def _person(person: User) -> Payload:
    """Who has no name of their own here, because they are gone or came with an import, has none there either."""
    shown = payloads.sender(person)
    return {
        "id": person.id,
        "name": person.display_name,
        "username": None if ":" in person.username else person.username,
        "kind": person.kind,
        "hue": shown["hue"],
        "role": None,
    }


def _lasting() -> ColumnElement[bool]:
    return or_(Message.expires_at.is_(None), Message.expires_at > clock.now() + LIFETIME)


def _pages(look: Look, last: int, only: tuple[ColumnElement[bool], ...]) -> Iterator[Rows]:
    after = 0
    while True:
        mine = look()
        # The bound stands before what is visible: of two lower ones SQLite seeks by the first.
        between = Message.seq > max(after, mine.cleared_seq), Message.seq <= last
        chosen = contexts.stored().where(*between)
        chosen = chosen.where(visible.condition(mine), Message.deleted_at.is_(None), *only)
        found = db.session.execute(chosen.order_by(Message.seq).limit(PAGE))
        rows = [(row.Message, row.User) for row in found]
        if not rows:
            return
        yield rows
        after = rows[-1][0].seq
        db.session.expunge_all()


class _Record:
    """Messages as they go into a parcel: into its lines, and into the chunks of its page."""

    def __init__(self, parcel: Parcel) -> None:
        self.parcel = parcel
        self.people: dict[int, Payload] = {}
        self.count = self.files = 0
        self._chunks: list[tuple[int, str, int]] = []  # the first number and moment of each, and how many
        self._chunk: list[Payload] = []

    def add(self, rows: Rows, cleared_seq: int, more: Payload | None = None) -> None:
        """These messages, and nothing of what they answer up to `cleared_seq`; `more` stands in each."""
        prefix = f"{more['room']}-" if more else ""
        entries = [entry | (more or {}) for entry in self._entries(rows, cleared_seq, prefix)]
        self.parcel.lines(entries)
        self.count += len(entries)
        for entry in entries:
            said = entry["kind"] in visible.SAID
            self._chunk.append(entry if said else entry | {"line": offline.line(entry, self._name_of)})
            if len(self._chunk) >= offline.CHUNK:
                self._flush()

    def finish(self, title: str, about: str, accent: str, **data: object) -> None:
        """The page around what was added."""
        self._flush()
        for name, words in offline.assets().items():
            self.parcel.text(name, words)
        people = {str(user_id): person for user_id, person in self.people.items()}
        self.parcel.text("data/index.js", offline.index(title, about, people=people, chunks=self._chunks, **data))
        self.parcel.text("index.html", offline.frame(title, accent))

    def _flush(self) -> None:
        if not self._chunk:
            return
        number = len(self._chunks)
        self.parcel.text(offline.chunk_name(number), offline.script("parley.take", number, self._chunk))
        first = self._chunk[0]
        self._chunks.append((first["seq"], first["created_at"], len(self._chunk)))
        self._chunk = []

    def _name_of(self, user_id: int | None) -> str:
        person = self.people.get(user_id or 0)
        return (person and str(person["name"])) or _("Deleted account")

    def _entries(self, rows: Rows, cleared_seq: int, prefix: str) -> list[Payload]:
        room_id = rows[0][0].room_id
        told = contexts.around(db.session, rows, {room_id: cleared_seq})
        files, reactions = self._files(rows, prefix), self._reactions(rows)
        self._meet(rows, reactions)
        return [
            {
                "seq": message["seq"],
                "kind": message["kind"],
                "body": message["body"],
                "sender": message["sender"]["id"],
                "subject": message["subject"] and message["subject"]["id"],
                "reply_to": message["reply_to"] and _quote(message["reply_to"]),
                "reactions": [{"emoji": emoji, "people": who} for emoji, who in reactions[message["seq"]].items()],
                "file": message["file"] and files.get(message["file"]["id"]),
                "created_at": message["created_at"],
                "edited_at": message["edited_at"],
                "expires_at": message["expires_at"],
            }
            for message in told
        ]

    def _files(self, rows: Rows, prefix: str) -> dict[str, Payload]:
        seqs = {message.file_id: message.seq for message, _author in rows if message.file_id}
        if not seqs:
            return {}
        found = db.session.execute(
            select(File, Blob).join(Blob, Blob.id == File.blob_id).where(File.id.in_(sorted(seqs))).order_by(File.seq)
        ).all()
        self.files += len(found)
        return {row.File.id: self._file(f"{prefix}{seqs[row.File.id]}", row.File, row.Blob) for row in found}

    def _file(self, prefix: str, file: File, blob: Blob) -> Payload:
        path, thumbnail = self.parcel.medium(prefix, file, blob)
        described = payloads.file(file, blob)
        kept = ("kind", "type", "name", "size", "width", "height", "animated", "duration", "waveform", "voice")
        return {name: described[name] for name in kept} | {"path": path, "thumbnail": thumbnail}

    def _reactions(self, rows: Rows) -> dict[int, dict[str, list[int]]]:
        gathered: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        messages = [message for message, _author in rows]
        for (_room_id, seq), reacted in contexts.reactions(db.session, messages).items():
            for emoji, user_id in reacted:
                gathered[seq][emoji].append(user_id)
        return gathered

    def _meet(self, rows: Rows, reactions: Mapping[int, Mapping[str, Sequence[int]]]) -> None:
        """Remember who is named."""
        named = {message.subject_id for message, _author in rows if message.subject_id}
        named |= {user_id for by_emoji in reactions.values() for who in by_emoji.values() for user_id in who}
        for _message, author in rows:
            self.people.setdefault(author.id, _person(author))
        unknown = sorted(named - self.people.keys())
        if unknown:
            for person in db.session.scalars(select(User).where(User.id.in_(unknown))):
                self.people[person.id] = _person(person)


def _quote(quote: Payload) -> Payload:
    """Of a source that is not to be seen, its number alone."""
    return {"seq": quote["seq"], "sender": quote["sender"] and quote["sender"]["id"], "body": quote["body"]}


def _accent(actor: User | None) -> str:
    return str(profiles.preferences(actor)["accent"]) if actor else "jade"


def _today() -> str:
    return clock.now().date().isoformat()


# All that is a person's own


def own_data(actor: User, path: Path, tell: Tell) -> None:
    """Write all that is the actor's: what they say of themselves, where they are, what they said everywhere."""
    mine = _own_messages(actor)
    total, done = db.session.scalar(select(func.count()).select_from(Message).where(*mine)) or 0, 0
    named = _rooms_of(actor)
    data = _about(actor, named)
    with Parcel(path) as parcel:
        data["profile"]["avatar"] = _avatar(actor, parcel)
        record = _Record(parcel)
        for room_id in _spoken_in(actor):
            for rows in _own_pages(actor, room_id, mine):
                # Whom one answered said their words, not one's own.
                record.add(rows, rows[-1][0].seq, {"room": room_id})
                done += len(rows)
                tell(min(done, total), total)
        record.people[actor.id] = _person(db.session.get_one(User, actor.id))
        title = _("All my data")
        about = _("%(count)s messages, taken away on %(day)s", count=record.count, day=_today())
        shown = {str(room_id): name for room_id, name in named.items()}
        record.finish(title, about, _accent(actor), rooms=shown, left=_("A room you are no longer in"))
        parcel.json("profile.json", data | {"messages": record.count, "files": record.files})
    tell(total, total)


def _about(actor: User, named: Mapping[int, str]) -> Payload:
    sessions = db.session.scalars(select(Session).where(Session.user_id == actor.id).order_by(Session.created_at))
    memberships = db.session.scalars(select(Membership).where(Membership.user_id == actor.id)).all()
    return {
        "format": OWN_DATA,
        "version": VERSION,
        "exported_at": payloads.instant(clock.now()),
        "profile": {
            **payloads.sender(actor),
            "about": actor.about,
            "email": actor.email,
            "locale": actor.locale,
            "role": actor.role,
            "created_at": payloads.instant(actor.created_at),
            "last_seen_at": payloads.instant(actor.last_seen_at),
        },
        "preferences": profiles.preferences(actor),
        "sessions": [payloads.session(row, current=False) for row in sessions],
        "memberships": [
            {
                "room": row.room_id,
                "name": named[row.room_id],
                "role": row.role,
                "joined_at": payloads.instant(row.joined_at),
                "last_read_seq": row.last_read_seq,
                "muted_until": payloads.instant(row.muted_until),
                "notify": row.notify,
            }
            for row in memberships
            if row.room_id in named
        ],
    }


def _avatar(actor: User, parcel: Parcel) -> str | None:
    """Where the picture lies that stands for the actor."""
    chosen = select(File, Blob).join(Blob, Blob.id == File.blob_id).where(File.id == actor.avatar_id)
    row = db.session.execute(chosen).first()
    return parcel.medium("avatar", row.File, row.Blob)[0] if row else None


def _rooms_of(actor: User) -> dict[int, str]:
    """What the rooms are called that the actor is in."""
    mine = select(Room).join(Membership, Membership.room_id == Room.id).where(Membership.user_id == actor.id)
    return {room.id: title_of(actor, room) for room in db.session.scalars(mine.where(rooms.is_there())).all()}


def _own_messages(actor: User) -> tuple[ColumnElement[bool], ...]:
    return Message.sender_id == actor.id, visible.said(), _lasting()


def _spoken_in(actor: User) -> list[int]:
    """In which rooms that are still there the actor said something."""
    spoken = select(Message.room_id).where(Message.sender_id == actor.id).distinct()
    there = select(Room.id).where(Room.id.in_(spoken), rooms.is_there())
    return list(db.session.scalars(there.order_by(Room.id)))


def _own_pages(actor: User, room_id: int, mine: tuple[ColumnElement[bool], ...]) -> Iterator[Rows]:
    """What the actor said in a room; where they are in it, as far as they see it."""
    after = 0
    while True:
        seen: tuple[ColumnElement[bool], ...]
        try:
            seen = (visible.condition(rooms.visible_to(actor, room_id)[1]),)
        except NotFound:
            seen = ()  # they left it
        chosen = contexts.stored()
        chosen = chosen.where(Message.room_id == room_id, Message.seq > after, *mine, *seen)
        rows = [(row.Message, row.User) for row in db.session.execute(chosen.order_by(Message.seq).limit(PAGE))]
        if not rows:
            return
        yield rows
        after = rows[-1][0].seq
        db.session.expunge_all()
