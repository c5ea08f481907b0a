"""The page's state, by itself: live, caught-up and loaded messages in any order end in the same list."""

from __future__ import annotations

import itertools
import json
import math
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


READERS = [
    {"user_id": 1, "seq": 0, "joined_at": "2026-11-21T07:00:00.000Z"},
    {"user_id": 2, "seq": 2, "joined_at": "2026-11-21T07:00:00.000Z"},
    {"user_id": 3, "seq": 0, "joined_at": "2026-11-21T07:00:00.000Z"},
    {"user_id": 4, "seq": 9, "joined_at": "2026-11-21T09:00:00.000Z"},
]


def test_who_has_seen_a_message_was_there_when_it_was_said(run: Run) -> None:
    """And marks never go back, whatever an older answer says."""
    found = run(
        """
        const conversation = s.applyRoom(state, { ...given.room, read_by: given.readers });
        const seen = () => s.seenOf(conversation, given.message);
        const first = seen();
        s.applyRead(state, conversation, 3, 3);
        s.applyRoom(state, { ...given.room, read_by: given.readers });
        const then = seen();
        s.applyMembersChanged(state, conversation, { member_count: 21, members: [], gone: [], read_by: [] });
        return [first, then, seen()];
        """,
        room=room(kind="group", peer=None, name="Tea room"),
        message=message(2, 2, sender=ME),
        readers=READERS,
    )
    assert found == [{"by": [2], "yet": [3]}, {"by": [2, 3], "yet": []}, None]


@pytest.mark.parametrize(
    ("by", "yet", "words"),
    [
        ([], [2], "Nobody has seen it yet"),
        ([2], [], "Seen by peer"),
        ([2], [9], "Seen by peer"),
        ([2, 9], [8], "Seen by peer and 1 more"),
        ([8, 9], [2], "Seen by 2 people"),
        ([2, 9], [], "Seen by everyone"),
    ],
)
def test_readers_are_named_and_those_not_known_here_are_counted(
    run: Run, by: list[int], yet: list[int], words: str
) -> None:
    said = run(
        """
        const { seenWords } = await import("/assets/any/js/pieces.js");
        s.applyPerson(state, given.peer);
        return seenWords(given.seen, state.people);
        """,
        peer=PEER,
        seen={"by": by, "yet": yet},
    )
    assert said == words


def test_the_people_of_a_room_who_are_not_known_are_asked_for(run: Run) -> None:
    """In a large community a member may have said nothing that this page has seen."""
    name = run(
        """
        const { createNaming } = await import("/assets/any/js/naming.js");
        const members = async (id, { limit }) => ({ members: id === 7 && limit >= 20 ? [given.peer] : [] });
        await createNaming({ state }, { api: { members } }).meet({ id: 7 });
        return state.people.get(given.peer.id).display_name;
        """,
        peer=PEER | {"role": "member", "here": False},
    )
    assert name == "peer"


@pytest.mark.parametrize(
    ("marks", "last_seq", "found"),
    [
        ({4: 1, 3: 3}, 3, {1: [4], 3: [3]}),
        ({2: 9, 3: 3}, 3, {3: [2, 3]}),
        ({2: 0}, 3, {}),
        ({1: 3}, 3, {}),
        ({9: 3, 8: 2}, 3, {2: [8]}),
        ({2: 9, 3: 2}, 50, {2: [3]}),
    ],
    ids=["where each is", "at the end", "nowhere yet", "oneself", "who wrote it", "whoever has read past what is held"],
)
def test_readers_stand_at_the_last_message_they_have_read(
    run: Run, marks: dict[int, int], last_seq: int, found: dict[int, list[int]]
) -> None:
    at = run(
        """
        const conversation = s.applyRoom(state, { ...given.room, read_by: given.readers });
        const found = s.readersAt(conversation, given.messages, state.me);
        return Object.fromEntries([...found].map(([{ seq }, ids]) => [seq, ids]));
        """,
        room=room(kind="group", peer=None, name="Tea room", last_seq=last_seq),
        readers=[{"user_id": id_, "seq": seq, "joined_at": "2026-11-21T07:00:00.000Z"} for id_, seq in marks.items()],
        messages=[message(1, 1), message(2, 2), message(3, 3, sender=PEER | {"id": 9})],
    )
    assert at == {str(seq): ids for seq, ids in found.items()}


WINDOW = """
        const conversation = s.applyRoom(state, given.room);
        const look = () => ({ from: conversation.from, to: conversation.to === Infinity ? null : conversation.to,
          seqs: s.messagesOf(conversation).map(({ seq }) => seq), unread: conversation.unread,
          last: conversation.lastMessage?.seq });
"""


def page_of(first: int, last: int) -> list[dict[str, Any]]:
    return [message(seq, seq) | {"created_at": "2026-11-21T08:00:00.000Z"} for seq in range(first, last + 1)]


def test_a_window_above_the_end_that_is_cleared_whole_is_let_go(run: Run) -> None:
    """What comes then belongs to the end, which is loaded anew."""
    seen = run(
        WINDOW
        + """
        s.applyHistory(state, conversation, given.page, { from: 10, to: 20, complete: false, anew: true });
        const known = s.applyCleared(state, conversation, 50);
        return [known, conversation.from === Infinity, look()];
        """,
        room=room(last_seq=50, last_message=message(50, 50)),
        page=page_of(10, 20),
    )
    assert seen == [True, True, {"from": math.inf, "to": None, "seqs": [], "unread": 0, "last": None}]


