"""Catching up together: each is told what they would have been told alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

import events
from chat import clock, contexts, edits, ephemeral, messages, payloads, presence, rooms, syncs, transactions
from chat.syncs import Sync, Syncs, Versions
from extensions import db
from models import Room, User
from tests import sessions
from tests.cast import Member, make_room, new_id, set_member, set_message
from tests.conftest import prepared
from tests.files import send_file, upload
from tests.plans import explained, scans, statements
from tests.servers import wait_until

Asked = tuple[Member, Versions]


@dataclass
class Desk:
    """What became of each wish is in `outcomes`."""

    app: Flask
    syncs: Syncs
    outcomes: dict[Sync, Any] = field(default_factory=dict)

    def ask(self, *asked: Asked) -> list[Any]:
        """What all of them are told who ask together."""
        made = [self.wish(person, held) for person, held in asked]
        with self.app.app_context():
            self.syncs.fulfil(made)
        return [self.outcomes[wish] for wish in made]

    def alone(self, person: Member, held: Versions) -> syncs.Changes:
        with self.app.app_context():
            given = {str(room_id): version for room_id, version in held.items()}
            return syncs.changes(db.session.get_one(User, person.id), given)

    def wish(self, person: Member, held: Versions) -> Sync:
        def done(outcome: Any) -> None:
            assert wish not in self.outcomes
            self.outcomes[wish] = outcome

        wish = Sync(person.id, person.session_id, done, held)
        return wish


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app, Syncs(app))


def says(person: Member, room_id: int, *bodies: str, **more: Any) -> None:
    with person.connect() as connection:
        for body in bodies:
            connection.send(room_id, body, **more)


def does(person: Member, event: str, **data: Any) -> dict[str, Any]:
    with person.connect() as connection:
        return connection.ok(event, data)


def reacts(person: Member, room_id: int, seq: int, emoji: str = "👍") -> None:
    does(person, "set_reaction", room_id=room_id, seq=seq, emoji=emoji, on=True)


def set_room(person: Member, room_id: int, **columns: Any) -> None:
    """Change a room behind the back of the rules."""
    chosen = update(Room).where(Room.id == room_id)
    with person.app.app_context():
        transactions.run(lambda session: session.execute(chosen.values(**columns)))


def were_active(person: Member, *room_ids: int) -> None:
    """One after another."""
    moment = clock.now()
    for number, room_id in enumerate(room_ids):
        set_room(person, room_id, active_at=moment + timedelta(seconds=number))


def in_short(answer: syncs.Changes) -> tuple[dict[int, Any], list[int], list[int]]:
    """Of each room the messages' `seq`s, ended by "more" where that is not all, or "reload"; which rooms were opened,
    but the one of everybody, and which closed."""
    told = {
        int(room_id): "reload" if entry["reload"] else [message["seq"] for message in entry["messages"]]
        for room_id, entry in answer["rooms"].items()
    }
    for room_id, entry in answer["rooms"].items():
        if not entry["complete"]:
            told[int(room_id)].append("more")
    return told, [room["id"] for room in answer["opened"] if not room.get("general")], answer["closed"]


# Scenes: who asks with what, and what they are told in short


@dataclass
class Stage:
    alice: Member
    bob: Member
    carol: Member
    direct: int  # alice's and bob's conversation
    patch: pytest.MonkeyPatch


@pytest.fixture
def stage(alice: Member, bob: Member, carol: Member, room_id: int, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(alice, bob, carol, room_id, monkeypatch)


Scene = list[tuple[Member, Versions, tuple[dict[int, Any], list[int], list[int]]]]


def several_rooms_and_versions(on: Stage) -> Scene:
    """Alice has two tabs."""
    group, other = make_room(on.alice, on.bob, on.carol), make_room(on.carol, on.alice)
    says(on.alice, group, "one", "two", "three")
    says(on.bob, on.direct, "hello")
    says(on.carol, other, "one", "two")
    return [
        (on.alice, {group: 1, on.direct: 0, other: 2}, ({group: [2, 3], on.direct: [1], other: []}, [], [])),
        (on.alice, {group: 3}, ({group: []}, [other, on.direct], [])),
        (on.bob, {group: 0}, ({group: [1, 2, 3]}, [on.direct], [])),
        (on.carol, {other: 1, group: 2}, ({other: [2], group: [3]}, [], [])),
        (on.bob, {group: 0}, ({group: [1, 2, 3]}, [on.direct], [])),
    ]


def what_became_of_messages(on: Stage) -> Scene:
    """In the order in which they were changed: edited, deleted, reacted to."""
    group = make_room(on.alice, on.bob, on.carol)
    says(on.alice, group, "teh", "regretted", "stays", "liked")
    reacts(on.bob, group, 4)
    does(on.alice, "delete_message", room_id=group, seq=2)
    does(on.alice, "edit_message", room_id=group, seq=1, body="the")
    set_member(on.carol, group, cleared_seq=2)
    return [
        (on.alice, {group: 0}, ({group: [3, 4, 2, 1]}, [], [])),
        (on.bob, {group: 4}, ({group: [4, 2, 1]}, [], [])),
        (on.bob, {group: 6}, ({group: [1]}, [], [])),
        (on.carol, {group: 4}, ({group: [4]}, [], [])),
        (on.carol, {group: 5}, ({group: []}, [], [])),
    ]


def a_room_that_keeps_nothing(on: Stage) -> Scene:
    """Beside one that does."""
    kept, group = make_room(on.alice, on.bob), make_room(on.alice, on.bob, on.carol, keeps_history=False)
    says(on.alice, kept, "kept")
    says(on.alice, group, "teh", "regretted", "liked")
    does(on.alice, "edit_message", room_id=group, seq=1, body="the")
    reacts(on.bob, group, 3)
    does(on.alice, "delete_message", room_id=group, seq=2)
    says(on.bob, group, "about it", reply_to=1)
    set_member(on.carol, group, cleared_seq=2)
    return [
        (on.alice, {group: 0, kept: 0}, ({group: [1, 3, 2, 4], kept: [1]}, [], [])),
        (on.bob, {group: 4, kept: 1}, ({group: [3, 2, 4], kept: []}, [], [])),
        (on.carol, {group: 0}, ({group: [3, 4]}, [], [])),
        (on.carol, {}, ({}, [group], [])),
    ]


def answers(on: Stage) -> Scene:
    """Of what is above the mark of some, deleted, or gone."""
    group = make_room(on.alice, on.bob, on.carol)
    says(on.alice, group, "one", "two", "three")
    for seq in (1, 2, 3):
        says(on.bob, group, f"about {seq}", reply_to=seq)
    does(on.alice, "delete_message", room_id=group, seq=2)
    set_message(on.alice, group, 3, expires_at=clock.now() - timedelta(seconds=1))
    set_member(on.carol, group, cleared_seq=1)
    return [
        (on.alice, {group: 0}, ({group: [1, 4, 5, 6, 2]}, [], [])),
        (on.carol, {group: 0}, ({group: [4, 5, 6, 2]}, [], [])),
        (on.bob, {group: 3}, ({group: [4, 5, 6, 2]}, [], [])),
    ]


def what_has_expired(on: Stage) -> Scene:
    group, other = make_room(on.alice, on.bob), make_room(on.bob, on.alice, keeps_history=False)
    says(on.alice, group, "one", "two", "three")
    says(on.alice, other, "one", "two")
    past = clock.now() - timedelta(seconds=1)
    set_message(on.alice, group, 2, expires_at=past)
    set_message(on.alice, group, 3, expires_at=clock.now() + timedelta(hours=1))
    one = ephemeral.get(other, 1)
    assert one is not None
    one.expires_at = past
    return [
        (on.alice, {group: 0, other: 0}, ({group: [1, 3], other: [2]}, [], [])),
        (on.bob, {group: 1, other: 1}, ({group: [3], other: [2]}, [], [])),
    ]


def rooms_of_others(on: Stage) -> Scene:
    """Or such as are over, or never were."""
    group, deleted, over = (make_room(on.alice, on.bob) for _ in range(3))
    for room_id in (group, deleted, over):
        says(on.alice, room_id, "one")
    past = clock.now() - timedelta(seconds=1)
    set_room(on.alice, deleted, deleted_at=past)
    set_room(on.alice, over, ends_at=past)
    return [
        (on.carol, {10**9: 3, group: 0, on.direct: 0}, ({}, [], sorted([on.direct, group, 10**9]))),
        (on.alice, {group: 0, over: 1, deleted: 0}, ({group: [1]}, [], [deleted, over])),
        (on.bob, {group: 1}, ({group: []}, [], [])),
        (on.bob, {2**63 - 1: 2**63 - 1}, ({}, [group], [2**63 - 1])),
    ]


def versions_that_are_too_far(on: Stage) -> Scene:
    """Behind, or in a future that the database has forgotten."""
    on.patch.setattr(syncs, "MISSED_MAX", 3)
    group, other = make_room(on.alice, on.bob), make_room(on.bob, on.alice, keeps_history=False)
    for room_id in (group, other):
        says(on.alice, room_id, "one", "two", "three", "four")
    return [
        (on.alice, {group: 0, other: 1}, ({group: "reload", other: [2, 3, 4]}, [], [])),
        (on.alice, {group: 1, other: 0}, ({group: [2, 3, 4], other: "reload"}, [], [])),
        (on.bob, {group: 4, other: 5}, ({group: [], other: "reload"}, [], [])),
        (on.bob, {group: 2**63 - 1, other: 4}, ({group: "reload", other: []}, [], [])),
    ]


def more_than_a_page(on: Stage) -> Scene:
    on.patch.setattr(syncs, "PAGE", 2)
    group, other = make_room(on.alice, on.bob), make_room(on.bob, on.alice, keeps_history=False)
    says(on.alice, group, "one", "two", "three", "four", "five")
    says(on.alice, other, "one", "two", "three")
    does(on.alice, "edit_message", room_id=group, seq=1, body="1")
    set_member(on.bob, group, cleared_seq=2)
    return [
        (on.alice, {group: 0, other: 0}, ({group: [2, 3, "more"], other: [1, 2, "more"]}, [], [])),
        (on.alice, {group: 3, other: 1}, ({group: [4, 5, "more"], other: [2, 3]}, [], [])),
        (on.alice, {group: 4, other: 3}, ({group: [5, 1], other: []}, [], [])),
        (on.bob, {group: 0}, ({group: [3, 4, "more"]}, [other], [])),
        (on.bob, {group: 3}, ({group: [4, 5]}, [other], [])),
    ]


def rooms_that_were_not_named(on: Stage) -> Scene:
    """The latest of those where something was said, and groups."""
    on.patch.setattr(syncs, "OPENED_MAX", 2)
    does(on.carol, "open_direct", username="bob")
    first, second, third = make_room(on.alice, on.bob), make_room(on.bob, on.alice), make_room(on.alice, on.carol)
    for room_id in (third, on.direct, first, second):
        says(on.alice if room_id != second else on.bob, room_id, "hello")
    were_active(on.alice, third, on.direct, first, second)
    return [
        (on.alice, {}, ({}, [second, first], [])),
        (on.alice, {second: 1}, ({second: []}, [first], [])),
        (on.alice, {third: 0, on.direct: 1}, ({third: [1], on.direct: []}, [second, first], [])),
        (on.bob, {}, ({}, [second, first], [])),
        (on.carol, {}, ({}, [third], [])),
    ]


def files(on: Stage) -> Scene:
    group, other = make_room(on.alice, on.bob), make_room(on.bob, on.alice, keeps_history=False)
    for room_id in (group, other):
        with on.alice.connect() as talking, on.bob.connect() as answering:
            send_file(talking, room_id, upload(on.alice), "my cat")
            send_file(answering, room_id, upload(on.bob), reply_to=1)
            answering.send(room_id, "nice", reply_to=1)
            talking.ok("delete_message", {"room_id": room_id, "seq": 1})
    return [
        (on.alice, {group: 0, other: 0}, ({group: [2, 3, 1], other: [2, 3, 1]}, [], [])),
        (on.bob, {group: 2, other: 3}, ({group: [3, 1], other: [1]}, [], [])),
    ]


def lines(on: Stage) -> Scene:
    """About people, who are shown in them."""
    group = on.alice.make_room()["id"]
    for name in ("bob", "carol"):
        does(on.alice, "invite", room_id=group, username=name)
    does(on.alice, "change_room", room_id=group, name="Coffee room")
    return [
        (on.alice, {group: 0}, ({group: [1, 2, 3, 4]}, [], [])),
        (on.bob, {group: 2}, ({group: [3, 4]}, [], [])),
        (on.carol, {}, ({}, [group], [])),
    ]


SCENES: list[Callable[[Stage], Scene]] = [
    several_rooms_and_versions,
    what_became_of_messages,
    a_room_that_keeps_nothing,
    answers,
    what_has_expired,
    rooms_of_others,
    versions_that_are_too_far,
    more_than_a_page,
    rooms_that_were_not_named,
    files,
    lines,
]


@pytest.mark.usefixtures("statements_anew")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_each_is_told_what_they_would_be_told_alone(desk: Desk, stage: Stage, scene: Callable[[Stage], Scene]) -> None:
    asked = scene(stage)
    told = desk.ask(*((person, held) for person, held, _ in asked))
    assert [in_short(answer) for answer in told] == [expected for _, _, expected in asked]
    for answer, (person, held, _) in zip(told, asked, strict=True):
        assert answer == desk.alone(person, held)


@pytest.mark.usefixtures("statements_anew")
def test_it_makes_no_difference_what_all_the_others_ask(desk: Desk, stage: Stage) -> None:
    """All of these scenes at once, in one batch."""
    asked = [(person, held) for scene in SCENES for person, held, _ in scene(stage)]
    for answer, (person, held) in zip(desk.ask(*asked), asked, strict=True):
        assert answer == desk.alone(person, held)


def messages_of(answer: syncs.Changes, room_id: int) -> list[dict[str, Any]]:
    return list(answer["rooms"][str(room_id)]["messages"])


def test_of_what_is_cleared_for_one_alone_only_the_others_see_a_quote(
    desk: Desk, alice: Member, bob: Member, carol: Member
) -> None:
    group = make_room(alice, bob, carol)
    says(alice, group, "before carol")
    says(bob, group, "about that", reply_to=1)
    set_member(carol, group, cleared_seq=1)
    told = desk.ask((carol, {group: 0}), (bob, {group: 1}), (carol, {group: 1}), (alice, {group: 1}))
    quotes = [messages_of(answer, group)[0]["reply_to"] for answer in told]
    assert [quote["body"] for quote in quotes] == ["", "before carol", "", "before carol"]
    assert quotes[0] == quotes[2] == payloads.quote(1)
    latest = [answer["rooms"][str(group)]["room"]["last_message"]["reply_to"] for answer in told]
    assert latest == quotes


def test_of_many_who_reacted_each_sees_themselves_first(
    desk: Desk, alice: Member, bob: Member, carol: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "REACTED_MAX", 1)
    group = make_room(alice, bob, carol)
    says(alice, group, "hello")
    for person in (alice, bob):
        reacts(person, group, 1)
    told = desk.ask(*((person, {group: 0}) for person in (alice, bob, carol)))
    shown = [messages_of(answer, group)[0]["reactions"] for answer in told]
    assert shown == [[{"emoji": "👍", "count": 2, "user_ids": [first]}] for first in (alice.id, bob.id, alice.id)]


def test_what_is_unread_is_ones_own(desk: Desk, alice: Member, bob: Member, carol: Member) -> None:
    group = make_room(alice, bob, carol)
    says(alice, group, "one", "two", "three")
    set_member(bob, group, last_read_seq=1)
    set_member(carol, group, cleared_seq=2)
    told = desk.ask(*((person, {group: 3}) for person in (alice, bob, carol)))
    assert [answer["rooms"][str(group)]["room"]["unread"] for answer in told] == [0, 2, 1]


# Who is not answered


@pytest.mark.parametrize("end", sessions.ENDINGS.values(), ids=sessions.ENDINGS)
def test_whose_session_is_over_is_handed_back_and_the_others_are_told(
    desk: Desk, alice: Member, bob: Member, carol: Member, end: Callable[[Member], None]
) -> None:
    group = make_room(alice, bob, carol)
    says(alice, group, "one", "two")
    tab = Member(desk.app, "carol")
    asked = [(bob, {group: 0}), (carol, {group: 0}), (alice, {group: 1}), (tab, {group: 1})]
    assert None not in desk.ask(*asked)
    end(carol)
    told = desk.ask(*asked)
    assert [answer and in_short(answer)[0][group] for answer in told[:3]] == [[1, 2], None, [2]]
    assert (told[3] is None) is (end is sessions.is_disabled)
    assert desk.ask((carol, {}), (carol, {group: 0})) == [None, None]


@pytest.mark.parametrize("session_id", ["", "x" * 43, "x' OR '1' = '1"])
def test_who_has_no_session_is_handed_back(desk: Desk, alice: Member, room_id: int, session_id: str) -> None:
    says(alice, room_id, "secret")
    alice.session_id = session_id
    assert desk.ask((alice, {room_id: 0})) == [None]


# How it is asked


def meet(host: Member, names: list[str]) -> list[Asked]:
    """New people, who have missed as much in a room of their own and the host as in the one of them all."""
    crowd = [newcomer(host.app, name) for name in names]
    everybody = make_room(host, *crowd)
    asked = []
    for person in crowd:
        own, unkept = make_room(host, person), make_room(host, person, keeps_history=False)
        with host.connect() as talking:
            for room_id in (own, unkept, everybody):
                said = send_file(talking, room_id, upload(host))["seq"]
                talking.send(room_id, "about it", reply_to=said)
        for room_id in (own, unkept, everybody):
            reacts(host, room_id, 1)
        asked.append((person, {own: 0, everybody: 0}))
    return asked


def newcomer(app: Flask, name: str) -> Member:
    """Without a password, which takes long to hash."""
    person = User(
        username=name, username_key=name, display_name=name, search_key=name, kind="member", created_at=clock.now()
    )
    with app.app_context():
        transactions.run(lambda session: session.add(person))
    return Member(app, name)


@pytest.mark.parametrize("away", [timedelta(), sessions.A_WHILE], ids=["here", "away for a while"])
def test_twelve_take_as_many_statements_as_two(make: Callable[..., Flask], away: timedelta) -> None:
    fast = "100000 per second"
    app = make(MESSAGE_RATE=fast, EVENT_RATE=fast)
    desk, host = Desk(app, Syncs(app)), Member(app, "alice")
    counts = []
    for names in (["ann", "ben"], [f"guest {number}" for number in range(12)]):
        asked = meet(host, names)
        sessions.unused_for(away, *(person for person, _ in asked))
        with statements() as found:
            told = desk.ask(*asked)
        assert [len(answer["rooms"]) for answer in told] == [2] * len(names)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_no_table_is_read_from_end_to_end(desk: Desk, alice: Member, bob: Member, carol: Member, room_id: int) -> None:
    rooms_of_all = [room_id, make_room(alice, bob, carol), make_room(carol, bob)]
    for where in rooms_of_all:
        says(bob, where, "one", "two")
        with bob.connect() as talking:
            send_file(talking, where, upload(bob), reply_to=1)
        reacts(bob, where, 1)
    asked = [(person, {where: 1}) for person in (alice, bob, carol) for where in rooms_of_all]
    with desk.app.app_context(), explained() as lines:
        told = desk.ask(*asked)
    found = [entry["messages"] for answer in told for entry in answer["rooms"].values()]
    assert [len(told) for told in found] == [3] * (2 + 3 + 2)
    for part in ("messages USING INDEX ix_messages_room_id_version", "messages USING PRIMARY KEY"):
        assert any(line.startswith(f"SEARCH {part}") for line in lines), lines
    for table in ("reactions", "files"):
        assert any(line.startswith(f"SEARCH {table} ") for line in lines), lines
    assert scans(lines) == []
    assert [line for line in lines if line.startswith(("SCAN rooms", "SCAN memberships", "SCAN sessions"))] == []


def test_several_are_told_on_every_database(tmp_path: Path, database_url: str) -> None:
    ephemeral.forget()
    with prepared(tmp_path / "instance", database_url) as app:
        alice, bob, carol = people = [newcomer(app, name) for name in ("alice", "bob", "carol")]
        desk = Desk(app, Syncs(app))
        group, other, unkept = make_room(*people), make_room(bob, alice), make_room(alice, carol, keeps_history=False)
        one, two, three = (db.session.get_one(User, person.id) for person in people)
        text = "Привет, 世界 😀 \\ ' \" % %s :x {y}"
        for body in ("teh", text, "regretted"):
            messages.send(one, group, body, new_id())
        messages.send(two, group, "about it", new_id(), reply_to=1)
        messages.send(two, other, "hello", new_id())
        messages.send(one, unkept, "unkept", new_id())
        edits.react(three, group, 2, "😂", True)
        edits.edit(one, group, 1, "the")
        edits.delete(one, group, 3)
        set_message(alice, other, 1, expires_at=clock.now() - timedelta(seconds=1))
        set_member(carol, group, cleared_seq=1)
        were_active(alice, group, other, unkept)
        asked = [
            (alice, {group: 0, other: 0, unkept: 0}),
            (bob, {group: 5, 10**9: 1}),
            (carol, {group: 0, other: 0}),
            (bob, {}),
        ]
        told = desk.ask(*asked)
        assert [in_short(answer) for answer in told] == [
            ({group: [4, 2, 1, 3], other: [], unkept: [1]}, [], []),
            ({group: [1, 3]}, [other], [10**9]),
            ({group: [4, 2, 3]}, [unkept], [other]),
            ({}, [other, group], []),
        ]
        for answer, (person, held) in zip(told, asked, strict=True):
            assert answer == desk.alone(person, held)
        quotes = [messages_of(told[number], group)[0]["reply_to"]["body"] for number in (0, 2)]
        assert quotes == ["the", ""]
        smiling = messages_of(told[2], group)[1]
        assert smiling["body"] == text
        assert smiling["reactions"] == [{"emoji": "😂", "count": 1, "user_ids": [carol.id]}]


# What happens meanwhile


def meanwhile(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, does_it: Callable[[], object]) -> None:
    """Do something before this function is called for the first time."""
    called = getattr(where, name)

    def first(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(where, name, called)
        does_it()
        return called(*given, **more)

    monkeypatch.setattr(where, name, first)


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize(
    ("event", "more"), [("edit_message", {"body": "changed"}), ("delete_message", {})], ids=["edited", "deleted"]
)
def test_what_is_changed_before_it_is_read_comes_with_its_later_version(
    desk: Desk, alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch, keeps: bool, event: str, more: Any
) -> None:
    group = make_room(alice, bob, keeps_history=keeps)
    says(alice, group, "one", "two", "three")
    meanwhile(monkeypatch, contexts, "found", lambda: does(alice, event, room_id=group, seq=2, **more))
    told = desk.ask((bob, {group: 0}), (alice, {group: 1}))
    assert [in_short(answer)[0] for answer in told] == [{group: [1, 3]}, {group: [3]}]
    held = [answer["rooms"][str(group)]["room"]["version"] for answer in told]
    assert held == [3, 3], "the room as it was before"
    again = desk.ask((bob, {group: held[0]}), (alice, {group: held[1]}))
    assert [[message["version"] for message in messages_of(answer, group)] for answer in again] == [[4], [4]]


@pytest.mark.usefixtures("statements_anew")
def test_who_would_be_told_nothing_of_a_page_that_is_not_whole_loads_anew(
    desk: Desk, alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncs, "PAGE", 2)
    says(alice, room_id, "one", "two", "three")

    def changes_them() -> None:
        for seq in (1, 2):
            does(alice, "edit_message", room_id=room_id, seq=seq, body="changed")

    meanwhile(monkeypatch, contexts, "found", changes_them)
    told = desk.ask((bob, {room_id: 0}), (bob, {room_id: 1}))
    shown = [answer["rooms"][str(room_id)] for answer in told]
    assert [(len(one["messages"]), one["complete"], one["reload"]) for one in shown] == [
        (0, False, True),
        (1, True, False),
    ]


@pytest.mark.parametrize("keeps", [True, False])
def test_a_last_message_that_is_deleted_before_it_is_read_is_not_shown(
    desk: Desk, alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    group = make_room(alice, bob, keeps_history=keeps)
    says(alice, group, "one", "two")
    meanwhile(monkeypatch, contexts, "found", lambda: does(alice, "delete_message", room_id=group, seq=2))
    last = desk.ask((bob, {group: 2}))[0]["rooms"][str(group)]["room"]["last_message"]
    assert last is None or last["deleted_at"] is None


def test_what_is_said_meanwhile_is_told_twice_rather_than_never(
    desk: Desk, alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(alice, room_id, "one")
    meanwhile(monkeypatch, syncs, "_pages", lambda: says(alice, room_id, "two"))
    [first] = desk.ask((bob, {room_id: 0}))
    version = first["rooms"][str(room_id)]["room"]["version"]
    assert version == 1
    [second] = desk.ask((bob, {room_id: version}))
    assert [message["body"] for message in messages_of(second, room_id)] == ["two"]


def test_who_leaves_meanwhile_a_room_that_was_not_named_is_told_of_the_others(
    desk: Desk, alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_room(alice, bob)
    says(alice, room_id, "hello")
    meanwhile(monkeypatch, rooms, "of_people", lambda: does(bob, "leave_room", room_id=group))
    told = desk.ask((bob, {}), (alice, {group: 0}))
    assert in_short(told[0]) == ({}, [room_id], [])


def test_who_leaves_meanwhile_a_room_that_was_named_is_told_so(
    desk: Desk, alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_room(alice, bob)
    meanwhile(monkeypatch, rooms, "of_people", lambda: does(bob, "leave_room", room_id=group))
    assert in_short(desk.ask((bob, {group: 0}))[0]) == ({}, [], [group])


# What goes together


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "rooms",
        7,
        {},
        {"rooms": None},
        {"rooms": []},
        {"rooms": "1"},
        {"rooms": {"x": 1}},
        {"rooms": {"": 1}},
        {"rooms": {"0": 1}},
        {"rooms": {"-1": 1}},
        {"rooms": {"1.5": 1}},
        {"rooms": {"١": 1}},
        {"rooms": {str(2**63): 1}},
        {"rooms": {"1": "1"}},
        {"rooms": {"1": -1}},
        {"rooms": {"1": None}},
        {"rooms": {"1": True}},
        {"rooms": {"1": 1.5}},
        {"rooms": {"1": 2**63}},
        {"rooms": {"1": 1, "x": 1}},
        {"rooms": {str(number): 0 for number in range(1, syncs.SHORT_MAX + 2)}},
        {"rooms": {str(number): 0 for number in range(1, syncs.ROOMS_MAX + 2)}},
    ],
    ids=lambda given: repr(given)[:40],
)
def test_what_is_no_question_or_a_large_one_does_not_go_the_short_way(given: object) -> None:
    assert syncs.plain(given) is None


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ({"rooms": {}}, {}),
        ({"rooms": {"1": 0}, "more": None}, {1: 0}),
        ({"rooms": {"7": 3, str(2**63 - 1): 2**63 - 1}}, {7: 3, 2**63 - 1: 2**63 - 1}),
        (
            {"rooms": {str(number): 0 for number in range(1, syncs.SHORT_MAX + 1)}},
            dict.fromkeys(range(1, syncs.SHORT_MAX + 1), 0),
        ),
    ],
    ids=["nothing is held", "one", "large numbers", "as many as may be"],
)
def test_a_question_goes_the_short_way(given: object, held: Versions) -> None:
    assert syncs.plain(given) == held


SIZES = [  # of questions that wait, in rooms, and how many of them are answered together
    ([], []),
    ([0], [1]),
    ([100], [1]),
    ([60, 1, 59, 1], [1, 2, 1]),
    ([0] * 50, [50]),
    ([15] * 9, [4, 4, 1]),
    ([100, 100, 1], [1, 1, 1]),
]


@pytest.mark.parametrize(("sizes", "taken"), SIZES, ids=str)
def test_so_many_rooms_are_looked_up_together(desk: Desk, alice: Member, sizes: list[int], taken: list[int]) -> None:
    """In the order in which they came, and each once."""
    waiting = [desk.wish(alice, dict.fromkeys(range(1, size + 1), 0)) for size in sizes]
    parts = list(syncs._parts(waiting, {alice.id: []}))
    assert [wish for part in parts for wish in part] == waiting
    assert [len(part) for part in parts] == taken


def test_rooms_that_are_not_named_count_too_and_each_once(desk: Desk, alice: Member, bob: Member) -> None:
    latest = {alice.id: range(1, 31), bob.id: [1]}
    waiting = [desk.wish(alice, {1: 0}), desk.wish(bob, {2: 0}), desk.wish(alice, {2: 0, 40: 0}), desk.wish(bob, {})]
    assert [len(part) for part in syncs._parts(waiting, latest)] == [2, 2]


def test_of_many_all_are_answered_part_by_part(
    desk: Desk, alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncs, "TOGETHER", 3)
    rooms_of_both = [make_room(alice, bob) for _ in range(3)]
    for room_id in rooms_of_both:
        says(alice, room_id, "missed")
    told = desk.ask(*((person, {room_id: 0}) for person in (alice, bob) for room_id in rooms_of_both))
    for answer, room_id in zip(told, rooms_of_both * 2, strict=True):
        assert [message["body"] for message in messages_of(answer, room_id)] == ["missed"]


# The door


@dataclass
class Door:
    """The short way in, and what it answered."""

    short: events.Short
    answers: list[Any] = field(default_factory=list)

    def ask(self, person: Member, *arguments: Any) -> bool:
        """On the person's connection: whether it is taken."""
        [connection] = presence._people[person.id]
        return self.short(connection, list(arguments), self.answers.append)

    def answer(self) -> Any:
        wait_until(lambda: self.answers, 20)
        return self.answers.pop()


