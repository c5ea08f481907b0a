"""Bringing people in: by name, and by links with an end."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from chat import clock, invitations
from chat.errors import NotFound
from extensions import db
from models import Invitation, User
from tests.cast import Member


@pytest.fixture
def tea(alice: Member) -> int:
    return int(alice.make_room(visibility="private")["id"])


def link(person: Member, room_id: int, **options: Any) -> str:
    """The token of a fresh link."""
    url = person.connect().ok("create_invitation", {"room_id": room_id, **options})["invitation"]["url"]
    return str(url.removeprefix("/i/"))


def test_an_invited_person_is_in_at_once(alice: Member, bob: Member, carol: Member, tea: int) -> None:
    inviting, invited = alice.connect(), bob.connect()
    member = inviting.ok("invite", {"room_id": tea, "username": "ＢOB"})["member"]
    assert (member["username"], member["role"], member["online"]) == ("bob", "member", True)
    [opened] = invited.heard("room_opened")
    assert (opened["room"]["id"], opened["room"]["unread"]) == (tea, 0)
    line, changed = inviting.heard("message_sent", "members_changed")
    assert (line["message"]["kind"], line["message"]["subject"]["username"]) == ("invited", "bob")
    assert changed["members"] == [member]
    # Again is a success, and nothing new.
    assert inviting.ok("invite", {"room_id": tea, "username": "bob"})["member"] == member
    assert inviting.heard("message_sent", "members_changed") == []
    assert invited.error("invite", {"room_id": tea, "username": "carol"}) == "forbidden"
    inviting.ok("change_room", {"room_id": tea, "visibility": "public"})
    assert invited.ok("invite", {"room_id": tea, "username": "carol"})["member"]["id"] == carol.id


def test_a_link_leads_in_until_it_is_used_up(alice: Member, bob: Member, carol: Member, tea: int) -> None:
    token = link(alice, tea, uses=1)
    watching, coming = alice.connect(), bob.connect()
    room = coming.ok("accept_invitation", {"token": token})["room"]
    assert (room["id"], room["role"]) == (tea, "member")
    assert [each["message"]["kind"] for each in watching.heard("message_sent")] == ["joined"]
    assert alice.get_ok(f"/rooms/{tea}/invitations")["invitations"] == []
    assert carol.connect().error("accept_invitation", {"token": token}) == "not_found"


def test_a_member_spends_nothing(alice: Member, bob: Member, tea: int) -> None:
    token = link(alice, tea, uses=2)
    assert alice.connect().ok("accept_invitation", {"token": token})["room"]["id"] == tea
    bob.connect().ok("accept_invitation", {"token": token})
    bob.connect().ok("accept_invitation", {"token": token})
    [listed] = alice.get_ok(f"/rooms/{tea}/invitations")["invitations"]
    assert listed["uses_left"] == 1


def test_of_two_who_take_the_last_use_one_comes_in(
    alice: Member, bob: Member, carol: Member, tea: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen the link while it was good; the update's row count decides."""
    token = link(alice, tea, uses=1)
    seen = threading.Barrier(2)
    led_to = invitations._led_to

    def both_see(token: object) -> Any:
        found = led_to(token)
        seen.wait(timeout=10)
        return found

    monkeypatch.setattr(invitations, "_led_to", both_see)
    answers: list[str] = []

    def accept(person: Member) -> None:
        with person.app.app_context():
            try:
                invitations.accept(db.session.get_one(User, person.id), token)
                answers.append("in")
            except NotFound:
                answers.append("too late")

    threads = [threading.Thread(target=accept, args=(person,)) for person in (bob, carol)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["in", "too late"]
    assert alice.get_ok(f"/rooms/{tea}/members")["count"] == 2


def test_a_link_is_over_after_its_time(alice: Member, bob: Member, tea: int) -> None:
    token = link(alice, tea, expires_in=60)
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.execute(Invitation.__table__.update().values(expires_at=clock.now() - timedelta(seconds=1)))
    assert bob.connect().error("accept_invitation", {"token": token}) == "not_found"
    assert alice.get_ok(f"/rooms/{tea}/invitations")["invitations"] == []
    lasting = link(alice, tea)
    with alice.app.app_context():
        invitations.sweep()
        assert [row.token for row in db.session.scalars(db.select(Invitation))] == [lasting]


def test_a_revoked_link_leads_nowhere(alice: Member, bob: Member, tea: int) -> None:
    token = link(alice, tea)
    other = alice.make_room(name="Other")["id"]
    [listed] = alice.get_ok(f"/rooms/{tea}/invitations")["invitations"]
    revoking = alice.connect()
    assert revoking.error("revoke_invitation", {"room_id": other, "invitation_id": listed["id"]}) == "not_found"
    revoking.ok("revoke_invitation", {"room_id": tea, "invitation_id": listed["id"]})
    assert bob.connect().error("accept_invitation", {"token": token}) == "not_found"


@pytest.mark.parametrize("how", ["removed", "demoted", "left"])
def test_the_links_of_who_may_invite_no_longer_are_over(
    alice: Member, bob: Member, carol: Member, tea: int, how: str
) -> None:
    owner, moderating = alice.connect(), bob.connect()
    owner.ok("invite", {"room_id": tea, "username": "bob"})
    owner.ok("set_role", {"room_id": tea, "user_id": bob.id, "role": "moderator"})
    token = link(bob, tea)
    if how == "removed":
        owner.ok("remove_member", {"room_id": tea, "user_id": bob.id})
    elif how == "demoted":
        owner.ok("set_role", {"room_id": tea, "user_id": bob.id, "role": "member"})
    else:
        moderating.ok("leave_room", {"room_id": tea})
    assert carol.connect().error("accept_invitation", {"token": token}) == "not_found"


def test_who_was_removed_does_not_come_back_by_a_link(alice: Member, bob: Member, tea: int) -> None:
    token = link(alice, tea)
    owner = alice.connect()
    owner.ok("invite", {"room_id": tea, "username": "bob"})
    owner.ok("remove_member", {"room_id": tea, "user_id": bob.id})
    assert bob.connect().error("accept_invitation", {"token": token}) == "not_found"
    assert bob.get(f"/i/{token}").status_code == 404


def test_a_link_into_a_deleted_room_leads_nowhere(alice: Member, bob: Member, tea: int) -> None:
    token = link(alice, tea)
    owner = alice.connect()
    owner.ok("delete_room", {"room_id": tea})
    assert bob.connect().error("accept_invitation", {"token": token}) == "not_found"
    owner.ok("undo_delete_room", {"room_id": tea})
    assert bob.connect().ok("accept_invitation", {"token": token})["room"]["id"] == tea


def test_a_room_has_so_many_links_at_a_time(alice: Member, tea: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "LINKS_MAX", 2)
    inviting = alice.connect()
    for _ in range(2):
        inviting.ok("create_invitation", {"room_id": tea})
    assert inviting.error("create_invitation", {"room_id": tea}) == "forbidden"
    [newest, _oldest] = alice.get_ok(f"/rooms/{tea}/invitations")["invitations"]
    assert set(newest) == {"id", "url", "created_at", "expires_at", "uses_left", "inviter"}
    inviting.ok("revoke_invitation", {"room_id": tea, "invitation_id": newest["id"]})
    inviting.ok("create_invitation", {"room_id": tea})
