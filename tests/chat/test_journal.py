"""Group commit: what goes together is stored as if each had gone alone, and what is not plain is handed back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from chat import accounts, clock, directs, edits, history, ledger, messages, payloads, profiles, transactions, turns
from chat.journal import Entry, Journal
from extensions import db
from models import Membership, Message, Room, Session, User
from tests.cast import PASSWORD, Member, make_room, new_id
from tests.conftest import prepared
from tests.servers import wait_until

COUNTED_BY_ITSELF = {"seq", "version", "client_id", "created_at", "expires_at"}


@dataclass
class Desk:
    """A journal to which things are handed by hand; what became of each, in order: the message, or None."""

    app: Flask
    journal: Journal
    outcomes: list[Any] = field(default_factory=list)

    def store(self, *entries: Entry) -> list[Any]:
        self.outcomes.clear()
        with self.app.app_context():
            self.journal.fulfil(entries)
        return [dict(self.outcomes)[entry] for entry in entries]

    def entry(
        self, person: Member, room_id: int, body: str = "hello", client_id: bytes | None = None, **changed: Any
    ) -> Entry:
        values = {"user_id": person.id, "session_id": person.session_id} | changed
        words = messages.Plain(room_id, body, client_id or uuid.uuid4().bytes)
        entry = Entry(words=words, done=lambda message: self.outcomes.append((entry, message)), **values)
        return entry

    def say(self, person: Member, room_id: int, body: str = "hello", **changed: Any) -> Any:
        [outcome] = self.store(self.entry(person, room_id, body, **changed))
        return outcome


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app, Journal(app))


def columns(app: Flask, room_id: int, seq: int) -> dict[str, Any]:
    with app.app_context():
        row = db.session.execute(select(Message.__table__).where(Message.room_id == room_id, Message.seq == seq)).one()
        return dict(row._mapping)


def bodies(person: Member, room_id: int) -> list[str]:
    return [message["body"] for message in person.get_ok(f"/rooms/{room_id}/messages")["messages"]]


def test_it_is_stored_as_if_it_had_gone_the_long_way(desk: Desk, alice: Member, bob: Member, room_id: int) -> None:
    with alice.connect() as here, bob.connect() as there:
        long = here.send(room_id, "Привет, 世界 😀 \\ ' \" % %s :x {y}\n\tz")
        short = desk.say(alice, room_id, long["body"])
        assert short.keys() == long.keys()
        assert {name for name in long if long[name] != short[name]} <= COUNTED_BY_ITSELF
        assert (short["seq"], short["version"]) == (long["seq"] + 1, long["version"] + 1)
        assert there.heard("message_sent") == [{"message": long}, {"message": short}]
        assert here.heard("message_sent")[-1] == {"message": short}
    rows = [columns(alice.app, room_id, message["seq"]) for message in (long, short)]
    assert {name for name in rows[0] if rows[0][name] != rows[1][name]} <= COUNTED_BY_ITSELF
    assert alice.get_ok(f"/rooms/{room_id}/messages")["messages"] == [long, short]
    for person, unread in ((alice, 0), (bob, 2)):
        room = person.room(room_id)
        assert (room["unread"], room["last_seq"], room["version"]) == (unread, short["seq"], short["version"])
        assert room["active_at"] == short["created_at"]


def test_of_words_alone_a_payload_is_what_it_is_of_their_row(app: Flask, alice: Member) -> None:
    now, key = clock.now(), uuid.uuid4().bytes
    with app.app_context():
        author = db.session.get_one(User, alice.id)
        row = Message(
            room_id=3, seq=4, version=5, sender_id=alice.id, client_id=key, kind="text", body="x", created_at=now,
            expires_at=now,
        )  # fmt: skip
        at = payloads.instant(now)
        assert payloads.words(3, 4, 5, key, "x", payloads.sender(author), at, at) == payloads.message(
            row, payloads.sender(author)
        )
        assert payloads.message(row, payloads.sender(author))["client_id"] == str(uuid.UUID(bytes=key))


def test_many_are_stored_by_one_commit_and_told_in_the_order_of_each_room(
    desk: Desk, alice: Member, bob: Member, carol: Member, room_id: int, commits: list[Any]
) -> None:
    group = make_room(carol, alice, bob)
    with alice.connect() as here, carol.connect() as there:
        said = [(alice, room_id), (carol, group), (bob, room_id), (alice, group), (alice, room_id), (carol, group)]
        del commits[:]
        stored = desk.store(*(desk.entry(who, where, f"{n}") for n, (who, where) in enumerate(said)))
        assert len(commits) == 1
        assert [(each["room_id"], each["seq"], each["version"], each["body"]) for each in stored] == [
            (room_id, 1, 1, "0"),
            (group, 1, 1, "1"),
            (room_id, 2, 2, "2"),
            (group, 2, 2, "3"),
            (room_id, 3, 3, "4"),
            (group, 3, 3, "5"),
        ]
        assert here.bodies() == ["0", "1", "2", "3", "4", "5"]
        assert there.bodies() == ["1", "3", "5"]
    assert bodies(bob, room_id) == ["0", "2", "4"]
    assert [person.room(room_id)["unread"] for person in (alice, bob)] == [0, 1]
    assert [person.room(group)["unread"] for person in (alice, bob, carol)] == [1, 3, 0]


def test_the_first_words_to_somebody_open_the_conversation(
    desk: Desk, alice: Member, bob: Member, room_id: int
) -> None:
    with bob.connect() as there:
        desk.say(alice, room_id)
        desk.say(alice, room_id)
        told = [packet["name"] for packet in there.client.get_received()]
        assert [name for name in told if name in ("room_opened", "message_sent")] == [
            "room_opened",
            "message_sent",
            "message_sent",
        ]


def changed(model: Any, **values: Any) -> Callable[[Member, int], None]:
    """Change a room, or somebody, behind the back of the rules; the room's epoch tells of it, as a rule would."""

    def change(person: Member, room_id: int) -> None:
        key = room_id if model is Room else person.id
        chosen = update(model).where(model.id == key).values(values)
        told = update(Room).where(Room.id == room_id).values(epoch=Room.epoch + 1)
        with person.app.app_context():
            transactions.run(lambda session: (session.execute(chosen), session.execute(told)))

    return change


