"""What becomes of messages, on every database: races have one outcome, told and stored alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.servers import Person

ROUNDS = 10


def test_answers_edits_deletions_and_reactions(alice: Person, bob: Person) -> None:
    with alice.connect() as one, bob.connect() as other:
        room = one.open_direct("bob")["id"]
        for body in ("first", "second", "third"):
            one.send(room, body)
        answer = ok(other.call("send_message", {"room_id": room, "body": "yes", "client_id": one_id(1), "reply_to": 1}))
        edited = ok(one.call("edit_message", {"room_id": room, "seq": 1, "body": "😀 first"}))
        reaction = {"room_id": room, "seq": 1, "on": True}
        for emoji in ("😀", "😂"):  # equal to a general collation
            ok(other.call("set_reaction", reaction | {"emoji": emoji}))
        reacted = ok(one.call("set_reaction", reaction | {"emoji": "😀"}))
        gone = ok(one.call("delete_message", {"room_id": room, "seq": 3}))
        assert answer["reply_to"]["body"] == "first"
        assert edited["version"] == 5
        assert [(each["emoji"], each["count"]) for each in reacted["reactions"]] == [("😀", 2), ("😂", 1)]
        page = bob.get_json(f"/rooms/{room}/messages")
        assert [message["seq"] for message in page["messages"]] == [1, 2, 4]
        assert page["messages"][0] == reacted
        assert page["messages"][2]["reply_to"]["body"] == "😀 first"
        synced = other.call("sync", {"rooms": {str(room): 4}})["rooms"][str(room)]
        assert synced["messages"] == [reacted, gone]
        [mine] = [each for each in alice.get_json("/rooms")["rooms"] if each["id"] == room]
        assert (mine["unread"], mine["last_message"]["seq"]) == (1, 4)


def test_of_changes_at_the_same_moment_each_has_its_place(alice: Person, bob: Person) -> None:
    """Two edits, a deletion and reactions of one message, at once: at the end everybody has the same."""
    with alice.connect() as one, alice.connect() as tab, bob.connect() as other, ThreadPoolExecutor(4) as pool:
        room = one.open_direct("bob")["id"]
        for number in range(ROUNDS):
            seq = one.send(room, f"message {number}")["seq"]
            at = {"room_id": room, "seq": seq}
            reaction = at | {"emoji": "👍", "on": True}
            answers = [
                pool.submit(one.call, "edit_message", at | {"body": "from here"}),
                pool.submit(tab.call, "edit_message", at | {"body": "from there"}),
                pool.submit(other.call, "set_reaction", reaction),
                pool.submit(one.call, "set_reaction", reaction),
            ]
            if number % 2:
                answers.append(pool.submit(tab.call, "delete_message", at))
            codes = {None if (got := answer.result())["ok"] else got["error"]["code"] for answer in answers}
            assert codes <= ({None, "not_found"} if number % 2 else {None})
        last = one.send(room, "the end")
        other.wait_for(lambda heard: last in heard.messages)

        stored = bob.get_json(f"/rooms/{room}/messages?limit=200")["messages"]
        assert [message["seq"] for message in stored] == [*range(1, ROUNDS + 1, 2), last["seq"]]
        changed = [change["message"] for change in other.heard("message_changed")]
        versions = [message["version"] for message in changed]
        assert versions == sorted(set(versions)), "told in the order of versions, each once"
        newest = newest_by_seq(other.messages + changed)
        assert [newest[message["seq"]] for message in stored] == stored
        assert all(message["deleted_at"] for seq, message in newest.items() if seq not in {m["seq"] for m in stored})
        for message in stored[:-1]:
            assert [(each["emoji"], each["count"]) for each in message["reactions"]] == [("👍", 2)]
            assert message["body"] in ("from here", "from there")


def test_nobody_answers_what_is_deleted_in_the_same_moment(alice: Person, bob: Person) -> None:
    """Either the answer was first and shows nothing by now, or it was refused."""
    with alice.connect() as one, bob.connect() as other, ThreadPoolExecutor(2) as pool:
        room = one.open_direct("bob")["id"]
        for number in range(ROUNDS):
            seq = one.send(room, "soon gone")["seq"]
            answer = {"room_id": room, "body": "answer", "client_id": one_id(number), "reply_to": seq}
            deleting = pool.submit(one.call, "delete_message", {"room_id": room, "seq": seq})
            answering = pool.submit(other.call, "send_message", answer)
            assert deleting.result()["ok"]
            assert answering.result().get("error", {}).get("code") in (None, "invalid")
        for message in alice.get_json(f"/rooms/{room}/messages")["messages"]:
            assert message["reply_to"] == {
                "seq": message["reply_to"]["seq"],
                "sender": None,
                "file": None,
                "body": "",
                "kind": "text",
            }


def newest_by_seq(messages: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """What a client holds that keeps, for each `seq`, the highest version."""
    held: dict[int, dict[str, Any]] = {}
    for message in sorted(messages, key=lambda message: message["version"]):
        held[message["seq"]] = message
    return held


def ok(answer: Any) -> Any:
    assert answer["ok"], answer
    return answer["message"]


def one_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"
