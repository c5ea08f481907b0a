"""The index of search: it follows what happens, forgets what is gone, and nobody relies on what is not there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from chat import removals, searches, segments, signatures
from extensions import db
from models import Room, SearchMark, SearchSlice, User
from tests.cast import Member, make_room, set_message

BLOCK, PART, STEP = 64, 32, 16


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BLOCK", BLOCK)
    monkeypatch.setattr(segments, "PART", PART)
    monkeypatch.setattr(segments, "FIRST", STEP)
    monkeypatch.setattr(segments, "STEP", STEP)
    monkeypatch.setattr(segments, "ROUND", 60.0)


@pytest.fixture
def garden(app: Flask, alice: Member, bob: Member) -> int:
    """A room with forty messages, of which two blocks could be made, and thirty-two are in the index."""
    room_id = make_room(alice, bob, name="Garden", name_key="garden")
    talking = alice.connect()
    for number in range(1, 41):
        talking.send(room_id, f"rose number {number}")
    index(app)
    return room_id


def index(app: Flask) -> None:
    with app.app_context():
        segments.extend_round()


def may_hold(app: Flask, room_id: int, word: str) -> list[int]:
    """The `seq` that the slices give for a word."""
    with app.app_context():
        bits = segments.candidates(segments.mark_of(room_id), [0], signatures.telling(word))[0]
    return sorted(number + 1 for number in signatures.descending(bits))


def rows(app: Flask, table: Any, room_id: int) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).where(table.room_id == room_id)) or 0


def found(person: Member, q: str) -> list[int]:
    with person.app.app_context():
        answer = searches.find(db.session.get_one(User, person.id), q)
        return [message["seq"] for message in answer["messages"]]


def test_whole_steps_of_messages_are_in_it(app: Flask, garden: int) -> None:
    with app.app_context():
        assert segments.mark_of(garden).seq == 2 * STEP
    assert may_hold(app, garden, "rose") == list(range(1, 2 * STEP + 1))


def test_it_goes_on_where_it_ended(app: Flask, alice: Member, garden: int) -> None:
    talking = alice.connect()
    for number in range(41, 100):
        talking.send(garden, f"tulip number {number}")
    index(app)
    with app.app_context():
        assert segments.mark_of(garden).seq == 96
    assert may_hold(app, garden, "tulip") == list(range(41, BLOCK + 1))
    assert found(alice, '"tulip number 97"') == [97]
    assert len(found(alice, '"number 9"')) == 11


def test_an_edited_message_gets_a_new_signature(app: Flask, alice: Member, garden: int) -> None:
    alice.connect().ok("edit_message", {"room_id": garden, "seq": 7, "body": "экскаватор"})
    assert may_hold(app, garden, "экскаватор") == []
    assert found(alice, "экскаватор") == [7]  # read as it is, until then
    index(app)
    assert may_hold(app, garden, "экскаватор") == [7]
    assert 7 not in may_hold(app, garden, "rose")


def test_a_deleted_message_leaves_nothing(app: Flask, alice: Member, garden: int) -> None:
    alice.connect().ok("delete_message", {"room_id": garden, "seq": 7})
    assert 7 not in found(alice, "rose")
    index(app)
    with app.app_context():
        kept = db.session.scalars(select(SearchSlice.content).where(SearchSlice.room_id == garden)).all()
    assert all(not signatures.unpacked(content, PART) >> 6 & 1 for content in kept)


def test_what_will_expire_is_not_in_it_and_is_found(app: Flask, alice: Member, bob: Member) -> None:
    room_id = make_room(alice, bob, message_ttl=3600)
    talking = alice.connect()
    for number in range(STEP):
        talking.send(room_id, f"rose {number}")
    index(app)
    with app.app_context():
        slots = db.session.scalars(select(SearchSlice.slot).where(SearchSlice.room_id == room_id)).all()
    assert slots == [signatures.OPAQUE]
    assert found(alice, "rose 7") == [8]
    set_message(alice, room_id, 8, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert found(alice, "rose 7") == []


def test_reactions_cost_it_nothing(app: Flask, alice: Member, garden: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.connect().ok("set_reaction", {"room_id": garden, "seq": 7, "emoji": "🌷", "on": True})
    written: list[Any] = []
    monkeypatch.setattr(segments, "_write", lambda *given: written.append(given))
    index(app)
    assert written == []
    with app.app_context():
        assert segments.mark_of(garden).version == db.session.get_one(Room, garden).version


def test_with_its_room_it_goes(app: Flask, alice: Member, garden: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.connect().ok("delete_room", {"room_id": garden})
    index(app)
    assert rows(app, SearchSlice, garden) > 0
    monkeypatch.setattr(removals, "UNDO", timedelta(0))
    monkeypatch.setattr(removals, "MARGIN", timedelta(0))
    with app.app_context():
        removals.sweep(60)
    assert rows(app, SearchSlice, garden) == rows(app, SearchMark, garden) == 0


def test_a_room_that_keeps_nothing_from_now_on_is_not_in_it(app: Flask, alice: Member, garden: int) -> None:
    alice.connect().ok("change_room", {"room_id": garden, "keeps_history": False})
    assert rows(app, SearchSlice, garden) == rows(app, SearchMark, garden) == 0
    index(app)
    assert rows(app, SearchMark, garden) == 0


def test_it_can_be_made_anew(app: Flask, alice: Member, garden: int) -> None:
    before = found(alice, "rose")
    with app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("UPDATE search_slices SET content = ?", (signatures.packed(0, PART),))
    assert found(alice, "rose") != before  # the premise: the slices are asked
    answer = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert answer.output == "32 messages are in the index.\n"
    assert found(alice, "rose") == before


def say(person: Member, room_id: int, numbers: range) -> None:
    talking = person.connect()
    for number in numbers:
        talking.send(room_id, f"rose number {number}")


def places(app: Flask, room_id: int) -> set[int]:
    with app.app_context():
        return set(db.session.scalars(select(SearchSlice.block).where(SearchSlice.room_id == room_id)))


def test_full_parts_become_a_block_and_go_with_the_next_step(app: Flask, alice: Member, garden: int) -> None:
    assert places(app, garden) == {-1}
    say(alice, garden, range(41, BLOCK + 1))
    index(app)
    assert places(app, garden) == {-1, -2, 0}  # somebody may be reading the parts
    assert may_hold(app, garden, "rose") == list(range(1, BLOCK + 1))
    say(alice, garden, range(BLOCK + 1, BLOCK + STEP + 1))
    index(app)
    assert places(app, garden) == {-1, 0}
    assert len(found(alice, '"number 6"')) == 11


def test_a_search_that_began_before_the_parts_were_joined_misses_nothing(
    app: Flask, alice: Member, garden: int
) -> None:
    with app.app_context():
        mark = segments.mark_of(garden)
    say(alice, garden, range(41, BLOCK + STEP + 1))
    index(app)
    with app.app_context():
        bits = segments.candidates(mark, [0], signatures.telling("rose"))[0]
    assert set(range(mark.seq)) <= set(signatures.descending(bits))


def test_while_it_is_made_anew_everything_is_read(app: Flask, garden: int) -> None:
    with app.app_context():
        mark = segments.mark_of(garden)
        segments.forget(garden)
        bits = segments.candidates(mark, [0], signatures.telling("xylophone"))[0]
    assert set(range(mark.seq)) <= set(signatures.descending(bits))


def test_of_two_workers_one_gives_way(app: Flask, alice: Member, garden: int, monkeypatch: pytest.MonkeyPatch) -> None:
    say(alice, garden, range(41, 100))
    with app.app_context():
        late = segments.mark_of(garden)
        segments.extend_round()
        ahead = segments.mark_of(garden).seq
        with monkeypatch.context() as patch:
            patch.setattr(segments, "mark_of", lambda _room_id: late)
            assert segments.extend(garden) is False
        assert segments.mark_of(garden).seq == ahead > late.seq
    assert len(found(alice, '"number 9"')) == 11


def test_what_is_half_taken_out_is_never_relied_on(
    app: Flask, alice: Member, garden: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "DROPPED", 8)
    with app.app_context():
        assert segments.forget(garden, deadline=0.0) is False
        assert segments.mark_of(garden).seq == 0
    assert rows(app, SearchSlice, garden) > 0
    assert len(found(alice, '"number 3"')) == 11
    index(app)  # as after a crash
    assert may_hold(app, garden, "rose") == list(range(1, 2 * STEP + 1))
    assert len(found(alice, '"number 3"')) == 11


def test_nobody_makes_slices_among_those_that_go(app: Flask, garden: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "DROPPED", 8)
    with app.app_context():
        begun = SearchMark(room_id=garden, seq=STEP, version=segments.mark_of(garden).version)
        segments.forget(garden, deadline=0.0)
        with monkeypatch.context() as patch:
            patch.setattr(segments, "mark_of", lambda _room_id: begun)
            assert segments.extend(garden) is False
        assert segments.forget(garden) is True
    assert rows(app, SearchSlice, garden) == rows(app, SearchMark, garden) == 0


def test_what_has_little_time_each_time_comes_to_its_end(
    app: Flask, garden: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "DROPPED", 8)
    left = [rows(app, SearchSlice, garden)]
    with app.app_context():
        while not segments.forget(garden, deadline=0.0):
            left.append(db.session.scalar(select(func.count()).where(SearchSlice.room_id == garden)) or 0)
            assert left[-1] < left[-2], "nothing went"
    assert len(left) > 3
    assert rows(app, SearchMark, garden) == 0
