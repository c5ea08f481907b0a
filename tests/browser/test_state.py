"""The page's state, by itself: live, caught-up and loaded messages in any order end in the same list."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.screens import Screen

ME = {"id": 1, "username": "me", "display_name": "me", "hue": 0}
PEER = {"id": 2, "username": "peer", "display_name": "peer", "hue": 0, "online": False, "last_seen_at": None}

Run = Callable[..., Any]


def room(**changed: Any) -> dict[str, Any]:
    fields = {"id": 7, "kind": "direct", "peer": PEER, "version": 0, "last_seq": 0, "last_read_seq": 0}
    return {**fields, "peer_read_seq": 0, "unread": 0, "last_message": None, **changed}


def message(seq: int, version: int, body: str = "", sender: dict[str, Any] = PEER, **changed: Any) -> dict[str, Any]:
    at = f"2026-11-21T08:00:{seq:02}.000Z"
    fields = {"room_id": 7, "seq": seq, "version": version, "client_id": f"id-{seq}", "kind": "text"}
    return {
        **fields,
        "body": body,
        "sender": sender,
        "created_at": at,
        "edited_at": None,
        "deleted_at": None,
        **changed,
    }


@pytest.fixture
def run(make_screen: Callable[..., Screen]) -> Run:
    """Runs JavaScript with the functions of state.js as `s`, and what is given as `given`, on a fresh state."""
    screen = make_screen()
    screen.page.goto(screen.url + "/login")

    def evaluate(code: str, **given: Any) -> Any:
        return screen.page.evaluate(
            f"""async ([me, given]) => {{
              const s = await import("/assets/any/js/state.js");
              const state = s.createState(me);
              {code}
            }}""",
            [ME, given],
        )

    return evaluate


def test_any_order_of_changes_ends_in_the_same_list(run: Run) -> None:
    changes = [message(1, 1, "a"), message(2, 2, "b"), message(1, 3, "a2"), message(3, 4, "c"), message(2, 5, "b2")]
    orders = [list(order) for order in itertools.permutations(changes)]
    doubled = [random.Random(number).choices(order, k=4) + order for number, order in enumerate(orders)]
    shown = run(
        """
        return given.orders.map((order) => {
          const one = s.createState(me);
          const conversation = s.applyRoom(one, given.room);
          s.applyHistory(one, conversation, [], { from: 1, complete: true });
          for (const message of order) {
            s.applyMessages(one, conversation, [message]);
            s.applyVersion(conversation, message.version);
          }
          return [s.messagesOf(conversation).map((message) => message.body), conversation.version,
            conversation.ahead.size, conversation.unread, conversation.lastMessage.body];
        });
        """,
        orders=doubled,
        room=room(),
    )
    assert {json.dumps(one) for one in shown} == {json.dumps([["a2", "b2", "c"], 5, 0, 3, "c"])}


def test_a_missing_version_is_seen_until_the_server_has_told_it(run: Run) -> None:
    steps = run(
        """
        const conversation = s.applyRoom(state, given.room);
        const steps = [];
        const look = () => steps.push([conversation.version, [...conversation.ahead]]);
        for (const version of [42, 44, 45]) { s.applyVersion(conversation, version); look(); }
        s.reachVersion(conversation, 43); look();
        s.reachVersion(conversation, 40); look();
        return steps;
        """,
        room=room(version=41),
    )
    assert steps == [[42, []], [42, [44]], [42, [44, 45]], [45, []], [45, []]]


def test_a_change_to_what_is_not_held_makes_no_hole(run: Run) -> None:
    seqs = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyHistory(state, conversation, given.page, { from: given.page[0].seq, complete: false });
        s.applyMessages(state, conversation, [given.old]);
        return s.messagesOf(conversation).map((message) => message.seq);
        """,
        room=room(version=60, last_seq=60),
        page=[message(59, 59), message(60, 60)],
        old=message(3, 61, "edited"),
    )
    assert seqs == [59, 60]


def test_an_answer_that_comes_late_takes_nothing_back(run: Run) -> None:
    result = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyMessages(state, conversation, [given.message]);
        s.applyRead(state, conversation, me.id, 6);
        s.applyRead(state, conversation, given.peer, 4);
        s.applyRoom(state, given.room);
        return [conversation.lastSeq, conversation.lastMessage.body, conversation.unread, conversation.readTo,
          conversation.peerReadTo];
        """,
        room=room(version=5, last_seq=5, unread=2, last_read_seq=3, last_message=message(5, 5, "five")),
        message=message(6, 6, "six"),
        peer=PEER["id"],
    )
    assert result == [6, "six", 0, 6, 6]


def test_unread_counts_what_came_after_the_servers_count(run: Run) -> None:
    unread = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyMessages(state, conversation, [given.message]);
        s.applyRoom(state, given.room);
        return conversation.unread;
        """,
        room=room(version=5, last_seq=5, unread=2, last_read_seq=3, last_message=message(5, 5)),
        message=message(6, 6),
    )
    assert unread == 3


