"""Files in messages: attached once, read by those who may, released with what showed them."""

from __future__ import annotations

import threading

import pytest

from chat import messages, payloads
from chat.errors import Invalid
from extensions import db
from models import User
from tests.cast import Member, make_room, new_id, set_member
from tests.files import PICTURE, SOUND, can_read, later, media, page, send_file, showing, upload
from tests.plans import statements

# Sending


@pytest.mark.parametrize("keeps", [True, False])
def test_a_message_shows_its_file_to_everybody(alice: Member, bob: Member, keeps: bool) -> None:
    room_id = make_room(alice, bob, keeps_history=keeps)
    talking, listening = alice.connect(), bob.connect()
    file_id = upload(alice, SOUND, name="Голос.m4a", voice=True)
    sent = send_file(talking, room_id, file_id, " Listen ")
    assert (sent["kind"], sent["body"]) == ("file", "Listen")
    assert sent["file"] == {
        "id": file_id,
        "kind": "audio",
        "type": "audio/mp4",
        "name": "Голос.m4a",
        "size": 1234,
        "width": None,
        "height": None,
        "animated": False,
        "thumbhash": None,
        "duration": 12_345,
        "waveform": list(range(64)),
        "voice": True,
        "portable": True,
    }
    assert talking.heard("message_sent") == listening.heard("message_sent") == [{"message": sent}]
    assert page(bob, room_id) == [sent]
    assert listening.ok("sync", {"rooms": {str(room_id): 0}})["rooms"][str(room_id)]["messages"] == [sent]
    room = bob.room(room_id)
    assert (room["last_message"], room["unread"]) == (sent, 1)
    assert can_read(alice, file_id)
    assert can_read(bob, file_id)


@pytest.mark.parametrize("keeps", [True, False])
def test_the_same_client_id_again_is_the_first_message(alice: Member, bob: Member, keeps: bool) -> None:
    room_id = make_room(alice, bob, keeps_history=keeps)
    talking, listening = alice.connect(), bob.connect()
    again = showing(room_id, upload(alice))
    first = talking.ok("send_message", again)
    assert talking.ok("send_message", again) == first
    assert len(listening.heard("message_sent")) == 1


@pytest.mark.parametrize("keeps", [True, False])
def test_a_repeat_succeeds_whatever_has_become_of_the_file(alice: Member, bob: Member, keeps: bool) -> None:
    room_id = make_room(alice, bob, keeps_history=keeps)
    talking, again = alice.connect(), showing(room_id, upload(alice), "look")
    talking.ok("send_message", again)
    gone = talking.ok("delete_message", {"room_id": room_id, "seq": 1})
    repeated = talking.ok("send_message", again)
    assert repeated == gone
    assert repeated["message"]["file"] is None


def test_a_file_that_was_lost_takes_no_message_with_it(alice: Member, bob: Member, room_id: int) -> None:
    talking, file_id = alice.connect(), upload(alice)
    sent = send_file(talking, room_id, file_id, "look")
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("DELETE FROM files WHERE id = ?", (file_id,))
    assert page(bob, room_id) == [sent | {"file": None}]
    assert media(bob, room_id) == ([], True)
    assert not can_read(bob, file_id)
    assert talking.send(room_id, "answer", reply_to=1)["reply_to"]["file"] is None


@pytest.mark.parametrize("keeps", [True, False])
def test_what_cannot_be_sent_stores_nothing(alice: Member, bob: Member, keeps: bool) -> None:
    room_id, other = make_room(alice, bob, keeps_history=keeps), make_room(alice, bob)
    talking = alice.connect()
    sent, used = upload(alice), upload(alice)
    send_file(talking, room_id, sent)
    send_file(talking, other, used)
    for wrong in (upload(bob), upload(alice, blob_id=None), sent, used, "0" * 32):
        refused = talking.call("send_message", showing(room_id, wrong, "hi"))["error"]
        assert (refused["code"], refused["field"]) == ("invalid", "file_id")
        assert refused["message"] == "This file is no longer there. Please send it again."
    assert [message["file"]["id"] for message in page(bob, room_id)] == [sent]
    assert send_file(talking, room_id, upload(alice))["seq"] == 2


