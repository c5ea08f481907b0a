"""Reading a long conversation: windows that move with the reader, a place that stays, days, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import create_engine, text

from tests.browser.screens import Screen
from tests.browser.sharing import Sharer, enter, picture, sharing
from tests.servers import Person, ServerProcess, make_client_id

COUNT = 1_000
HELD_MOST = 400
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)  # of the last of them
RATES = {"MESSAGE_RATE": "100000 per second", "EVENT_RATE": "100000 per second"}

# Where a row is at each frame from now on, until it is asked for.
WATCH = """(seq) => {
  const row = document.querySelector(`[data-seq="${seq}"]`);
  const seen = (window.seen = { tops: [], most: 0 });
  const look = () => {
    if (window.seen !== seen) return;
    seen.tops.push(row.isConnected ? row.getBoundingClientRect().top : NaN);
    seen.most = Math.max(seen.most, document.querySelectorAll("[data-message]").length);
    requestAnimationFrame(look);
  };
  look();
}"""
SEEN = "() => { const { tops, most } = window.seen; window.seen = null; return { tops, most }; }"
VISIBLE = """(log) => {
  const edge = log.getBoundingClientRect().top + 60;
  const row = [...log.querySelectorAll("[data-message]")].find((one) => one.getBoundingClientRect().top > edge);
  return Number(row.dataset.seq);
}"""

# How many messages one sees above an element; and the day of the first one that one sees.
READ_ABOVE = """(line) => {
  const edge = document.querySelector("[data-log]").getBoundingClientRect().top;
  const end = line.getBoundingClientRect().top;
  const ends = [...document.querySelectorAll("[data-message]")].map((row) => row.getBoundingClientRect().bottom);
  return ends.filter((at) => at > edge && at < end).length;
}"""
DAY_AT_TOP = """(log) => {
  const edge = log.getBoundingClientRect().top;
  const row = [...log.querySelectorAll("[data-message]")].find((one) => one.getBoundingClientRect().bottom > edge);
  return row.closest("[data-section]").dataset.section;
}"""
CHANGED = """([edge, last]) =>
  Number([...document.querySelectorAll("[data-message]")].at(last).dataset.seq) !== edge"""
LOADED = """() => [...document.querySelectorAll("[data-log] img")]
  .every((one) => one.complete || one.loading === "lazy")"""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), **RATES) as process:
        yield process


@pytest.fixture
def people(server: ServerProcess) -> list[Person]:
    return [Person(server.url, name).register() for name in ("alice", "bob")]


@pytest.fixture
def sharer(people: list[Person]) -> Iterator[Sharer]:
    """Bob, in a room with alice."""
    with sharing(*people[::-1]) as (bob, _alice):
        yield bob


def fill(server: ServerProcess, sharer: Sharer, count: int = COUNT, read_to: int | None = None) -> None:
    """Write what bob and alice said for a month, two by two, behind the back of the server; read up to a message."""
    engine = create_engine(server.env["DATABASE_URL"])
    with engine.begin() as connection:
        room = {"room": sharer.room_id}
        (before,) = connection.execute(text("SELECT last_seq FROM rooms WHERE id = :room"), room).one()
        ids = [row[0] for row in connection.execute(text("SELECT id FROM users WHERE kind = 'member' ORDER BY id"))]
        rows = [row(sharer.room_id, before + number, ids, count - number) for number in range(1, count + 1)]
        connection.execute(
            text(
                "INSERT INTO messages (room_id, seq, version, sender_id, client_id, kind, body, created_at)"
                " VALUES (:room, :seq, :seq, :sender, :key, 'text', :body, :at)"
            ),
            rows,
        )
        begun = {"at": rows[0]["at"]} | room  # the lines about who made the room, and came
        connection.execute(text("UPDATE messages SET created_at = :at WHERE room_id = :room AND seq <= 2"), begun)
        last = room | {"last": before + count, "read": before + count if read_to is None else before + read_to}
        connection.execute(text("UPDATE rooms SET last_seq = :last, version = :last WHERE id = :room"), last)
        connection.execute(text("UPDATE memberships SET last_read_seq = :read WHERE room_id = :room"), last)
    engine.dispose()


def row(room_id: int, seq: int, ids: list[int], left: int) -> dict[str, Any]:
    at = (NOON - timedelta(hours=left)).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    body = f"message {seq}" + " and some more words" * (seq * 7 % 23)
    key = (room_id * 1_000_000 + seq).to_bytes(16, "big")
    return {"room": room_id, "seq": seq, "sender": ids[seq // 2 % 2], "key": key, "body": body, "at": at}


def all_read(server: ServerProcess, sharer: Sharer) -> None:
    engine = create_engine(server.env["DATABASE_URL"])
    with engine.begin() as connection:
        last = "(SELECT last_seq FROM rooms WHERE id = :room)"
        connection.execute(
            text(f"UPDATE memberships SET last_read_seq = {last} WHERE room_id = :room"), {"room": sharer.room_id}
        )
    engine.dispose()


def log(screen: Screen) -> Locator:
    return screen.page.locator("[data-log]")


def seqs(screen: Screen) -> list[int]:
    return list(screen.messages.evaluate_all("all => all.map((one) => Number(one.dataset.seq))"))


def row_of(screen: Screen, seq: int) -> Locator:
    return screen.page.locator(f'[data-message][data-seq="{seq}"]')


def scroll(screen: Screen, towards: str) -> None:
    """To the start or the end of what is held."""
    to = {"start": 0, "end": "log.scrollHeight"}[towards]
    log(screen).evaluate(f"(log) => {{ log.scrollTop = {to}; }}")


def scroll_until(screen: Screen, towards: str, reached: Callable[[], bool]) -> int:
    """Go on until that is so, while nothing under the eye moves; returns how many messages there were at most."""
    most = 0
    for _page in range(60):
        if reached():
            return most
        edge = seqs(screen)[0 if towards == "start" else -1]
        scroll(screen, towards)
        seen = log(screen).evaluate(VISIBLE)
        screen.page.evaluate(WATCH, seen)
        try:
            screen.page.wait_for_function(CHANGED, arg=[edge, 0 if towards == "start" else -1])
            settled(screen)
        finally:
            watched = screen.page.evaluate(SEEN)
        tops = watched["tops"]
        assert max(abs(top - tops[0]) for top in tops) <= 1, tops
        most = max(most, watched["most"])
    raise AssertionError("it was not reached")


def settled(screen: Screen) -> None:
    """Nothing is loaded any more, pictures included."""
    expect(log(screen)).to_have_attribute("aria-busy", "false")
    screen.page.wait_for_function(LOADED)
    screen.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_the_place_stays_while_older_messages_with_pictures_come(
    make_screen: Callable[..., Screen], server: ServerProcess, people: list[Person], sharer: Sharer
) -> None:
    fill(server, sharer, 30)
    for number in range(50):
        if number % 3:
            sharer.say(f"between {number}")
        else:
            sharer.show(
                picture((900 + 10 * number, 600), ("teal", "navy", "olive")[number % 9 // 3]),
                f"{number}.jpg",
                "" if number % 2 else "a caption",
            )
    for number in range(60):
        sharer.say(f"newest {number}")
    all_read(server, sharer)
    alice = enter(make_screen(), people[0], sharer.room_id)
    expect(alice.message("newest 59")).to_be_in_viewport()
    settled(alice)
    scroll_until(alice, "start", lambda: alice.message("between 1").count() == 1)
    expect(alice.page.locator("[data-file=image]").first).to_be_attached()


def test_a_window_moves_with_the_reader_and_never_grows_past_its_size(
    make_screen: Callable[..., Screen], server: ServerProcess, people: list[Person], sharer: Sharer
) -> None:
    fill(server, sharer)
    alice = enter(make_screen(), people[0], sharer.room_id)
    expect(alice.messages).not_to_have_count(0)
    newest = seqs(alice)[-1]
    most = scroll_until(alice, "start", lambda: seqs(alice)[0] < newest - 700)
    assert HELD_MOST - 100 < most <= HELD_MOST
    assert newest not in seqs(alice)
    held = seqs(alice)
    assert held == list(range(held[0], held[-1] + 1))
    most = scroll_until(alice, "end", lambda: seqs(alice)[-1] == newest)
    assert HELD_MOST - 100 < most <= HELD_MOST
    held = seqs(alice)
    assert held == list(range(held[0], newest + 1))
    # Two by two of one person, hours apart: no message follows another, also where windows met.
    assert alice.page.locator("[data-message][data-follows]").count() == 0


def test_what_arrives_below_the_window_is_counted_until_one_goes_there(
    make_screen: Callable[..., Screen], server: ServerProcess, people: list[Person], sharer: Sharer
) -> None:
    fill(server, sharer)
    alice = make_screen()
    alice.take_cookies_of(people[0])
    alice.page.goto(f"{alice.url}/#/room/{sharer.room_id}/200")
    expect(row_of(alice, 200)).to_be_in_viewport()
    expect(row_of(alice, 200)).to_have_attribute("data-led", "")
    assert len(seqs(alice)) <= 101
    for number in range(2):
        sharer.say(f"live {number}")
    pill = alice.page.locator("[data-to-end]")
    expect(pill).to_contain_text("2 new messages")
    expect(alice.message("live 1")).to_have_count(0)
    expect(alice.page.locator("[data-unread='2']")).to_be_visible()
    alice.composer.press("Alt+End")
    expect(alice.message("live 1")).to_be_in_viewport()
    expect(pill).to_have_count(0)
    expect(alice.page.locator("[data-unread]")).to_have_count(0)


def test_ones_own_message_from_far_above_leads_to_the_newest(
    make_screen: Callable[..., Screen], server: ServerProcess, people: list[Person], sharer: Sharer
) -> None:
    fill(server, sharer)
    alice = make_screen()
    alice.take_cookies_of(people[0])
    alice.page.goto(f"{alice.url}/#/room/{sharer.room_id}/100")
    expect(row_of(alice, 100)).to_be_in_viewport()
    alice.say("from far above")
    expect(alice.message("from far above")).to_be_in_viewport()
    expect(alice.message("from far above")).to_have_attribute("data-state", re.compile("sent|read"))
    expect(row_of(alice, 100)).to_have_count(0)


def test_one_lands_at_the_first_of_many_unread_and_the_line_stays_until_one_leaves(
    make_screen: Callable[..., Screen], server: ServerProcess, people: list[Person], sharer: Sharer
) -> None:
    fill(server, sharer, read_to=COUNT - 500)
    alice = enter(make_screen(), people[0], sharer.room_id)
    line = alice.page.locator("[data-unread-line]")
    expect(line).to_be_in_viewport()
    assert line.evaluate(READ_ABOVE) >= 1
    unread = int(str(alice.page.locator("[data-unread]").first.get_attribute("data-unread")))
    assert 200 < unread < 300  # every other two are alice's own
    alice.page.locator("[data-to-end]").click()
    expect(alice.page.locator("[data-unread]")).to_have_count(0)
    expect(line).to_have_count(0)  # it is far above
    sharer.say("one more")
    alice.turns_away()
    sharer.say("while nobody looked")
    expect(alice.message("while nobody looked")).to_be_attached()
    alice.turns_back()
    expect(line).to_be_visible()
    alice.say("an answer")
    expect(alice.message("an answer")).to_have_attribute("data-seq", re.compile(r"\d+"))
    expect(line).to_be_visible()
    alice.open("bob")
    alice.page.locator(f'[data-room="{sharer.room_id}"]').click()
    expect(alice.message("an answer")).to_be_in_viewport()
    expect(line).to_have_count(0)


def test_a_link_leads_to_its_message_and_reads_nothing(
    make_screen: Callable[..., Screen], server: ServerProcess, people: list[Person], sharer: Sharer
) -> None:
    fill(server, sharer, read_to=COUNT - 20)
    alice = make_screen()
    alice.take_cookies_of(people[0])
    alice.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    alice.page.goto(f"{alice.url}/#/room/{sharer.room_id}/300")
    expect(row_of(alice, 300)).to_have_attribute("data-led", "")
    expect(alice.page.locator("[data-unread]").first).to_be_visible()
    row_of(alice, 302).hover()
    expect(row_of(alice, 302).locator("[data-tools]")).to_be_visible()
    row_of(alice, 302).click(button="right")
    alice.page.locator("[data-action=link]").click()
    copied = alice.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == f"{alice.url}/#/room/{sharer.room_id}/302"
    sharer.say(f"see {copied.replace('/302', '/700')}")
    alice.page.locator("[data-to-end]").click()
    alice.page.locator("a[href$='/700']").click()
    expect(row_of(alice, 700)).to_be_in_viewport()
    expect(row_of(alice, 700)).to_have_attribute("data-led", "")
    alice.page.goto(f"{alice.url}/#/room/{sharer.room_id}/999999")
    expect(alice.page.get_by_text("This message is no longer here.")).to_be_visible()
    expect(alice.page.locator("a[href$='/700']")).to_be_in_viewport()


def test_a_quoted_message_far_above_is_gone_to_without_all_between(
    make_screen: Callable[..., Screen], server: ServerProcess, people: list[Person], sharer: Sharer
) -> None:
    fill(server, sharer)
    about = {"room_id": sharer.room_id, "body": "about that", "client_id": make_client_id(), "reply_to": 50}
    assert sharer.connection.call("send_message", about)["ok"]
    all_read(server, sharer)
    alice = enter(make_screen(), people[0], sharer.room_id)
    alice.page.locator("[data-quote='50']").click()
    expect(row_of(alice, 50)).to_be_in_viewport()
    expect(row_of(alice, 50)).to_be_focused()
    assert seqs(alice)[-1] < 200
    alice.page.keyboard.press("End")
    expect(alice.message("about that")).to_be_in_viewport()


def test_the_day_is_always_seen_and_leads_to_any_other(
    make_screen: Callable[..., Screen], server: ServerProcess, people: list[Person], sharer: Sharer
) -> None:
    fill(server, sharer)
    alice = enter(make_screen(timezone_id="Asia/Shanghai"), people[0], sharer.room_id)
    chip = alice.page.locator("[data-day][data-reached]")
    for _page in range(3):
        scroll(alice, "start")
        settled(alice)
        expect(chip.locator("span")).to_be_in_viewport(ratio=1)
        day = log(alice).evaluate(DAY_AT_TOP)
        assert chip.evaluate("one => one.closest('[data-section]').dataset.section") == day
    chip.click()
    alice.page.get_by_role("dialog", name="Jump to a day").locator("[data-close]").click()
    alice.composer.press("Alt+j")
    calendar = alice.page.get_by_role("dialog", name="Jump to a day")
    expect(calendar.locator("[data-date][tabindex='0']")).to_be_focused()
    expect(calendar.locator("[data-date][aria-disabled=false]").first).to_be_visible()
    wanted = (NOON - timedelta(days=35)).date()
    there = calendar.locator(f"[data-date='{wanted:%Y-%m-%d}']")
    for key in range(60):
        if there.count() and there.get_attribute("tabindex") == "0":
            break
        alice.page.keyboard.press("ArrowUp" if key < 4 else "ArrowLeft")
    expect(there).to_be_focused()
    expect(there).to_have_attribute("aria-disabled", "false")
    alice.page.keyboard.press("Enter")
    expect(calendar).to_have_count(0)
    led = alice.page.locator("[data-message][data-led]")
    expect(led).to_be_in_viewport()
    moment = str(led.locator("time").get_attribute("datetime"))
    at = datetime.fromisoformat(moment) + timedelta(hours=8)
    assert (at.date(), at.hour) == (wanted, 0)
