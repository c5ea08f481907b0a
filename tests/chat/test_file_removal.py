"""However a file's time ends, the clock removes it: from the tables and from the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

import jobs
from chat import clock, departures, ephemeral, guests, removals, whispers
from extensions import db
from models import Blob, File, User
from tests import uploading
from tests.cast import Guest, Member, make_room, new_id, opens
from tests.files import send_file

SIDE = 400  # pixels: with a thumbnail
HOUR = 3600.0  # seconds
# What the clock does in other tests; here it would take people out of their rooms.
LEFT_OUT = (departures.settle,)


class Time:
    """Both clocks, moved on by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        now, monotonic = clock.now, time.monotonic
        monkeypatch.setattr(clock, "now", lambda: now() + timedelta(seconds=self.ahead))
        monkeypatch.setattr(removals, "ROUND", 60.0)
        monkeypatch.setattr(whispers.time, "monotonic", lambda: monotonic() + self.ahead)

    def passes(self, person: Member, seconds: float) -> None:
        """Every job of the clock is done at the beginning and at the end of it."""
        for step in (0.0, seconds):
            self.ahead += step
            with person.app.app_context():
                for job, _period in jobs.JOBS:
                    if job not in LEFT_OUT:
                        job()


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


@pytest.fixture
def folder(alice: Member) -> Path:
    path: Path = alice.app.config["SETTINGS"].UPLOAD_DIR
    return path


def uploaded(person: Member, colour: str = "teal") -> str:
    return str(uploading.upload(person, uploading.picture(colour, (SIDE, SIDE)))["id"])


def left(person: Member, folder: Path) -> tuple[int, int, int]:
    """How many files and contents the tables hold, and how many objects the disk."""
    with person.app.app_context():
        counts = [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in (File, Blob)]
    return counts[0], counts[1], sum(path.is_file() for path in folder.rglob("*"))


STORED = (1, 1, 2)  # with the small thumbnail
NOTHING = (0, 0, 0)


def kept(alice: Member, bob: Member) -> int:
    return make_room(alice, bob)


def forgetful(alice: Member, bob: Member) -> int:
    return make_room(alice, bob, keeps_history=False)


def expiring(alice: Member, bob: Member) -> int:
    return make_room(alice, bob, message_ttl=60)


Where = Callable[[Member, Member], int]
Ending = Callable[[Member, int], object]


def deletes(alice: Member, room_id: int) -> object:
    return alice.connect().ok("delete_message", {"room_id": room_id, "seq": 1})


def clears(alice: Member, room_id: int) -> object:
    return alice.connect().ok("clear_history", {"room_id": room_id, "everyone": True, "seq": 1})


def removes_room(alice: Member, room_id: int) -> object:
    return alice.connect().ok("delete_room", {"room_id": room_id})


def forgets(alice: Member, room_id: int) -> object:
    return alice.connect().ok("change_room", {"room_id": room_id, "keeps_history": False})


def remembers(alice: Member, room_id: int) -> object:
    return alice.connect().ok("change_room", {"room_id": room_id, "keeps_history": True})


def restarts(alice: Member, _room_id: int) -> object:
    ephemeral.forget()
    with alice.app.app_context():
        departures.begin()
    return None


def waits(_alice: Member, _room_id: int) -> object:
    return None


