"""Words for one person of a room: both see them in its feed, nobody and nothing else holds them. And names in rooms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import Screen
from tests.browser.sharing import picture
from tests.browser.test_attach import choose, send
from tests.servers import Person, ServerProcess, wait_until

SECRET = "the kettle is the surprise"

# Everything that this browser keeps: both storages, and each record of each database.
KEPT = """async () => {
  const records = [];
  for (const { name, version } of await indexedDB.databases()) {
    const opening = indexedDB.open(name, version);
    const database = await new Promise((done) => (opening.onsuccess = () => done(opening.result)));
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store).getAll();
      records.push(await new Promise((done) => (all.onsuccess = () => done(all.result))));
    }
    database.close();
  }
  return [{ ...localStorage }, { ...sessionStorage }, records, document.title];
}"""

# Each but the last text is sent, and the next one, if any, written before the page is drawn again.
TYPED_BETWEEN_TWO_FRAMES = """async (box, texts) => {
  const write = (text) => {
    box.value = text;
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  };
  const last = texts.pop();
  for (const text of texts) {
    write(text);
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    for (let turn = 0; turn < 50; turn += 1) await null;
  }
  if (last !== null) write(last);
}"""

# The second text is written before the page is drawn with what the first one began.
BEGUN_BETWEEN_TWO_FRAMES = """async (box, texts) => {
  for (const text of texts) {
    box.value = text;
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    for (let turn = 0; turn < 50; turn += 1) await null;
  }
}"""


def kept_by(screen: Screen) -> str:
    return json.dumps(screen.page.evaluate(KEPT), ensure_ascii=False)


def whisper(screen: Screen, text: str) -> Locator:
    return screen.page.locator("[data-message][data-whisper]").filter(
        has=screen.page.locator("[data-body]").get_by_text(text, exact=True)
    )


def ask(screen: Screen, message: Locator) -> None:
    """Begin to whisper to whoever wrote a message; its menu is loaded when the pointer first comes to the log."""
    message.hover()
    expect(screen.page.locator("[data-actions]")).to_be_attached()
    message.locator("[data-body]").click(button="right")
    screen.page.locator("[data-action=whisper]").click()


def bar(screen: Screen) -> Locator:
    return screen.page.locator("[data-writing=whisper]")


@pytest.fixture
def trip(server: ServerProcess) -> int:
    """A public room, made by alice; bob and carol are in it."""
    people = {name: Person(server.url, name).register() for name in ("alice", "bob", "carol")}
    with people["alice"].connect() as alice:
        room: dict[str, Any] = alice.call("create_room", {"name": "Summer trip", "visibility": "public"})["room"]
        for name in ("bob", "carol"):
            with people[name].connect() as one:
                assert one.call("join_room", {"room_id": room["id"]})["ok"]
    return int(room["id"])


@pytest.fixture
def enter(make_screen: Callable[..., Screen], trip: int) -> Callable[[str], Screen]:
    def come(name: str) -> Screen:
        screen = make_screen().login(name)
        screen.page.evaluate("(id) => (location.hash = `#/room/${id}`)", trip)
        expect(screen.composer).to_be_enabled()
        return screen

    return come


def test_both_see_it_and_nobody_else_does(enter: Callable[[str], Screen]) -> None:
    alice, bob, carol = enter("alice"), enter("bob"), enter("carol")
    alice.composer.press_sequentially("/w bob ")
    expect(bar(alice)).to_contain_text("bob")
    expect(alice.composer).to_have_value("")
    alice.composer.press_sequentially(SECRET)
    assert SECRET not in kept_by(alice)
    alice.composer.press("Enter")
    for screen in (alice, bob):
        expect(whisper(screen, SECRET)).to_be_visible()
    expect(whisper(alice, SECRET)).to_have_attribute("data-state", "sent")
    expect(bar(alice)).to_have_count(0)
    alice.say("for everybody")
    for screen in (alice, bob, carol):
        expect(screen.message("for everybody")).to_be_visible()
    assert carol.page.get_by_text(SECRET).count() == 0
    for screen in (alice, bob, carol):
        assert SECRET not in kept_by(screen)
    bob.reload()
    expect(bob.message("for everybody")).to_be_visible()
    assert bob.page.get_by_text(SECRET).count() == 0


def test_one_whispers_from_a_message_and_goes_on_while_it_is_pinned(enter: Callable[[str], Screen]) -> None:
    alice, bob = enter("alice"), enter("bob")
    bob.say("hello all")
    expect(alice.message("hello all")).to_be_visible()
    alice.composer.fill("a draft")
    ask(alice, alice.message("hello all"))
    expect(alice.composer).to_be_focused()
    expect(alice.composer).to_have_value("")
    alice.page.locator("[data-pin]").click()
    alice.say("one", "two")
    for text in ("one", "two"):
        expect(whisper(bob, text)).to_be_visible()
    expect(bar(alice)).to_be_visible()
    alice.composer.press("Escape")
    expect(bar(alice)).to_have_count(0)
    expect(alice.composer).to_have_value("a draft")
    ask(bob, whisper(bob, "one"))
    expect(bar(bob)).to_contain_text("alice")
    bob.say("back to you")
    expect(whisper(alice, "back to you")).to_be_visible()


class TestTyping:
    """Faster than the page is drawn, which loses nothing."""

    def test_while_a_whisper_is_pinned(self, enter: Callable[[str], Screen]) -> None:
        alice, bob = enter("alice"), enter("bob")
        alice.composer.press_sequentially("/w bob ")
        expect(bar(alice)).to_contain_text("bob")
        alice.page.locator("[data-pin]").click()
        expect(alice.page.locator("[data-pin]")).to_have_attribute("aria-pressed", "true")
        alice.composer.evaluate(TYPED_BETWEEN_TWO_FRAMES, ["one", "two", "three"])
        for text in ("one", "two"):
            expect(whisper(bob, text)).to_be_visible()
        expect(alice.composer).to_have_value("three")

    def test_after_a_whisper(self, enter: Callable[[str], Screen]) -> None:
        alice, bob = enter("alice"), enter("bob")
        alice.composer.press_sequentially("/w bob ")
        expect(bar(alice)).to_contain_text("bob")
        alice.composer.evaluate(TYPED_BETWEEN_TWO_FRAMES, ["one", "for everybody"])
        expect(whisper(bob, "one")).to_be_visible()
        expect(bar(alice)).to_have_count(0)
        expect(alice.composer).to_have_value("for everybody")
        alice.composer.press("Enter")
        expect(bob.message("for everybody")).to_be_visible()
        expect(whisper(bob, "for everybody")).to_have_count(0)

    @pytest.mark.parametrize("following", [None, "for everybody"])
    def test_the_whole_command(self, enter: Callable[[str], Screen], following: str | None) -> None:
        alice, bob = enter("alice"), enter("bob")
        alice.composer.press_sequentially("/w bob ")  # what whispers is loaded now
        expect(bar(alice)).to_contain_text("bob")
        alice.composer.press("Escape")
        expect(bar(alice)).to_have_count(0)
        alice.composer.evaluate(TYPED_BETWEEN_TWO_FRAMES, ["/w bob one", following])
        expect(whisper(bob, "one")).to_have_count(1)
        expect(alice.composer).to_have_value(following or "")
        expect(bar(alice)).to_have_count(0)

    def test_the_beginning_of_it(self, enter: Callable[[str], Screen]) -> None:
        alice, bob = enter("alice"), enter("bob")
        alice.composer.press_sequentially("/w bob ")
        expect(bar(alice)).to_contain_text("bob")
        alice.composer.press("Escape")
        expect(bar(alice)).to_have_count(0)
        alice.composer.evaluate(BEGUN_BETWEEN_TWO_FRAMES, ["/w bob ", "one"])
        expect(bar(alice)).to_contain_text("bob")
        expect(alice.composer).to_have_value("one")
        alice.composer.press("Enter")
        expect(whisper(bob, "one")).to_be_visible()


def test_what_went_wrong_goes_when_files_follow(enter: Callable[[str], Screen]) -> None:
    """While it is pinned: otherwise it ends with them."""
    alice, bob = enter("alice"), enter("bob")
    alice.composer.press_sequentially("/w bob ")
    expect(bar(alice)).to_contain_text("bob")
    alice.page.locator("[data-pin]").click()
    expect(alice.page.locator("[data-pin]")).to_have_attribute("aria-pressed", "true")
    alice.cut().say(SECRET)
    expect(alice.page.locator("[data-writing-error]")).to_be_visible()
    alice.mend().is_online()
    choose(alice, ("kettle.png", picture()))
    send(alice)
    expect(alice.page.locator("[data-writing-error]")).to_have_count(0)
    expect(bar(alice)).to_be_visible()
    expect(bob.page.locator("[data-message][data-whisper] img")).to_be_visible()


def test_to_somebody_who_left_it_is_refused_and_the_text_is_back(enter: Callable[[str], Screen]) -> None:
    alice, bob = enter("alice"), enter("bob")
    bob.say("hello all")
    expect(alice.message("hello all")).to_be_visible()
    expect(alice.page.locator("[data-here-count='2']")).to_be_visible()
    bob.page.evaluate("location.hash = '#/alice'")
    expect(bob.page.locator("[data-conversation][data-peer=alice]")).to_be_visible()
    expect(alice.page.locator("[data-here-count='1']")).to_be_visible()
    alice.say(f"/w bob {SECRET}")
    expect(alice.page.locator("[data-writing-error]")).to_contain_text("not in the room now")
    expect(alice.composer).to_have_value(SECRET)
    expect(alice.page.locator("[data-message][data-whisper]")).to_have_count(0)
    bob.page.evaluate("history.back()")
    expect(bob.message("hello all")).to_be_visible()
    expect(bob.page.locator("[data-conversation][data-peer=alice]")).to_have_count(0)
    expect(alice.page.locator("[data-here-count='2']")).to_be_visible()
    alice.composer.press("Enter")
    expect(whisper(bob, SECRET)).to_be_visible()


def test_without_a_connection_the_text_is_back(enter: Callable[[str], Screen]) -> None:
    alice, bob = enter("alice"), enter("bob")
    alice.composer.press_sequentially("/w bob ")
    expect(bar(alice)).to_be_visible()
    alice.cut().say(SECRET)
    expect(alice.page.locator("[data-writing-error]")).to_have_text(re.compile(r"\w{3}"))
    expect(alice.composer).to_have_value(SECRET)
    assert SECRET not in kept_by(alice)
    alice.mend().is_online().composer.press("Enter")
    expect(whisper(bob, SECRET)).to_have_count(1)


@pytest.mark.parametrize(
    ("text", "words"), [("/w alice x", "you"), ("/w nobody x", "Nobody by the name"), ("/w", "/w name")]
)
def test_whom_one_cannot_whisper_to(enter: Callable[[str], Screen], text: str, words: str) -> None:
    alice = enter("alice")
    alice.say(text)
    expect(alice.page.locator("[data-note]")).to_contain_text(words)
    expect(alice.composer).to_have_value(text)
    expect(alice.messages).to_have_count(0)


def test_it_is_not_unread_and_its_notification_does_not_quote_it(
    enter: Callable[[str], Screen], make_screen: Callable[..., Screen]
) -> None:
    alice, bob = enter("alice"), enter("bob")
    bob.page.add_init_script(NOTIFICATIONS)
    bob.reload()
    expect(bob.page.locator("[data-here-count='2']")).to_be_visible()
    bob.turns_away()
    alice.say(f"/w bob {SECRET}")
    expect(whisper(bob, SECRET)).to_be_visible()
    wait_until(lambda: bob.page.evaluate("window.shown.length") == 1, 15)
    assert bob.page.evaluate("window.shown") == [["Whisper from alice", ""]]
    expect(bob.page).not_to_have_title(re.compile(r"\(\d+\)"))
    assert SECRET not in kept_by(bob)


NOTIFICATIONS = """
window.shown = [];
window.Notification = class extends EventTarget {
  static permission = "granted";
  constructor(title, { body = "" } = {}) { super(); window.shown.push([title, body]); }
  close() {}
};
"""


class TestNames:
    def test_names_are_completed_and_stand_out(self, enter: Callable[[str], Screen]) -> None:
        alice, bob = enter("alice"), enter("bob")
        alice.composer.press_sequentially("when do we go, @b")
        option = alice.page.locator("[data-completion] [role=option]")
        expect(option).to_have_count(1)
        expect(option).to_contain_text("bob")
        alice.composer.press("Enter")
        expect(alice.composer).to_have_value("when do we go, @bob ")
        alice.composer.press_sequentially("and @nobody?")
        alice.composer.press("Enter")
        expect(bob.page.locator("[data-mention][data-me]")).to_have_text("@bob")
        expect(alice.page.locator("[data-mention]:not([data-me])")).to_have_text("@bob")
        assert bob.bodies() == ["when do we go, @bob and @nobody?"]

    def test_whom_to_whisper_to_is_completed(self, enter: Callable[[str], Screen]) -> None:
        alice = enter("alice")
        enter("bob")
        alice.composer.press_sequentially("/w ca")
        option = alice.page.locator("[data-completion] [role=option]")
        expect(option).to_have_count(1)
        expect(option).to_contain_text("carol")
        alice.composer.press("Enter")
        expect(bar(alice)).to_contain_text("carol")
        expect(alice.composer).to_have_value("")

    @pytest.mark.parametrize(("text", "rings"), [("hello @bob there", 1), ("hello bob", 0), ("hello @bobby there", 0)])
    def test_only_ones_name_rings_where_one_wants_that(
        self, enter: Callable[[str], Screen], server: ServerProcess, trip: int, text: str, rings: int
    ) -> None:
        with Person(server.url, "bob").login().connect() as bob:
            assert bob.call("set_notify", {"room_id": trip, "notify": "mentions"})["ok"]
        alice, screen = enter("alice"), enter("bob")
        screen.page.add_init_script(NOTIFICATIONS)
        screen.reload()
        screen.turns_away()
        alice.say(text, "then @bob too")
        expect(screen.message("then @bob too")).to_be_attached()
        wait_until(lambda: screen.page.evaluate("window.shown.length") == rings + 1, 15)
