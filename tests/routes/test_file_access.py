"""Every route of a file, for everybody, in every state of it: whoever may not read it finds that it is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from chat import admission, clock, guests, transactions
from extensions import db
from models import User
from tests import uploading
from tests.cast import Guest, Member, Visitor, make_room, new_id, opens, set_member, set_message
from tests.files import send_file

UNKNOWN = "0" * 32
SIDE = 400  # pixels: larger than the small thumbnail, and within what may stand for a person


@dataclass
class Cast:
    """Alice's file is the one that is asked for. Her room has bob and a guest in it; carol and root are outside."""

    alice: Member
    bob: Member
    carol: Member
    root: Member
    guest: Guest
    stranger: Guest
    nobody: Visitor
    disabled: Member

    def people(self) -> dict[str, Visitor]:
        return dict(vars(self))


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    return make(GUESTS="named")


@pytest.fixture
def cast(app: Flask, alice: Member, bob: Member, carol: Member, root: Member) -> Cast:
    disabled = Guest(app, "disabled")
    return Cast(alice, bob, carol, root, Guest(app, "guest"), Guest(app, "stranger"), Visitor(app), disabled)


@pytest.fixture
def file_id(alice: Member) -> str:
    made = uploading.upload(alice, uploading.picture(size=(SIDE, SIDE)), "cat.png")
    assert (made["width"], made["height"]) == (SIDE, SIDE)
    return str(made["id"])


def room_of(cast: Cast, **options: Any) -> int:
    room_id = make_room(cast.alice, cast.bob, cast.guest, cast.disabled, **options)
    disable(cast.disabled)
    return room_id


def disable(person: Member) -> None:
    ended = update(User).where(User.id == person.id).values(disabled_at=clock.now())
    with person.app.app_context():
        transactions.run(lambda session: session.execute(ended))


def ended(guest: Guest) -> None:
    with guest.app.app_context():
        guests.leave(db.session.get_one(User, guest.id))


ROUTES: dict[str, tuple[str, str, dict[str, str]]] = {
    "original": ("GET", "/files/{}", {}),
    "head": ("HEAD", "/files/{}", {}),
    "download": ("GET", "/files/{}?download=1", {}),
    "part": ("GET", "/files/{}", {"Range": "bytes=0-9"}),
    "small": ("GET", "/files/{}/small", {}),
    "large": ("GET", "/files/{}/large", {}),
}


def asked(person: Visitor, route: str, file_id: str, **more: str) -> TestResponse:
    method, path, headers = ROUTES[route]
    answer: TestResponse = person.http.open(path.format(file_id), method=method, headers=headers | more, buffered=True)
    return answer


def reads(person: Visitor, file_id: str) -> bool:
    """Whether somebody gets the file; all routes say the same, and a refusal is that of a file that never was."""
    answers = {route: asked(person, route, file_id) for route in ROUTES}
    allowed = {answer.status_code in (200, 206) for answer in answers.values()}
    assert len(allowed) == 1, {route: answer.status_code for route, answer in answers.items()}
    if not allowed.pop():
        for route, answer in answers.items():
            never = asked(person, route, UNKNOWN)
            assert (answer.status_code, answer.data) == (never.status_code, never.data)
            assert answer.status_code in (401, 404)
        return False
    # What a browser has kept is asked for again, too.
    assert (
        asked(person, "original", file_id, **{"If-None-Match": answers["original"].headers["ETag"]}).status_code == 304
    )
    return True


def readers(cast: Cast, file_id: str) -> set[str]:
    return {name for name, person in cast.people().items() if reads(person, file_id)}


def test_an_upload_is_its_owners_alone(cast: Cast, file_id: str) -> None:
    room_of(cast)
    assert readers(cast, file_id) == {"alice"}


@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "unkept"])
@pytest.mark.parametrize("visibility", ["public", "private"])
def test_a_sent_file_is_for_the_people_of_the_room(cast: Cast, file_id: str, keeps: bool, visibility: str) -> None:
    room_id = room_of(cast, keeps_history=keeps, visibility=visibility)
    send_file(cast.alice.connect(), room_id, file_id)
    assert readers(cast, file_id) == {"alice", "bob", "guest"}


def test_a_file_between_two_is_for_the_two(cast: Cast, file_id: str, room_id: int) -> None:
    send_file(cast.alice.connect(), room_id, file_id)
    assert readers(cast, file_id) == {"alice", "bob"}


def test_a_whispered_file_is_for_the_two(cast: Cast, file_id: str) -> None:
    room_id = room_of(cast)
    talking, _listening = cast.alice.connect(), cast.bob.connect()
    opens(cast.bob, room_id)
    said = {"room_id": room_id, "user_id": cast.bob.id, "body": "", "client_id": new_id(), "file_id": file_id}
    talking.ok("whisper", said)
    assert readers(cast, file_id) == {"alice", "bob"}
    set_member(cast.bob, room_id, user_id=cast.carol.id)  # carol, in bob's place
    assert readers(cast, file_id) == {"alice"}


def test_a_persons_picture_is_for_who_may_know_of_them(cast: Cast, file_id: str) -> None:
    room_of(cast)
    cast.alice.connect().ok("set_avatar", {"file_id": file_id})
    assert readers(cast, file_id) == {"alice", "bob", "carol", "root", "guest"}
    cast.alice.connect().ok("set_avatar", {"file_id": None})
    assert readers(cast, file_id) == set()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"visibility": "private"}, {"alice", "bob", "guest"}),
        ({"visibility": "public"}, {"alice", "bob", "guest", "carol", "root"}),
        ({"visibility": "public", "admits_guests": True}, {"alice", "bob", "guest", "carol", "root", "stranger"}),
    ],
    ids=["private", "public", "for guests"],
)
def test_a_rooms_picture_is_for_who_may_see_the_room(
    cast: Cast, file_id: str, options: dict[str, Any], expected: set[str]
) -> None:
    room_id = room_of(cast, **options)
    talking = cast.alice.connect()
    talking.ok("change_room", {"room_id": room_id, "avatar_id": file_id})
    assert readers(cast, file_id) == expected
    talking.ok("delete_room", {"room_id": room_id})
    assert readers(cast, file_id) == set()


