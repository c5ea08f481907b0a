"""Reading and searching go by keys: neither reads a room, or the index, from end to end."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import text

from chat import rooms, segments, summaries, syncs
from extensions import db
from models import User
from tests.cast import Member
from tests.plans import explained, scans, steps

BLOCK, PART, STEP = 32, 16, 8
SOUGHT = {  # and how many there are
    "rose": 44,
    "tulip": 1,
    "xylophone": 0,
    '"number 4"': 7,
    "rose -tulip": 44,
    "rose from:alice": 44,
    "from:bob": 0,
    "has:image": 0,
    "has:link rose": 0,
    "rose after:2020-01-01": 44,
    "rose before:2020-01-01": 0,
}


@pytest.fixture
def indexed(alice: Member, room_id: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """A room with forty-five messages, some edited, of which most are in the index: in a block and in a part."""
    for name, size in (("BLOCK", BLOCK), ("PART", PART), ("FIRST", STEP), ("STEP", STEP)):
        monkeypatch.setattr(segments, name, size)
    talking = alice.connect()
    for number in range(1, 46):
        talking.send(room_id, f"rose number {number}")
    with alice.app.app_context():
        while segments.mark_of(room_id).seq < 40:  # a round ends after a second, and a busy machine is slow
            segments.extend_round()
    talking.ok("edit_message", {"room_id": room_id, "seq": 7, "body": "tulip"})
    return room_id


def test_no_page_of_history_reads_a_whole_table(alice: Member, indexed: int) -> None:
    with alice.app.app_context(), explained() as lines:
        for query in ("", "?before=20", "?after=0", "?after=10&before=30", "?limit=3"):
            assert alice.get(f"/rooms/{indexed}/messages{query}").status_code == 200
        person = db.session.get_one(User, alice.id)
        caught_up = syncs.changes(person, {str(indexed): 40})
        assert len(caught_up["rooms"][str(indexed)]["messages"]) == 6
    assert any("ix_messages_room_id_version" in line for line in lines)
    assert scans(lines) == []


def test_what_is_unread_is_counted_from_where_one_has_read_on(bob: Member, indexed: int) -> None:
    with bob.app.app_context():
        row, mine = rooms.visible_to(db.session.get_one(User, bob.id), indexed)
        with steps() as of_all:
            assert summaries.unread([(row, mine)]) == {(indexed, bob.id): 45}
        mine.last_read_seq = 44
        with db.session.no_autoflush, steps() as of_one:
            assert summaries.unread([(row, mine)]) == {(indexed, bob.id): 1}
        db.session.rollback()
    assert of_one[0] < of_all[0] / 3


def test_no_search_reads_a_whole_table(alice: Member, indexed: int) -> None:
    with alice.app.app_context(), explained() as lines:
        for words, count in SOUGHT.items():
            for where in ("", f"&room={indexed}"):
                path = f"q={quote(words)}{where}"
                assert alice.get(f"/search/count?{path}").get_json()["count"] == count, words
                following = alice.get(f"/search?{path}&limit=5").get_json()["next"]
                if following:
                    assert alice.get(f"/search?{path}&limit=5&before={following}").status_code == 200
    assert scans(lines) == []


def test_the_index_is_made_by_keys(alice: Member, indexed: int) -> None:
    with alice.app.app_context(), explained() as lines:
        segments.extend_round()
    assert any("ix_messages_room_id_version" in line for line in lines)
    assert scans(lines) == []


def test_a_scan_would_be_seen(alice: Member, indexed: int) -> None:
    with alice.app.app_context(), explained() as lines:
        db.session.execute(text("SELECT body FROM messages WHERE body LIKE '%rose%'")).all()
        db.session.execute(text("SELECT content FROM search_slices WHERE slot = 3")).all()
    assert len(scans(lines)) == 2
