"""Whether a ZIP is an export of a conversation that can be taken in: all is read and checked before anything is done.

Whoever made the file may have meant harm, so nothing in it is believed: no name leads anywhere, no size is taken for
true, every value is held to what people could have written here. Reads line by line, and writes nothing.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from chat import archives, clock, emoji, fields, filenames, formats
from chat.edits import EMOJI_MAX
from chat.errors import Invalid
from chat.parcels import LINES
from chat.payloads import Payload

HEAD = "conversation.json"
HEAD_MAX = 64 * 1024 * 1024  # bytes
LINE_MAX = 1024 * 1024  # bytes
# What people say becomes a tenth when it is packed, at most a thirtieth.
RATIO_MAX = 250
ENTRIES_MAX = 5_000_000
_MEDIUM = re.compile(r"media/[^/\\]+")
_KIND = re.compile(r"[a-z_]{1,16}")
KINDS = ("member", "guest", "bot", "deleted")
ROLES = ("owner", "moderator", "member")


class Refused(Exception):
    """The file is not taken in, and nothing was changed. Its text is a sentence for the operator."""


@dataclass(frozen=True)
class Conversation:
    """What is in a file that was checked."""

    archive: zipfile.ZipFile
    id: str
    kind: str
    name: str
    topic: str
    emoji: str
    created_at: datetime
    last_seq: int
    people: dict[int, Payload]

    def lines(self) -> Iterator[Payload]:
        """The messages, as they stand there."""
        for _number, line in _lines(self.archive):
            yield line


def opened(path: Path) -> Conversation:
    """The file at `path`, checked whole; to be closed. Raises Refused."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise Refused(f"{path} is not a ZIP that can be read: {error}.") from None
    try:
        _check_entries(archive)
        conversation = _head(archive)
        _check_lines(conversation)
    except BaseException as error:
        archive.close()
        if isinstance(error, zipfile.BadZipFile | zlib.error | EOFError | NotImplementedError | RuntimeError):
            raise Refused(f"The ZIP is damaged: {error}.") from None
        raise
    return conversation


def _check_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > ENTRIES_MAX:
        raise Refused(f"The ZIP has more than {ENTRIES_MAX} entries.")
    if len({entry.filename for entry in entries}) < len(entries):
        raise Refused("The ZIP has two entries of one name.")
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        if entry.filename.startswith("/") or ".." in parts or "\\" in entry.filename or ":" in parts[:1]:
            raise Refused(f"The ZIP has an entry that leads out of it: {entry.filename[:100]!r}.")
        if entry.flag_bits & 1:
            raise Refused("The ZIP is encrypted.")
        if entry.file_size > RATIO_MAX * max(entry.compress_size, 1024):
            raise Refused(f"An entry of the ZIP is far too large for its size: {entry.filename[:100]!r}.")
    for name in (HEAD, LINES):
        if name not in archive.NameToInfo:
            raise Refused(f"The ZIP is no export of a conversation: it has no {name}.")


def _head(archive: zipfile.ZipFile) -> Conversation:
    if archive.getinfo(HEAD).file_size > HEAD_MAX:
        raise Refused(f"{HEAD} is too large.")
    head = _object(archive.read(HEAD), HEAD)
    if head.get("format") != archives.CONVERSATION:
        raise Refused("The ZIP is no export of a conversation.")
    if head.get("version") != archives.VERSION:
        raise Refused(
            f"The export is of version {str(head.get('version'))[:20]}, and only {archives.VERSION} is known."
        )
    try:
        room = _mapping(head["room"])
        people = [_person(_mapping(person)) for person in _list(head["people"])]
        conversation = Conversation(
            archive=archive,
            id=fields.client_id(room["id"], "id").hex(),
            kind=fields.choice(room["kind"], "kind", ("direct", "group")),
            name="" if room["name"] is None else fields.room_name(room["name"]),
            topic=fields.line(room["topic"], "topic", 0, 500),
            emoji=emoji.one(room["emoji"]) if room["emoji"] else "",
            created_at=_moment(room["created_at"]),
            last_seq=fields.whole(head["last_seq"], "last_seq"),
            people={person["id"]: person for person in people},
        )
    except (Invalid, KeyError) as error:
        raise Refused(f"{HEAD} is not as it should be: {_words(error)}.") from None
    if len(conversation.people) < len(people):
        raise Refused(f"{HEAD} has two people of one id.")
    return conversation


