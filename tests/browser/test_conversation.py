"""Two people in two browsers find each other and talk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.screens import Screen
from tests.servers import Person, ServerProcess

TALK = [
    ("alice", "Привет! Как дела, ёжик?"),
    ("bob", "你好，世界。我们周五见。"),
    ("alice", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 😀😂"),
    ("bob", "<b>not bold</b> & <script>alert(1)</script> %(name)s {{ x }}"),
    ("alice", "two lines\nand  two   spaces\n\n\tand a tab"),
    ("bob", "https://example.com/" + "long" * 60),
]


class TestOnEveryDatabase:
    @pytest.fixture
    def server(self, tmp_path: Path, database_url: str) -> Iterator[ServerProcess]:
        with ServerProcess(tmp_path, database_url) as process:
            yield process

    def test_two_people_register_find_each_other_and_talk(self, alice: Screen, bob: Screen) -> None:
        alice.page.locator("[data-search]").fill("BO")
        alice.open("bob")
        expect(bob.row("alice").locator("[data-presence=online]")).to_be_visible()
        bob.open("alice")
        people = {"alice": alice, "bob": bob}
        for number, (who, text) in enumerate(TALK, start=1):
            people[who].say(text)
            for screen in people.values():
                screen.shows([said for _, said in TALK[:number]])
        for screen in people.values():
            screen.reload().shows([said for _, said in TALK])


def test_sent_becomes_read_when_the_other_looks(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("Are you there?")
    expect(alice.message("Are you there?")).to_have_attribute("data-state", "sent")
    expect(bob.row("alice").locator("[data-unread='1']")).to_be_visible()
    expect(bob.page).to_have_title(re.compile(r"^\(1\) "))
    bob.open("alice")
    expect(alice.message("Are you there?")).to_have_attribute("data-state", "read")
    expect(bob.message("Are you there?")).to_have_attribute("data-state", "received")
    expect(bob.row("alice").locator("[data-unread]")).to_have_count(0)
    expect(bob.page).to_have_title(re.compile(r"^alice"))


def test_an_own_message_shows_before_the_server_knows(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    alice.open("bob").say("first").shows(["first"])
    alice.network_may_fail = bob.network_may_fail = True
    server.kill()
    alice.is_offline().say("waits", "waits too")
    for text in ("waits", "waits too"):
        expect(alice.message(text)).to_have_attribute("data-state", "pending")
    identities = alice.messages.evaluate_all("all => all.map((one) => one.dataset.clientId)")
    server.start()
    alice.shows(["first", "waits", "waits too"])
    assert alice.messages.evaluate_all("all => all.map((one) => one.dataset.clientId)") == identities


def test_a_refused_message_says_why_and_can_be_retried_and_deleted(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("fine").shows(["fine"])
    # The composer lets nothing through that the server refuses, so a broken page before this one left it.
    alice.leave_unsent("bad \u0007")
    alice.reload()
    failed = alice.page.locator("[data-message][data-state=failed]")
    expect(failed.get_by_role("alert")).to_contain_text(re.compile(r"\w{3}"))
    failed.locator("[data-retry]").click()
    expect(failed).to_be_visible()
    alice.say("goes past it")
    expect(alice.message("goes past it")).to_have_attribute("data-seq", "2")
    failed.locator("[data-discard]").click()
    expect(failed).to_have_count(0)
    alice.reload().shows(["fine", "goes past it"])


def test_typing_is_seen_and_ends(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("hello")
    bob.open("alice").shows(["hello"])
    alice.composer.press_sequentially("I am")
    expect(bob.page.locator("[data-typing]")).to_be_visible()
    alice.say("I am here")
    bob.shows(["hello", "I am here"])
    expect(bob.page.locator("[data-typing]")).to_have_count(0)


def test_whoever_leaves_is_last_seen(alice: Screen, bob: Screen) -> None:
    expect(alice.row("bob").locator("[data-presence=online]")).to_be_visible()
    bob.page.close()
    expect(alice.row("bob").locator("[data-presence=offline]")).to_be_attached(timeout=30_000)
    expect(alice.row("bob")).to_contain_text("last seen")


def test_a_search_that_finds_nobody_says_so_and_can_be_cleared(alice: Screen, bob: Screen) -> None:
    search = alice.page.locator("[data-search]")
    search.fill("nobody")
    expect(alice.page.get_by_text("Nobody and no room by the name “nobody”.")).to_be_visible()
    expect(alice.row("bob")).to_have_count(0)
    alice.page.locator("[data-search-clear]").click()
    expect(alice.row("bob")).to_be_visible()
    expect(search).to_be_focused()
    expect(search).to_have_value("")


def test_somebody_new_appears_in_the_list(alice: Screen, make_screen: Callable[..., Screen]) -> None:
    expect(alice.page.get_by_text("Nobody else is here yet")).to_be_visible()
    make_screen().register("Zoë")
    expect(alice.row("Zoë")).to_be_visible()


@pytest.fixture
def long_talk(server: ServerProcess) -> list[str]:
    """What bob wrote to alice while nobody looked; alice's password is the cast's."""
    Person(server.url, "alice").register()
    texts = [f"message {number}" for number in range(1, 151)]
    with Person(server.url, "bob").register().connect() as bob:
        room = bob.open_direct("alice")
        for text in texts:
            bob.send(room["id"], text)
        bob.call("mark_read", {"room_id": room["id"], "seq": len(texts)})
    return texts


def test_history_loads_upwards_and_keeps_the_place(long_talk: list[str], make_screen: Callable[..., Screen]) -> None:
    bob = make_screen().login("bob").open("alice")
    expect(bob.message("message 150")).to_be_in_viewport()
    expect(bob.message("message 101")).to_be_attached()
    assert bob.bodies()[0] != "message 1"
    log = bob.page.locator("[data-log]")
    while bob.bodies()[0] != "message 1":
        first = bob.bodies()[0]
        before = log.evaluate(
            "log => { log.scrollTop = 0; return log.querySelector('[data-message]').getBoundingClientRect().top; }"
        )
        expect(bob.messages.first.locator("[data-body]")).not_to_have_text(first)
        after = bob.message(first).evaluate("one => one.getBoundingClientRect().top")
        assert abs(after - before) < 2
    assert bob.bodies() == long_talk


def test_one_lands_at_the_first_unread_message(long_talk: list[str], make_screen: Callable[..., Screen]) -> None:
    alice = make_screen().login("alice")
    expect(alice.row("bob").locator("[data-unread='150']")).to_be_visible()
    alice.open("bob")
    expect(alice.page.locator("[data-unread-line]")).to_be_in_viewport()
    expect(alice.message("message 1")).to_be_in_viewport()
    expect(alice.message("message 150")).not_to_be_in_viewport()
    expect(alice.row("bob").locator("[data-unread='150']")).to_be_visible()
    alice.page.locator("[data-to-end]").click()
    expect(alice.message("message 150")).to_be_in_viewport()
    expect(alice.row("bob").locator("[data-unread]")).to_have_count(0)


def test_whoever_reads_above_is_not_moved(long_talk: list[str], make_screen: Callable[..., Screen]) -> None:
    alice = make_screen().login("alice").open("bob")
    bob = make_screen().login("bob").open("alice")
    alice.page.locator("[data-to-end]").click()
    expect(alice.message("message 150")).to_be_in_viewport()
    alice.page.locator("[data-log]").evaluate("log => { log.scrollTop -= 900; }")
    expect(alice.page.locator("[data-to-end]")).to_be_visible()
    before = alice.message("message 120").evaluate("one => one.getBoundingClientRect().top")
    bob.say("a new one")
    expect(alice.page.locator("[data-to-end]")).to_contain_text("1 new message")
    assert alice.message("message 120").evaluate("one => one.getBoundingClientRect().top") == before
    expect(bob.message("a new one")).to_have_attribute("data-state", "sent")
    alice.page.locator("[data-to-end]").click()
    expect(alice.message("a new one")).to_be_in_viewport()
    expect(bob.message("a new one")).to_have_attribute("data-state", "read")
