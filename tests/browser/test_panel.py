"""One's own panel: what is changed there holds at once, here, on one's other pages, and on everybody's."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.screens import PHONE, Screen
from tests.servers import PASSWORD, Person, ServerProcess, wait_until

CHOICES = [
    ("looks", "theme", "dark"),
    ("looks", "accent", "violet"),
    ("looks", "density", "compact"),
    ("language", "clock", "12"),
    ("writing", "send_key", "ctrl_enter"),
    ("writing", "sound", "off"),
]


def is_closed(screen: Screen) -> None:
    expect(screen.page.locator("[data-panel]")).to_be_hidden()


def test_every_choice_holds_on_another_page_at_once_and_after_a_reload(
    alice: Screen, make_screen: Callable[..., Screen]
) -> None:
    other = make_screen().login("alice").settings()
    alice.settings()
    for section, name, value in CHOICES:
        other.section(section)
        expect(other.option(name, value)).not_to_be_checked()
        alice.section(section).option(name, value).check()
        expect(other.option(name, value)).to_be_checked()
    for screen in (alice, other.reload()):
        for attribute, value in (("theme", "dark"), ("accent", "violet"), ("density", "compact")):
            expect(screen.page.locator("html")).to_have_attribute(f"data-{attribute}", value)
    for section, name, value in CHOICES:
        expect(other.section(section).option(name, value)).to_be_checked()


def test_a_choice_does_not_wait_for_the_one_before(alice: Screen) -> None:
    held: list[Route] = []
    alice.settings("looks").page.route(
        "**/profile/preferences", lambda route: route.continue_() if held else held.append(route)
    )
    with alice.page.expect_request("**/profile/preferences"):
        alice.option("accent", "rose").check()
    alice.option("density", "compact").check()
    expect(alice.page.locator("html")).to_have_attribute("data-density", "compact")
    with alice.page.expect_response(lambda answer: "density" in (answer.request.post_data or "")):
        held[0].continue_()
    alice.reload()
    for attribute, value in (("accent", "rose"), ("density", "compact")):
        expect(alice.page.locator("html")).to_have_attribute(f"data-{attribute}", value)


def test_the_clock_follows_the_choice(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("what time is it?").shows(["what time is it?"])
    time = alice.message("what time is it?").locator("time")
    expect(time).not_to_have_text(re.compile("[ap]m", re.IGNORECASE))
    alice.settings("language").option("clock", "12").check()
    expect(time).to_have_text(re.compile("[ap]m", re.IGNORECASE))


def test_a_choice_that_the_server_does_not_hear_is_taken_back(alice: Screen) -> None:
    alice.settings("looks").cut()
    alice.option("accent", "rose").click()  # check() would look whether it is still chosen, which it may no longer be
    expect(alice.field("accent").get_by_role("alert")).to_contain_text("No answer")
    expect(alice.option("accent", "jade")).to_be_checked()
    expect(alice.page.locator("html")).to_have_attribute("data-accent", "jade")
    alice.mend().is_online()
    with alice.page.expect_response("**/profile/preferences"):
        alice.option("accent", "rose").check()
    expect(alice.field("accent").get_by_role("alert")).to_have_count(0)
    alice.reload()
    expect(alice.page.locator("html")).to_have_attribute("data-accent", "rose")


def test_a_new_name_and_colour_are_seen_everywhere_at_once(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("before").shows(["before"])
    bob.open("alice").shows(["before"])
    old = bob.message("before").locator("[data-author]")
    expect(old).to_have_text("alice: ")
    alice.settings()
    alice.field("display_name").fill("Алиса  Ли")
    alice.field("about").fill("Люблю\nчай")
    alice.save("profile")
    expect(alice.page.locator("[data-panel]").get_by_text("Saved")).to_be_visible()
    expect(alice.field("display_name")).to_have_value("Алиса Ли")
    expect(alice.page.locator("[data-menu]")).to_contain_text("Алиса Ли")
    expect(old).to_have_text("Алиса Ли: ")
    for place in (bob.row("alice"), bob.page.locator("[data-part=bar]"), bob.page.locator("[data-details]")):
        expect(place).to_contain_text("Алиса Ли")
    expect(bob.page.locator("[data-about]")).to_have_text("Люблю\nчай")
    expect(bob.page).to_have_title(re.compile("^Алиса Ли"))
    hue = alice.field("hue")
    shown = alice.page.locator("[data-preview] .bubble__name")
    hue.focus()
    before = old.evaluate("one => one.style.getPropertyValue('--hue')")
    hue.press("End")
    expect(shown).to_have_attribute("style", re.compile("--hue: 359"))
    expect(old).to_have_attribute("style", re.compile("--hue: 359"))
    assert before != "359"


def test_what_is_wrong_is_said_beside_the_field(alice: Screen) -> None:
    alice.server_may_refuse = True
    alice.settings()
    alice.field("email").fill("nobody")
    alice.field("about").fill("kept")
    alice.save("profile")
    expect(alice.field("email")).to_have_attribute("aria-invalid", "true")
    expect(alice.field("email")).to_be_focused()
    words = alice.page.locator(f"#{alice.field('email').get_attribute('aria-describedby')}")
    expect(words).to_have_attribute("role", "alert")
    expect(words).not_to_be_empty()
    expect(alice.field("about")).to_have_value("kept")
    alice.field("email").fill("alice@example.org")
    alice.save("profile")
    expect(alice.page.locator("[data-panel]").get_by_text("Saved")).to_be_visible()
    alice.reload()
    expect(alice.field("email")).to_have_value("alice@example.org")


def test_a_password_is_changed_and_the_other_device_hears_of_it(
    alice: Screen, make_screen: Callable[..., Screen]
) -> None:
    elsewhere = make_screen().login("alice")
    alice.server_may_refuse = True
    alice.settings("password")
    alice.field("current_password").fill("not mine")
    alice.field("new_password").fill("another horse 2")
    expect(alice.page.locator("[data-panel] [data-score]")).to_be_visible()
    alice.save("password")
    expect(alice.field("current_password")).to_have_attribute("aria-invalid", "true")
    expect(elsewhere.page.locator("[data-notice]")).to_have_count(0)
    alice.field("current_password").fill(PASSWORD)
    alice.save("password")
    expect(alice.page.locator("[data-panel]").get_by_text("Saved")).to_be_visible()
    expect(alice.field("new_password")).to_have_value("")
    expect(elsewhere.page.locator("[data-notice=unauthenticated]")).to_contain_text("password")


def test_ending_another_session_closes_its_page(alice: Screen, make_screen: Callable[..., Screen]) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
    phone = make_screen(user_agent=agent).login("alice")
    third = make_screen().login("alice")
    alice.settings("sessions")
    devices = alice.page.locator("[data-session]")
    expect(devices).to_have_count(3)
    expect(devices.first).to_contain_text("This device")
    its = devices.filter(has_text="Safari on iPhone")
    its.locator("[data-end-session]").click()
    expect(phone.page.locator("[data-notice]")).to_have_count(0)
    its.locator("[data-confirm]").click()
    expect(phone.page.locator("[data-notice=unauthenticated]")).to_be_visible()
    expect(devices).to_have_count(2)
    expect(third.page.locator("[data-notice]")).to_have_count(0)
    alice.page.locator("[data-end-others]").click()
    alice.page.locator("[data-confirm]").click()
    expect(third.page.locator("[data-notice=unauthenticated]")).to_be_visible()
    expect(devices).to_have_count(1)
    expect(alice.page.locator("[data-notice]")).to_have_count(0)


# What an earlier page may have left in the browser, waiting to be sent: put one there, or count them.
IN_QUEUE = """(what) => new Promise((resolve) => {
  const user = JSON.parse(document.getElementById("boot").textContent).user.id;
  indexedDB.open(`parley.outbox.${user}`, 1).onsuccess = ({ target }) => {
    const waiting = target.result.transaction("messages", "readwrite").objectStore("messages");
    const left = { client_id: "3fa85f64-5717-4562-b3fc-2c963f66afa6", room_id: 1, body: "left", order: 1, error: null };
    const asked = what === "put" ? waiting.put(left) : waiting.count();
    asked.onsuccess = () => resolve(asked.result);
  };
})"""


def test_an_account_is_deleted_as_both_see_it(alice: Screen, bob: Screen) -> None:
    alice.server_may_refuse = True
    alice.open("bob").say("so long").shows(["so long"])
    alice.composer.fill("a draft")
    bob.open("alice").shows(["so long"])
    alice.page.evaluate(IN_QUEUE, "put")
    assert alice.page.evaluate(IN_QUEUE, "count") == 1
    alice.settings("data")
    alice.field("password").fill("wrong")
    alice.save("delete")
    expect(alice.field("password")).to_have_attribute("aria-invalid", "true")
    alice.field("password").fill(PASSWORD)
    alice.save("delete")
    expect(alice.page.locator("[data-notice]")).to_contain_text("deleted")
    for place in ("[data-part=bar]", "[data-details]", "[data-part=people]"):
        expect(bob.page.locator(place)).to_contain_text("Deleted account")
    expect(bob.message("so long").locator("[data-author]")).to_have_text("Deleted account: ")
    expect(bob.composer).to_be_hidden()
    expect(bob.page.locator("[data-part=gone]")).to_be_visible()
    assert alice.page.evaluate("Object.keys(localStorage).filter((key) => /draft|accounts/.test(key))") == []
    wait_until(lambda: alice.page.evaluate(IN_QUEUE, "count") == 0, 5, "an empty queue")
    bob.page.reload()
    bob.is_online()
    expect(bob.message("so long")).to_be_visible()
    expect(bob.page.locator("[data-part=gone]")).to_be_visible()
    alice.page.locator("[data-continue]").click()
    alice.fill_in("alice")
    expect(alice.page.get_by_role("alert")).to_be_visible()


@pytest.fixture
def long_talk(server: ServerProcess) -> int:
    Person(server.url, "alice").register()
    with Person(server.url, "bob").register().connect() as bob:
        room = bob.open_direct("alice")
        for number in range(1, 151):
            bob.send(room["id"], f"message {number}")
    return 150


@pytest.mark.parametrize("from_menu", [True, False], ids=["menu", "panel"])
def test_a_language_is_switched_without_losing_place(
    long_talk: int, make_screen: Callable[..., Screen], from_menu: bool
) -> None:
    bob = make_screen().login("bob").open("alice")
    log = bob.page.locator("[data-log]")
    expect(bob.message(f"message {long_talk}")).to_be_attached()
    while bob.bodies()[0] != "message 1":
        first = bob.bodies()[0]
        log.evaluate("log => { log.scrollTop = 0; }")
        expect(bob.messages.first.locator("[data-body]")).not_to_have_text(first)
    log.evaluate("""(log) => {
        const row = log.querySelector('[data-seq="20"]');
        log.scrollTop += row.getBoundingClientRect().top - log.getBoundingClientRect().top + 7;
    }""")
    bob.composer.fill("half a thou")
    expect(bob.page.locator("[data-to-end]")).to_be_visible()
    top = "one => one.getBoundingClientRect().top"
    before = bob.message("message 20").evaluate(top)
    if from_menu:
        bob.page.locator("[data-menu]").click()
        bob.page.locator("[data-languages] [value=ru]").click()
    else:
        bob.settings("language").option("locale", "ru").click()
    expect(bob.page.locator("html")).to_have_attribute("lang", "ru")
    bob.is_online().has_open("alice")
    expect(bob.message("message 20")).to_be_in_viewport()
    expect(bob.composer).to_have_value("half a thou")
    assert abs(bob.message("message 20").evaluate(top) - before) < 2
    if not from_menu:
        expect(bob.option("locale", "ru")).to_be_checked()
        bob.page.keyboard.press("Escape")
        is_closed(bob)
    bob.has_open("alice")


def test_silence_for_a_time_and_for_good(alice: Screen, bob: Screen, make_screen: Callable[..., Screen]) -> None:
    alice.open("bob").say("hello").shows(["hello"])
    other = make_screen().login("alice")
    mute = alice.page.locator("[data-mute]")
    alice.page.locator("[data-mute-open]").click()
    alice.page.locator("[data-mute-for='3600']").click()
    expect(mute).to_have_attribute("data-mute", "on")
    expect(mute).to_contain_text("Muted until")
    for screen in (alice, other):
        expect(screen.row("bob").locator("[data-muted]")).to_be_visible()
    alice.turns_away()
    bob.open("alice").say("psst")
    expect(other.row("bob").locator("[data-unread][data-quiet]")).to_be_visible()
    alice.turns_back()
    other.reload()
    expect(other.row("bob").locator("[data-muted]")).to_be_visible()
    alice.page.locator("[data-unmute]").click()
    expect(mute).to_have_attribute("data-mute", "off")
    for screen in (alice, other):
        expect(screen.row("bob").locator("[data-muted]")).to_have_count(0)
    alice.page.locator("[data-mute-open]").click()
    alice.page.locator("[data-mute-for='ever']").click()
    expect(mute).not_to_contain_text("until")
    expect(mute).to_have_attribute("data-mute", "on")


def test_esc_and_back_close_it_and_the_focus_returns(alice: Screen, bob: Screen) -> None:
    alice.open("bob").settings("looks")
    alice.page.keyboard.press("Escape")
    is_closed(alice)
    expect(alice.page.locator("[data-menu]")).to_be_focused()
    alice.has_open("bob").settings("sessions")
    alice.page.go_back()
    is_closed(alice)
    alice.has_open("bob").settings()
    alice.page.locator("[data-panel-close]").click()
    is_closed(alice)
    alice.has_open("bob")


def test_all_of_it_by_keyboard(alice: Screen) -> None:
    alice.page.locator("[data-menu]").press("Enter")
    alice.page.locator("[data-open-panel]").press("Enter")
    alice.page.locator("[data-section=looks]").press("Enter")
    alice.option("theme", "system").press("ArrowLeft")
    expect(alice.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_on_a_phone_sections_and_list_take_turns(
    make_context: Callable[..., BrowserContext], make_screen: Callable[..., Screen]
) -> None:
    phone = make_screen(make_context(viewport=PHONE, has_touch=True, is_mobile=True)).register("alice").settings()
    expect(phone.page.locator("[data-panel-content]")).to_have_count(0)
    phone.section("looks")
    expect(phone.page.locator("[data-section]")).to_have_count(0)
    box = phone.page.locator("[data-panel]").bounding_box()
    assert box == {"x": 0, "y": 0, "width": PHONE["width"], "height": PHONE["height"]}
    phone.page.locator("[data-panel-back]").click()
    expect(phone.page.locator("[data-section=looks]")).to_be_focused()
    phone.section("writing")
    phone.page.go_back()
    expect(phone.page.locator("[data-section=writing]")).to_be_visible()
    phone.page.locator("[data-panel-close]").click()
    is_closed(phone)
    expect(phone.page.locator("[data-menu]")).to_be_visible()


def test_small_touch_targets_are_nowhere_in_it(make_screen: Callable[..., Screen]) -> None:
    phone = make_screen(viewport=PHONE, has_touch=True, is_mobile=True).register("alice").settings()
    for name in ("profile", "looks", "language", "writing", "password", "sessions"):
        phone.section(name)
        sizes = phone.page.locator("[data-panel] :is(button, input, textarea):visible").evaluate_all(
            "all => all.map((one) => [one.dataset.field ?? one.value, one.offsetWidth, one.offsetHeight])"
        )
        assert sizes
        assert [size for size in sizes if size[1] < 44 or size[2] < 44] == []
        phone.page.locator("[data-panel-back]").click()


def test_the_administrator_sees_how_the_server_is(alice: Screen, bob: Screen) -> None:
    """alice came first."""
    alice.settings("server")
    for name, value in (("people", "2"), ("guests", "0"), ("rooms", "1"), ("overdue", "All are deleted")):
        expect(alice.page.locator(f"[data-fact={name}]")).to_have_text(value)
    bob.settings("profile")
    expect(bob.page.locator("[data-section=server]")).to_have_count(0)
