"""Random stories of several people, with lost connections, against a model that fits on a page.

At any moment when everybody is connected: what each page holds, having followed docs/protocol.md ("Versions"), equals
what a fresh page would load, and both equal the model.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from chat import clearings, clock, ephemeral, files, presence, retention
from extensions import db
from models import File
from tests.cast import Connection, Member, new_id
from tests.conftest import close, make_app
from tests.files import can_read, upload

PEOPLE = ("alice", "bob", "carol")
NAMES = ("Garden", "Сад", "花园")
EMOJI = ("👍", "❤️")
OUTSIDE = "not_found"

Seen = dict[int, tuple[Any, ...]]  # seq → what a person sees of the message


@dataclass
class Said:
    """One message of the model."""

    sender: str
    body: str
    edited: bool = False
    deleted: bool = False
    reactions: set[tuple[str, str]] = field(default_factory=set)  # (emoji, name)
    reply_to: int | None = None
    file: str | None = None


@dataclass
class Place:
    """One room of the model: who is in it since which `seq`, and what was said. Lines about people are only counted."""

    name: str
    from_join: bool
    keeps: bool
    owner: str
    people: dict[str, int] = field(default_factory=dict)
    banned: set[str] = field(default_factory=set)
    said: dict[int, Said] = field(default_factory=dict)
    cleared: int = 0  # up to which `seq` for everybody

    def seen_by(self, name: str) -> Seen:
        shown = {seq: one for seq, one in self.said.items() if seq > self.people[name] and not one.deleted}
        return {
            seq: (one.sender, one.body, one.edited, one.file, frozenset(one.reactions)) for seq, one in shown.items()
        }

    def files_of(self, name: str) -> set[str]:
        """Those that somebody may read."""
        if name not in self.people:
            return set()
        shown = (one for seq, one in self.said.items() if seq > self.people[name] and not one.deleted)
        return {one.file for one in shown if one.file}


class Page:
    """A client that keeps what docs/protocol.md asks of it, and nothing else."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.connection: Connection | None = None
        self.versions: dict[int, int] = {}
        self.ahead: dict[int, set[int]] = {}
        self.messages: dict[int, dict[int, dict[str, Any]]] = {}
        self.cleared: dict[int, int] = {}

    def connect(self) -> None:
        self.connection = self.member.connect()
        if not self.versions:
            for room in self.member.get_ok("/rooms")["rooms"]:
                self.load(room)
        self.catch_up()

    def drop(self) -> None:
        assert self.connection is not None
        self.connection.close()
        self.connection = None

    def listen(self) -> None:
        """Take in what came, and ask for what is missing."""
        assert self.connection is not None
        for packet in self.connection.client.get_received():
            self.hear(packet["name"], packet["args"][0])
        gaps = [room_id for room_id in self.versions if self.ahead[room_id]]
        if gaps:
            self.catch_up()

    def hear(self, event: str, told: dict[str, Any]) -> None:
        if event in ("message_sent", "message_changed"):
            message = told["message"]
            if message["room_id"] in self.versions:
                self.apply(message)
                self.reach(message["room_id"], message["version"])
        elif event == "history_cleared" and told["room_id"] in self.versions:
            self.clear(told["room_id"], told["cleared_seq"])
        elif event == "room_opened" and told["room"]["id"] not in self.versions:
            self.load(told["room"])
        elif event == "room_changed" and told["room"]["id"] in self.versions:
            self.reach(told["room"]["id"], told["room"]["version"])
        elif event == "room_closed":
            self.forget(told["room_id"])

    def clear(self, room_id: int, seq: int) -> None:
        if seq < self.cleared[room_id]:
            self.load({"id": room_id})
        else:
            self.cleared[room_id] = seq
            for gone in [known for known in self.messages[room_id] if known <= seq]:
                del self.messages[room_id][gone]

    def apply(self, message: dict[str, Any]) -> None:
        held = self.messages[message["room_id"]]
        known = held.get(message["seq"])
        if known is None or known["version"] < message["version"]:
            held[message["seq"]] = message

    def reach(self, room_id: int, version: int) -> None:
        if version > self.versions[room_id]:
            self.ahead[room_id].add(version)
        while self.versions[room_id] + 1 in self.ahead[room_id]:
            self.versions[room_id] += 1
            self.ahead[room_id].discard(self.versions[room_id])

    def load(self, room: dict[str, Any]) -> None:
        answer = self.member.get(f"/rooms/{room['id']}/messages?limit=200")
        if answer.status_code == 404:  # left meanwhile: that will be heard as well
            return
        page = answer.json
        assert page["complete"]
        self.versions[room["id"]] = page["room"]["version"]
        self.ahead[room["id"]] = set()
        self.cleared[room["id"]] = page["room"]["cleared_seq"]
        self.messages[room["id"]] = {message["seq"]: message for message in page["messages"]}

    def forget(self, room_id: int) -> None:
        for held in (self.versions, self.ahead, self.messages, self.cleared):
            held.pop(room_id, None)

    def catch_up(self) -> None:
        assert self.connection is not None
        asked = dict(self.versions)
        answer = self.connection.ok("sync", {"rooms": {str(room_id): version for room_id, version in asked.items()}})
        for room_id in answer["closed"]:
            self.forget(room_id)
        for room in answer["opened"]:
            self.load(room)
        again = False
        for key, changed in answer["rooms"].items():
            room_id = int(key)
            if changed["reload"]:
                self.load(changed["room"])
                continue
            for message in changed["messages"]:
                self.apply(message)
                self.versions[room_id] = max(self.versions[room_id], message["version"])
            if changed["complete"]:
                self.versions[room_id] = max(self.versions[room_id], changed["room"]["version"])
            again = again or not changed["complete"]
            self.clear(room_id, changed["room"]["cleared_seq"])
            self.ahead[room_id] = {version for version in self.ahead[room_id] if version > self.versions[room_id]}
        if again:
            self.catch_up()

    def seen(self, room_id: int) -> Seen:
        return seen_in(self.messages[room_id].values())