def session_ends(person: Member, _room_id: int) -> None:
    with person.app.app_context():
        transactions.run(lambda session: session.delete(session.get_one(Session, person.session_id)))


def session_is_old(person: Member, _room_id: int) -> None:
    old = clock.now() - accounts.SESSION_LIFETIME - timedelta(seconds=1)
    chosen = update(Session).where(Session.id == person.session_id).values(last_used_at=old)
    with person.app.app_context():
        transactions.run(lambda session: session.execute(chosen))


def leaves(person: Member, room_id: int) -> None:
    with person.connect() as connection:
        connection.ok("leave_room", {"room_id": room_id})


NO_LONGER = {
    "left": leaves,
    "the session was ended elsewhere": session_ends,
    "the session is too old": session_is_old,
    "disabled elsewhere": changed(User, disabled_at=clock.now()),
    "the room is deleted": changed(Room, deleted_at=clock.now()),
    "the room has an end": changed(Room, ends_at=clock.now() + timedelta(days=1), idle_ttl=3600),
    "the room keeps nothing": changed(Room, keeps_history=False),
}


@pytest.mark.parametrize("knows", [True, False], ids=["known before", "new to it"])
@pytest.mark.parametrize("change", NO_LONGER.values(), ids=NO_LONGER)
def test_what_is_not_plain_any_more_is_handed_back_and_harms_nobody(
    desk: Desk, alice: Member, bob: Member, carol: Member, change: Callable[[Member, int], None], knows: bool
) -> None:
    group, other = make_room(bob, alice), make_room(carol, bob)
    if knows:
        assert desk.say(alice, group) is not None
    before = len(bodies(bob, group))
    change(alice, group)
    with bob.connect() as there:
        outcomes = desk.store(desk.entry(alice, group, "no"), desk.entry(bob, other, "yes"), desk.entry(carol, other))
        assert outcomes[0] is None
        assert [outcome["seq"] for outcome in outcomes[1:]] == [1, 2]
        assert there.bodies() == ["yes", "hello"]
    with desk.app.app_context():
        stored = select(Message.body).where(Message.room_id == group, Message.kind == "text")
        assert len(db.session.scalars(stored).all()) == before
        counted = db.session.get_one(Room, group).last_seq
        assert counted == len(db.session.scalars(select(Message.seq).where(Message.room_id == group)).all())


NEVER = {
    "an outsider": lambda alice, bob, carol, room_id: {"user_id": carol.id, "session_id": carol.session_id},
    "no such room": lambda alice, bob, carol, room_id: {"room_id": 999_999},
    "no such session": lambda alice, bob, carol, room_id: {"session_id": "x' OR '1' = '1"},
}