def test_what_is_refused_can_be_sent_elsewhere(alice: Member, bob: Member, room_id: int) -> None:
    talking, file_id = alice.connect(), upload(alice)
    assert talking.error("send_message", showing(room_id, file_id, reply_to=1)) == "invalid"
    assert talking.error("send_message", showing(10**6, file_id)) == "not_found"
    assert send_file(talking, room_id, file_id)["file"]["id"] == file_id


def test_two_who_send_one_file_at_once_send_it_once(alice: Member, bob: Member, room_id: int) -> None:
    """Each in its own transaction, of which the second begins when the first is not committed yet."""
    file_id, other = upload(alice), make_room(alice, bob)
    sent: list[int] = []
    refused: list[Invalid] = []
    together = threading.Barrier(2)

    def send(where: int) -> None:
        with alice.app.test_request_context():
            actor = db.session.get_one(User, alice.id)
            together.wait()
            try:
                sent.append(messages.send(actor, where, "", new_id(), file_id=file_id)["room_id"])
            except Invalid as error:
                refused.append(error)

    both = [threading.Thread(target=send, args=[where]) for where in (room_id, other)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert [error.field for error in refused] == ["file_id"]
    shown = [message["room_id"] for where in (room_id, other) for message in page(bob, where)]
    assert shown == sent
    assert len(sent) == 1


def test_a_message_without_a_file_asks_nothing_about_files(alice: Member, bob: Member, room_id: int) -> None:
    talking = alice.connect()
    talking.send(room_id, "first")
    with statements() as asked:
        talking.send(room_id, "second", reply_to=1)
        assert len(page(bob, room_id)) == 2
        assert bob.room(room_id)["unread"] == 2
    assert asked != []
    assert [statement for statement in asked if "blobs" in statement or "files" in statement] == []
    with statements() as asked:
        send_file(talking, room_id, upload(alice))
    assert [statement for statement in asked if "UPDATE files" in statement] != []


def test_a_page_asks_for_all_files_at_once(alice: Member, bob: Member, room_id: int) -> None:
    talking = alice.connect()
    for number in range(5):
        send_file(talking, room_id, upload(alice), reply_to=number or None)
    with statements() as asked:
        assert len(page(bob, room_id)) == 5
    assert len([statement for statement in asked if "blobs" in statement]) == 2  # the page, and the room's last message


# Around a message


def test_an_answer_shows_the_file_it_answers(alice: Member, bob: Member, room_id: int) -> None:
    talking, listening = alice.connect(), bob.connect()
    file_id = upload(alice, PICTURE)
    send_file(talking, room_id, file_id, "my cat")
    quoted = listening.send(room_id, "nice", reply_to=1)["reply_to"]
    assert (quoted["body"], quoted["kind"]) == ("my cat", "file")
    assert quoted["file"] == {"id": file_id, "kind": "image", "name": "cat.png", "voice": False, "thumbhash": "AQID"}
    answer = send_file(listening, room_id, upload(bob), reply_to=2)
    assert answer["reply_to"]["file"] is None
    talking.ok("delete_message", {"room_id": room_id, "seq": 1})
    assert page(bob, room_id)[0]["reply_to"] == payloads.quote(1)


def test_who_came_later_sees_no_file_in_a_quote(alice: Member, bob: Member) -> None:
    room_id = make_room(alice, bob)
    talking, listening = alice.connect(), bob.connect()
    send_file(talking, room_id, upload(alice))
    set_member(bob, room_id, cleared_seq=1)
    talking.send(room_id, "about it", reply_to=1)
    assert [heard["message"]["reply_to"] for heard in listening.heard("message_sent")][-1] == payloads.quote(1)
    assert page(bob, room_id)[0]["reply_to"] == payloads.quote(1)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_caption_is_edited_and_may_become_empty(alice: Member, bob: Member, keeps: bool) -> None:
    room_id = make_room(alice, bob, keeps_history=keeps)
    talking, listening = alice.connect(), bob.connect()
    sent = send_file(talking, room_id, upload(alice), "teh cat")
    talking.send(room_id, "words")
    for seq, body, edited in ((1, "the cat", "the cat"), (1, "  ", "")):
        changed = talking.ok("edit_message", {"room_id": room_id, "seq": seq, "body": body})["message"]
        assert (changed["body"], changed["file"]) == (edited, sent["file"])
        assert listening.heard("message_changed")[-1] == {"message": changed}
        assert page(bob, room_id)[0] == changed
    assert talking.error("edit_message", {"room_id": room_id, "seq": 2, "body": " "}) == "invalid"
    assert talking.error("edit_message", {"room_id": room_id, "seq": 1, "body": None}) == "invalid"
    reacted = listening.ok("set_reaction", {"room_id": room_id, "seq": 1, "emoji": "👍", "on": True})["message"]
    assert reacted["file"] == sent["file"]


# A room's files


@pytest.fixture(params=[True, False], ids=["kept", "unkept"])
def gallery(request: pytest.FixtureRequest, alice: Member, bob: Member) -> int:
    """A room with five files among words: pictures at 1, 3, 4, recordings at 5 and 7."""
    room_id = make_room(alice, bob, keeps_history=request.param)
    talking = alice.connect()
    for content in (PICTURE, None, PICTURE, PICTURE, SOUND, None, SOUND):
        if content:
            send_file(talking, room_id, upload(alice, content))
        else:
            talking.send(room_id, "words")
    return room_id


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ([7, 5, 4, 3, 1], True)),
        ("limit=5", ([7, 5, 4, 3, 1], True)),
        ("limit=2", ([7, 5], False)),
        ("before=5&limit=2", ([4, 3], False)),
        ("before=4", ([3, 1], True)),
        ("before=0", ([], True)),
        ("kind=image", ([4, 3, 1], True)),
        ("kind=image&limit=2", ([4, 3], False)),
        ("kind=audio&before=7", ([5], True)),
        ("kind=audio&before=5", ([], True)),
    ],
)
def test_a_rooms_files_come_newest_first(
    bob: Member, gallery: int, query: str, expected: tuple[list[int], bool]
) -> None:
    assert media(bob, gallery, query) == expected