def seen_in(messages: Any) -> Seen:
    """What people said among these messages, as a person sees it."""
    return {
        one["seq"]: (
            one["sender"]["username"],
            one["body"],
            one["edited_at"] is not None,
            one["file"] and one["file"]["id"],
            frozenset(
                (reaction["emoji"], user_id) for reaction in one["reactions"] for user_id in reaction["user_ids"]
            ),
        )
        for one in messages
        if one["kind"] in ("text", "file") and one["deleted_at"] is None
    }


class Story(RuleBasedStateMachine):
    """What may happen, one thing after another."""

    folder: Path  # with the cast registered, copied for each story
    told = 0
    rooms = Bundle("rooms")
    people = st.sampled_from(PEOPLE)
    texts = st.text("abя语😀 ", min_size=1, max_size=9).filter(str.strip)

    def __init__(self) -> None:
        super().__init__()
        Story.told += 1
        here = self.folder.parent / f"story-{Story.told}"
        shutil.copytree(self.folder, here)
        presence.forget()
        ephemeral.forget()
        self.here = here
        self.app = make_app(here)
        self.pages = {name: Page(Member(self.app, name)) for name in PEOPLE}
        self.ids = {name: page.member.id for name, page in self.pages.items()}
        self.places: dict[int, Place] = {}
        self.files: list[str] = []
        self.unsent: dict[str, set[str]] = {name: set() for name in PEOPLE}
        self.undo: tuple[str, int, int, dict[str, int], int] | None = None  # the last clearing, and what was before
        for page in self.pages.values():
            page.connect()

    def teardown(self) -> None:
        for name, page in self.pages.items():
            if page.connection is None:
                self.pages[name].connect()
        self.all_see_the_same()
        for page in self.pages.values():
            page.drop()
        close(self.app)
        shutil.rmtree(self.here)

    # What people do. Each rule says what the model expects, refusals included.

    def call(self, name: str, event: str, /, **data: Any) -> dict[str, Any] | None:
        """What `name`'s connection answers; nothing when they have none."""
        connection = self.pages[name].connection
        return connection.call(event, data) if connection else None

    def expect(self, answer: dict[str, Any] | None, code: str | None) -> bool:
        """Whether it was done. `code` is the refusal that the model expects, or None."""
        if answer is None:
            return False
        assert (None if answer["ok"] else answer["error"]["code"]) == code, (answer, code)
        return bool(answer["ok"])

    def file_of(self, name: str) -> str:
        """An upload of somebody's, which nothing shows yet."""
        file_id = upload(self.pages[name].member)
        self.files.append(file_id)
        self.unsent[name].add(file_id)
        return file_id

    @rule(target=rooms, name=people, called=st.sampled_from(NAMES), from_join=st.booleans(), keeps=st.booleans())
    def make(self, name: str, called: str, from_join: bool, keeps: bool) -> int:
        taken = called in [place.name for place in self.places.values()]
        options = {"visibility": "public", "history_from_join": from_join, "keeps_history": keeps}
        answer = self.call(name, "create_room", name=called, **options)
        if self.expect(answer, "conflict" if taken else None):
            room_id = int(answer["room"]["id"])  # type: ignore[index]
            self.places[room_id] = Place(called, from_join, keeps, name, {name: 0})
            return room_id
        return next((room_id for room_id, place in self.places.items() if place.name == called), 0)

    @rule(room_id=rooms, name=people)
    def join(self, room_id: int, name: str) -> None:
        place = self.places.get(room_id)
        answer = self.call(name, "join_room", room_id=room_id or 10**6)
        code = OUTSIDE if place is None else "forbidden" if name in place.banned else None
        if self.expect(answer, code) and place and name not in place.people:
            self.comes(place, name)

    def comes(self, place: Place, name: str) -> None:
        place.people[name] = max(place.cleared, max(place.said, default=0) if place.from_join else 0)
        self.undo = None  # to whom the past belongs then is another story
        place.owner = place.owner or name
        place.banned.discard(name)

    @rule(room_id=rooms, name=people)
    def leave(self, room_id: int, name: str) -> None:
        place = self.places.get(room_id)
        inside = place is not None and name in place.people
        if not self.expect(self.call(name, "leave_room", room_id=room_id or 10**6), None if inside else OUTSIDE):
            return
        assert place is not None
        self.undo = None
        del place.people[name]
        if not place.people and not place.keeps:
            del self.places[room_id]
        elif name == place.owner:
            place.owner = next(iter(place.people), "")

    @rule(room_id=rooms, name=people, other=people)
    def invite(self, room_id: int, name: str, other: str) -> None:
        place = self.places.get(room_id)
        if place is None or name not in place.people or other in place.people:
            return
        code = "forbidden" if other in place.banned and name != place.owner else None
        if self.expect(self.call(name, "invite", room_id=room_id, username=other), code):
            self.comes(place, other)

    @rule(
        room_id=rooms,
        name=people,
        text=st.text("abя语😀 ", min_size=1, max_size=9).filter(str.strip),
        reply=st.booleans(),
    )
    def say(self, room_id: int, name: str, text: str, reply: bool) -> None:
        place = self.places.get(room_id)
        inside = place is not None and name in place.people
        above = max(place.seen_by(name), default=None) if place is not None and inside and reply else None
        data = {"body": text, "client_id": new_id()} | ({"reply_to": above} if above else {})
        answer = self.call(name, "send_message", room_id=room_id or 10**6, **data)
        if self.expect(answer, None if inside else OUTSIDE):
            message = answer["message"]  # type: ignore[index]
            assert (message["reply_to"] or {}).get("seq") == above
            assert place is not None
            place.said[message["seq"]] = Said(name, message["body"])

    @rule(room_id=rooms, name=people, caption=st.sampled_from(["", "look"]), again=st.booleans())
    def show(self, room_id: int, name: str, caption: str, again: bool) -> None:
        """Send a file: a new one, or `again` one that was sent before."""
        if self.pages[name].connection is None:
            return
        place = self.places.get(room_id)
        inside = place is not None and name in place.people
        used = again and bool(self.files)
        file_id = self.files[-1] if used else self.file_of(name)
        data = {"body": caption, "client_id": new_id(), "file_id": file_id}
        answer = self.call(name, "send_message", room_id=room_id or 10**6, **data)
        code = OUTSIDE if not inside else "invalid" if used and file_id not in self.unsent[name] else None
        if self.expect(answer, code):
            message = answer["message"]  # type: ignore[index]
            assert place is not None
            place.said[message["seq"]] = Said(name, message["body"], file=message["file"]["id"])
            self.unsent[name].discard(file_id)

    @rule(room_id=rooms, name=people, which=st.integers(0, 5), text=st.sampled_from(["new", "новое"]))
    def edit(self, room_id: int, name: str, which: int, text: str) -> None:
        seq, said = self.pick(room_id, name, which)
        if said is None:
            return
        code = "forbidden" if said.sender != name else None
        if self.expect(self.call(name, "edit_message", room_id=room_id, seq=seq, body=text), code):
            said.body, said.edited = text, said.edited or said.body != text

    @rule(room_id=rooms, name=people, which=st.integers(0, 5))
    def delete(self, room_id: int, name: str, which: int) -> None:
        seq, said = self.pick(room_id, name, which)
        if said is None:
            return
        allowed = name in (said.sender, self.places[room_id].owner)
        answer = self.call(name, "delete_message", room_id=room_id, seq=seq)
        if self.expect(answer, None if allowed else "forbidden"):
            said.deleted = True
            said.reactions.clear()

    @rule(room_id=rooms, name=people, which=st.integers(0, 5), emoji=st.sampled_from(EMOJI), on=st.booleans())
    def react(self, room_id: int, name: str, which: int, emoji: str, on: bool) -> None:
        seq, said = self.pick(room_id, name, which)
        if said is None:
            return
        if self.expect(self.call(name, "set_reaction", room_id=room_id, seq=seq, emoji=emoji, on=on), None):
            mine = (emoji, str(self.ids[name]))
            said.reactions.add(mine) if on else said.reactions.discard(mine)

    @rule(room_id=rooms, name=people, which=st.integers(0, 5), everyone=st.booleans())
    def clear(self, room_id: int, name: str, which: int, everyone: bool) -> None:
        seq, said = self.pick(room_id, name, which)
        if said is None:
            return
        place = self.places[room_id]
        answer = self.call(name, "clear_history", room_id=room_id, everyone=everyone, seq=seq)
        if self.expect(answer, "forbidden" if everyone and name != place.owner else None):
            self.undo = (name, room_id, answer["clearing"], dict(place.people), place.cleared)  # type: ignore[index]
            for other in place.people if everyone else (name,):
                place.people[other] = max(place.people[other], seq)
            place.cleared = seq if everyone else place.cleared

    @rule()
    def regret(self) -> None:
        if self.undo is None:
            return
        name, room_id, clearing, people, cleared = self.undo
        if self.expect(self.call(name, "undo_clear_history", clearing=clearing), None):
            place = self.places[room_id]
            place.people, place.cleared, self.undo = people, cleared, None

    def pick(self, room_id: int, name: str, which: int) -> tuple[int, Said | None]:
        """One of the last messages that `name` sees."""
        place = self.places.get(room_id)
        seqs = sorted(place.seen_by(name)) if place and name in place.people else []
        if len(seqs) <= which or place is None:
            return 0, None
        return seqs[-1 - which], place.said[seqs[-1 - which]]

    @rule(name=people)
    def lose_the_connection(self, name: str) -> None:
        if self.pages[name].connection:
            self.pages[name].drop()

    @rule(name=people)
    def come_back(self, name: str) -> None:
        if not self.pages[name].connection:
            self.pages[name].connect()

    @rule()
    def the_clock_ticks(self) -> None:
        """What the clock removes was held by nothing."""
        with self.app.app_context():
            retention.purge_round()
            files.sweep()
            self.remove_what_was_cleared()
            gone = set(db.session.scalars(select(File.id).where(files.is_released())))
        said = (one for place in self.places.values() for one in place.said.values() if not one.deleted)
        assert gone.isdisjoint({one.file for one in said}.union(*self.unsent.values()))

    def remove_what_was_cleared(self) -> None:
        later = clock.now() + timedelta(seconds=13)
        with patch.object(clock, "now", lambda: later):
            clearings.sweep(60)
        self.undo = None
        for place in self.places.values():
            place.said = {seq: said for seq, said in place.said.items() if seq > place.cleared}

    @precondition(lambda self: all(page.connection for page in self.pages.values()))
    @rule()
    def all_see_the_same(self) -> None:
        for name, page in self.pages.items():
            page.listen()
            mine = {room_id: place for room_id, place in self.places.items() if name in place.people}
            listed = {room["id"]: room for room in page.member.get_ok("/rooms")["rooms"] if not room["general"]}
            assert listed.keys() == mine.keys() == page.versions.keys() - self.general(page)
            for room_id, place in mine.items():
                model = {
                    seq: (*seen[:-1], frozenset((emoji, int(user_id)) for emoji, user_id in seen[-1]))
                    for seq, seen in place.seen_by(name).items()
                }
                fresh = page.member.get_ok(f"/rooms/{room_id}/messages?limit=200")["messages"]
                assert seen_in(fresh) == model
                assert page.seen(room_id) == model
                assert listed[room_id]["role"] == ("owner" if name == place.owner else "member")
                shown = page.member.get_ok(f"/rooms/{room_id}/files")["messages"]
                assert {message["file"]["id"] for message in shown} == place.files_of(name)
            readable = {file_id for file_id in self.files if can_read(page.member, file_id)}
            assert readable == self.unsent[name].union(*(place.files_of(name) for place in mine.values()))

    def general(self, page: Page) -> set[int]:
        return {room["id"] for room in page.member.get_ok("/rooms")["rooms"] if room["general"]}


def test_every_page_equals_a_fresh_one_and_the_model(registered: Path, tmp_path: Path) -> None:
    Story.folder = tmp_path / "registered"
    shutil.copytree(registered, Story.folder)
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_story_would_notice_a_lost_change(
    registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The premise: a page that misses changes after a lost connection is found out."""
    Story.folder = tmp_path / "registered"
    shutil.copytree(registered, Story.folder)
    monkeypatch.setattr(Page, "catch_up", lambda self: None)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Story,
            settings=settings(
                max_examples=60, stateful_step_count=40, deadline=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