def test_what_arrives_below_a_window_is_counted_and_not_held(run: Run) -> None:
    seen = run(
        WINDOW
        + """
        s.applyHistory(state, conversation, given.page, { from: 10, to: 20, complete: false, anew: true });
        s.applyMessages(state, conversation, [given.live]);
        const below = look();
        s.applyHistory(state, conversation, given.rest, { to: Infinity });
        return [below, look()];
        """,
        room=room(version=30, last_seq=30, last_read_seq=30, last_message=message(30, 30)),
        page=page_of(10, 20),
        live=message(31, 31) | {"created_at": "2026-11-21T08:00:31.000Z"},
        rest=page_of(21, 31),
    )
    assert seen[0] == {"from": 10, "to": 20, "seqs": list(range(10, 21)), "unread": 1, "last": 31}
    assert seen[1] == {"from": 10, "to": None, "seqs": list(range(10, 32)), "unread": 1, "last": 31}


def test_a_change_that_is_heard_while_a_page_is_on_its_way_outlives_it(run: Run) -> None:
    bodies = run(
        WINDOW
        + """
        s.applyHistory(state, conversation, given.newest, { from: 3 });
        conversation.loading = "older";
        s.applyMessages(state, conversation, [given.edited]);
        const meanwhile = look().seqs;
        s.applyHistory(state, conversation, given.older, { from: 1, complete: true });
        conversation.loading = null;
        return [meanwhile, s.messagesOf(conversation).map(({ body }) => body)];
        """,
        room=room(version=3, last_seq=3, last_read_seq=3),
        newest=[message(3, 3, "c")],
        edited=message(1, 4, "a2"),
        older=[message(1, 1, "a"), message(2, 2, "b")],
    )
    assert bodies == [[3], ["a2", "b", "c"]]


@pytest.mark.parametrize(
    ("looks_at", "held"),
    [
        (20, {"from": 0, "to": 400}),
        (430, {"from": 51, "to": None}),
        (None, {"from": 251, "to": None}),
    ],
)
def test_what_is_far_from_the_readers_eye_is_let_go(run: Run, looks_at: int | None, held: dict[str, Any]) -> None:
    window = run(
        WINDOW
        + """
        conversation.looksAt = given.eye;
        s.applyHistory(state, conversation, given.page, { from: 1, complete: true });
        return look();
        """,
        room=room(version=450, last_seq=450, last_read_seq=450),
        page=page_of(1, 450),
        eye=looks_at,
    )
    assert {"from": window["from"], "to": window["to"]} == held
    assert window["seqs"] == list(range(max(1, held["from"]), (held["to"] or 450) + 1))


def test_another_window_takes_the_place_of_one_with_what_was_deleted_in_between(run: Run) -> None:
    """What a page leaves out was deleted; what was heard after it was read stays."""
    seqs = run(
        WINDOW
        + """
        s.applyHistory(state, conversation, given.old, { from: 1, to: 20, complete: true });
        conversation.loading = "around";
        s.applyMessages(state, conversation, [given.live]);
        const window = { from: 15, to: Infinity, complete: false, anew: true, version: 30 };
        s.applyHistory(state, conversation, given.page, window);
        conversation.loading = null;
        return look().seqs;
        """,
        room=room(version=20, last_seq=20, last_read_seq=20),
        old=page_of(1, 20),
        live=message(21, 31) | {"created_at": "2026-11-21T08:00:31.000Z"},
        page=[one for one in page_of(15, 20) if one["seq"] != 18],
    )
    assert seqs == [15, 16, 17, 19, 20, 21]


def test_what_waits_and_whispers_stand_where_the_window_reaches(run: Run) -> None:
    shown = run(
        WINDOW
        + """
        conversation.pending = [{ client_id: "p", body: "waits" }];
        conversation.whispers = [4, 12, 25].map((after_seq) => ({ after_seq, body: `after ${after_seq}` }));
        const bodies = () => s.messagesOf(conversation).map(({ body }) => body).filter(Boolean);
        s.applyHistory(state, conversation, given.page, { from: 10, to: 20, complete: false, anew: true });
        const within = bodies();
        s.applyHistory(state, conversation, given.rest, { to: Infinity });
        return [within, bodies()];
        """,
        room=room(version=30, last_seq=30, last_read_seq=30),
        page=page_of(10, 20),
        rest=page_of(21, 30),
    )
    assert shown == [["after 12"], ["after 12", "after 25", "waits"]]


ADDRESSES = {
    "#/bob": {"username": "bob"},
    "#/bob/12": {"username": "bob", "seq": 12},
    "#/room/5": {"roomId": 5},
    "#/room/5/12": {"roomId": 5, "seq": 12},
    "#/%72oom/5": {"username": "room", "seq": 5},
    "#/%D1%91%D0%B6": {"username": "ёж"},
}


def test_every_place_has_an_address(run: Run) -> None:
    code = """
        const { addressOf, placeIn } = await import("/assets/any/js/navigation.js");
        return given.addresses.map((address) => [placeIn(address), placeIn(address) && addressOf(placeIn(address))]);
    """
    assert run(code, addresses=list(ADDRESSES)) == [[place, address] for address, place in ADDRESSES.items()]
    others = ["", "#", "#/", "#bob", "#/bob/", "#/bob/x", "#/bob/1/2", "#/room/5/x", "#/%E0%A4%A", "#/bob/" + "9" * 16]
    assert run(code, addresses=others) == [[None, None]] * len(others)
