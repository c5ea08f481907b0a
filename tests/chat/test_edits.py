"""What becomes of a message after it was sent: answers, edits, deletions, reactions."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from chat import edits, payloads
from tests.cast import Connection, Member, make_room, new_id, set_member


@pytest.fixture
def group(alice: Member, bob: Member, root: Member) -> int:
    """Alice's room, with bob; root, who administers, is an ordinary member of it."""
    return make_room(alice, bob, root)


def page(person: Member, room_id: int) -> list[dict[str, Any]]:
    return list(person.get_ok(f"/rooms/{room_id}/messages")["messages"])


def synced(person: Member, room_id: int, version: int) -> list[dict[str, Any]]:
    answer = person.connect().ok("sync", {"rooms": {str(room_id): version}})
    return list(answer["rooms"][str(room_id)]["messages"])


def react(connection: Connection, room_id: int, seq: int, emoji: str, on: bool = True) -> dict[str, Any]:
    answer = connection.ok("set_reaction", {"room_id": room_id, "seq": seq, "emoji": emoji, "on": on})
    return dict(answer["message"])


# Answers


def test_an_answer_shows_what_it_answers(alice: Member, bob: Member, room_id: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    asked = talking.send(room_id, "я" * 300)
    answer = listening.send(room_id, "yes", reply_to=asked["seq"])
    words = "я" * payloads.QUOTE_MAX
    assert answer["reply_to"] == {"seq": 1, "sender": asked["sender"], "body": words, "kind": "text", "file": None}
    assert talking.heard("message_sent")[-1] == {"message": answer}
    assert page(alice, room_id)[1] == answer
    assert synced(alice, room_id, 1) == [answer]
    assert alice.room(room_id)["last_message"] == answer


def test_an_answer_shows_an_edit_and_nothing_of_a_deleted_source(alice: Member, bob: Member, room_id: int) -> None:
    talking = alice.connect()
    talking.send(room_id, "first")
    talking.send(room_id, "answer", reply_to=1)
    talking.ok("edit_message", {"room_id": room_id, "seq": 1, "body": "better"})
    assert page(bob, room_id)[1]["reply_to"]["body"] == "better"
    talking.ok("delete_message", {"room_id": room_id, "seq": 1})
    assert page(bob, room_id)[0]["reply_to"] == payloads.quote(1)


def test_a_deleted_message_cannot_be_answered_but_a_repeat_still_succeeds(alice: Member, room_id: int) -> None:
    talking = alice.connect()
    talking.send(room_id, "first")
    key = new_id()
    answered = talking.send(room_id, "answer", key, reply_to=1)
    talking.ok("delete_message", {"room_id": room_id, "seq": 1})
    late = {"room_id": room_id, "body": "late", "client_id": new_id(), "reply_to": 1}
    refused = talking.call("send_message", late)["error"]
    assert (refused["code"], refused["field"]) == ("invalid", "reply_to")
    assert talking.send(room_id, "answer", key, reply_to=1)["seq"] == answered["seq"]
    assert [message["body"] for message in page(alice, room_id)] == ["answer"]


def test_who_came_later_sees_neither_the_source_nor_changes_of_it(alice: Member, bob: Member, group: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    talking.send(group, "before bob")
    set_member(bob, group, cleared_seq=1, last_read_seq=1)
    answer = talking.send(group, "about that", reply_to=1)
    hidden = answer | {"reply_to": payloads.quote(1)}
    assert answer["reply_to"]["body"] == "before bob"
    assert listening.heard("message_sent")[-1] == {"message": hidden}
    assert page(bob, group) == [hidden]
    assert synced(bob, group, 1) == [hidden]
    talking.ok("edit_message", {"room_id": group, "seq": 1, "body": "still before bob"})
    assert listening.heard("message_changed") == []
    assert react(listening, group, 2, "👍")["reply_to"] == payloads.quote(1)
    assert react(listening, group, 2, "👍")["reply_to"] == payloads.quote(1)
    for event, more in (
        ("edit_message", {"body": "x"}),
        ("delete_message", {}),
        ("set_reaction", {"emoji": "👍", "on": True}),
    ):
        assert listening.error(event, {"room_id": group, "seq": 1, **more}) == "not_found"
    reply = {"room_id": group, "body": "x", "client_id": new_id(), "reply_to": 1}
    assert listening.error("send_message", reply) == "invalid"


# Edits


def test_an_edit_is_told_with_the_next_version_and_caught_up(
    alice: Member, bob: Member, carol: Member, room_id: int
) -> None:
    talking, listening, outside = alice.connect(), bob.connect(), carol.connect()
    sent = talking.send(room_id, "teh")
    talking.send(room_id, "second")
    edited = talking.ok("edit_message", {"room_id": room_id, "seq": 1, "body": " the "})["message"]
    assert edited == sent | {"body": "the", "version": 3, "edited_at": edited["edited_at"]}
    assert edited["edited_at"] is not None
    assert listening.heard("message_changed") == talking.heard("message_changed") == [{"message": edited}]
    assert outside.heard("message_changed") == []
    assert page(bob, room_id)[0] == edited
    assert synced(bob, room_id, 2) == [edited]
    assert bob.room(room_id)["version"] == 3


def test_an_edit_that_changes_nothing_is_told_to_nobody(alice: Member, room_id: int) -> None:
    talking = alice.connect()
    sent = talking.send(room_id, "the same")
    assert talking.ok("edit_message", {"room_id": room_id, "seq": 1, "body": "the same "})["message"] == sent
    assert talking.heard("message_changed") == []


def test_only_who_wrote_it_edits_and_nobody_a_deleted_one(alice: Member, bob: Member, group: int) -> None:
    talking, other = alice.connect(), bob.connect()
    other.send(group, "mine")
    assert talking.error("edit_message", {"room_id": group, "seq": 1, "body": "yours"}) == "forbidden"
    other.ok("delete_message", {"room_id": group, "seq": 1})
    assert other.error("edit_message", {"room_id": group, "seq": 1, "body": "again"}) == "not_found"
    assert other.error("set_reaction", {"room_id": group, "seq": 1, "emoji": "👍", "on": True}) == "not_found"


# Deletions


def test_a_deleted_message_leaves_a_tombstone_and_no_text(alice: Member, bob: Member, room_id: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    talking.send(room_id, "keep")
    talking.send(room_id, "regretted")
    react(listening, room_id, 2, "😱")
    gone = talking.ok("delete_message", {"room_id": room_id, "seq": 2})["message"]
    assert (gone["body"], gone["reactions"], gone["version"]) == ("", [], 4)
    assert gone["deleted_at"] is not None
    assert listening.heard("message_changed")[-1] == {"message": gone}
    assert [message["seq"] for message in page(bob, room_id)] == [1]
    assert synced(bob, room_id, 3) == [gone]
    assert talking.ok("delete_message", {"room_id": room_id, "seq": 2})["message"] == gone
    assert listening.heard("message_changed") == []
    room = bob.room(room_id)
    assert (room["last_message"]["body"], room["unread"]) == ("keep", 1)
    assert stored(alice, f"SELECT body FROM messages WHERE room_id = {room_id} AND seq = 2") == [("",)]
    assert stored(alice, "SELECT * FROM reactions") == []


def stored(person: Member, question: str) -> list[Any]:
    with sqlite3.connect(f"{person.app.instance_path}/parley.sqlite3") as database:
        rows = database.execute(question).fetchall()
    database.close()
    return rows


@pytest.mark.parametrize(
    ("who", "role", "visibility", "may"),
    [
        ("alice", "owner", "private", True),
        ("alice", "moderator", "private", True),
        ("alice", "member", "private", False),
        ("root", "member", "private", False),
        ("root", "member", "public", True),
    ],
)
def test_who_may_delete_what_others_said(
    alice: Member, bob: Member, root: Member, who: str, role: str, visibility: str, may: bool
) -> None:
    group = make_room(alice, bob, root, visibility=visibility)
    person = {"alice": alice, "root": root}[who]
    set_member(person, group, role=role)
    bob.connect().send(group, "bob's")
    answer = person.connect().call("delete_message", {"room_id": group, "seq": 1})
    assert answer["ok"] is may, answer
    assert len(page(bob, group)) == (0 if may else 1)


def test_in_a_conversation_of_two_nobody_deletes_what_the_other_said(alice: Member, bob: Member, room_id: int) -> None:
    alice.connect().send(room_id, "mine")
    assert bob.connect().error("delete_message", {"room_id": room_id, "seq": 1}) == "forbidden"


# Reactions


def test_reactions_are_gathered_by_emoji(alice: Member, bob: Member, room_id: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    talking.send(room_id, "good news")
    react(listening, room_id, 1, "🎉")
    react(talking, room_id, 1, "❤")
    message = react(talking, room_id, 1, "🎉")
    assert message["reactions"] == [
        {"emoji": "🎉", "count": 2, "user_ids": [bob.id, alice.id]},
        {"emoji": "❤️", "count": 1, "user_ids": [alice.id]},
    ]
    assert message["version"] == 4
    assert listening.heard("message_changed")[-1] == {"message": message}
    assert page(alice, room_id) == page(bob, room_id) == synced(bob, room_id, 1) == [message]
    message = react(listening, room_id, 1, "🎉", on=False)
    assert message["reactions"][0] == {"emoji": "❤️", "count": 1, "user_ids": [alice.id]}
    assert len(message["reactions"]) == 2


def test_the_same_reaction_again_changes_nothing(alice: Member, room_id: int) -> None:
    talking = alice.connect()
    talking.send(room_id, "one")
    first = react(talking, room_id, 1, "👍")
    talking.heard()
    assert react(talking, room_id, 1, "👍") == first
    assert react(talking, room_id, 1, "👎", on=False) == first
    assert talking.heard("message_changed") == []


def test_a_message_has_so_many_different_reactions(alice: Member, bob: Member, room_id: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    talking.send(room_id, "popular")
    signs = "😀😃😄😁😆😅🤣😂🙂🙃🫠😉😊😇🥰😍🤩😘😗😚"
    assert len(signs) == edits.EMOJI_MAX
    for sign in signs:
        react(talking, room_id, 1, sign)
    one_more = {"room_id": room_id, "seq": 1, "emoji": "👍", "on": True}
    assert talking.error("set_reaction", one_more) == "invalid"
    assert react(listening, room_id, 1, "😀")["reactions"][0]["count"] == 2


def test_of_many_only_the_first_are_named_and_the_viewer() -> None:
    many = list(range(1, payloads.REACTED_MAX + 51))
    reaction = payloads.reaction("👍", many, 120)
    assert reaction["count"] == len(many)
    assert reaction["user_ids"] == [120, *range(1, payloads.REACTED_MAX)]
    assert payloads.reaction("👍", many, None)["user_ids"] == list(range(1, payloads.REACTED_MAX + 1))


def test_lines_of_the_server_are_not_touched(alice: Member, bob: Member, group: int) -> None:
    talking = alice.connect()
    talking.send(group, "a line")
    with sqlite3.connect(f"{alice.app.instance_path}/parley.sqlite3") as database:
        database.execute("UPDATE messages SET kind = 'invited', subject_id = ?", (bob.id,))
    database.close()
    [line] = page(bob, group)
    assert (line["kind"], line["subject"]["username"]) == ("invited", "bob")
    for event, more in (
        ("edit_message", {"body": "x"}),
        ("delete_message", {}),
        ("set_reaction", {"emoji": "👍", "on": True}),
    ):
        assert talking.error(event, {"room_id": group, "seq": 1, **more}) == "forbidden"
    reply = {"room_id": group, "body": "x", "client_id": new_id(), "reply_to": 1}
    assert talking.error("send_message", reply) == "invalid"
    room = bob.room(group)
    assert (room["unread"], room["last_message"]) == (0, None)
