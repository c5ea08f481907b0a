"""The connection goes and comes back; nobody misses anything and nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.screens import Screen
from tests.servers import ServerProcess

# Keeps when the page was told to come back, after how long, and when it tried; all in its own milliseconds.
LISTENING = """
  const Real = WebSocket;
  window.tries = [];
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      tries.push(performance.now());
      this.addEventListener("message", ({ data }) => {
        if (!String(data).startsWith('42["restarting"')) return;
        window.told = [performance.now(), JSON.parse(data.slice(2))[1].after];
      });
    }
  };
"""


def test_both_write_while_the_server_is_down(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    alice.open("bob").say("до", "之前")
    bob.open("alice").shows(["до", "之前"])
    alice.network_may_fail = bob.network_may_fail = True
    server.kill()
    alice.is_offline().say("раз 🌧", "два")
    bob.is_offline().say("一", "二 ☔", "三")
    server.start()
    alice.is_online()
    bob.is_online()
    for screen in (alice, bob):
        expect(screen.page.locator("[data-message][data-seq]")).to_have_count(7)
    assert alice.bodies() == bob.bodies()
    assert sorted(alice.bodies()) == sorted(["до", "之前", "раз 🌧", "два", "一", "二 ☔", "三"])
    assert [one for one in alice.bodies() if one in ("раз 🌧", "два")] == ["раз 🌧", "два"]
    assert [one for one in alice.bodies() if one in ("一", "二 ☔", "三")] == ["一", "二 ☔", "三"]


def test_a_page_comes_back_when_the_server_told_it_to(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    alice.page.add_init_script(LISTENING)
    alice.page.reload()
    alice.is_online().open("bob").say("before").shows(["before"])
    alice.network_may_fail = bob.network_may_fail = True
    server.stop()
    alice.is_offline().say("meanwhile")
    server.start()
    alice.is_online()
    bob.is_online().open("alice").shows(["before", "meanwhile"])
    moment, after = alice.page.evaluate("told")
    tries = alice.page.evaluate("tries")
    assert min(tried for tried in tries if tried > moment) - moment >= after


def test_one_without_network_catches_up(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("one")
    bob.open("alice").shows(["one"]).cut()
    alice.say("two", "three").shows(["one", "two", "three"])
    assert bob.bodies() == ["one"]
    bob.say("four")
    expect(bob.message("four")).to_have_attribute("data-state", "pending")
    bob.mend().is_online().shows(["one", "two", "three", "four"])
    alice.shows(["one", "two", "three", "four"])


def test_a_conversation_not_open_is_caught_up_in_the_list(alice: Screen, bob: Screen) -> None:
    alice.open("bob")
    bob.cut()
    alice.say("one", "two").shows(["one", "two"])
    bob.mend().is_online()
    expect(bob.row("alice").locator("[data-unread='2']")).to_be_visible()
    expect(bob.row("alice")).to_contain_text("two")
    bob.open("alice").shows(["one", "two"])


def test_what_waits_survives_the_end_of_the_page(
    make_context: Callable[..., BrowserContext], make_screen: Callable[..., Screen], bob: Screen, server: ServerProcess
) -> None:
    context = make_context()
    alice = make_screen(context).register("alice").open("bob").say("before").shows(["before"])
    alice.network_may_fail = bob.network_may_fail = True
    server.kill()
    alice.is_offline().say("kept 1", "kept 2")
    expect(alice.message("kept 2")).to_have_attribute("data-state", "pending")
    alice.page.close()
    server.start()
    again = make_screen(context)
    again.page.goto(server.url)
    again.is_online().open("bob").shows(["before", "kept 1", "kept 2"])
    bob.is_online().open("alice").shows(["before", "kept 1", "kept 2"])


def test_the_line_about_the_connection_comes_late_and_goes(alice: Screen, bob: Screen) -> None:
    alice.open("bob")
    line = alice.page.get_by_text("No connection since")
    alice.cut()
    expect(line).to_have_count(0)
    expect(line).to_be_visible()
    alice.say("later")
    expect(alice.page.get_by_text("1 message waits")).to_be_visible()
    alice.mend().is_online()
    expect(line).to_have_count(0)
    alice.shows(["later"])


class TestSlowedDown:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[ServerProcess]:
        with ServerProcess(tmp_path, MESSAGE_RATE="3 per 2 second") as process:
            yield process

    def test_too_many_messages_go_out_later_by_themselves(self, alice: Screen, bob: Screen) -> None:
        texts = [f"number {number}" for number in range(1, 9)]
        alice.open("bob").say(*texts)
        bob.open("alice")
        for screen in (alice, bob):
            expect(screen.page.locator("[data-message][data-seq]")).to_have_count(len(texts), timeout=20_000)
            assert screen.bodies() == texts


def test_two_tabs_of_one_person_agree(
    make_context: Callable[..., BrowserContext], make_screen: Callable[..., Screen], bob: Screen
) -> None:
    context = make_context()
    first = make_screen(context).register("alice").open("bob").say("from the first").shows(["from the first"])
    second = make_screen(context)
    second.page.goto(second.url)
    second.is_online().open("bob").shows(["from the first"]).say("from the second")
    first.shows(["from the first", "from the second"])
    for screen in (first, second):
        expect(screen.message("from the first")).to_have_attribute("data-state", "sent")
        expect(screen.message("from the second")).to_have_attribute("data-state", "sent")
    bob.open("alice").say("to both")
    for screen in (first, second):
        screen.shows(["from the first", "from the second", "to both"])
        expect(screen.row("bob").locator("[data-unread]")).to_have_count(0)
