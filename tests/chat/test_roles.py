"""Owners, moderators, and removing people."""

from __future__ import annotations

import pytest

from tests.cast import Member, new_id


@pytest.fixture
def tea(alice: Member, bob: Member, carol: Member) -> int:
    """Alice's public room, with bob and carol in it."""
    room_id = int(alice.make_room(visibility="public")["id"])
    for person in (bob, carol):
        person.connect().ok("join_room", {"room_id": room_id})
    return room_id


def roles(person: Member, room_id: int) -> dict[str, str]:
    return {each["username"]: each["role"] for each in person.get_ok(f"/rooms/{room_id}/members")["members"]}


def promote(owner: Member, room_id: int, person: Member, role: str = "moderator") -> None:
    owner.connect().ok("set_role", {"room_id": room_id, "user_id": person.id, "role": role})


def test_a_removed_person_hears_nothing_more(alice: Member, bob: Member, carol: Member, tea: int) -> None:
    removing, removed, watching = alice.connect(), bob.connect(), carol.connect()
    removed.ok("enter_room", {"room_id": tea})
    removing.ok("remove_member", {"room_id": tea, "user_id": bob.id})
    assert removed.heard("room_closed", "message_sent", "members_changed") == [{"room_id": tea, "reason": "removed"}]
    line, changed = watching.heard("message_sent", "members_changed")
    message = line["message"]
    assert (message["kind"], message["sender"]["username"], message["subject"]["username"]) == (
        "removed",
        "alice",
        "bob",
    )
    assert (changed["gone"], changed["member_count"]) == ([bob.id], 2)
    removing.send(tea, "without bob")
    assert removed.heard("message_sent", "room_changed", "members_changed") == []
    said = {"room_id": tea, "body": "still typing", "client_id": new_id()}
    assert removed.error("send_message", said) == "not_found"
    assert removing.ok("enter_room", {"room_id": tea})["here"] == [alice.id]
    assert removing.error("remove_member", {"room_id": tea, "user_id": bob.id}) == "not_found"


def test_who_was_removed_comes_back_only_by_those_who_may_remove(
    alice: Member, bob: Member, carol: Member, tea: int
) -> None:
    alice.connect().ok("remove_member", {"room_id": tea, "user_id": bob.id})
    coming = bob.connect()
    assert coming.error("join_room", {"room_id": tea}) == "forbidden"
    assert coming.error("join_room", {"name": "Tea room"}) == "forbidden"
    inviting = carol.connect()
    assert inviting.error("invite", {"room_id": tea, "username": "bob"}) == "forbidden"
    assert coming.error("join_room", {"room_id": tea}) == "forbidden"
    promote(alice, tea, carol)
    assert inviting.ok("invite", {"room_id": tea, "username": "bob"})["member"]["username"] == "bob"
    coming.ok("leave_room", {"room_id": tea})
    assert coming.ok("join_room", {"room_id": tea})["room"]["id"] == tea


def test_moderators_remove_members_only(alice: Member, bob: Member, carol: Member, root: Member, tea: int) -> None:
    root.connect().ok("join_room", {"room_id": tea})
    for person in (bob, carol):
        promote(alice, tea, person)
    moderating = bob.connect()
    for person in (alice, carol):
        assert moderating.error("remove_member", {"room_id": tea, "user_id": person.id}) == "forbidden"
    assert moderating.error("remove_member", {"room_id": tea, "user_id": bob.id}) == "invalid"
    moderating.ok("remove_member", {"room_id": tea, "user_id": root.id})
    assert moderating.ok("change_room", {"room_id": tea, "topic": "set by a moderator"})
    assert moderating.error("change_room", {"room_id": tea, "topic": "x", "visibility": "private"}) == "forbidden"


def test_an_administrator_may_remove_even_the_owner(alice: Member, bob: Member, root: Member, tea: int) -> None:
    admin = root.connect()
    admin.ok("join_room", {"room_id": tea})
    admin.ok("remove_member", {"room_id": tea, "user_id": alice.id})
    assert roles(bob, tea) == {"bob": "owner", "carol": "member", "root": "member"}


def test_a_new_role_is_told_to_everybody(alice: Member, bob: Member, carol: Member, tea: int) -> None:
    watching = carol.connect()
    promote(alice, tea, bob)
    line, changed = watching.heard("message_sent", "members_changed")
    message = line["message"]
    assert (message["kind"], message["subject"]["id"], message["body"]) == ("promoted", bob.id, "moderator")
    assert [(member["id"], member["role"]) for member in changed["members"]] == [(bob.id, "moderator")]
    promote(alice, tea, bob)
    assert watching.heard("message_sent", "members_changed") == []
    promote(alice, tea, bob, "member")
    assert roles(carol, tea) == {"alice": "owner", "bob": "member", "carol": "member"}


def test_a_room_is_handed_over(alice: Member, bob: Member, carol: Member, tea: int) -> None:
    owner, watching = alice.connect(), carol.connect()
    assert owner.error("set_role", {"room_id": tea, "user_id": alice.id, "role": "member"}) == "forbidden"
    assert owner.error("hand_over", {"room_id": tea, "user_id": alice.id}) == "invalid"
    owner.ok("hand_over", {"room_id": tea, "user_id": bob.id})
    assert roles(carol, tea) == {"alice": "moderator", "bob": "owner", "carol": "member"}
    line, room, changed = watching.heard("message_sent", "room_changed", "members_changed")
    assert (line["message"]["kind"], line["message"]["subject"]["id"]) == ("handed_over", bob.id)
    assert room["room"]["owner_id"] == bob.id
    assert {member["id"]: member["role"] for member in changed["members"]} == {alice.id: "moderator", bob.id: "owner"}
    assert owner.error("delete_room", {"room_id": tea}) == "forbidden"


def test_nobody_is_removed_from_the_room_of_everybody(root: Member, bob: Member) -> None:
    [general] = root.get_ok("/rooms")["rooms"]
    refused = root.connect().error("remove_member", {"room_id": general["id"], "user_id": bob.id})
    assert refused == "forbidden"