@pytest.mark.parametrize("which", NEVER.values(), ids=NEVER)
def test_what_was_never_plain_is_handed_back(
    desk: Desk, alice: Member, bob: Member, carol: Member, room_id: int, which: Callable[..., dict[str, Any]]
) -> None:
    assert desk.say(alice, **({"room_id": room_id} | which(alice, bob, carol, room_id))) is None
    assert bodies(bob, room_id) == []


def test_nobody_writes_to_somebody_who_has_gone(desk: Desk, alice: Member, bob: Member, room_id: int) -> None:
    assert desk.say(alice, room_id) is not None
    with desk.app.app_context():
        profiles.delete_account(db.session.get_one(User, bob.id), PASSWORD)
    assert desk.say(alice, room_id) is None


@pytest.mark.parametrize("beside", [0, 1, 5])
def test_a_repeat_is_handed_back_and_the_others_are_stored(
    desk: Desk, alice: Member, bob: Member, room_id: int, beside: int
) -> None:
    key = uuid.uuid4().bytes
    first = desk.say(alice, room_id, "first", client_id=key)
    others = [desk.entry(bob, room_id, f"{number}") for number in range(beside)]
    outcomes = desk.store(*others[:2], desk.entry(alice, room_id, "again", client_id=key), *others[2:])
    assert [outcome and outcome["body"] for outcome in outcomes].count(None) == 1
    assert bodies(bob, room_id) == ["first", *(f"{number}" for number in range(beside))]
    with desk.app.app_context():
        alone = messages.Plain(room_id, "again", key)
        assert messages.send_words(db.session.get_one(User, alice.id), alone) == first


def test_one_number_twice_in_a_batch_is_stored_once(desk: Desk, alice: Member, bob: Member, room_id: int) -> None:
    key = uuid.uuid4().bytes
    said = [desk.entry(alice, room_id, "one", client_id=key), desk.entry(alice, room_id, "two", client_id=key)]
    outcomes = desk.store(*said, desk.entry(bob, room_id, "three", client_id=key))
    assert [outcome and outcome["body"] for outcome in outcomes] == ["one", None, "three"]
    assert bodies(bob, room_id) == ["one", "three"]


def test_what_others_do_to_the_room_meanwhile_is_noticed(
    desk: Desk, alice: Member, bob: Member, carol: Member, commits: list[Any]
) -> None:
    group = make_room(alice, bob)
    assert desk.say(alice, group)["seq"] == 1
    with alice.connect() as here, carol.connect() as newcomer:
        assert here.send(group, "the long way")["seq"] == 2
        here.ok("edit_message", {"room_id": group, "seq": 2, "body": "edited"})
        third = desk.say(alice, group)
        assert (third["seq"], third["version"]) == (3, 4)
        del commits[:]
        assert desk.say(alice, group)["seq"] == 4
        assert len(commits) == 1, "nothing has changed: it is not read again"

        here.ok("invite", {"room_id": group, "username": "carol"})
        newcomer.client.get_received()
        desk.say(bob, group, "welcome")
        assert newcomer.bodies() == ["welcome"]
        assert desk.say(carol, group, "thanks") is not None

        here.ok("change_room", {"room_id": group, "message_ttl": 3600})
        expiring = desk.say(alice, group)
        assert expiring["expires_at"] > expiring["created_at"]
        assert columns(desk.app, group, expiring["seq"])["expires_at"] is not None
        assert alice.get_ok(f"/rooms/{group}/messages")["messages"][-1] == expiring


def test_a_new_name_is_in_what_is_said_from_then_on(desk: Desk, alice: Member, room_id: int) -> None:
    assert desk.say(alice, room_id)["sender"]["display_name"] == "alice"
    with desk.app.app_context():
        profiles.change(db.session.get_one(User, alice.id), {"display_name": "Алиса", "hue": 7})
    sender = desk.say(alice, room_id)["sender"]
    assert (sender["display_name"], sender["hue"]) == ("Алиса", 7)