def _person(person: Payload) -> Payload:
    kind = fields.choice(person["kind"], "kind", KINDS)
    name = fields.line(person["name"], "name", 0, 64)
    return {
        "id": fields.identifier(person["id"], "id"),
        "name": name,
        "username": None if person["username"] is None else fields.username(person["username"]),
        "kind": kind if name else "deleted",
        "hue": fields.whole(person["hue"], "hue", 0, 359),
        "role": None if person["role"] is None else fields.choice(person["role"], "role", ROLES),
    }


def _check_lines(conversation: Conversation) -> None:
    last = 0
    for number, line in _lines(conversation.archive):
        try:
            last = _check(conversation, line, last)
        except (Invalid, KeyError) as error:
            raise Refused(f"{LINES}, line {number}: {_words(error)}.") from None


def _check(conversation: Conversation, line: Payload, last: int) -> int:
    """The number of the message. Raises Invalid, KeyError."""
    seq = fields.whole(line["seq"], "seq", last + 1, conversation.last_seq)
    if not isinstance(line["kind"], str) or not _KIND.fullmatch(line["kind"]):
        raise Invalid(field="kind")
    fields.body(line["body"], may_be_empty=line["kind"] != "text")
    _known(conversation, line["sender"], "sender")
    if line["subject"] is not None:
        _known(conversation, line["subject"], "subject")
    if line["reply_to"] is not None:
        fields.whole(_mapping(line["reply_to"])["seq"], "reply_to", 1, seq - 1)
    _check_reactions(conversation, line["reactions"])
    if line["file"] is not None and line["kind"] != "file":
        raise Invalid(field="file")
    if line["file"] is not None:
        _check_file(conversation, _mapping(line["file"]))
    _moment(line["created_at"])
    for name in ("edited_at", "expires_at"):
        if line[name] is not None:
            moment(line[name])
    return seq


def _check_reactions(conversation: Conversation, reactions: Any) -> None:
    if len(_list(reactions)) > EMOJI_MAX:
        raise Invalid(field="reactions")
    signs = set()
    for reaction in reactions:
        signs.add(emoji.one(_mapping(reaction)["emoji"]))
        people = _list(reaction["people"])
        for person in people:
            _known(conversation, person, "reactions")
        if len(set(people)) < len(people):
            raise Invalid(field="reactions")
    if len(signs) < len(reactions):
        raise Invalid(field="reactions")


def _check_file(conversation: Conversation, file: Payload) -> None:
    kind = fields.choice(file["kind"], "kind", ("image", "audio"))
    filenames.cleaned(fields.text(file["name"], "name"))
    fields.flag(file["voice"], "voice")
    path = file["path"]
    if path is None:
        return
    if not isinstance(path, str) or not _MEDIUM.fullmatch(path) or path not in conversation.archive.NameToInfo:
        raise Invalid(field="path")
    if conversation.archive.getinfo(path).file_size > formats.largest(kind):
        raise formats.too_large(kind)


def _known(conversation: Conversation, user_id: Any, field: str) -> None:
    if not isinstance(user_id, int) or isinstance(user_id, bool) or user_id not in conversation.people:
        raise Invalid(field=field)


def moment(value: Any) -> datetime:
    """A moment with its offset. Raises Invalid."""
    try:
        found = datetime.fromisoformat(fields.text(value, "time")[:40])
        if found.tzinfo is None or not 1970 <= found.year <= 9998:
            raise ValueError
    except ValueError:
        raise Invalid(field="time") from None
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def _moment(value: Any) -> datetime:
    """One that is past, but for clocks that go wrong."""
    found = moment(value)
    if found > clock.now() + timedelta(days=1):
        raise Invalid(field="time")
    return found


def _lines(archive: zipfile.ZipFile) -> Iterator[tuple[int, Payload]]:
    number = 0
    with archive.open(LINES) as file:
        while line := file.readline(LINE_MAX + 1):
            number += 1
            if len(line) > LINE_MAX:
                raise Refused(f"{LINES}, line {number}: it is too long.")
            yield number, _object(line, f"{LINES}, line {number}")


def _object(text: bytes, where: str) -> Payload:
    try:
        found = json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise Refused(f"{where}: this is not JSON ({str(error)[:100]}).") from None
    if not isinstance(found, dict):
        raise Refused(f"{where}: this is not an object.")
    return found


def _mapping(value: Any) -> Payload:
    if not isinstance(value, dict):
        raise Invalid()
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid()
    return value


def _words(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    field = getattr(error, "field", None)
    return f"{field or 'something'} is wrong: {str(getattr(error, 'sentence', error)).rstrip('.')}"