def test_files_are_listed_as_the_messages_they_are(alice: Member, bob: Member, gallery: int) -> None:
    shown = {message["seq"]: message for message in page(bob, gallery)}
    assert bob.get_ok(f"/rooms/{gallery}/files?limit=1")["messages"] == [shown[7]]
    alice.connect().ok("delete_message", {"room_id": gallery, "seq": 7})
    assert media(bob, gallery) == ([5, 4, 3, 1], True)
    set_member(bob, gallery, cleared_seq=3)
    assert media(bob, gallery) == ([5, 4], True)
    assert media(alice, gallery) == ([5, 4, 3, 1], True)


def test_expired_files_are_not_listed(alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    room_id = make_room(alice, bob, message_ttl=60)
    send_file(alice.connect(), room_id, upload(alice))
    assert media(bob, room_id) == ([1], True)
    with later(monkeypatch, 60):
        assert media(bob, room_id) == ([], True)


@pytest.mark.parametrize(
    "query",
    ["kind=video", "kind=", "kind=image,audio", "before=-1", "before=x", "limit=0", "limit=201", "limit=x"],
)
def test_bad_questions_are_refused(alice: Member, room_id: int, query: str) -> None:
    assert alice.get_error(f"/rooms/{room_id}/files?{query}") == (400, "invalid")


def test_a_rooms_files_are_for_its_people(alice: Member, carol: Member, room_id: int) -> None:
    assert carol.get_error(f"/rooms/{room_id}/files") == (404, "not_found")
    assert carol.get_error("/rooms/999999/files") == (404, "not_found")
    alice.signs_out()
    assert alice.get_error(f"/rooms/{room_id}/files") == (401, "unauthenticated")