Ending = Callable[[Cast, int], object]
ENDINGS: dict[str, tuple[Ending, set[str]]] = {
    # What happens to alice's file in her room with bob and a guest; who can read it then.
    "bob leaves": (
        lambda cast, room_id: cast.bob.connect().ok("leave_room", {"room_id": room_id}),
        {"alice", "guest"},
    ),
    "bob is removed": (
        lambda cast, room_id: cast.alice.connect().ok("remove_member", {"room_id": room_id, "user_id": cast.bob.id}),
        {"alice", "guest"},
    ),
    "bob's history is cleared": (
        lambda cast, room_id: set_member(cast.bob, room_id, cleared_seq=9),
        {"alice", "guest"},
    ),
    "bob signs out": (lambda cast, _room_id: cast.bob.signs_out(), {"alice", "guest"}),
    "bob is disabled": (lambda cast, _room_id: disable(cast.bob), {"alice", "guest"}),
    "alice leaves": (
        lambda cast, room_id: cast.alice.connect().ok("leave_room", {"room_id": room_id}),
        {"bob", "guest"},
    ),
    "the guest's account ends": (lambda cast, _room_id: ended(cast.guest), {"alice", "bob"}),
    "guests are turned off": (lambda _cast, _room_id: admission.configure("off", 30), {"alice", "bob"}),
    "it is deleted": (
        lambda cast, room_id: cast.alice.connect().ok("delete_message", {"room_id": room_id, "seq": 1}),
        set(),
    ),
    "it expires": (lambda cast, room_id: set_message(cast.alice, room_id, 1, expires_at=clock.now()), set()),
    "the room is deleted": (
        lambda cast, room_id: cast.alice.connect().ok("delete_room", {"room_id": room_id}),
        set(),
    ),
    "the room keeps nothing any more": (
        lambda cast, room_id: cast.alice.connect().ok("change_room", {"room_id": room_id, "keeps_history": False}),
        set(),
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_access_ends_at_once(cast: Cast, file_id: str, ending: str) -> None:
    room_id = room_of(cast, visibility="private")
    send_file(cast.alice.connect(), room_id, file_id)
    assert readers(cast, file_id) == {"alice", "bob", "guest"}
    end, expected = ENDINGS[ending]
    end(cast, room_id)
    assert readers(cast, file_id) == expected


# The routes of an upload


def uploads_routes(person: Visitor, file_id: str) -> list[int]:
    """How the routes of an upload answer, without changing it where they are refused."""
    answers = [
        uploading.ask(person, "HEAD", f"/uploads/{file_id}"),
        uploading.send(person, f"/uploads/{file_id}", b"x"),
        uploading.finish(person, f"/uploads/{file_id}"),
        uploading.ask(person, "DELETE", f"/uploads/{file_id}"),
    ]
    return [answer.status_code for answer in answers]


def test_an_upload_is_not_there_for_others(cast: Cast, file_id: str, room_id: int) -> None:
    sent = file_id
    send_file(cast.alice.connect(), room_id, sent)
    unsent = str(uploading.upload(cast.alice, uploading.picture("red"))["id"])
    begun = uploading.begun(cast.alice, 100).rsplit("/", 1)[1]
    for person in (cast.bob, cast.carol, cast.root, cast.guest):
        for upload_id in (sent, unsent, begun, UNKNOWN):
            assert uploads_routes(person, upload_id) == [404] * 4
    assert uploading.ask(cast.alice, "HEAD", f"/uploads/{begun}").headers["Upload-Offset"] == "0"
    assert uploads_routes(cast.alice, sent)[-1] == 404  # what was sent is no upload to give up
    assert reads(cast.bob, sent)
    assert reads(cast.alice, unsent)


# One whole path


def test_a_picture_from_the_first_byte_to_the_last_reader(cast: Cast, room_id: int) -> None:
    talking, listening = cast.alice.connect(), cast.bob.connect()
    made = uploading.upload(cast.alice, uploading.picture(size=(800, 600)), "My cat.png")
    said = {"room_id": room_id, "body": "look", "client_id": new_id(), "file_id": made["id"]}
    sent = talking.ok("send_message", said)["message"]
    assert sent["file"] == made
    [heard] = listening.heard("message_sent")
    assert heard["message"]["file"] == made
    original = asked(cast.bob, "original", made["id"])
    assert (original.mimetype, len(original.data)) == (made["type"], made["size"])
    assert asked(cast.bob, "small", made["id"]).mimetype == "image/webp"
    again = uploading.upload(cast.bob, uploading.picture(size=(800, 600)), "The same.png")
    assert again["id"] != made["id"]
    assert send_file(listening, room_id, again["id"])["file"]["name"] == "The same.png"
    talking.ok("delete_message", {"room_id": room_id, "seq": 1})
    assert not reads(cast.bob, made["id"])
    assert reads(cast.alice, again["id"])
    with cast.alice.app.app_context():
        blobs = db.session.execute(db.text("SELECT COUNT(*) FROM blobs")).scalar()
    assert blobs == 1
