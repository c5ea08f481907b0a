"""What arrives is noticed: on the tab, by a notification, by a sound, in words; once, and only where nobody looks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.screens import Screen
from tests.servers import Person, ServerProcess, wait_until

# At the browser's border: what a page asks to be shown and played. The notifications and sounds are real ones.
SPY = """
window.shown = [];
window.ended = [];
window.played = 0;
window.asked = 0;
const Real = window.Notification;
window.Notification = class extends Real {
  constructor(title, options) {
    super(title, options);
    window.shown.push({ title, ...options });
    window.last = this;
    this.addEventListener("close", () => window.ended.push(options.tag));
  }
  static requestPermission() {
    window.asked += 1;
    return Real.requestPermission();
  }
};
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  window.played += 1;
  return start.apply(this, when);
};
"""


@pytest.fixture
def context(make_context: Callable[..., BrowserContext], server: ServerProcess) -> BrowserContext:
    context = make_context()
    context.grant_permissions(["notifications"])
    context.add_init_script(SPY)
    return context


@pytest.fixture
def alice(context: BrowserContext, make_screen: Callable[..., Screen]) -> Screen:
    return make_screen(context).register("alice")


@pytest.fixture
def other_tab(alice: Screen, context: BrowserContext, make_screen: Callable[..., Screen]) -> Screen:
    tab = make_screen(context)
    tab.page.goto(tab.url)
    return tab.is_online()


def shown(*tabs: Screen) -> list[str]:
    return [body for tab in tabs for body in tab.page.evaluate("window.shown.map((one) => one.body)")]


def tab_picture(screen: Screen) -> str:
    return str(screen.page.locator("link[rel=icon]").get_attribute("href"))


def test_unread_messages_are_counted_on_the_tab(alice: Screen, bob: Screen) -> None:
    plain = tab_picture(alice)
    bob.open("alice").say("one", "two")
    expect(alice.page).to_have_title(re.compile(r"^\(2\) "))
    icon = alice.page.locator("link[rel=icon]")
    expect(icon).to_have_attribute("href", re.compile("^data:image/svg.*%3E2%3C"))
    alice.page.evaluate("""() => new Promise((done, fail) => {
      const image = new Image();
      image.onload = done;
      image.onerror = fail;
      image.src = document.querySelector("link[rel=icon]").href;
    })""")
    alice.open("bob")
    expect(icon).to_have_attribute("href", plain)
    expect(alice.page).to_have_title(re.compile("^bob"))


def test_one_notification_while_nobody_looks(alice: Screen, other_tab: Screen, bob: Screen) -> None:
    alice.turns_away()
    other_tab.turns_away()
    bob.open("alice").say("first")
    wait_until(lambda: shown(alice, other_tab) == ["first"], 10, "one notification")
    bob.say("second", "third")
    wait_until(lambda: len(shown(alice, other_tab)) == 3, 10, "a notification each")
    assert shown(alice, other_tab) == ["first", "second", "third"]
    speaker = alice if shown(alice) else other_tab
    assert len(shown(speaker)) == 3
    tags = speaker.page.evaluate("window.shown.map((one) => one.tag + one.title)")
    assert len(set(tags)) == 1
    assert tags[0].endswith("bob")


def test_silence_while_somebody_looks_at_any_tab(alice: Screen, other_tab: Screen, bob: Screen) -> None:
    bob.open("alice").say("before")
    for tab in (alice, other_tab):  # each has loaded what notices
        expect(tab.page.locator("[data-part=announcer]")).to_have_text("New message from bob")
    alice.turns_away()
    bob.say("seen")
    for tab in (alice, other_tab):
        expect(tab.row("bob")).to_contain_text("seen")
    other_tab.turns_away()
    bob.say("unseen")
    wait_until(lambda: shown(alice, other_tab) == ["unseen"], 10, "only the second")


def test_another_tab_takes_over_when_the_speaker_is_closed(alice: Screen, other_tab: Screen, bob: Screen) -> None:
    alice.turns_away()
    other_tab.turns_away()
    bob.open("alice").say("one")
    wait_until(lambda: shown(alice, other_tab) == ["one"], 10, "a notification")
    speaker, rest = (alice, other_tab) if shown(alice) else (other_tab, alice)
    speaker.page.close()
    bob.say("two")
    wait_until(lambda: shown(rest) == ["two"], 10, "a notification by the tab that is left")


def test_what_was_missed_without_a_connection_is_noticed(alice: Screen, bob: Screen) -> None:
    alice.turns_away().cut()
    bob.open("alice").say("while away", "and this").shows(["while away", "and this"])
    alice.mend().is_online()
    wait_until(lambda: shown(alice) == ["and this"], 10, "a notification of the newest")


def test_a_muted_conversation_is_quiet(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    bob.open("alice").say("loud")
    expect(alice.page.locator("[data-part=announcer]")).to_have_text("New message from bob")
    with Person(server.url, "alice").login().connect() as connection:
        room = connection.open_direct("bob")
        assert connection.call("mute_room", {"room_id": room["id"], "seconds": 3600})["ok"]
        alice.turns_away()
        bob.say("quiet")
        expect(alice.row("bob").locator("[data-unread='2']")).to_be_visible()
        assert connection.call("mute_room", {"room_id": room["id"], "seconds": 0})["ok"]
    bob.say("loud again")
    wait_until(lambda: shown(alice) == ["loud again"], 10, "a notification after the silence")


def test_mute_outlives_a_reload(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    with Person(server.url, "alice").login().connect() as connection:
        room = connection.open_direct("bob")
        assert connection.call("mute_room", {"room_id": room["id"], "seconds": None})["ok"]
    alice.reload().turns_away()
    bob.open("alice").say("quiet")
    expect(alice.row("bob").locator("[data-unread='1']")).to_be_visible()
    with Person(server.url, "carol").register().connect() as carol:
        carol.send(carol.open_direct("alice")["id"], "loud")
    wait_until(lambda: shown(alice) == ["loud"], 10, "carol's notification")


def test_a_notification_closes_when_it_was_read_elsewhere(
    alice: Screen, bob: Screen, make_screen: Callable[..., Screen]
) -> None:
    alice.turns_away()
    bob.open("alice").say("news")
    wait_until(lambda: shown(alice) == ["news"], 10, "a notification")
    make_screen().login("alice").open("bob").shows(["news"])
    wait_until(lambda: alice.page.evaluate("window.ended.length") == 1, 10, "its end")


def test_a_click_opens_at_the_message(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    alice.turns_away()
    with Person(server.url, "carol").register().connect() as carol:
        room = carol.open_direct("alice")
        carol.send(room["id"], "look at this")
        wait_until(lambda: shown(alice) == ["look at this"], 10, "a notification")
        alice.page.evaluate("window.first = window.last")
        for number in range(60):
            carol.send(room["id"], f"{number}\n" * 5)
    expect(alice.row("carol").locator("[data-unread='61']")).to_be_visible()
    alice.page.evaluate("window.first.dispatchEvent(new Event('click'))")
    alice.has_open("carol")
    expect(alice.message("look at this")).to_be_in_viewport()
    expect(alice.page.locator("[data-led]")).to_have_count(1)
    assert alice.page.evaluate("window.ended.length") >= 1


def test_a_soft_sound_for_others_messages_only(alice: Screen, other_tab: Screen, bob: Screen) -> None:
    alice.open("bob").say("mine").shows(["mine"])
    other_tab.open("bob")  # a click: browsers play nothing on a page that nobody touched
    played = lambda: sum(tab.page.evaluate("window.played") for tab in (alice, other_tab))  # noqa: E731
    bob.open("alice").say("seen").shows(["mine", "seen"])
    alice.shows(["mine", "seen"])
    assert played() == 0
    alice.turns_away()
    other_tab.turns_away()
    bob.say("unseen")
    wait_until(lambda: played() == 2, 10, "the two notes of one sound")


def test_long_and_odd_texts_are_cut_not_broken(alice: Screen, bob: Screen) -> None:
    alice.turns_away()
    bob.open("alice").say("😀" * 500)
    wait_until(lambda: shown(alice) == ["😀" * 200 + "…"], 10, "a notification")


class TestTheOffer:
    @pytest.fixture
    def context(self, make_context: Callable[..., BrowserContext]) -> BrowserContext:
        context = make_context()
        # Headless Chromium refuses without asking; here nobody has been asked yet.
        context.add_init_script("""
            let permission = localStorage.getItem("permission") ?? "default";
            window.asked = 0;
            Object.defineProperty(Notification, "permission", { get: () => permission });
            Notification.requestPermission = async () => {
              window.asked += 1;
              permission = "granted";
              localStorage.setItem("permission", permission);
              return permission;
            };
        """)
        return context

    def test_it_waits_for_a_fitting_moment_and_a_click(self, alice: Screen, bob: Screen) -> None:
        alice.open("bob")
        offer = alice.page.locator("[data-offer]")
        expect(offer).to_have_count(0)
        alice.say("hello").shows(["hello"])
        expect(offer).to_be_visible()
        assert alice.page.evaluate("window.asked") == 0
        offer.locator("[data-accept]").click()
        expect(offer).to_have_count(0)
        assert alice.page.evaluate("window.asked") == 1
        alice.reload().open("bob").say("again").shows(["hello", "again"])
        expect(offer).to_have_count(0)

    def test_not_now_is_remembered(self, alice: Screen, bob: Screen) -> None:
        alice.turns_away()
        bob.open("alice").say("are you there?")
        offer = alice.page.locator("[data-offer]")
        offer.locator("[data-decline]").click()
        expect(offer).to_have_count(0)
        alice.reload().open("bob").say("yes").shows(["are you there?", "yes"])
        expect(offer).to_have_count(0)
        assert alice.page.evaluate("window.asked") == 0


class TestWords:
    """For people who hear the page: what arrives is said, in order; nothing else is."""

    def test_only_what_others_write_now_is_said(self, alice: Screen, bob: Screen) -> None:
        bob.open("alice").say("before").shows(["before"])
        spoken = alice.page.locator("[data-part=announcer]")
        expect(spoken).to_have_text("New message from bob")
        alice.reload().open("bob").shows(["before"]).say("mine").shows(["before", "mine"])
        expect(alice.message("mine")).to_have_attribute("data-state", "read")
        expect(spoken).to_have_text("")
        bob.say("after", "and more")
        expect(spoken.locator("p")).to_have_text(["bob: after", "bob: and more"])
        assert spoken.get_attribute("aria-live") == "polite"

    def test_messages_have_sender_time_and_state_in_words(self, alice: Screen, bob: Screen) -> None:
        bob.open("alice").say("theirs").shows(["theirs"])
        alice.open("bob").say("mine")
        expect(alice.message("mine")).to_have_attribute("data-state", "read")
        words = alice.page.locator("[data-log]").aria_snapshot()
        said = re.sub(r"[\s\"]+|- (text|time|listitem): ?|-", " ", words)
        assert re.search(r"bob ?: theirs +\d{1,2}:\d\d", said), said
        assert re.search(r"You ?: mine +\d{1,2}:\d\d +Read", said), said

    def test_typing_is_said_and_presence_is_not(self, alice: Screen, bob: Screen) -> None:
        alice.open("bob")
        bob.open("alice").composer.press_sequentially("I am")
        expect(alice.page.get_by_role("status").filter(has_text="bob is typing")).to_be_attached()
        expect(alice.page.get_by_role("status").filter(has_text="online")).to_have_count(0)


def test_a_notification_of_a_room_names_who_and_where_and_only_as_much_as_was_chosen(
    alice: Screen, server: ServerProcess
) -> None:
    with (
        Person(server.url, "carol").register().connect() as carol,
        Person(server.url, "alice").login().connect() as mine,
    ):
        room_id = carol.call("create_room", {"name": "Kitchen", "visibility": "public"})["room"]["id"]
        assert mine.call("join_room", {"room_id": room_id})["ok"]
        expect(alice.page.locator(f'[data-room="{room_id}"]')).to_be_visible()
        alice.turns_away()
        carol.send(room_id, "dinner")
        wait_until(lambda: shown(alice) == ["dinner"], 10, "a notification")
        assert alice.page.evaluate("window.shown[0].title") == "carol in Kitchen"
        assert mine.call("set_notify", {"room_id": room_id, "notify": "mentions"})["ok"]
        alice.reload().turns_away()
        carol.send(room_id, "to nobody")
        carol.send(room_id, "@Alice, dessert")
        wait_until(lambda: shown(alice) == ["@Alice, dessert"], 10, "only the one that mentions her")