def test_who_writes_has_read_what_is_above(run: Run) -> None:
    read = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyMessages(state, conversation, [given.theirs]);
        const before = [conversation.unread, conversation.readTo, conversation.peerReadTo];
        s.applyMessages(state, conversation, [given.mine]);
        return [before, [conversation.unread, conversation.readTo, conversation.peerReadTo]];
        """,
        room=room(version=1, last_seq=1, unread=1, last_message=message(1, 1)),
        theirs=message(2, 2),
        mine=message(3, 3, sender=ME),
    )
    assert read == [[2, 0, 2], [0, 3, 2]]


def test_a_deleted_message_is_held_but_not_shown(run: Run) -> None:
    seqs = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyHistory(state, conversation, given.page, { from: 1, complete: true });
        s.applyMessages(state, conversation, [given.gone]);
        s.applyMessages(state, conversation, given.page);
        return s.messagesOf(conversation).map((message) => message.seq);
        """,
        room=room(version=2, last_seq=2),
        page=[message(1, 1, "a"), message(2, 2, "b")],
        gone=message(1, 3, deleted_at="2026-11-21T09:00:00.000Z"),
    )
    assert seqs == [2]


@pytest.mark.parametrize(("read_to", "shown"), [(1, [1, 2]), (0, [2])])
def test_only_who_has_seen_a_message_sees_that_it_is_gone(run: Run, read_to: int, shown: list[int]) -> None:
    seqs = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyHistory(state, conversation, given.page, { from: 1, complete: true });
        for (const gone of given.gone) s.applyMessages(state, conversation, [gone]);
        return s.messagesOf(conversation).map((message) => message.seq);
        """,
        room=room(version=2, last_seq=2, last_read_seq=read_to),
        page=[message(1, 1, "a"), message(2, 2, "b")],
        gone=[message(1, version, deleted_at="2026-11-21T09:00:00.000Z") for version in (3, 4)],
    )
    assert seqs == shown


def test_when_the_newest_message_is_deleted_the_one_before_it_is(run: Run) -> None:
    bodies = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyHistory(state, conversation, given.page, { from: 1, complete: true });
        s.applyMessages(state, conversation, [given.gone]);
        return [conversation.lastMessage.body, conversation.unread];
        """,
        room=room(version=2, last_seq=2, unread=2, last_message=message(2, 2, "b")),
        page=[message(1, 1, "a"), message(2, 2, "b")],
        gone=message(2, 3, deleted_at="2026-11-21T09:00:00.000Z"),
    )
    assert bodies == ["a", 1]


def test_a_whisper_stands_where_it_was_said_and_counts_for_nothing(run: Run) -> None:
    shown, unread = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyHistory(state, conversation, given.page, { from: 1, complete: true });
        conversation.whispers = given.whispers;
        s.applyMessages(state, conversation, [given.next]);
        return [s.messagesOf(conversation).map(({ body }) => body), conversation.unread];
        """,
        room=room(version=2, last_seq=2, last_read_seq=2),
        page=[message(1, 1, "a"), message(2, 2, "b")],
        next=message(3, 3, "c"),
        whispers=[{"after_seq": 1, "body": "first"}, {"after_seq": 2, "body": "x"}, {"after_seq": 2, "body": "y"}],
    )
    assert (shown, unread) == (["a", "first", "b", "x", "y", "c"], 1)


def test_a_long_conversation_keeps_its_newest_messages_and_knows_what_it_let_go(run: Run) -> None:
    """What was let go is asked for again when it is scrolled to: `from` says from where everything is held."""
    held = run(
        """
        const conversation = s.applyRoom(state, given.room);
        s.applyHistory(state, conversation, given.messages, { from: 1, complete: true });
        s.trimMessages(conversation);
        const first = { size: conversation.messages.size, from: conversation.from, complete: conversation.complete };
        s.applyMessages(state, conversation, [given.late]);
        return { ...first, late: conversation.messages.has(given.late.seq), shown: s.messagesOf(conversation).length };
        """,
        room=room(version=401, last_seq=401),
        messages=[message(seq, seq) | {"created_at": "2026-11-21T08:00:00.000Z"} for seq in range(1, 402)],
        late=message(5, 402, "edited"),
    )
    assert held == {"size": 200, "from": 202, "complete": False, "late": False, "shown": 200}
