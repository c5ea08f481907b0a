"""Clearing a history: hidden at once from whom it concerns, taken back exactly, and then gone from every table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from chat import clearings, clock, ephemeral, export_runs, payloads, removals, searches, segments
from extensions import db
from models import Clearing, Message, Room, SearchMark, SearchSlice, User
from tests.cast import Connection, Guest, Member, make_room, new_id, set_member, set_message
from tests.files import can_read, is_released, later, media, page, send_file, showing, upload


@pytest.fixture
def group(alice: Member, bob: Member) -> int:
    """Alice owns it; bob is in it."""
    return make_room(alice, bob)


def says(person: Member, room_id: int, count: int = 3) -> None:
    talking = person.connect()
    for number in range(1, count + 1):
        talking.send(room_id, f"word {number}")
    talking.close()


def cleared(talking: Connection, room_id: int, seq: int, everyone: bool = False) -> int:
    asked = {"room_id": room_id, "everyone": everyone, "seq": seq}
    return int(talking.ok("clear_history", asked)["clearing"])


def counted(person: Member, room_id: int, everyone: bool = False, before: str | None = None) -> tuple[int, int, int]:
    asked = {"room_id": room_id, "everyone": everyone, "before": before}
    answer = person.connect().ok("count_history", asked)
    assert answer["more"] is False
    return answer["messages"], answer["files"], answer["seq"]


def seen(person: Member, room_id: int) -> list[tuple[int, str]]:
    return [(message["seq"], message["body"]) for message in page(person, room_id) if message["kind"] != "cleared"]


def found(person: Member, words: str) -> list[int]:
    with person.app.app_context():
        answer = searches.find(db.session.get_one(User, person.id), words, limit=searches.PAGE_MAX)
    return [message["seq"] for message in answer["messages"]]


def stored(app: Flask, room_id: int, table: Any = Message) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).where(table.room_id == room_id)) or 0


def passes(person: Member, monkeypatch: pytest.MonkeyPatch, seconds: float = 13) -> None:
    """The clock does its round so many seconds later."""
    with later(monkeypatch, seconds), person.app.app_context():
        clearings.sweep(60)


THREE = [(1, "word 1"), (2, "word 2"), (3, "word 3")]


# For oneself


def test_what_one_clears_for_oneself_others_keep(alice: Member, bob: Member, room_id: int) -> None:
    says(bob, room_id)
    talking, listening = alice.connect(), bob.connect()
    cleared(talking, room_id, 2)
    assert seen(alice, room_id) == THREE[2:]
    assert seen(bob, room_id) == THREE
    assert talking.heard("history_cleared") == [{"room_id": room_id, "cleared_seq": 2}]
    assert listening.client.get_received() == []
    assert (alice.room(room_id)["cleared_seq"], bob.room(room_id)["cleared_seq"]) == (2, 0)
    assert alice.room(room_id)["version"] == 3


def test_all_pages_of_that_person_hear_of_it(alice: Member, bob: Member, room_id: int) -> None:
    says(bob, room_id)
    one, other = alice.connect(), alice.connect()
    cleared(one, room_id, 3)
    assert other.heard("history_cleared") == [{"room_id": room_id, "cleared_seq": 3}]
    room = alice.room(room_id)
    assert (room["unread"], room["last_message"]) == (0, None)


def test_a_guest_clears_for_themselves(make: Any) -> None:
    app = make(GUESTS="named")
    alice, guest = Member(app, "alice"), Guest(app, "passer-by")
    room_id = make_room(alice, guest, visibility="public", admits_guests=True)
    says(alice, room_id)
    visiting = guest.connect()
    cleared(visiting, room_id, 3)
    assert (seen(guest, room_id), seen(alice, room_id)) == ([], THREE)
    assert visiting.error("clear_history", {"room_id": room_id, "everyone": True, "seq": 3}) == "forbidden"


def test_it_stays_so_when_it_cannot_be_taken_back_any_more(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(bob, group)
    cleared(alice.connect(), group, 2)
    passes(alice, monkeypatch)
    assert (seen(alice, group), seen(bob, group)) == (THREE[2:], THREE)
    assert stored(alice.app, group, Clearing) == 0


def test_what_both_of_two_have_cleared_goes(
    alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(bob, room_id)
    cleared(alice.connect(), room_id, 2)
    passes(alice, monkeypatch)
    assert stored(alice.app, room_id) == 3
    cleared(bob.connect(), room_id, 3)
    passes(alice, monkeypatch, 5)
    assert stored(alice.app, room_id) == 3, "that can still be taken back"
    passes(alice, monkeypatch)
    assert stored(alice.app, room_id) == 1
    assert (seen(alice, room_id), seen(bob, room_id)) == (THREE[2:], [])


def test_in_a_group_it_is_kept_for_those_who_will_come(
    alice: Member, bob: Member, carol: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_room(alice, bob, visibility="public")
    says(bob, group)
    for person in (alice, bob):
        cleared(person.connect(), group, 3)
    passes(alice, monkeypatch)
    carol.connect().ok("join_room", {"room_id": group})
    assert [body for _seq, body in seen(carol, group) if body] == ["word 1", "word 2", "word 3"]


# For everybody


def test_for_everybody_it_is_hidden_at_once_and_a_line_stays(alice: Member, bob: Member, group: int) -> None:
    says(bob, group)
    talking, listening = alice.connect(), bob.connect()
    cleared(talking, group, 3, everyone=True)
    for person, connection in ((alice, talking), (bob, listening)):
        [line] = page(person, group)
        assert (line["kind"], line["sender"]["username"], line["seq"]) == ("cleared", "alice", 4)
        heard = connection.client.get_received()
        assert [packet["name"] for packet in heard] == ["history_cleared", "message_sent"]
        assert heard[0]["args"][0] == {"room_id": group, "cleared_seq": 3}
        assert heard[1]["args"][0]["message"] == line
        room = person.room(group)
        assert (room["unread"], room["last_message"], room["cleared_seq"]) == (0, None, 3)


def test_in_a_direct_conversation_either_may_do_it_for_both(alice: Member, bob: Member, room_id: int) -> None:
    says(alice, room_id)
    cleared(bob.connect(), room_id, 3, everyone=True)
    assert [line["kind"] for line in page(alice, room_id)] == ["cleared"]
    assert [room["id"] for room in alice.conversations()] == [room_id], "the conversation is still in the list"


def test_in_a_group_it_is_for_owner_and_moderators(alice: Member, bob: Member, carol: Member, root: Member) -> None:
    group = make_room(alice, bob, carol, root, visibility="public")
    says(alice, group)
    asked = {"room_id": group, "everyone": True, "seq": 1}
    for event in ("clear_history", "count_history"):
        assert bob.connect().error(event, asked) == "forbidden"
    set_member(bob, group, role="moderator")
    cleared(bob.connect(), group, 1, everyone=True)
    cleared(root.connect(), group, 2, everyone=True)
    cleared(alice.connect(), group, 3, everyone=True)
    assert [message["seq"] for message in page(carol, group)] == [4, 5, 6]


def test_a_page_that_was_away_learns_of_it(alice: Member, bob: Member, group: int) -> None:
    says(bob, group)
    held = bob.room(group)["version"]
    cleared(alice.connect(), group, 2, everyone=True)
    told = bob.connect().ok("sync", {"rooms": {str(group): held}})["rooms"][str(group)]
    assert told["room"]["cleared_seq"] == 2
    assert [message["kind"] for message in told["messages"]] == ["cleared"]
    again = bob.connect().ok("sync", {"rooms": {str(group): told["room"]["version"]}})["rooms"][str(group)]
    assert again["room"]["cleared_seq"] == 2


@pytest.mark.parametrize("everyone", [False, True])
def test_nobody_reads_quotes_finds_or_changes_what_is_cleared(alice: Member, group: int, everyone: bool) -> None:
    talking = alice.connect()
    file_id = upload(alice)
    send_file(talking, group, file_id, "a lake")
    key = new_id()
    talking.send(group, "about the lake", reply_to=1)
    talking.send(group, "another lake", key)
    kept = talking.send(group, "lakes", reply_to=3)
    assert (can_read(alice, file_id), media(alice, group), found(alice, "lake")) == (True, ([1], True), [4, 3, 2, 1])
    cleared(talking, group, 3, everyone)
    assert (can_read(alice, file_id), media(alice, group), found(alice, "lake")) == (False, ([], True), [4])
    assert page(alice, group)[0]["reply_to"] == payloads.quote(3)
    synced = talking.ok("sync", {"rooms": {str(group): 0}})["rooms"][str(group)]["messages"]
    assert [message["seq"] for message in synced if message["kind"] != "cleared"] == [4]
    assert synced[0]["reply_to"] == payloads.quote(3)
    for event, more in (
        ("edit_message", {"body": "x"}),
        ("delete_message", {}),
        ("set_reaction", {"emoji": "👍", "on": True}),
    ):
        assert talking.error(event, {"room_id": group, "seq": 3, **more}) == "not_found"
    late = {"room_id": group, "body": "x", "client_id": new_id(), "reply_to": 3}
    assert talking.error("send_message", late) == "invalid"
    assert talking.send(group, "another lake", key)["seq"] == 3, "a repeat is a repeat while the row is there"
    assert kept["seq"] == 4


def test_then_it_is_gone(alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch) -> None:
    talking = alice.connect()
    file_id = upload(alice)
    send_file(talking, group, file_id, "a lake")
    talking.ok("set_reaction", {"room_id": group, "seq": 1, "emoji": "👍", "on": True})
    key = new_id()
    talking.send(group, "about it", key)
    cleared(talking, group, 2, everyone=True)
    after = talking.send(group, "said meanwhile")
    passes(alice, monkeypatch, 5)
    assert stored(alice.app, group) == 4
    assert not is_released(alice, file_id)
    passes(alice, monkeypatch)
    assert stored(alice.app, group) == 2
    assert is_released(alice, file_id)
    assert stored(alice.app, group, Clearing) == 0
    assert [message["seq"] for message in page(bob, group)] == [3, after["seq"]]
    # As after expiry: without its row, nobody knows that a message was there.
    assert talking.send(group, "about it", key)["seq"] == after["seq"] + 1


def test_what_was_taken_away_of_it_goes_too(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(alice, group)
    answer = bob.http.post(f"/rooms/{group}/export", headers={"X-CSRFToken": bob.csrf})
    with alice.app.app_context():
        export_runs.tend()
    taken = f"/exports/{answer.json['export']['id']}"
    cleared(alice.connect(), group, 3, everyone=True)
    assert bob.get(taken).status_code == 200, "it can still be taken back"
    passes(alice, monkeypatch)
    assert bob.get(taken).status_code == 404


def test_newcomers_do_not_see_it_either(alice: Member, bob: Member, carol: Member) -> None:
    group = make_room(alice, bob, visibility="public")
    says(bob, group)
    talking = alice.connect()
    clearing = cleared(talking, group, 2, everyone=True)
    carol.connect().ok("join_room", {"room_id": group})
    assert [body for _seq, body in seen(carol, group) if body] == ["word 3"]
    talking.ok("undo_clear_history", {"clearing": clearing})
    assert [body for _seq, body in seen(carol, group) if body] == ["word 1", "word 2", "word 3"]


def test_in_a_room_that_keeps_nothing_it_goes_from_memory(
    alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_room(alice, bob, keeps_history=False)
    talking, listening = alice.connect(), bob.connect()
    says(bob, group)
    assert counted(alice, group, everyone=True) == (3, 0, 3)
    clearing = cleared(talking, group, 2, everyone=True)
    assert seen(bob, group) == THREE[2:]
    talking.ok("undo_clear_history", {"clearing": clearing})
    assert [message["body"] for message in page(bob, group)] == ["word 1", "word 2", "word 3"]
    cleared(talking, group, 3, everyone=True)
    passes(alice, monkeypatch)
    assert ephemeral.get(group, 3) is None
    assert [message["kind"] for message in page(bob, group)] == ["cleared"]
    assert listening.is_open


# Taking it back


def state(person: Member, room_id: int) -> Any:
    """All that somebody sees of a room, but for how it is numbered."""
    room = person.room(room_id)
    return page(person, room_id), room["unread"], room["last_message"], room["cleared_seq"]


@pytest.mark.parametrize("everyone", [False, True])
def test_undoing_restores_exactly_what_was(alice: Member, bob: Member, group: int, everyone: bool) -> None:
    says(bob, group)
    set_member(bob, group, cleared_seq=1, settled_seq=1)
    before = state(alice, group), state(bob, group)
    talking, listening = alice.connect(), bob.connect()
    clearing = cleared(talking, group, 3, everyone)
    talking.client.get_received(), listening.client.get_received()
    answer = talking.ok("undo_clear_history", {"clearing": clearing})
    assert answer["room"]["cleared_seq"] == 0
    assert (state(alice, group), state(bob, group)) == before
    assert talking.heard("history_cleared") == [{"room_id": group, "cleared_seq": 0}]
    heard = [{"room_id": group, "cleared_seq": 1}] if everyone else []
    assert listening.heard("history_cleared") == heard
    assert talking.error("undo_clear_history", {"clearing": clearing}) == "not_found"


def test_several_at_once_are_taken_back_each_by_itself(alice: Member, bob: Member, group: int) -> None:
    says(bob, group, 5)
    talking, other = alice.connect(), bob.connect()
    set_member(bob, group, role="moderator")
    own = cleared(other, group, 4)
    first = cleared(talking, group, 2, everyone=True)
    second = cleared(other, group, 3, everyone=True)

    def marks() -> list[int]:
        return [person.room(group)["cleared_seq"] for person in (alice, bob)]

    assert marks() == [3, 4]
    other.ok("undo_clear_history", {"clearing": second})
    assert marks() == [2, 4]
    other.ok("undo_clear_history", {"clearing": own})
    assert marks() == [2, 2]
    talking.ok("undo_clear_history", {"clearing": first})
    assert marks() == [0, 0]
    assert [body for _seq, body in seen(alice, group)] == [f"word {number}" for number in range(1, 6)]


def test_only_who_cleared_takes_it_back_and_only_in_time(
    alice: Member, bob: Member, carol: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(bob, group)
    talking = alice.connect()
    asked = {"clearing": cleared(talking, group, 3, everyone=True)}
    assert bob.connect().error("undo_clear_history", asked) == "not_found"
    assert carol.connect().error("undo_clear_history", asked) == "not_found"
    with later(monkeypatch, 10.1):
        assert talking.error("undo_clear_history", asked) == "not_found"
    set_member(alice, group, role="member")
    talking.ok("undo_clear_history", asked)


def test_who_has_left_takes_nothing_back(alice: Member, bob: Member, group: int) -> None:
    says(bob, group)
    talking = alice.connect()
    asked = {"clearing": cleared(talking, group, 3, everyone=True)}
    talking.ok("leave_room", {"room_id": group})
    assert talking.error("undo_clear_history", asked) == "not_found"


# What is counted


def test_it_is_counted_what_goes(alice: Member, bob: Member, group: int) -> None:
    says(bob, group, 5)
    talking = alice.connect()
    send_file(talking, group, upload(alice))
    send_file(talking, group, upload(alice))
    talking.ok("delete_message", {"room_id": group, "seq": 7})
    talking.ok("delete_message", {"room_id": group, "seq": 5})
    set_message(alice, group, 4, expires_at=clock.now() - timedelta(seconds=1))
    assert counted(alice, group) == (4, 1, 7)
    cleared(talking, group, 2)
    assert counted(alice, group) == (2, 1, 7)
    assert counted(alice, group, everyone=True) == (4, 1, 7), "what goes for everybody is also what one has cleared"


def test_counting_goes_up_to_a_day(alice: Member, bob: Member, group: int) -> None:
    says(bob, group, 5)
    begun = clock.now()
    for seq in range(1, 6):
        set_message(alice, group, seq, created_at=begun - timedelta(days=6 - seq))
    for gone in range(6):
        before = begun - timedelta(days=5.5 - gone)
        assert counted(alice, group, before=payloads.instant(before)) == (gone, 0, gone)
    east = "2999-01-01T00:00:00+03:00"
    assert counted(alice, group, before=east) == (5, 0, 5)


def test_very_much_is_counted_in_parts_and_not_to_the_end(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(bob, group, 12)
    monkeypatch.setattr(clearings, "PART", 5)
    assert counted(alice, group) == (12, 0, 12)
    monkeypatch.setattr(clearings, "COUNT_MAX", 9)
    answer = alice.connect().ok("count_history", {"room_id": group, "everyone": False})
    assert (answer["messages"], answer["more"], answer["seq"]) == (9, True, 12)


@pytest.mark.parametrize("everyone", [False, True])
def test_nothing_is_no_history(alice: Member, group: int, everyone: bool) -> None:
    says(alice, group)
    talking = alice.connect()
    cleared(talking, group, 2, everyone)
    for seq in (1, 2, 99):
        asked = {"room_id": group, "everyone": everyone, "seq": seq}
        assert talking.error("clear_history", asked) == "invalid"


# What search knows


@pytest.mark.parametrize("upto", [10, 64, 140])
def test_search_knows_nothing_more_of_it(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch, upto: int
) -> None:
    for name, number in {"BLOCK": 64, "PART": 64, "STEP": 16, "FIRST": 1}.items():
        monkeypatch.setattr(segments, name, number, raising=False)
    says(bob, group, 140)
    with alice.app.app_context():
        segments.extend_round()
    assert stored(alice.app, group, SearchSlice) > 0
    cleared(alice.connect(), group, upto, everyone=True)
    assert len(found(bob, "word")) == min(140 - upto, searches.PAGE_MAX)
    passes(alice, monkeypatch)
    assert stored(alice.app, group, SearchSlice) == stored(alice.app, group, SearchMark) == 0
    says(bob, group, 20)
    with alice.app.app_context():
        segments.extend_round()
    assert stored(alice.app, group, SearchSlice) > 0, "it is made anew of what is left"
    assert len(found(bob, "word")) == min(140 - upto + 20, searches.PAGE_MAX)
    assert {7, 148}.intersection(found(bob, '"word 7"')) == {148}


# A crash, and many workers


@pytest.mark.parametrize("where", ["retention.remove", "segments.forget"])
def test_what_was_interrupted_is_finished(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    says(bob, group)
    cleared(alice.connect(), group, 3, everyone=True)
    with monkeypatch.context() as patch:

        def dies(*_given: Any) -> None:
            raise SystemExit

        patch.setattr(f"chat.{where}", dies)
        with pytest.raises(SystemExit):
            passes(alice, monkeypatch)
    assert stored(alice.app, group, Clearing) == 1
    passes(alice, monkeypatch)
    assert (stored(alice.app, group), stored(alice.app, group, Clearing)) == (1, 0)


def test_it_goes_in_small_batches_and_a_tick_ends_in_time(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(bob, group, 60)
    cleared(alice.connect(), group, 60, everyone=True)
    monkeypatch.setattr("chat.retention.BATCH_MIN", 20)
    monkeypatch.setattr("chat.retention.BATCH_MAX", 20)
    left = []
    for _tick in range(4):
        with later(monkeypatch, 13), alice.app.app_context():
            clearings.sweep(0)
        left.append(stored(alice.app, group))
    assert left == [41, 21, 1, 1]


def test_a_room_that_is_deleted_takes_its_clearings_with_it(
    alice: Member, bob: Member, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(bob, group)
    talking = alice.connect()
    cleared(talking, group, 3, everyone=True)
    talking.ok("delete_room", {"room_id": group})
    passes(alice, monkeypatch)
    with later(monkeypatch, 13), alice.app.app_context():
        removals.sweep(60)
        assert db.session.get(Room, group) is None
    assert stored(alice.app, group, Clearing) == 0


def test_files_shown_there_cannot_be_sent_again(alice: Member, group: int) -> None:
    talking = alice.connect()
    file_id = upload(alice)
    send_file(talking, group, file_id)
    cleared(talking, group, 1, everyone=True)
    assert talking.error("send_message", showing(group, file_id)) == "invalid"