@pytest.fixture
def door(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setattr(events, "_arrivals", None)  # put back what `short_ways` sets
    return Door(events.short_ways(app)["sync"])


def test_the_short_way_answers_as_the_long_one(door: Door, alice: Member, bob: Member, room_id: int) -> None:
    says(alice, room_id, "one", "two")
    with bob.connect() as connection:
        for held in ({str(room_id): 1}, {}, {"999999": 1}):
            assert door.ask(bob, {"rooms": held}) is True
            assert door.answer() == connection.ok("sync", {"rooms": held})
        for arguments in ((), ({},), ({"rooms": {"x": 1}},), ({"rooms": {}}, {})):
            assert door.ask(bob, *arguments) is False
        assert door.answers == []


def test_what_is_handed_back_goes_the_long_way(
    door: Door, alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(alice, room_id, "one")
    with bob.connect() as connection:
        expected = connection.ok("sync", {"rooms": {str(room_id): 0}})
        monkeypatch.setattr(Syncs, "fulfil", lambda *_given: 1 / 0)
        assert door.ask(bob, {"rooms": {str(room_id): 0}}) is True
        assert door.answer() == expected
        sessions.ends(bob)
        assert door.ask(bob, {"rooms": {}}) is True
        answer = door.answer()
        assert answer == connection.call("sync", {"rooms": {}})
        assert answer["error"]["code"] == "unauthenticated"


def test_on_the_short_way_too_often_is_refused(make: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_arrivals", None)
    app = make(EVENT_RATE="3 per hour")
    door, alice = Door(events.short_ways(app)["sync"]), Member(app, "alice")
    with alice.connect() as connection:
        for _ in range(3):
            assert door.ask(alice, {"rooms": {}}) is True
            assert door.answer()["ok"] is True
        assert door.ask(alice, {"rooms": {}}) is True
        answer = door.answer()
        assert answer["error"]["code"] == "too_often"
        assert 0 < answer["error"]["retry_after"] <= 3600
        assert connection.error("sync", {"rooms": {}}) == "too_often"
