"""Nothing typed is lost, and nothing is there twice: with the network cut, slowed, answering late, twice or never; in
several tabs; after a crash of the browser."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Error as BrowserError

from tests.browser.screens import WIDE, Screen
from tests.browser.wire import Wire
from tests.servers import STOP_SECONDS, ServerProcess, wait_until
from tests.services import program

LATE = 20_000  # ms that a page waits for an answer, and some
ASLEEP = 600_000  # ms

# Counts in the page how often it asks who is online and is answered (a listener of Playwright can come too late).
COUNTING = """
  window.asked = window.answered = 0;
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    if (String(data).includes("load_presence")) {
      window.asked += 1;
      const heard = ({ data }) => {
        if (!/^43.*"online":/.test(data)) return;
        window.answered += 1;
        this.removeEventListener("message", heard);
      };
      this.addEventListener("message", heard);
    }
    return send.call(this, data);
  };
"""

TEXTS = [f"number {number}" for number in range(1, 9)]


@pytest.fixture
def wire(server: ServerProcess) -> Iterator[Wire]:
    with Wire(server) as wire:
        yield wire


@pytest.fixture
def far(make_screen: Callable[..., Screen], wire: Wire, bob: Screen) -> Screen:
    """alice, behind a bad network, in a conversation with bob."""
    far = make_screen(url=wire.url).register("alice").open("bob").say("first").shows(["first"])
    bob.open("alice").shows(["first"])
    far.network_may_fail = True
    return far


def test_a_message_whose_answer_was_lost_is_there_once(far: Screen, bob: Screen, wire: Wire) -> None:
    wire.hold()
    far.say("stored, not confirmed")
    bob.shows(["first", "stored, not confirmed"])
    expect(far.message("stored, not confirmed")).to_have_attribute("data-state", "pending")
    wire.cut()
    wire.release()
    far.say("and after it")
    for screen in (far, bob):
        screen.shows(["first", "stored, not confirmed", "and after it"])
    far.reload().shows(["first", "stored, not confirmed", "and after it"])
    assert queue_of(far) == []


def test_a_message_whose_answer_was_lost_with_the_page_is_there_once(far: Screen, bob: Screen, wire: Wire) -> None:
    wire.hold()
    far.say("stored, not confirmed")
    bob.shows(["first", "stored, not confirmed"])
    assert len(queue_of(far)) == 1
    wire.cut()
    wire.release()
    far.reload()
    far.shows(["first", "stored, not confirmed"])
    wait_until(lambda: queue_of(far) == [], 10, "an empty queue")
    bob.shows(["first", "stored, not confirmed"])


def test_late_answers(far: Screen, bob: Screen, wire: Wire) -> None:
    wire.hold()
    far.say(*TEXTS)
    far.reads(["first", *TEXTS])
    expect(far.message(TEXTS[0])).to_have_attribute("data-state", "pending")
    bob.shows(["first", TEXTS[0]])
    wire.release()
    for screen in (far, bob):
        screen.shows(["first", *TEXTS])


def test_answers_later_than_anybody_waits(
    make_screen: Callable[..., Screen], bob: Screen, server: ServerProcess, wire: Wire
) -> None:
    far = make_screen(url=wire.url)
    far.page.clock.install()
    far.register("alice").open("bob").say("first").shows(["first"])
    far.network_may_fail = True
    bob.open("alice")
    wire.hold()
    far.say("stored", "waits")
    bob.shows(["first", "stored"])
    far.page.clock.run_for(LATE)
    wire.release()
    far.page.clock.run_for(LATE)
    for screen in (far, bob):
        screen.shows(["first", "stored", "waits"])


def test_every_answer_twice(far: Screen, bob: Screen, wire: Wire) -> None:
    wire.copies = 2
    far.say(*TEXTS)
    bob.shows(["first", *TEXTS]).say("and mine")
    for screen in (far, bob):
        screen.shows(["first", *TEXTS, "and mine"])


def test_a_slow_network_keeps_the_order(far: Screen, bob: Screen, wire: Wire) -> None:
    wire.delay = 0.1
    far.say(*TEXTS)
    far.reads(["first", *TEXTS])
    for screen in (far, bob):
        screen.shows(["first", *TEXTS])


def test_a_server_that_dies_right_after_storing(far: Screen, bob: Screen, wire: Wire, server: ServerProcess) -> None:
    bob.network_may_fail = True
    wire.hold()
    far.say("stored", "waits")
    bob.shows(["first", "stored"])
    server.kill()
    wire.cut()
    wire.release()
    far.is_offline()
    server.start()
    for screen in (far, bob):
        screen.is_online().shows(["first", "stored", "waits"])


def test_each_waiting_message_can_be_taken_back(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("goes").shows(["goes"])
    bob.open("alice").shows(["goes"])
    alice.page.context.set_offline(True)
    alice.network_may_fail = True
    alice.cut().say("one", "never", "two")
    alice.message("never").locator("[data-cancel]").click()
    expect(alice.message("never")).to_have_count(0)
    alice.reads(["goes", "one", "two"])
    alice.page.context.set_offline(False)
    alice.mend().is_online().shows(["goes", "one", "two"])
    bob.shows(["goes", "one", "two"])
    alice.reload().shows(["goes", "one", "two"])


def test_a_message_on_its_way_offers_nothing(far: Screen, wire: Wire) -> None:
    wire.hold()
    far.say("quick")
    expect(far.message("quick").filter(has_not=far.page.locator("[data-cancel]"))).to_be_visible()
    wire.release()
    far.shows(["first", "quick"])
    expect(far.page.locator("[data-cancel]")).to_have_count(0)


def test_a_connection_that_died_in_sleep_is_not_believed(
    make_screen: Callable[..., Screen], bob: Screen, wire: Wire
) -> None:
    far = make_screen(url=wire.url)
    far.page.clock.install()
    far.register("alice").open("bob").say("first").shows(["first"])
    wire.hold()  # the connection looks open, and is dead
    far.network_may_fail = True
    bob.open("alice").say("while asleep")
    expect(far.page.locator("body[data-connection=online]")).to_be_attached()
    far.page.clock.fast_forward(ASLEEP)
    far.page.clock.run_for(10_000)
    far.is_offline()
    wire.cut()
    wire.release()
    far.page.clock.run_for(10_000)
    far.is_online().shows(["first", "while asleep"])


def test_a_connection_is_checked_after_a_minute_out_of_sight(
    make_screen: Callable[..., Screen], bob: Screen, wire: Wire
) -> None:
    far = make_screen(url=wire.url)
    far.page.clock.install()
    far.register("alice").open("bob")
    far.page.add_init_script(COUNTING)

    def told(what: str) -> int:
        return int(far.page.evaluate(f"window.{what}"))

    def away_for(seconds: int) -> None:
        far.turns_away()
        far.page.clock.set_system_time(far.page.evaluate("Date.now()") / 1000 + seconds)  # no timer runs meanwhile
        far.turns_back()

    far.reload()
    wait_until(lambda: told("answered") == 1, 30, "the answer after connecting")
    away_for(20)
    assert told("asked") == 1
    away_for(61)
    wait_until(lambda: told("asked") > 1, 10, "the question after a minute")  # the slower watch for sleep takes 15
    far.is_online()


class TestTabs:
    @pytest.fixture
    def context(self, make_context: Callable[..., BrowserContext]) -> BrowserContext:
        return make_context()

    @pytest.fixture
    def first(self, context: BrowserContext, make_screen: Callable[..., Screen], bob: Screen) -> Screen:
        first = make_screen(context).register("alice").open("bob").say("before").shows(["before"])
        first.network_may_fail = bob.network_may_fail = True
        return first

    @pytest.fixture
    def second(self, context: BrowserContext, first: Screen, make_screen: Callable[..., Screen]) -> Screen:
        second = make_screen(context)
        second.page.goto(second.url)
        second.network_may_fail = True
        return second.is_online().open("bob").shows(["before"])

    def test_tabs_show_each_others_waiting_messages_and_send_them_once(
        self, first: Screen, second: Screen, bob: Screen, server: ServerProcess
    ) -> None:
        server.kill()
        first.is_offline().say("one")
        expect(second.is_offline().message("one")).to_have_attribute("data-state", "pending")
        second.say("two")
        expect(first.message("two")).to_have_attribute("data-state", "pending")
        first.say("three")
        expect(second.message("three")).to_be_visible()
        second.say("never")
        first.message("never").locator("[data-cancel]").click()
        expect(second.message("never")).to_have_count(0)
        server.start()
        bob.open("alice")
        for screen in (first, second, bob):
            screen.is_online().shows(["before", "one", "two", "three"])

    def test_a_tab_without_network_is_helped_by_one_that_has_it(
        self, first: Screen, second: Screen, bob: Screen
    ) -> None:
        first.cut().say("by way of the other")
        bob.open("alice").shows(["before", "by way of the other"])
        second.shows(["before", "by way of the other"])
        expect(first.message("by way of the other")).to_have_attribute("data-state", "sent")
        first.mend().is_online().shows(["before", "by way of the other"])

    def test_tabs_agree_on_what_is_read(self, first: Screen, second: Screen, bob: Screen) -> None:
        second.turns_away()
        first.turns_away()
        bob.open("alice").say("news")
        for tab in (first, second):
            expect(tab.row("bob").locator("[data-unread='1']")).to_be_visible()
        second.turns_back()
        for tab in (first, second):
            expect(tab.row("bob").locator("[data-unread]")).to_have_count(0)


def test_what_waits_survives_a_crash_of_the_browser(
    chromium: Browser, tmp_path: Path, bob: Screen, server: ServerProcess
) -> None:
    alice = at_home(chromium, tmp_path / "home", server).register("alice").open("bob").say("before").shows(["before"])
    alice.network_may_fail = bob.network_may_fail = True
    server.kill()
    alice.is_offline().say("kept 1", "kept 2", "kept 3")
    expect(alice.message("kept 3")).to_be_visible()
    assert sorted(queue_of(alice)) == ["kept 1", "kept 2", "kept 3"]
    crash(tmp_path / "home")
    with suppress(BrowserError):
        alice.page.context.close()
    server.start()
    again = at_home(chromium, tmp_path / "home", server)
    again.page.goto(server.url)
    if again.page.url.endswith("/login"):  # the browser had not written its cookies down
        again.fill_in("alice")
    again.is_online().open("bob").shows(["before", "kept 1", "kept 2", "kept 3"])
    bob.is_online().open("alice").shows(["before", "kept 1", "kept 2", "kept 3"])
    assert again.trouble == []
    again.page.context.close()


def at_home(chromium: Browser, folder: Path, server: ServerProcess) -> Screen:
    context = chromium.browser_type.launch_persistent_context(
        folder, executable_path=program("chromium"), args=["--no-sandbox"], viewport=WIDE, locale="en-GB"
    )
    return Screen(context, server.url)


def crash(folder: Path) -> None:
    """Kill every process of the browser that lives in this folder."""
    ours = [process for process in Path("/proc").glob("[0-9]*") if str(folder) in command_of(process)]
    assert ours
    for process in ours:
        with suppress(ProcessLookupError):
            os.kill(int(process.name), signal.SIGKILL)
    wait_until(lambda: not any(command_of(process) for process in ours), STOP_SECONDS, "the end of the browser")


def command_of(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def queue_of(screen: Screen) -> list[str]:
    """The texts that this browser keeps until they are sent."""
    texts: list[str] = screen.page.evaluate("""() => new Promise((done) => {
      const user = JSON.parse(document.getElementById("boot").textContent).user.id;
      indexedDB.open(`parley.outbox.${user}`).onsuccess = ({ target: { result: database } }) => {
        const all = database.transaction("messages").objectStore("messages").getAll();
        all.onsuccess = () => done(all.result.map((one) => one.body));
      };
    })""")
    return texts
