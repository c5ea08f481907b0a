"""Taking a conversation in that was taken away, here or elsewhere; for the operator (docs/export.md).

Everything is checked before anything is done (chat/import_checks.py). Then it goes in by portions: what was taken in
stays, and the same file once more goes on where it stopped, and adds nothing where all is there. Where it goes is kept
as a fact, so its numbers are decided once; they are reserved at the beginning, and what people say meanwhile comes
after.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from chat import (
    archives,
    clock,
    contents,
    fields,
    filenames,
    files,
    import_checks,
    incoming,
    profiles,
    rooms,
    segments,
    transactions,
)
from chat.errors import ChatError
from chat.import_checks import Conversation, Refused
from chat.parcels import LINES
from chat.payloads import Payload
from extensions import db
from models import Fact, File, Membership, Message, Reaction, Room, User

BATCH = 200  # messages in one transaction
COPIED = 256 * 1024  # bytes read at once
HERE = "imported:"  # begins the names of those who came so; a colon stands in no name


@dataclass
class Taken:
    """What became of it."""

    room_id: int
    name: str
    messages: int = 0
    known: int = 0  # were there already
    files: int = 0
    refused: list[str] = field(default_factory=list)  # files that could not be taken


@dataclass(frozen=True)
class _Place:
    """Where messages go: their numbers begin behind `base`."""

    room_id: int
    base: int


def take(path: Path, room: str | None = None, match: bool = False, members: Sequence[str] = ()) -> Taken:
    """Take the conversation at `path` into a room of its own, or the one with the id or name `room`.

    With `match`, people are those here with the same username; all others, and without it everybody, become accounts
    that nobody can sign in to. `members` (usernames) come into the room. Raises Refused.
    """
    here = found(room) if room else None
    joining = [_member(name) for name in members]
    conversation = import_checks.opened(path)
    with conversation.archive:
        people = {person["id"]: _user(conversation, person, match) for person in conversation.people.values()}
        place = _place(conversation, here)
        _admit(conversation, place.room_id, people, joining)
        taken = Taken(place.room_id, db.session.get_one(Room, place.room_id).name or "")
        lines = conversation.lines()
        while batch := list(islice(lines, BATCH)):
            _take_some(conversation, place, people, batch, taken)
    # The index of search may have passed where messages were still to come: it is made anew.
    segments.forget(place.room_id)
    return taken


def found(named: str) -> Room:
    """The room with this id or name, for the operator. Raises Refused."""
    by_id = Room.id == int(named) if named.isdecimal() and len(named) < 19 else None
    for condition in (by_id, Room.name_key == fields.key(named.strip())):
        if condition is not None:
            room = db.session.scalars(select(Room).where(condition, rooms.is_there())).first()
            if room is not None:
                if not room.keeps_history:
                    raise Refused("This room keeps nothing of what is said in it.")
                return room
    raise Refused(f"There is no room {named}.")


def export(named: str, path: Path) -> int:
    """Write the room with this id or name into a new file; returns its bytes. Raises Refused, OSError."""
    room = found(named)
    if path.exists():
        raise Refused(f"{path} is there already.")
    part = path.with_name(f"{path.name}.part")
    try:
        archives.whole_room(room, part, lambda done, total: None)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path.stat().st_size


def _member(name: str) -> int:
    key = fields.key(name.strip())
    user = db.session.scalars(select(User).where(User.username_key == key, User.disabled_at.is_(None))).first()
    if user is None:
        raise Refused(f"There is nobody called {name}.")
    return user.id


# People


def _user(conversation: Conversation, person: Payload, match: bool) -> int:
    """The id of the account that a person of the file is here."""
    if match and person["username"] is not None:
        key = fields.key(person["username"])
        same = select(User.id).where(User.username_key == key, User.kind == "member", User.disabled_at.is_(None))
        if user_id := db.session.scalar(same):
            return user_id
    name = HERE + uuid.uuid5(uuid.UUID(conversation.id), f"person {person['id']}").hex[: 32 - len(HERE)]
    known = select(User.id).where(User.username_key == name)
    if user_id := db.session.scalar(known):
        return user_id
    try:
        return transactions.run(lambda session: _insert_user(session, name, person))
    except IntegrityError:
        return db.session.scalars(known).one()


def _insert_user(session: Transaction, name: str, person: Payload) -> int:
    """Nobody can sign in to it, find it or write to it: it stands beside what was said."""
    now = clock.now()
    user = User(
        username=name,
        username_key=name,
        display_name=person["name"],
        search_key=profiles.search_key(person["name"], name),
        kind="deleted" if person["kind"] == "deleted" else "member",
        hue=person["hue"],
        created_at=now,
        disabled_at=now,
    )
    session.add(user)
    session.flush()
    return user.id


# The room


def _place(conversation: Conversation, here: Room | None) -> _Place:
    """As it was decided the first time, for as long as that room is there."""
    target = str(here.id) if here else "new"
    name = "import:" + uuid.uuid5(uuid.UUID(conversation.id), target).hex[:24]
    fact = db.session.get(Fact, name, populate_existing=True)
    if fact is not None:
        room_id, base = map(int, fact.value.split())
        known = select(Room.id).where(Room.id == room_id, rooms.is_there(), Room.keeps_history)
        if db.session.scalar(known):
            return _Place(room_id, base)
    return transactions.run(lambda session: _reserve(session, conversation, here.id if here else None, name))


def _reserve(session: Transaction, conversation: Conversation, room_id: int | None, name: str) -> _Place:
    room = session.get_one(Room, room_id, with_for_update=True) if room_id else _make(session, conversation)
    place = _Place(room.id, room.last_seq)
    room.last_seq += conversation.last_seq
    room.version += 1
    session.merge(Fact(name=name, value=f"{place.room_id} {place.base}"))
    return place


def _make(session: Transaction, conversation: Conversation) -> Room:
    name = _free(session, _name(conversation))
    room = Room(
        kind="group",
        name=name,
        name_key=fields.key(name),
        topic=conversation.topic,
        emoji=conversation.emoji,
        last_seq=0,
        version=0,
        created_at=conversation.created_at,
        active_at=conversation.created_at,
    )
    session.add(room)
    session.flush()
    return room


def _name(conversation: Conversation) -> str:
    people = [person["name"] for person in conversation.people.values() if person["role"] and person["name"]]
    return conversation.name or ", ".join(people)[: fields.ROOM_NAME_MAX] or "Import"


def _free(session: Transaction, name: str) -> str:
    """The name, or with a number behind it where a room is called so."""
    numbered = (f"{name[: fields.ROOM_NAME_MAX - 8]} {number}" for number in count(2))
    for tried in (name, *islice(numbered, 10_000)):
        if session.scalars(select(Room.id).where(Room.name_key == fields.key(tried))).first() is None:
            return tried
    raise Refused(f"Very many rooms are called {name}.")


def _admit(conversation: Conversation, room_id: int, people: dict[int, int], joining: Iterable[int]) -> None:
    """Into a room of its own come those of its people who are here; into any room, who is named."""
    roles = {people[person["id"]]: person["role"] for person in conversation.people.values() if person["role"]}
    transactions.run(lambda session: _admit_in(session, room_id, roles, list(joining)))


def _admit_in(session: Transaction, room_id: int, roles: dict[int, str], joining: Collection[int]) -> None:
    room = session.get_one(Room, room_id, with_for_update=True)
    known = set(session.scalars(select(Membership.user_id).where(Membership.room_id == room_id)))
    # A room that has people already is somebody's: nobody comes in by what a file says.
    able = select(User.id).where(User.id.in_(roles), User.disabled_at.is_(None)).order_by(User.id)
    matched = [] if known else session.scalars(able).all()
    for user_id in dict.fromkeys((*matched, *joining)):
        if user_id not in known:
            known.add(user_id)
            role = roles.get(user_id, "member") if user_id in matched else "member"
            if room.owner_id is None and (role == "owner" or user_id == next(iter(joining), None)):
                role, room.owner_id = "owner", user_id
            elif role == "owner":
                role = "member"
            mine = Membership(room_id=room_id, user_id=user_id, role=role, joined_at=clock.now())
            mine.last_read_seq = room.last_seq
            room.epoch += 1
            session.add(mine)


# Messages


def _take_some(
    conversation: Conversation, place: _Place, people: dict[int, int], lines: Sequence[Payload], taken: Taken
) -> None:
    first, last = place.base + lines[0]["seq"], place.base + lines[-1]["seq"]
    stored = select(Message.seq).where(Message.room_id == place.room_id, Message.seq.between(first, last))
    known = set(db.session.scalars(stored))
    fresh = [line for line in lines if place.base + line["seq"] not in known]
    shown = {line["seq"]: _file(conversation, people, line, taken) for line in fresh if line["file"]}
    if fresh:
        transactions.run(lambda session: _store(session, conversation, place, people, fresh, shown))
    db.session.expunge_all()
    taken.messages += len(fresh)
    taken.known += len(lines) - len(fresh)
    taken.files += sum(file_id is not None for file_id in shown.values())


def _store(
    session: Transaction,
    conversation: Conversation,
    place: _Place,
    people: dict[int, int],
    lines: Sequence[Payload],
    shown: dict[int, str | None],
) -> None:
    room = session.get_one(Room, place.room_id, with_for_update=True)
    for line in lines:
        room.version += 1
        session.add(_message(conversation, place, people, line, room.version, shown.get(line["seq"])))
        room.active_at = max(room.active_at, import_checks.moment(line["created_at"]))
    session.flush()
    for line in lines:
        seq, at = place.base + line["seq"], import_checks.moment(line["created_at"])
        if file_id := shown.get(line["seq"]):
            sender = session.get_one(User, people[line["sender"]])
            files.attach(session, sender, file_id, "message", room_id=place.room_id, seq=seq)
        for reaction in line["reactions"]:
            # Two people of the file may be one here.
            for user_id in dict.fromkeys(people[person] for person in reaction["people"]):
                key = {"room_id": place.room_id, "seq": seq, "user_id": user_id, "emoji": reaction["emoji"]}
                session.add(Reaction(**key, created_at=at))


def _message(
    conversation: Conversation, place: _Place, people: dict[int, int], line: Payload, version: int, file_id: str | None
) -> Message:
    reply, subject = line["reply_to"], line["subject"]
    key = uuid.uuid5(uuid.UUID(conversation.id), f"{place.room_id} {line['seq']}")
    return Message(
        room_id=place.room_id,
        seq=place.base + line["seq"],
        version=version,
        sender_id=people[line["sender"]],
        client_id=key.bytes,
        kind=line["kind"],
        body=line["body"],
        subject_id=people[subject] if subject else None,
        reply_to_seq=place.base + reply["seq"] if reply else None,
        file_id=file_id,
        created_at=import_checks.moment(line["created_at"]),
        edited_at=line["edited_at"] and import_checks.moment(line["edited_at"]),
        expires_at=line["expires_at"] and import_checks.moment(line["expires_at"]),
    )


def _file(conversation: Conversation, people: dict[int, int], line: Payload, taken: Taken) -> str | None:
    """The id of the file, cleaned as if its sender had uploaded it; None where there is none, or it is refused."""
    described = line["file"]
    if described["path"] is None:
        return None
    sender = db.session.get_one(User, people[line["sender"]])
    info = conversation.archive.getinfo(described["path"])
    now = clock.now()
    row = File(
        id=secrets.token_hex(16),
        uploader_id=sender.id,
        name=filenames.cleaned(described["name"]),
        size=info.file_size,
        voice=described["voice"],
        created_at=now,
        touched_at=now,
    )
    transactions.run(lambda session: session.add(row))
    incoming.begin(row.id, info.file_size)
    with conversation.archive.open(info) as source, incoming.path(row.id).open("wb") as target:
        while piece := source.read(COPIED):
            target.write(piece)
    try:
        made = contents.finish(sender, row.id, described.get("waveform"), described.get("duration"))
    except ChatError as error:
        taken.refused.append(f"{LINES}, message {line['seq']}: {error.sentence}")
        return None
    return made["id"] if made else None
