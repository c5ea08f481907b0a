"""Addresses that lead into a room."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.cast import PASSWORD, Member, Visitor


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    """What is open to guests is held in test_guests.py."""
    return make(GUESTS="named")


@pytest.fixture
def tea(alice: Member) -> int:
    return int(alice.make_room(name="Tea <b>room</b>", topic="leaves & pots", emoji="🫖", visibility="private")["id"])


@pytest.fixture
def invitation(alice: Member, tea: int) -> str:
    """The path of a link."""
    return str(alice.connect().ok("create_invitation", {"room_id": tea})["invitation"]["url"])


@pytest.fixture
def public(alice: Member) -> str:
    return f"/r/{alice.make_room(name='Open house', visibility='public')['id']}"


def test_an_invitation_shows_the_room_and_leads_into_it(bob: Member, tea: int, invitation: str) -> None:
    shown = bob.get(invitation)
    assert shown.status_code == 200
    assert "Tea &lt;b&gt;room&lt;/b&gt;" in shown.text
    assert "leaves &amp; pots" in shown.text
    assert "1 person is in this room." in shown.text
    answer = bob.submit(invitation)
    assert (answer.status_code, answer.location) == (303, f"/#/room/{tea}")
    assert tea in [room["id"] for room in bob.get_ok("/rooms")["rooms"]]
    # Who is in already is led there at once.
    assert bob.get(invitation).location == f"/#/room/{tea}"


def test_an_invitation_leads_through_signing_in(app: Flask, invitation: str, tea: int) -> None:
    visitor = Visitor(app)
    shown = visitor.get(invitation)
    assert "Tea &lt;b&gt;room&lt;/b&gt;" in shown.text
    assert f"/login?next={invitation}" in shown.text
    assert f"/register?next={invitation}" in shown.text
    answer = visitor.submit("/login", username="carol", password=PASSWORD, next=invitation)
    assert answer.location == invitation
    assert visitor.submit(invitation).location == f"/#/room/{tea}"


def test_nobody_comes_in_signed_out(app: Flask, alice: Member, invitation: str, tea: int) -> None:
    answer = Visitor(app).submit(invitation, form="/login")
    assert answer.status_code == 200
    assert f"/login?next={invitation}" in answer.text
    assert alice.get_ok(f"/rooms/{tea}/members")["count"] == 1


@pytest.mark.parametrize("path", ["/i/x", "/i/" + "x" * 5000, "/i/%00", "/i/%ED%A0%BD"])
def test_an_invitation_that_is_none_says_so(app: Flask, bob: Member, path: str) -> None:
    for person in (Visitor(app), bob):
        answer = person.get(path)
        assert answer.status_code == 404
        assert "This invitation is not valid" in answer.text
    assert bob.submit(path, form="/password").status_code == 404


def test_the_link_of_a_public_room_leads_into_it(bob: Member, public: str) -> None:
    assert "Open house" in bob.get(public).text
    assert bob.submit(public).location == f"/#/room/{public.removeprefix('/r/')}"


@pytest.mark.parametrize("which", ["private", "unknown"])
def test_the_link_of_another_room_is_no_way_in(bob: Member, tea: int, which: str) -> None:
    path = f"/r/{tea if which == 'private' else 999_999}"
    assert bob.get(path).status_code == 404
    assert bob.submit(path, form="/password").status_code == 404
    assert bob.get("/r/99999999999999999999999").status_code == 404


def test_strangers_learn_nothing_of_which_rooms_there_are(app: Flask, public: str, tea: int) -> None:
    visitor = Visitor(app)
    pages = [visitor.get(path).text.replace(path, "") for path in (public, f"/r/{tea}", "/r/999999")]
    assert "Open house" not in pages[0]
    assert without_tokens(pages[0]) == without_tokens(pages[1]) == without_tokens(pages[2])


def without_tokens(page: str) -> str:
    return "".join(line for line in page.splitlines() if "csrf_token" not in line)


def test_a_form_without_its_token_is_refused(bob: Member, invitation: str) -> None:
    assert bob.http.post(invitation).status_code == 400


def test_a_slot_leads_into_its_own_chat(app: Flask, tea: int, invitation: str) -> None:
    visitor = Visitor(app)
    visitor.submit("/u/1/login", username="carol", password=PASSWORD)
    assert visitor.submit(f"/u/1{invitation}").location == f"/u/1/#/room/{tea}"


def test_too_often_is_refused(make: Callable[..., Flask]) -> None:
    person = Member(make(EVENT_RATE="1 per hour"), "alice")
    path = f"/r/{person.make_room(visibility='public')['id']}"
    assert person.get(path).status_code == 429
