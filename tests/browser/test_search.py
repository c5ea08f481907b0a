"""Searching as two people see it: everywhere and in one conversation, from hit to hit, and what it never shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Route, expect

from chat import queries
from tests.browser.screens import PHONE, Screen
from tests.browser.sharing import Sharer, enter, sharing
from tests.servers import Person, ServerProcess, make_client_id

SAID = [
    "Where is the tent?",
    "В шкафу лежит ещё одна ёлка",
    "今天的天气很好",
    "**Tent** pegs and https://example.org/tents",
]


@pytest.fixture
def trip(server: ServerProcess) -> Iterator[list[Sharer]]:
    """A room of alice and bob, in which bob said a few things."""
    people = [Person(server.url, name).register() for name in ("alice", "bob")]
    with sharing(*people) as [alice, bob]:
        for text in SAID:
            bob.say(text)
        yield [alice, bob]


@pytest.fixture
def alice_at(make_screen: Callable[..., Screen], trip: list[Sharer]) -> Screen:
    """alice, at her list."""
    screen = make_screen()
    screen.take_cookies_of(trip[0].person)
    screen.page.goto(screen.url)
    return screen.is_online()


def everywhere(screen: Screen, text: str) -> Screen:
    screen.page.locator("[data-search]").fill(text)
    return screen


def hits(screen: Screen) -> Locator:
    return screen.page.locator("[data-hit]")


def marks(within: Locator) -> Locator:
    return within.locator("mark")


def seek(screen: Screen, text: str = "") -> Screen:
    """Begin to search in the open conversation."""
    screen.page.keyboard.press("Control+f")
    expect(field(screen)).to_be_focused()
    if text:
        screen.page.keyboard.type(text)
    return screen


def field(screen: Screen) -> Locator:
    return screen.page.locator("[data-seek-field]")


def place(screen: Screen) -> Locator:
    return screen.page.locator("[data-seek-count]")


def test_messages_are_found_everywhere_and_opened_in_their_conversation(alice_at: Screen, trip: list[Sharer]) -> None:
    everywhere(alice_at, "tent")
    expect(hits(alice_at)).to_have_count(2)
    expect(alice_at.page.locator("[data-found-count]")).to_have_text("Found 2")
    expect(marks(hits(alice_at).first)).to_have_text(["Tent", "tent"])
    expect(alice_at.page).to_have_url(re.compile(r"#/\?q=tent$"))
    hits(alice_at).last.click()
    expect(alice_at.page).to_have_url(re.compile(rf"#/room/{trip[0].room_id}\?q=tent$"))
    expect(field(alice_at)).to_have_value("tent")
    expect(place(alice_at)).to_have_text("2 of 2")
    expect(alice_at.page.locator('[data-message][data-led]:has-text("Where is")')).to_be_visible()
    expect(marks(alice_at.messages)).to_have_text(["tent", "Tent", "tent"])


def test_hits_are_gone_through_in_the_conversation(alice_at: Screen, trip: list[Sharer]) -> None:
    enter(alice_at, trip[0].person, trip[0].room_id)
    seek(alice_at, "tent")
    expect(hits(alice_at)).to_have_count(2)
    expect(place(alice_at)).to_have_text("Found 2")
    alice_at.page.keyboard.press("Enter")
    expect(hits(alice_at)).to_have_count(0)
    expect(place(alice_at)).to_have_text("1 of 2")
    expect(alice_at.page.locator("[data-seek-newer]")).to_be_disabled()
    alice_at.page.keyboard.press("ArrowUp")
    expect(place(alice_at)).to_have_text("2 of 2")
    expect(alice_at.page.locator("[data-message][data-led]:has-text('Where is')")).to_be_visible()
    expect(alice_at.page.locator("[data-seek-older]")).to_be_disabled()
    alice_at.page.keyboard.press("ArrowDown")
    expect(place(alice_at)).to_have_text("1 of 2")
    alice_at.page.locator("[data-seek-older]").click()
    expect(place(alice_at)).to_have_text("2 of 2")
    place(alice_at).click()
    expect(hits(alice_at).last).to_have_attribute("aria-current", "true")
    hits(alice_at).first.click()
    expect(place(alice_at)).to_have_text("1 of 2")
    alice_at.page.keyboard.press("Escape")
    expect(field(alice_at)).to_be_hidden()
    expect(marks(alice_at.messages)).to_have_count(0)
    expect(alice_at.page).to_have_url(re.compile(rf"#/room/{trip[0].room_id}$"))


def test_what_is_typed_on_replaces_what_was_found(alice_at: Screen, trip: list[Sharer]) -> None:
    enter(alice_at, trip[0].person, trip[0].room_id)
    seek(alice_at, "tent")
    expect(hits(alice_at)).to_have_count(2)
    alice_at.page.keyboard.type(" peg", delay=60)
    expect(hits(alice_at)).to_have_count(1)
    expect(field(alice_at)).to_have_value("tent peg")
    expect(alice_at.page).to_have_url(re.compile(r"\?q=tent%20peg$"))
    field(alice_at).fill("")
    expect(alice_at.page.locator("[data-seek-list] [data-operators]")).to_be_visible()
    expect(place(alice_at)).to_be_hidden()


def test_a_search_is_found_again_by_its_address(alice_at: Screen, trip: list[Sharer]) -> None:
    for address, room in (
        (f"#/room/{trip[0].room_id}?q=%D0%B5%D0%BB%D0%BA%D0%B0", True),
        ("#/?q=%D0%B5%D0%BB%D0%BA%D0%B0", False),
    ):
        alice_at.page.goto(f"{alice_at.url}/{address}")
        for _ in range(2):
            expect(field(alice_at) if room else alice_at.page.locator("[data-search]")).to_have_value("елка")
            expect(marks(hits(alice_at))).to_have_text(["ёлка"])
            alice_at.reload()


def test_back_and_forward_lead_through_a_search(alice_at: Screen, trip: list[Sharer]) -> None:
    alice_at.row("bob").or_(alice_at.page.locator(f'[data-room="{trip[0].room_id}"]')).first.wait_for()
    everywhere(alice_at, "tent")
    expect(hits(alice_at)).to_have_count(2)
    hits(alice_at).first.click()
    expect(place(alice_at)).to_have_text("1 of 2")
    alice_at.page.go_back()
    expect(alice_at.page.locator("[data-conversation]")).to_be_hidden()
    expect(hits(alice_at)).to_have_count(2)
    alice_at.page.go_back()
    expect(alice_at.page.locator("[data-search]")).to_have_value("")
    expect(hits(alice_at)).to_have_count(0)
    alice_at.page.go_forward()
    expect(hits(alice_at)).to_have_count(2)
    alice_at.page.go_forward()
    expect(field(alice_at)).to_have_value("tent")


def test_what_is_typed_over_the_list_meanwhile_stays(alice_at: Screen, trip: list[Sharer]) -> None:
    search = alice_at.page.locator("[data-search]")
    everywhere(alice_at, "tent")
    hits(alice_at).first.click()
    expect(field(alice_at)).to_have_value("tent")
    alice_at.page.keyboard.press("Escape")
    everywhere(alice_at, "ёлка")
    expect(marks(hits(alice_at))).to_have_text(["ёлка"])
    expect(alice_at.page).to_have_url(re.compile(rf"#/room/{trip[0].room_id}$"))
    alice_at.page.go_back()
    expect(alice_at.page.locator("[data-conversation]")).to_be_hidden()
    expect(search).to_have_value("ёлка")
    expect(alice_at.page).to_have_url(re.compile(r"#/\?q=%D1%91"))


def test_back_on_a_phone(make_screen: Callable[..., Screen], trip: list[Sharer]) -> None:
    screen = make_screen(viewport=PHONE)
    screen.take_cookies_of(trip[0].person)
    screen.page.goto(screen.url)
    everywhere(screen.is_online(), "tent")
    hits(screen).last.click()
    expect(screen.page.locator("[data-search]")).to_be_hidden()
    expect(place(screen)).to_have_text("2 of 2")
    assert screen.cut_off() == []
    screen.page.locator("[data-seek-close]").click()
    expect(place(screen)).to_be_hidden()
    screen.page.locator("[data-back]").click()
    expect(hits(screen)).to_have_count(2)
    screen.page.locator("[data-search-clear]").click()
    expect(hits(screen)).to_have_count(0)
    screen.page.locator(f'[data-room="{trip[0].room_id}"]').click()
    screen.page.locator("[data-seek]").click()
    expect(field(screen)).to_be_focused()
    screen.page.go_back()
    expect(field(screen)).to_be_hidden()
    expect(screen.composer).to_be_visible()


def test_the_other_layout_is_offered_only_where_it_finds_something(alice_at: Screen, trip: list[Sharer]) -> None:
    offered = alice_at.page.locator("[data-layout]")
    everywhere(alice_at, "irfa")  # шкаф
    expect(alice_at.page.locator("[data-found-none]")).to_be_visible()
    expect(offered).to_have_attribute("data-layout", "шкаф")
    offered.click()
    expect(alice_at.page.locator("[data-search]")).to_have_value("шкаф")
    expect(marks(hits(alice_at))).to_have_text(["шкаф"])
    everywhere(alice_at, "еуте")  # tent
    expect(offered).to_have_attribute("data-layout", "tent")
    everywhere(alice_at, "qqqq")
    expect(offered).to_have_count(0)
    expect(alice_at.page.locator("[data-found-none]")).to_be_visible()


def test_what_a_search_can_say_is_explained_and_completed(alice_at: Screen, trip: list[Sharer]) -> None:
    search = alice_at.page.locator("[data-search]")
    options = alice_at.page.locator("[data-completion] [role=option]")
    search.click()
    alice_at.page.locator("[data-search-help] [data-operator='from:']").click()
    expect(search).to_have_value("from:")
    expect(search).to_be_focused()
    alice_at.page.keyboard.type("bo")
    expect(options).to_have_count(1)
    expect(search).to_have_attribute("aria-activedescendant", "completion-0")
    alice_at.page.keyboard.press("Enter")
    expect(search).to_have_value("from:bob ")
    expect(hits(alice_at)).to_have_count(4)
    alice_at.page.keyboard.type("ha")
    expect(options).to_have_count(1)
    expect(search).not_to_have_attribute("aria-activedescendant", re.compile("."))
    alice_at.page.keyboard.press("Tab")
    expect(search).to_have_value("from:bob has:")
    expect(options).to_have_count(3)
    options.filter(has_text="link").click()
    expect(search).to_have_value("from:bob has:link ")
    expect(hits(alice_at)).to_have_count(1)
    search.fill("after:")
    expect(options).to_have_count(6)
    options.first.click()
    expect(search).to_have_value(re.compile(r"^after:\d{4}-\d\d-\d\d $"))
    expect(alice_at.page.locator("[data-found-none]")).to_be_visible()
    search.fill("in:")
    expect(options.first).to_be_visible()
    search.press("Escape")
    expect(options).to_have_count(0)
    expect(search).to_have_value("in:")


def test_a_query_that_means_nothing_is_refused_in_words(alice_at: Screen, trip: list[Sharer]) -> None:
    alice_at.server_may_refuse = True
    everywhere(alice_at, "on:yesterday")
    expect(alice_at.page.locator("[data-search-error]")).to_have_text("A day is written as 2026-01-31.")
    everywhere(alice_at, "tent")
    expect(hits(alice_at)).to_have_count(2)
    expect(alice_at.page.locator("[data-search-error]")).to_have_count(0)


def test_hits_that_change_or_go_do_so_in_the_list_too(alice_at: Screen, trip: list[Sharer]) -> None:
    alice, bob = trip
    said = [bob.say(f"a kettle, number {number}") for number in range(4)]
    everywhere(alice_at, "kettle")
    expect(hits(alice_at)).to_have_count(4)
    expect(alice_at.page.locator("[data-found-count]")).to_have_text("Found 4")
    bob.delete(said[0])
    expect(hits(alice_at)).to_have_count(3)
    expect(alice_at.page.locator("[data-found-count]")).to_have_text("Found 3")
    for seq, body in ((said[1]["seq"], "a pot"), (said[2]["seq"], "the old KETTLE")):
        assert bob.connection.call("edit_message", {"room_id": bob.room_id, "seq": seq, "body": body})["ok"]
    expect(hits(alice_at)).to_have_count(2)
    expect(marks(hits(alice_at))).to_have_text(["kettle", "KETTLE"])
    assert bob.connection.call("leave_room", {"room_id": bob.room_id})["ok"]
    expect(hits(alice_at)).to_have_count(2)
    assert alice.connection.call("delete_room", {"room_id": alice.room_id})["ok"]
    expect(hits(alice_at)).to_have_count(0)


def test_hits_vanish_in_their_moment(alice_at: Screen, server: ServerProcess) -> None:
    people = [Person(server.url, name).login() for name in ("alice", "bob")]
    with sharing(*people, message_ttl=60) as [_alice, bob]:
        bob.say("a kettle for a minute")
        everywhere(alice_at, "kettle")
        expect(hits(alice_at)).to_have_count(1)
        alice_at.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 61_000 }")
        bob.say("something else")
        expect(hits(alice_at)).to_have_count(0)


def test_searching_reads_nothing(alice_at: Screen, trip: list[Sharer]) -> None:
    room = f'[data-room="{trip[0].room_id}"] [data-unread]'
    expect(alice_at.page.locator(room)).to_have_attribute("data-unread", "4")
    everywhere(alice_at, "tent")
    hits(alice_at).first.click()
    expect(place(alice_at)).to_have_text("1 of 2")
    alice_at.page.keyboard.press("ArrowUp")
    alice_at.page.locator("[data-seek-older]").click()
    expect(place(alice_at)).to_have_text("2 of 2")
    assert (
        next(room for room in trip[0].person.get("/rooms").json()["rooms"] if room["id"] == trip[0].room_id)["unread"]
        == 4
    )
    alice_at.page.locator("[data-seek-close]").click()
    alice_at.page.locator("[data-search-clear]").click()
    expect(alice_at.page.locator(room)).to_have_count(0)


def test_what_is_never_found(alice_at: Screen, trip: list[Sharer], server: ServerProcess) -> None:
    alice, bob = trip
    assert alice.connection.call("enter_room", {"room_id": alice.room_id})["ok"]
    assert bob.connection.call("enter_room", {"room_id": alice.room_id})["ok"]
    secret = {"room_id": bob.room_id, "body": "the secret tent", "client_id": make_client_id()}
    alice_id = bob.connection.open_direct("alice")["peer"]["id"]
    assert bob.connection.call("whisper", {**secret, "user_id": alice_id})["ok"]
    carol = Person(server.url, "carol").register()
    with carol.connect() as hers, bob.person.connect() as his:
        hers.send(hers.open_direct("bob")["id"], "carol's tent")
        gone = his.send(his.open_direct("alice")["id"], "a deleted tent")
        assert his.call("delete_message", {"room_id": gone["room_id"], "seq": gone["seq"]})["ok"]
    everywhere(alice_at, "tent")
    expect(hits(alice_at)).to_have_count(2)
    expect(alice_at.page.locator("[data-found-count]")).to_have_text("Found 2")


def test_without_a_connection_that_is_said_and_answered_later(alice_at: Screen, trip: list[Sharer]) -> None:
    everywhere(alice_at, "tent")
    expect(hits(alice_at)).to_have_count(2)
    alice_at.cut()
    everywhere(alice_at, "ёлка")
    expect(alice_at.page.locator("[data-search-waits]")).to_be_visible()
    alice_at.mend()
    expect(marks(hits(alice_at))).to_have_text(["ёлка"], timeout=30_000)


def test_an_answer_to_what_is_no_longer_asked_is_dropped(alice_at: Screen, trip: list[Sharer]) -> None:
    held: list[Route] = []
    late = re.compile(r"/search\?q=where&")
    alice_at.page.route(late, lambda route: held.append(route))
    with alice_at.page.expect_request(late):
        everywhere(alice_at, "where")
    everywhere(alice_at, "ёлка")
    expect(marks(hits(alice_at))).to_have_text(["ёлка"])
    with alice_at.page.expect_response(late):
        held[0].continue_()
    everywhere(alice_at, "ёлка -tent")  # drawn after whatever the late answer would have changed
    expect(alice_at.page).to_have_url(re.compile("-tent$"))
    expect(marks(hits(alice_at))).to_have_text(["ёлка"])


def test_whoever_searches_too_often_is_told_and_answered_later(
    make_screen: Callable[..., Screen], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ServerProcess(tmp_path_factory.mktemp("slow"), SEARCH_RATE="1 per 4 second") as slow:
        people = [Person(slow.url, name).register() for name in ("alice", "bob")]
        with sharing(*people) as [alice, bob]:
            bob.say("a tent")
            screen = make_screen(url=slow.url)
            screen.server_may_refuse = True
            enter(screen, alice.person, alice.room_id)
            seek(screen, "tent")
            expect(hits(screen)).to_have_count(1)
            field(screen).fill("lamp")
            expect(screen.page.locator("[data-search-waits]")).to_be_visible()
            expect(screen.page.locator("[data-found-none]")).to_be_visible()
            screen.page.close()


def test_escape_ends_the_search_one_is_in(alice_at: Screen, trip: list[Sharer]) -> None:
    search = alice_at.page.locator("[data-search]")
    everywhere(alice_at, "tent")
    hits(alice_at).first.click()
    expect(field(alice_at)).to_be_visible()
    alice_at.page.keyboard.press("Escape")
    expect(field(alice_at)).to_be_hidden()
    expect(search).to_have_value("tent")
    search.focus()
    search.press("Escape")
    expect(search).to_have_value("")


def test_many_hits_come_in_pages_and_far_ones_are_reached(alice_at: Screen, trip: list[Sharer]) -> None:
    for number in range(130):
        trip[1].say(f"lantern {number}")
    everywhere(alice_at, "lantern")
    expect(hits(alice_at)).to_have_count(50)
    expect(alice_at.page.locator("[data-found-count]")).to_have_text("Found 130")
    for count in (100, 130):
        hits(alice_at).last.scroll_into_view_if_needed()
        expect(hits(alice_at)).to_have_count(count)
    hits(alice_at).last.click()
    expect(alice_at.message("lantern 0")).to_be_in_viewport()
    expect(place(alice_at)).to_have_text("130 of 130")


def test_enter_takes_the_first_hit_where_no_name_fits(alice_at: Screen, trip: list[Sharer]) -> None:
    everywhere(alice_at, "pegs")
    alice_at.page.locator("[data-search]").press("Enter")
    expect(place(alice_at)).to_have_text("1 of 1")
    expect(alice_at.page.locator("[data-search]")).to_have_value("")


FOLDED = [
    ("Ёлка, ёж", ["елка", "еж"], ["Ёлка", "ёж"]),
    ("Е\u0308лка", ["елка"], ["Е\u0308лка"]),
    ("котёнок", ["тено"], ["тёно"]),
    ("ＦＵＬＬ width", ["full width"], ["ＦＵＬＬ width"]),
    ("Straße", ["strasse"], ["Straße"]),
    ("ﬁne", ["fine"], ["ﬁne"]),
    ("ΟΔΟΣ οδος", ["οδοσ"], ["ΟΔΟΣ", "οδος"]),
    ("one\n  two", ["one two"], ["one\n  two"]),
    ("今天天气", ["天"], ["天天"]),
    ("ｶﾞﾗｽ", ["ガラス"], ["ｶﾞﾗｽ"]),
    ("👍🏽 да", ["👍"], ["👍"]),
    ("й и", ["и"], ["и"]),
    ("aaa", ["aa"], ["aa"]),
    ("tea tent", ["tent", "te"], ["te", "tent"]),
]


def test_matches_are_found_as_the_server_folds(make_screen: Callable[..., Screen]) -> None:
    screen = make_screen()
    screen.page.goto(screen.url + "/login")
    said = screen.page.evaluate(MATCHES, [[text, words] for text, words, _found in FOLDED])
    assert said == [found for _text, _words, found in FOLDED]
    for _text, words, found in FOLDED:
        assert all(any(word in queries.fold(piece) for word in words) for piece in found)


MATCHES = """async (table) => {
  const { matchesIn } = await import("/assets/any/js/matches.js");
  return table.map(([text, words]) => matchesIn(text, words).map(([start, end]) => text.slice(start, end)));
}"""


WITH_MARKS = [
    ("a **bold** word", ["a bold w"], ["a ", "bold", " w"]),
    ("see https://example.org/tents", ["tents"], ["tents"]),
    ("> quoted _tent_", ["quoted te"], ["quoted ", "te"]),
    ("- one\n- two tents", ["tent"], ["tent"]),
    ("`code tent`", ["tent"], ["tent"]),
    ("```\ntent\n```", ["tent"], ["tent"]),
    ("||a tent|| @tent", ["tent"], ["tent", "tent"]),
    ("nothing", ["tent"], []),
]


def test_matches_are_marked_across_what_is_marked_already(make_screen: Callable[..., Screen]) -> None:
    screen = make_screen()
    screen.page.goto(screen.url + "/login")
    marked = screen.page.evaluate(MARKED, [[body, words] for body, words, _found in WITH_MARKS])
    assert marked == [[found, True] for _body, _words, found in WITH_MARKS]


MARKED = """async (table) => {
  const { marked } = await import("/assets/any/js/matches.js");
  const { parse } = await import("/assets/any/js/markup.js");
  return table.map(([body, words]) => {
    const found = [];
    const text = (one) => {
      if (typeof one === "string") return one;
      if (one.kind === "found") found.push(one.text);
      const inside = one.nodes ?? one.parts ?? one.blocks ?? one.items;
      return inside ? inside.map(text).join("") : one.text;
    };
    const whole = (tree) => tree.map(text).join("");
    const tree = parse(body);
    const same = whole(marked(tree, words)) === whole(tree);
    return [found, same];
  });
}"""