ENDINGS: dict[str, tuple[Where, Ending, float]] = {
    # A room with alice's file in it, what happens, and how many seconds later everything is gone.
    "deleted": (kept, deletes, 0),
    "deleted from memory": (forgetful, deletes, 0),
    "expired": (expiring, waits, 60),
    "cleared": (kept, clears, 13),
    "cleared from memory": (forgetful, clears, 13),
    "the room is deleted": (kept, removes_room, 13),
    "a forgetful room is deleted": (forgetful, removes_room, 13),
    "the room is to keep nothing": (kept, forgets, 0),
    "the room is to keep what is said": (forgetful, remembers, 6),
    "the process starts anew": (forgetful, restarts, 13),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_sent_file_goes(alice: Member, bob: Member, folder: Path, passing: Time, ending: str) -> None:
    where, ends, seconds = ENDINGS[ending]
    room_id = where(alice, bob)
    _present = bob.connect()
    send_file(alice.connect(), room_id, uploaded(alice))
    passing.passes(alice, 30)
    assert left(alice, folder) == STORED
    ends(alice, room_id)
    passing.passes(alice, seconds)
    assert left(alice, folder) == NOTHING


def test_what_is_sent_stays(alice: Member, bob: Member, folder: Path, passing: Time) -> None:
    """What the others rest on: nothing goes because time passes."""
    _present = alice.connect(), bob.connect()
    for number, where in enumerate((kept, forgetful)):
        send_file(alice.connect(), where(alice, bob), uploaded(alice, ("red", "blue")[number]))
    alice.connect().ok("set_avatar", {"file_id": uploaded(alice, "green")})
    room_id = make_room(alice, bob)
    bob_ = bob.connect()
    opens(bob, room_id)
    said = {"room_id": room_id, "user_id": bob.id, "body": "", "client_id": new_id()}
    alice.connect().ok("whisper", said | {"file_id": uploaded(alice, "gold")})
    passing.passes(alice, HOUR)
    passing.passes(alice, HOUR)
    assert left(alice, folder) == (4, 4, 8)
    assert bob_.is_open


def test_an_upload_that_is_not_sent_goes_within_the_hour(alice: Member, folder: Path, passing: Time) -> None:
    uploaded(alice)
    uploading.begun(alice, 100)
    passing.passes(alice, HOUR / 2)
    assert left(alice, folder) == (2, 1, 3)
    passing.passes(alice, HOUR / 2)
    assert left(alice, folder) == NOTHING


def test_a_whispered_file_goes_a_minute_after_both_have_left(
    alice: Member, bob: Member, folder: Path, passing: Time
) -> None:
    room_id = make_room(alice, bob)
    talking, _listening = alice.connect(), bob.connect()
    opens(bob, room_id)
    said = {"room_id": room_id, "user_id": bob.id, "body": "", "client_id": new_id(), "file_id": uploaded(alice)}
    talking.ok("whisper", said)
    passing.passes(alice, HOUR)
    assert left(alice, folder) == STORED
    opens(bob, None)
    passing.passes(alice, whispers.PATIENCE - 20)
    assert left(alice, folder) == STORED
    passing.passes(alice, 20)
    assert left(alice, folder) == NOTHING


def test_a_picture_that_is_replaced_goes(alice: Member, folder: Path, passing: Time) -> None:
    talking = alice.connect()
    room_id = alice.make_room(avatar_id=uploaded(alice, "red"))["id"]
    talking.ok("set_avatar", {"file_id": uploaded(alice, "blue")})
    passing.passes(alice, HOUR)
    assert left(alice, folder) == (2, 2, 4)
    talking.ok("change_room", {"room_id": room_id, "avatar_id": uploaded(alice, "green")})
    passing.passes(alice, 0)
    assert left(alice, folder) == (2, 2, 4)
    talking.ok("set_avatar", {"file_id": None})
    talking.ok("delete_room", {"room_id": room_id})
    passing.passes(alice, 13)
    assert left(alice, folder) == NOTHING


def test_a_guests_picture_goes_with_them(alice: Member, folder: Path, passing: Time) -> None:
    guest = Guest(alice.app, "visitor")
    guest.connect().ok("set_avatar", {"file_id": uploaded(guest)})
    with alice.app.app_context():
        guests.leave(db.session.get_one(User, guest.id))
    passing.passes(alice, 0)
    assert left(alice, folder) == NOTHING


def test_content_stays_as_long_as_anybody_shows_it(alice: Member, bob: Member, folder: Path, passing: Time) -> None:
    room_id = make_room(alice, bob)
    send_file(alice.connect(), room_id, uploaded(alice))
    send_file(bob.connect(), room_id, uploaded(bob))
    assert left(alice, folder) == (2, 1, 2)
    deletes(alice, room_id)
    passing.passes(alice, 0)
    assert left(alice, folder) == STORED
    bob.connect().ok("delete_message", {"room_id": room_id, "seq": 2})
    passing.passes(alice, 0)
    assert left(alice, folder) == NOTHING
