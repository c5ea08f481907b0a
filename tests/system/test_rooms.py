"""Group rooms on every database: what rests on its locks, its constraints and the order of its names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from chat import accounts, clock, general, groups, invitations, members, removals
from chat.errors import Conflict, NotFound
from extensions import db
from migrations import state
from models import Membership, Message, Room, User
from tests.cast import PASSWORD, Member
from tests.conftest import close, forget, make_app


@pytest.fixture
def people(tmp_path: Path, database_url: str) -> Iterator[tuple[Member, Member, Member]]:
    app = make_app(tmp_path / "instance", DATABASE_URL=database_url)
    forget()
    with app.app_context():
        state.prepare()
        for name in ("alice", "bob", "carol"):
            accounts.register(name, PASSWORD, minimum=6)
    yield Member(app, "alice"), Member(app, "bob"), Member(app, "carol")
    close(app)


def together(app: Flask, *actions: Callable[[], object]) -> list[str]:
    """What becomes of actions that begin in the same moment: "done", or the code of the refusal."""
    outcomes: list[str] = []
    start = threading.Barrier(len(actions))

    def act(action: Callable[[], object]) -> None:
        with app.app_context():
            start.wait(timeout=30)
            try:
                action()
                outcomes.append("done")
            except (Conflict, NotFound) as refusal:
                outcomes.append(refusal.code)

    threads = [threading.Thread(target=act, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def actor(person: Member) -> User:
    return db.session.get_one(User, person.id)


def test_the_life_of_a_room(people: tuple[Member, Member, Member]) -> None:
    alice, bob, carol = people
    owner, joining = alice.connect(), bob.connect()
    room_id = owner.ok("create_room", {"name": "Чай 茶 🫖", "visibility": "public", "idle_ttl": 60})["room"]["id"]
    assert owner.error("create_room", {"name": "ЧАЙ 茶 🫖"}) == "conflict"
    joining.ok("join_room", {"name": "чай 茶 🫖"})
    joining.send(room_id, "hello")
    owner.ok("set_role", {"room_id": room_id, "user_id": bob.id, "role": "moderator"})
    joining.ok("invite", {"room_id": room_id, "username": "carol"})
    joining.ok("remove_member", {"room_id": room_id, "user_id": carol.id})
    assert carol.connect().error("join_room", {"room_id": room_id}) == "forbidden"
    owner.ok("leave_room", {"room_id": room_id})
    room = joining.ok("change_room", {"room_id": room_id, "name": "Кофе", "message_ttl": 3600})["room"]
    assert (room["owner_id"], room["role"], room["member_count"]) == (bob.id, "owner", 1)
    kinds = [message["kind"] for message in bob.get_ok(f"/rooms/{room_id}/messages")["messages"]]
    told = ["created", "joined", "text", "promoted", "invited", "removed", "handed_over", "left", "renamed", "changed"]
    assert kinds == told
    assert room["version"] == len(told) + 2  # a new owner, other options
    assert [each["name"] for each in carol.get_ok("/rooms/public?q=КОФЕ")["rooms"]] == ["Кофе"]
    joining.ok("delete_room", {"room_id": room_id})
    joining.ok("undo_delete_room", {"room_id": room_id})
    joining.ok("delete_room", {"room_id": room_id})
    with bob.app.app_context():
        with db.engines["writes"].begin() as connection:
            long_ago = clock.now() - timedelta(minutes=1)
            connection.execute(Room.__table__.update().where(Room.id == room_id).values(deleted_at=long_ago))
        removals.end_idle()
        removals.sweep(60)
        for key in (Room.id, Message.room_id, Membership.room_id):
            assert db.session.scalars(db.select(key).where(key == room_id)).all() == []


def test_one_of_two_is_first(people: tuple[Member, Member, Member]) -> None:
    alice, bob, carol = people
    app = alice.app
    make = [lambda person=person: groups.create(actor(person), {"name": "Same"}) for person in people]
    assert together(app, *make) == ["conflict", "conflict", "done"]
    room_id = alice.make_room(name="Other")["id"]
    url = alice.connect().ok("create_invitation", {"room_id": room_id, "uses": 1})["invitation"]["url"]
    token = url.removeprefix("/i/")
    take = [lambda person=person: invitations.accept(actor(person), token) for person in (bob, carol)]
    assert together(app, *take) == ["done", "not_found"]
    delete = [lambda: groups.delete(actor(alice), room_id)] * 2
    assert together(app, *delete) == ["done", "not_found"]


def test_many_join_at_once_and_are_all_in(people: tuple[Member, Member, Member]) -> None:
    """Also one person by two pages."""
    alice, bob, carol = people
    room_id = alice.make_room(visibility="public")["id"]
    join = [lambda person=person: members.join(actor(person), room_id) for person in (bob, bob, carol, carol)]
    assert together(alice.app, *join) == ["done"] * 4
    kinds = [message["kind"] for message in alice.get_ok(f"/rooms/{room_id}/messages")["messages"]]
    assert kinds == ["created", "joined", "joined"]


def test_of_two_first_registrations_each_is_in_the_one_room_of_everybody(
    people: tuple[Member, Member, Member],
) -> None:
    alice, _bob, _carol = people
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("DELETE FROM rooms")
        connection.exec_driver_sql(f"DELETE FROM facts WHERE name = '{general.FACT}'")
    register = [lambda name=name: accounts.register(name, PASSWORD, minimum=6) for name in ("dave", "erin")]
    assert together(alice.app, *register) == ["done", "done"]
    [room] = alice.get_ok("/rooms")["rooms"]
    assert (room["name"], room["member_count"]) == ("General", 5)