def test_what_the_database_refuses_is_handed_back_and_forgotten(
    desk: Desk, alice: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.say(alice, room_id)
    desk.outcomes.clear()

    def fails(*_arguments: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "inserting", fails)
        entries = [desk.entry(alice, room_id) for _ in range(3)]
        for entry in entries:
            desk.journal.put(entry)
        wait_until(lambda: len(desk.outcomes) == 3, 20)
    assert [outcome for _, outcome in desk.outcomes] == [None] * 3
    assert desk.say(alice, room_id)["seq"] == 2, "the numbers were given back"


def test_who_cannot_be_told_harms_nobody(
    desk: Desk, alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = messages.tell_words

    def tells(message: payloads.Payload, *others: Any) -> None:
        if message["body"] == "untold":
            raise OSError("gone")
        tell(message, *others)

    monkeypatch.setattr(messages, "tell_words", tells)
    with bob.connect() as there:
        outcomes = desk.store(*(desk.entry(alice, room_id, body) for body in ("one", "untold", "two")))
        assert [outcome["body"] for outcome in outcomes] == ["one", "untold", "two"]
        assert there.bodies() == ["one", "two"]
    assert bodies(bob, room_id) == ["one", "untold", "two"]


def test_whoever_cannot_be_answered_does_not_end_it(desk: Desk, alice: Member, room_id: int) -> None:
    def fails(_outcome: Any) -> None:
        raise OSError("gone")

    broken = Entry(alice.id, alice.session_id, fails, messages.Plain(room_id, "one", uuid.uuid4().bytes))
    for entry in (broken, desk.entry(alice, room_id, "two")):
        desk.journal.put(entry)
    wait_until(lambda: len(desk.outcomes) == 1, 20)
    assert bodies(alice, room_id) == ["one", "two"]


def test_a_room_that_others_are_busy_with_holds_nobody_up(desk: Desk, alice: Member, bob: Member, room_id: int) -> None:
    group = make_room(alice, bob)
    with desk.app.app_context(), turns.take(group):
        desk.journal.put(desk.entry(alice, group, "waits"))
        desk.journal.put(desk.entry(alice, room_id, "goes"))
        wait_until(lambda: len(desk.outcomes) == 1, 20)
        assert bodies(bob, room_id) == ["goes"]
        assert bodies(bob, group) == []
    wait_until(lambda: len(desk.outcomes) == 2, 20)
    assert bodies(bob, group) == ["waits"]


def test_on_every_database(tmp_path: Path, database_url: str) -> None:
    with prepared(tmp_path / "instance", database_url) as app:
        for name in ("root", "alice", "bob"):
            accounts.register(name, PASSWORD, minimum=6)
        alice, bob = Member(app, "alice"), Member(app, "bob")
        desk, person = Desk(app, Journal(app)), db.session.get_one(User, alice.id)
        room_id = directs.open_with(person, "bob")["id"]
        group = make_room(alice, bob, message_ttl=600)
        text = "Привет, 世界 😀 \\ ' \" % %s :x {y}"
        said = [(alice, room_id), (bob, room_id), (alice, group), (alice, room_id), (bob, group)]
        first = [desk.entry(who, where, f"{text} {number}") for number, (who, where) in enumerate(said)]
        stored = desk.store(*first)
        assert [message["seq"] for message in stored] == [1, 2, 1, 3, 2]
        edits.edit(person, room_id, 1, "edited")
        again = desk.store(
            desk.entry(alice, room_id, "no", client_id=first[0].words.client_id),
            desk.entry(bob, room_id, "yes"),
            desk.entry(bob, room_id, "no", session_id="nobody's"),
        )
        assert [message and (message["seq"], message["version"]) for message in again] == [None, (4, 5), None]
        db.session.expire_all()
        for where in (room_id, group):
            page = history.page(person, where)["messages"]
            expected = [message for message in (*stored, again[1]) if message["room_id"] == where]
            assert [{**message, "body": message["body"]} for message in page][1:] == expected[1:]
            assert page[0]["body"] == ("edited" if where == room_id else expected[0]["body"])
        marks = db.session.execute(select(Membership.room_id, Membership.user_id, Membership.last_read_seq))
        found = {(mark.room_id, mark.user_id): mark.last_read_seq for mark in marks}
        assert found[room_id, alice.id] == 3
        assert found[room_id, bob.id] == 4
        assert found[group, alice.id] == 1
        assert found[group, bob.id] == 2


def test_what_is_checked_before_it_goes_the_short_way() -> None:
    given = {"room_id": 1, "body": " hello ", "client_id": new_id()}
    plain = messages.plain(given)
    assert plain == (1, "hello", uuid.UUID(given["client_id"]).bytes)
    assert messages.plain(given | {"reply_to": None, "file_id": None}) == plain
    for wrong in (
        None,
        [],
        "hello",
        {},
        given | {"room_id": "1"},
        given | {"room_id": True},
        given | {"room_id": 2**63},
        given | {"body": ""},
        given | {"body": 7},
        given | {"body": "x" * 10_001},
        given | {"body": "\ud800"},
        given | {"body": "\0"},
        given | {"client_id": "x"},
        given | {"client_id": None},
        given | {"reply_to": 1},
        given | {"reply_to": 0},
        given | {"file_id": "0" * 32},
    ):
        assert messages.plain(wrong) is None, wrong
