"""Guests who follow a link into a room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.cast import Guest, Member, Visitor
from tests.routes.guests.stage import boot, public_room


def address(app: Flask, name: str, **options: Any) -> str:
    return f"/r/{public_room(app, name, Member(app, 'alice'), **options)}"


def invitation(app: Flask, room_id: int, **more: Any) -> str:
    made = Member(app, "alice").connect().ok("create_invitation", {"room_id": room_id, **more})
    return str(made["invitation"]["url"])


def test_a_public_link_leads_a_stranger_into_the_room(app: Flask) -> None:
    path = address(app, "Open <b>house</b>", admits_guests=True)
    visitor = Visitor(app)
    assert "Open &lt;b&gt;house" in visitor.get(path).text
    answer = visitor.submit(path, nickname="swallow")
    assert (answer.status_code, answer.location) == (303, f"/#/room/{path.removeprefix('/r/')}")
    assert [room["name"] for room in boot(visitor)["rooms"]["rooms"]] == ["Open <b>house</b>"]
    assert boot(visitor)["user"]["kind"] == "guest"
    # The next time it leads there at once.
    assert visitor.get(path).location == answer.location


def test_in_a_slot_it_leads_into_that_slot(app: Flask) -> None:
    path = address(app, "Open house", admits_guests=True)
    visitor = Visitor(app)
    assert visitor.submit(f"/u/1{path}", nickname="swallow").location.startswith("/u/1/#/room/")
    assert visitor.get("/").location == "/login"


def test_a_public_link_to_a_room_without_guests_tells_strangers_nothing(app: Flask) -> None:
    path = address(app, "Members only")
    visitor = Visitor(app)
    page = visitor.get(path).text
    assert "Members only" not in page
    assert "data-nickname" not in page
    assert visitor.submit(path, nickname="swallow").status_code == 200
    assert visitor.get("/").location == "/login"
    guest = Guest(app, "visitor")
    assert guest.get(path).status_code == 404
    assert guest.submit(path, form="/logout").status_code == 403


def test_an_invitation_leads_a_stranger_into_a_private_room(app: Flask, alice: Member) -> None:
    room_id = public_room(app, "Private", alice, visibility="private", admits_guests=True)
    path = invitation(app, room_id, uses=1)
    visitor, late = Visitor(app), Visitor(app)
    token = late.token(path)
    assert visitor.submit(path, nickname="swallow").location == f"/#/room/{room_id}"
    assert visitor.get_ok(f"/rooms/{room_id}/members")["count"] == 2
    refused = late.http.post(path, data={"csrf_token": token, "nickname": "swift"})
    assert refused.status_code == 404
    assert late.get("/").location == "/login"


def test_an_invitation_into_a_room_without_guests_leads_through_signing_in(app: Flask, alice: Member) -> None:
    room_id = public_room(app, "Private", alice, visibility="private")
    path = invitation(app, room_id)
    assert "data-nickname" not in Visitor(app).get(path).text
    visitor = Visitor(app)
    assert visitor.submit(path, nickname="swallow").status_code == 200
    assert visitor.get("/").location == "/login"
    assert Guest(app, "visitor").get(path).status_code == 404


def test_nobody_invites_a_guest_where_guests_are_not_admitted(app: Flask, guest: Guest, alice: Member) -> None:
    inviting = alice.connect()
    for options, admitted in (({}, False), ({"admits_guests": True}, True)):
        room_id = public_room(app, f"Room {admitted}", alice, **options)
        answer = inviting.call("invite", {"room_id": room_id, "username": "visitor"})
        assert answer["ok"] is admitted
        assert admitted or answer["error"]["code"] == "forbidden"
    assert [room["name"] for room in guest.get_ok("/rooms")["rooms"]] == ["Room True"]


@pytest.mark.parametrize(("nickname", "status"), [("alice", 409), ("x", 400), ("two words", 400)])
def test_a_refused_nickname_is_said_on_the_same_page(app: Flask, nickname: str, status: int) -> None:
    path = address(app, "Open house", admits_guests=True)
    answer = Visitor(app).submit(path, nickname=nickname)
    assert answer.status_code == status
    assert "Open house" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_link_is_limited_as_the_page_is(make: Callable[..., Flask]) -> None:
    app = make(REGISTER_RATE="1 per hour")
    path = address(app, "Open house")
    assert [Visitor(app).submit(path, nickname=name).status_code for name in ("swallow", "swift")] == [303, 429]
