"""What becomes of a message: answered, changed, deleted, reacted to, by mouse, finger and keys, on every screen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import PHONE, Screen
from tests.servers import Person, ServerProcess, make_client_id


def menu(screen: Screen, text: str) -> Locator:
    """The menu of a message, opened by the second button; it is loaded when the pointer first comes to the log."""
    screen.message(text).hover()
    expect(screen.page.locator("[data-actions]")).to_be_attached()
    screen.message(text).locator("[data-body]").click(button="right")
    expect(screen.page.locator("[data-actions]")).to_be_visible()
    return screen.page.locator("[data-actions]")


def choose(screen: Screen, text: str, action: str) -> None:
    menu(screen, text).locator(f"[data-action={action}]").click()


@pytest.fixture
def two(alice: Screen, bob: Screen) -> tuple[Screen, Screen]:
    """alice and bob, who look at the same two messages: hers and his."""
    alice.open("bob").say("from alice").shows(["from alice"])
    bob.open("alice").say("from bob").shows(["from alice", "from bob"])
    alice.shows(["from alice", "from bob"])
    expect(alice.message("from alice")).to_have_attribute("data-state", "read")
    return alice, bob


class TestAnswers:
    def test_an_answer_quotes_and_its_quote_leads_to_the_source(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        choose(bob, "from alice", "reply")
        expect(bob.page.locator("[data-writing=reply]")).to_contain_text("from alice")
        expect(bob.composer).to_be_focused()
        bob.say("an answer")
        expect(bob.page.locator("[data-writing]")).to_have_count(0)
        for screen in (alice, bob):
            quote = screen.message("an answer").locator("[data-quote]")
            expect(quote).to_contain_text("alice")
            expect(quote).to_contain_text("from alice")
        alice.message("an answer").locator("[data-quote]").click()
        expect(alice.message("from alice")).to_have_attribute("data-led", "")
        expect(alice.message("from alice")).to_be_focused()
        alice.reload()
        expect(alice.message("an answer").locator("[data-quote]")).to_contain_text("from alice")

    def test_what_a_draft_answers_outlives_a_reload_and_escape_forgets_it(self, two: tuple[Screen, Screen]) -> None:
        _, bob = two
        choose(bob, "from alice", "reply")
        bob.composer.fill("half an ans")
        bob.reload()
        expect(bob.page.locator("[data-writing=reply]")).to_contain_text("from alice")
        expect(bob.composer).to_have_value("half an ans")
        bob.composer.press("Escape")
        expect(bob.page.locator("[data-writing]")).to_have_count(0)
        expect(bob.composer).to_have_value("half an ans")
        bob.composer.press("Enter")
        expect(bob.message("half an ans")).to_have_attribute("data-seq", "3")
        expect(bob.message("half an ans").locator("[data-quote]")).to_have_count(0)

    def test_an_answer_written_without_a_connection_keeps_its_quote(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        choose(bob, "from alice", "reply")
        bob.cut().say("later")
        expect(bob.message("later").locator("[data-quote]")).to_contain_text("from alice")
        bob.mend().is_online()
        expect(alice.message("later").locator("[data-quote]")).to_contain_text("from alice")

    def test_an_answer_outlives_what_it_answers(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        choose(bob, "from alice", "reply")
        bob.cut().say("to what is gone")
        delete(alice, "from alice")
        bob.mend().is_online()
        expect(alice.message("to what is gone")).to_be_visible()
        expect(alice.message("to what is gone").locator("[data-quote]")).to_have_count(0)

    def test_a_quote_shows_its_source_as_it_is_by_now(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        choose(bob, "from alice", "reply")
        bob.say("an answer")
        quote = alice.message("an answer").locator("[data-quote]")
        expect(quote).to_contain_text("from alice")
        change(alice, "from alice", "better words")
        expect(quote).to_contain_text("better words")
        delete(alice, "better words")
        for screen in (alice, bob):
            expect(screen.message("an answer").locator("[data-quote]")).to_contain_text("Deleted message")
            expect(screen.message("an answer").locator("[data-quote]")).to_be_disabled()

    def test_a_quote_leads_far_up(self, make_screen: Callable[..., Screen], server: ServerProcess) -> None:
        Person(server.url, "alice").register()
        with Person(server.url, "bob").register().connect() as bob:
            room = bob.open_direct("alice")["id"]
            for number in range(1, 161):
                bob.send(room, f"message {number}")
            bob.call(
                "send_message", {"room_id": room, "body": "see above", "client_id": make_client_id(), "reply_to": 3}
            )
            bob.call("mark_read", {"room_id": room, "seq": 161})
        bob = make_screen().login("bob").open("alice")
        expect(bob.message("message 3")).to_have_count(0)
        bob.message("see above").locator("[data-quote]").click()
        expect(bob.message("message 3")).to_be_in_viewport()
        expect(bob.message("message 3")).to_have_attribute("data-led", "")
        bob.page.locator("[data-to-end]").click()
        expect(bob.message("see above")).to_be_in_viewport()


def change(screen: Screen, old: str, new: str) -> None:
    choose(screen, old, "edit")
    expect(screen.page.locator("[data-writing=edit]")).to_be_visible()
    expect(screen.composer).to_have_value(old)
    screen.say(new)
    expect(screen.message(new).locator(".bubble__edited")).to_be_visible()


def delete(screen: Screen, text: str) -> None:
    choose(screen, text, "delete")
    screen.page.locator("[data-sheet=confirm] [data-confirm]").click()
    expect(screen.page.locator("[data-sheet]")).to_have_count(0)
    expect(screen.message(text)).to_have_count(0)


class TestChanges:
    def test_a_changed_message_is_changed_for_everybody_and_says_so(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        change(alice, "from alice", "better words")
        for screen in (alice, bob):
            expect(screen.message("better words")).to_have_attribute("data-seq", "1")
            expect(screen.message("better words").locator(".bubble__edited")).to_have_attribute(
                "title", re.compile(r"20\d\d")
            )
        bob.reload()
        expect(bob.message("better words").locator(".bubble__edited")).to_be_visible()

    def test_arrow_up_changes_ones_last_message_and_escape_gives_the_draft_back(
        self, two: tuple[Screen, Screen]
    ) -> None:
        alice, _ = two
        alice.composer.press("ArrowUp")
        expect(alice.composer).to_have_value("from alice")
        alice.composer.press("Escape")
        expect(alice.composer).to_have_value("")
        alice.composer.fill("a draft")
        choose(alice, "from alice", "edit")
        expect(alice.composer).to_have_value("from alice")
        alice.composer.fill("other words")
        alice.composer.press("Escape")
        expect(alice.composer).to_have_value("a draft")
        alice.reload()
        expect(alice.composer).to_have_value("a draft")

    def test_without_a_connection_the_new_words_stay(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        alice.composer.press("ArrowUp")
        expect(alice.composer).to_have_value("from alice")
        alice.cut().say("better words")
        expect(alice.page.locator("[data-writing-error]")).to_be_visible()
        expect(alice.composer).to_have_value("better words")
        alice.mend().is_online()
        alice.composer.press("Enter")
        expect(bob.message("better words")).to_be_visible()
        expect(alice.composer).to_have_value("")

    def test_what_was_deleted_meanwhile_cannot_be_changed_and_the_words_stay(
        self, two: tuple[Screen, Screen], server: ServerProcess
    ) -> None:
        alice, _ = two
        alice.composer.press("ArrowUp")
        expect(alice.composer).to_have_value("from alice")
        with Person(server.url, "alice").login().connect() as elsewhere:
            elsewhere.call("delete_message", {"room_id": elsewhere.open_direct("bob")["id"], "seq": 1})
        expect(alice.message("Message deleted")).to_be_visible()
        alice.say("better words")
        expect(alice.page.locator("[data-writing-error]")).to_have_text(re.compile(r"\w{3}"))
        expect(alice.composer).to_have_value("better words")

    def test_others_messages_cannot_be_changed(self, two: tuple[Screen, Screen]) -> None:
        alice, _ = two
        expect(menu(alice, "from bob").locator("[data-action=edit], [data-action=delete]")).to_have_count(0)
        expect(alice.page.locator("[data-action=reply]")).to_be_visible()


class TestDeleting:
    def test_those_who_saw_it_see_that_it_is_gone_and_nobody_else_does(
        self, two: tuple[Screen, Screen], make_screen: Callable[..., Screen]
    ) -> None:
        alice, bob = two
        delete(alice, "from alice")
        for screen in (alice, bob):
            expect(screen.message("Message deleted")).to_have_attribute("data-seq", "1")
        assert make_screen().login("bob").open("alice").shows(["from bob"])
        bob.reload().shows(["from bob"])

    def test_what_nobody_saw_leaves_nothing(self, alice: Screen, bob: Screen) -> None:
        alice.open("bob").say("a slip", "meant").shows(["a slip", "meant"])
        expect(bob.row("alice").locator("[data-unread='2']")).to_be_visible()
        delete(alice, "a slip")
        bob.open("alice").shows(["meant"])
        expect(alice.message("Message deleted")).to_be_visible()

    def test_it_asks_before(self, two: tuple[Screen, Screen]) -> None:
        alice, _ = two
        choose(alice, "from alice", "delete")
        dialog = alice.page.locator("[data-sheet=confirm]")
        expect(dialog).to_contain_text("from alice")
        dialog.locator("[data-cancel]").click()
        expect(dialog).to_have_count(0)
        alice.shows(["from alice", "from bob"])

    def test_without_a_connection_it_says_so(self, two: tuple[Screen, Screen]) -> None:
        alice, _ = two
        choose(alice, "from alice", "delete")
        expect(alice.page.locator("[data-confirm]")).to_be_visible()
        alice.cut().page.locator("[data-confirm]").click()
        expect(alice.page.locator("[data-sheet] [role=alert]")).to_be_visible()
        alice.page.locator("[data-sheet] [data-cancel]").click()
        alice.mend().is_online()
        alice.shows(["from alice", "from bob"])

    def test_what_was_missed_is_caught_up(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        bob.cut()
        change(alice, "from alice", "better words")
        react(alice, "from bob", "👍")
        alice.say("one more")
        expect(alice.message("one more")).to_have_attribute("data-seq", "3")
        delete(alice, "one more")
        bob.mend().is_online().reads(["better words", "from bob"])
        expect(pill(bob, "from bob", "👍")).to_have_text(re.compile(r"👍\s*1"))


def react(screen: Screen, text: str, emoji: str) -> None:
    menu(screen, text).locator(f'[data-quick="{emoji}"]').click()
    expect(pill(screen, text, emoji)).to_have_attribute("aria-pressed", "true")


def pill(screen: Screen, text: str, emoji: str) -> Locator:
    return screen.message(text).locator(f'[data-reaction="{emoji}"]')


class TestReactions:
    def test_they_are_counted_named_and_taken_back(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        react(bob, "from alice", "❤️")
        expect(pill(alice, "from alice", "❤️")).to_have_attribute("aria-pressed", "false")
        pill(alice, "from alice", "❤️").click()
        for screen, names in ((alice, "You, bob"), (bob, "You, alice")):
            expect(pill(screen, "from alice", "❤️")).to_have_text(re.compile(r"❤️\s*2"))
            expect(pill(screen, "from alice", "❤️")).to_have_attribute("title", names)
        pill(alice, "from alice", "❤️").click()
        expect(pill(bob, "from alice", "❤️")).to_have_attribute("title", "You")
        pill(bob, "from alice", "❤️").click()
        for screen in (alice, bob):
            expect(screen.page.locator("[data-reaction]")).to_have_count(0)

    def test_any_emoji_can_be_picked(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        menu(alice, "from bob").locator("[data-more-emoji]").click()
        alice.page.locator("[data-picker] input").fill("tent")
        alice.page.locator("[data-picker] .picker__one").first.click()
        expect(pill(bob, "from bob", "⛺")).to_be_visible()
        expect(alice.composer).to_have_value("")

    def test_without_a_connection_it_is_taken_back_with_a_word(self, two: tuple[Screen, Screen]) -> None:
        alice, _ = two
        expect(menu(alice, "from bob")).to_be_visible()
        alice.page.keyboard.press("Escape")
        alice.cut()
        menu(alice, "from bob").locator('[data-quick="👍"]').click()
        expect(alice.page.locator("[data-note]")).to_contain_text("connection")
        expect(alice.page.locator("[data-reaction]")).to_have_count(0)

    def test_changes_of_mind_end_as_chosen(self, two: tuple[Screen, Screen]) -> None:
        alice, bob = two
        react(bob, "from bob", "😂")
        expect(pill(alice, "from bob", "😂")).to_be_visible()
        pill(alice, "from bob", "😂").evaluate("one => { for (let times = 0; times < 5; times += 1) one.click(); }")
        expect(pill(alice, "from bob", "😂")).to_have_attribute("aria-pressed", "true")
        expect(pill(bob, "from bob", "😂")).to_have_attribute("title", "You, alice")
        alice.reload().shows(["from alice", "from bob"])
        expect(pill(alice, "from bob", "😂")).to_have_attribute("aria-pressed", "true")


class TestReaching:
    def test_under_the_mouse_there_are_tools(self, two: tuple[Screen, Screen]) -> None:
        alice, _ = two
        alice.message("from bob").hover()
        alice.page.locator("[data-tool=reply]").click()
        expect(alice.page.locator("[data-writing=reply]")).to_contain_text("from bob")
        alice.message("from bob").hover()
        alice.page.locator("[data-tool=react]").click()
        alice.page.locator('[data-quick="🙏"]').click()
        expect(pill(alice, "from bob", "🙏")).to_be_visible()

    def test_keys_lead_to_everything(self, two: tuple[Screen, Screen]) -> None:
        alice, _ = two
        alice.page.locator("[data-log]").focus()
        expect(alice.page.locator("[data-actions]")).to_be_attached()
        alice.page.keyboard.press("Tab")
        expect(alice.message("from bob")).to_be_focused()
        alice.page.keyboard.press("ArrowUp")
        expect(alice.message("from alice")).to_be_focused()
        alice.page.keyboard.press("Enter")
        expect(alice.page.locator("[data-quick]").first).to_be_focused()
        alice.page.keyboard.press("ArrowDown")
        expect(alice.page.locator("[data-action=reply]")).to_be_focused()
        alice.page.keyboard.press("Escape")
        expect(alice.message("from alice")).to_be_focused()
        alice.page.keyboard.press("Enter")
        expect(alice.page.locator("[data-quick]").first).to_be_focused()
        alice.page.keyboard.press("End")
        expect(alice.page.locator("[data-actions] [data-seen]")).to_be_focused()
        alice.page.keyboard.press("ArrowUp")
        expect(alice.page.locator("[data-action=delete]")).to_be_focused()
        alice.page.keyboard.press("ArrowUp")
        alice.page.keyboard.press("Enter")
        expect(alice.page.locator("[data-writing=edit]")).to_be_visible()
        expect(alice.composer).to_be_focused()

    def test_a_long_press_opens_the_menu_on_a_phone(
        self, make_screen: Callable[..., Screen], bob: Screen, server: ServerProcess
    ) -> None:
        phone = make_screen(viewport=PHONE, has_touch=True, is_mobile=True).register("alice").open("bob")
        phone.composer.fill("from alice")
        phone.page.locator("[data-send]").tap()
        phone.shows(["from alice"])
        box = phone.message("from alice").locator(".bubble").bounding_box()
        assert box
        expect(phone.page.locator("[data-actions]")).to_be_attached()
        touch = {"touchPoints": [{"x": box["x"] + 20, "y": box["y"] + 15}]}
        wire = phone.protocol()
        wire.send("Input.dispatchTouchEvent", {"type": "touchStart", **touch})
        expect(phone.page.locator("[data-actions]")).to_be_visible()
        wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(phone.page.locator("[data-actions]")).to_be_visible()
        phone.page.locator("[data-action=reply]").tap()
        expect(phone.page.locator("[data-writing=reply]")).to_be_visible()

    def test_the_text_can_be_copied(self, two: tuple[Screen, Screen]) -> None:
        alice, _ = two
        alice.say("**as typed**")
        expect(alice.message("as typed")).to_have_attribute("data-seq", "3")
        alice.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        choose(alice, "as typed", "copy")
        assert alice.page.evaluate("navigator.clipboard.readText()") == "**as typed**"
