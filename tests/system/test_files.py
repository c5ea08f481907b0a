"""Files in messages on every database: what rests on its locks, its row counts and its foreign keys."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from chat import accounts, avatars, clock, edits, files, messages, profiles, removals, retention, transactions
from chat.errors import Invalid
from extensions import db
from migrations import state
from models import File, Message, User
from tests.cast import PASSWORD, Member, make_room, new_id, set_message
from tests.conftest import close, forget, make_app
from tests.files import PICTURE, SOUND, SQUARE, can_read, is_released, media, send_file, upload

PURGED = 20_000  # messages of a room, each with a file
BATCH = 0.05  # seconds that half of the batches stay below: they aim at 15 ms


@pytest.fixture
def people(tmp_path: Path, database_url: str) -> Iterator[tuple[Member, Member]]:
    app = make_app(tmp_path / "instance", DATABASE_URL=database_url, UPLOAD_DIR=str(tmp_path / "uploads"))
    forget()
    with app.app_context():
        state.prepare()
        for name in ("alice", "bob"):
            accounts.register(name, PASSWORD, minimum=6)
    yield Member(app, "alice"), Member(app, "bob")
    close(app)


def together(app: Flask, *actions: Callable[[], Any]) -> list[Any]:
    """What becomes of actions that begin in the same moment: what they return, or the field that was refused."""
    outcomes: list[Any] = []
    start = threading.Barrier(len(actions))

    def act(action: Callable[[], Any]) -> None:
        with app.app_context():
            start.wait(timeout=30)
            try:
                outcomes.append(action())
            except Invalid as refusal:
                outcomes.append(refusal.field)

    threads = [threading.Thread(target=act, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def actor(person: Member) -> User:
    return db.session.get_one(User, person.id)


def test_what_shows_a_file_is_sent_listed_and_let_go(people: tuple[Member, Member]) -> None:
    alice, bob = people
    room_id = make_room(alice, bob)
    talking = alice.connect()
    held = [upload(alice, content) for content in (PICTURE, SOUND, PICTURE, PICTURE)]
    sent = [send_file(talking, room_id, file_id, reply_to=seq or None) for seq, file_id in enumerate(held)]
    assert [message["file"]["id"] for message in sent] == held
    assert sent[1]["reply_to"]["file"]["thumbhash"] == sent[0]["file"]["thumbhash"] == "AQID"
    assert sent[1]["file"]["waveform"] == list(range(64))
    assert [media(bob, room_id, f"kind={kind}") for kind in files.KINDS] == [([4, 3, 1], True), ([2], True)]
    assert media(bob, room_id, "before=4&limit=1") == ([3], False)
    assert bob.room(room_id)["unread"] == 4
    with alice.app.app_context():
        edits.delete(actor(alice), room_id, 1)
    set_message(alice, room_id, 2, expires_at=clock.now())
    assert [can_read(bob, file_id) for file_id in held] == [False, False, True, True]
    with alice.app.app_context():
        retention.purge()
    assert [is_released(alice, file_id) for file_id in held] == [True, True, False, False]
    with alice.app.app_context():
        removals.empty(room_id, 3)
    assert [is_released(alice, file_id) for file_id in held] == [True, True, True, False]
    assert media(bob, room_id) == ([4], True)


def test_of_many_who_send_one_file_at_once_one_does(people: tuple[Member, Member]) -> None:
    alice, bob = people
    rooms = [make_room(alice, bob) for _ in range(4)]
    file_id = upload(alice)

    def sending(room_id: int) -> Callable[[], int]:
        return lambda: int(messages.send(actor(alice), room_id, "", new_id(), file_id=file_id)["room_id"])

    outcomes = together(alice.app, *(sending(room_id) for room_id in rooms))
    assert outcomes.count("file_id") == 3
    [shown] = [room_id for room_id in rooms if media(bob, room_id) == ([1], True)]
    assert shown in outcomes
    with alice.app.app_context():
        assert db.session.scalars(select(Message.file_id).where(Message.kind == "file")).all() == [file_id]


def test_one_message_sent_twice_at_once_is_one(people: tuple[Member, Member]) -> None:
    alice, bob = people
    room_id, file_id, key = make_room(alice, bob), upload(alice), new_id()

    def sends() -> tuple[int, str]:
        sent = messages.send(actor(alice), room_id, "", key, file_id=file_id)
        return sent["seq"], sent["file"]["id"]

    assert together(alice.app, sends, sends, sends) == [(1, file_id)] * 3


def test_of_two_pictures_chosen_at_once_one_is_let_go(people: tuple[Member, Member]) -> None:
    alice, bob = people
    pictures = [upload(alice, SQUARE) for _ in range(4)]

    def choosing(file_id: str) -> Callable[[], str]:
        return lambda: str(avatars.choose(actor(alice), file_id)["id"])

    assert together(alice.app, *(choosing(file_id) for file_id in pictures)) == [str(alice.id)] * 4
    chosen = bob.get_ok("/people/alice")["person"]["avatar_id"]
    assert [is_released(alice, file_id) for file_id in pictures] == [file_id != chosen for file_id in pictures]
    with alice.app.app_context():
        profiles.end_accounts([alice.id], User.id == alice.id, "deleted")
    assert is_released(bob, chosen)


def test_a_room_of_files_goes_in_small_batches(people: tuple[Member, Member], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message that goes sets the place of its file to null: that takes an index."""
    alice, bob = people
    room_id, crowded = make_room(alice, bob), make_room(alice, bob)
    kept = upload(alice)
    send_file(alice.connect(), room_id, kept)
    fill(alice, crowded)
    took: list[float] = []

    def next_size(size: int, seconds: float) -> int:
        took.append(seconds)
        return of_the_house(size, seconds)

    of_the_house = retention.next_size
    monkeypatch.setattr(retention, "next_size", next_size)
    with alice.app.app_context():
        removal = retention.purge()
        assert (removal.count, removal.complete) == (PURGED, True)
        assert statistics.median(took) < BATCH, sorted(took)
        released = db.session.scalars(select(File.id).where(files.is_released()).limit(PURGED + 1)).all()
        assert len(released) == PURGED
    assert not is_released(alice, kept)


def fill(person: Member, room_id: int) -> None:
    """Messages that have expired, each with a file of its own."""
    now = clock.now()
    over = now - timedelta(seconds=1)
    with person.app.app_context():
        blob_id = db.session.scalars(select(File.blob_id)).first()
        common = {"room_id": room_id, "created_at": now}
        of_message = {"sender_id": person.id, "kind": "file", "body": "", "expires_at": over} | common
        of_file = {"uploader_id": person.id, "blob_id": blob_id, "name": "x", "size": 1, "purpose": "message"} | common
        seqs = range(1, PURGED + 1)
        said = [of_message | {"seq": n, "version": n, "client_id": n.to_bytes(16, "big")} for n in seqs]
        held = [of_file | {"id": f"{n:032x}", "seq": n, "touched_at": now} for n in seqs]
        for start in range(0, PURGED, 5_000):
            store(said[start : start + 5_000], held[start : start + 5_000])


def store(said: list[dict[str, Any]], held: list[dict[str, Any]]) -> None:
    def change(session: Session) -> None:
        session.execute(insert(Message), said)
        session.execute(insert(File), held)

    transactions.run(change)
