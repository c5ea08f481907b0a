"""What was taken away: made by a real server beside its talk, and read from the disk in Chromium, with no network."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.screens import PHONE, REPORT_VIOLATIONS, Screen
from tests.browser.sharing import Sharer, picture, sound
from tests.servers import PASSWORD, Person, ServerProcess, csrf_token, make_client_id, wait_until

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"

# A day is gone to while a search is under way.
TWO_AT_ONCE = """(day) => {
  const field = document.querySelector("input[type=date]");
  field.value = day;
  field.dispatchEvent(new Event("change"));
  document.querySelector("form").requestSubmit();
}"""


def ask(person: Person, path: str) -> dict[str, Any]:
    headers = {"X-CSRFToken": csrf_token(person.get("/logout").text)}
    answer = person.http.post(person.origin + path, headers=headers).json()
    assert answer["ok"], answer
    return dict(answer["export"])


def taken(person: Person, path: str, folder: Path) -> Path:
    """The unpacked export's page."""
    export = ask(person, path)

    def is_ready() -> bool:
        [told] = [one for one in person.get_json("/exports")["exports"] if one["id"] == export["id"]]
        assert told["state"] != "failed"
        return bool(told["state"] == "ready")

    wait_until(is_ready, 60, "the export")
    with zipfile.ZipFile(io.BytesIO(person.get(f"/exports/{export['id']}").content)) as archive:
        archive.extractall(folder)
    return folder / "index.html"


@pytest.fixture
def read(make_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens a page from the disk, in a browser without a network, that may complain of nothing."""

    def open_page(path: Path, **options: object) -> Page:
        page = make_context(offline=True, **options).new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(REPORT_VIOLATIONS)
        page.goto(path.as_uri())
        page.complaints = complaints  # type: ignore[attr-defined]
        return page

    return open_page


@pytest.fixture
def talk(server: ServerProcess, tmp_path: Path) -> tuple[Person, int]:
    """alice, and her conversation with bob: more than the page holds at once, files, an answer, a change."""
    alice, bob = (Person(server.url, name).register() for name in ("alice", "bob"))
    with alice.connect() as mine, bob.connect() as his:
        room_id = mine.open_direct("bob")["id"]
        mine.send(room_id, "the very first, with a **mark**")
        for number in range(60):
            (mine, his)[number % 2].send(room_id, f"line {number}\nand more of it, so that the page has to scroll")
        his.send(room_id, HOSTILE)
        sharer = Sharer(alice, mine, room_id)
        sharer.show(picture(), "lake.jpg", body="the lake")
        sharer.show(sound(1), "song.wav")
        answer = {"room_id": room_id, "body": "палатка в лесу", "client_id": make_client_id(), "reply_to": 1}
        seq = his.call("send_message", answer)["message"]["seq"]
        his.call("edit_message", {"room_id": room_id, "seq": seq, "body": "Палатка в лесу: 帐篷"})
        mine.call("set_reaction", {"room_id": room_id, "seq": seq, "emoji": "🎉", "on": True})
    return alice, room_id


def test_an_export_reads_and_searches_from_the_disk(
    talk: tuple[Person, int], tmp_path: Path, read: Callable[..., Page]
) -> None:
    alice, room_id = talk
    page = read(taken(alice, f"/rooms/{room_id}/export", tmp_path / "export"))
    expect(page.locator("h1")).to_have_text("bob")
    last = page.locator("[data-message]").last
    expect(last).to_contain_text("Палатка в лесу: 帐篷")
    expect(last).to_contain_text("edited")
    expect(last.locator(".reactions")).to_contain_text("🎉 1")
    expect(last.locator(".quote")).to_contain_text("alice: the very first")
    expect(page.locator("[data-message]")).to_have_count(65)
    for button in ("[data-earlier]", "[data-later]"):
        expect(page.locator(button)).to_be_hidden()
    page.locator("img").scroll_into_view_if_needed()
    wait_until(lambda: page.locator("img").evaluate("(one) => one.naturalWidth") > 0, 10, "the picture")
    page.locator("audio").evaluate("(one) => one.play()")
    wait_until(lambda: page.locator("audio").evaluate("(one) => one.duration") > 0.5, 10, "the sound")
    expect(page.get_by_text("<img src=x")).to_be_visible()
    last.locator(".quote").click()
    expect(page.locator("[data-found]")).to_contain_text("the very first")
    expect(page.locator("[data-found] strong")).to_have_text("mark")
    for words, count in (("ПАЛАТКА лесу", 1), ("帐", 1), ("line 5", 15), ("nowhere", 0)):
        page.locator("[name=q]").fill(words)
        page.locator("[name=q]").press("Enter")
        expect(page.get_by_role("status")).to_have_text(f"Found: {count}" if count else "Nothing was found.")
        expect(page.locator("[data-hit]")).to_have_count(count)
    page.locator("[name=q]").fill("палатка")
    page.locator("[name=q]").press("Enter")
    expect(page.locator("[data-hit] mark")).to_have_text("Палатка")
    page.locator("[data-hit]").click()
    expect(page.locator("[data-found]")).to_contain_text("帐篷")
    page.locator("input[type=date]").fill("2001-01-01")
    expect(page.locator("[data-found]")).to_contain_text("the very first")
    assert page.title() == "bob"
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_long_one_holds_few_messages_in_the_page(
    talk: tuple[Person, int], tmp_path: Path, read: Callable[..., Page]
) -> None:
    """As an export of a million messages does, with chunks of its own making."""
    alice, room_id = talk
    path = taken(alice, f"/rooms/{room_id}/export", tmp_path / "export")
    many = 40
    index = (path.parent / "data/index.js").read_text()
    chunk = (path.parent / "data/00000.js").read_text()
    (path.parent / "data/index.js").write_text(
        re.sub(
            r'"chunks":\[\[.*?\]\]',
            lambda _: (
                '"chunks":'
                + str([[1 + 1000 * n, f"20{10 + n}-01-01T00:00:00.000Z", 65] for n in range(many)]).replace("'", '"')
            ),
            index,
        )
    )
    for number in range(many):
        moved = re.sub(r'"seq":(\d+),"kind"', lambda found: f'"seq":{int(found[1]) + 1000 * number},"kind"', chunk)  # noqa: B023
        (path.parent / f"data/{number:05d}.js").write_text(moved.replace("parley.take(0,", f"parley.take({number},"))
    page = read(path)
    expect(page.locator("[data-message]").last).to_have_attribute("data-message", "0-39065")
    expect(page.locator("[data-later]")).to_be_hidden()
    for number in range(many - 2, many - 8, -1):
        page.locator("[data-earlier]").click()
        expect(page.locator(f'[data-chunk="{number}"]')).to_be_attached()
    expect(page.locator("[data-chunk]")).to_have_count(4)
    page.locator("[name=q]").fill("帐篷")
    page.locator("[name=q]").press("Enter")
    expect(page.locator("[data-hit]")).to_have_count(many)
    page.locator("[data-hit]").last.click()
    expect(page.locator("[data-found]")).to_have_attribute("data-message", "0-65")
    expect(page.locator("[data-chunk]")).to_have_count(1)
    # The last chunk is asked for by two at the same time.
    page.locator("[name=q]").fill("帐篷")
    page.evaluate(TWO_AT_ONCE, f"{2010 + many}-01-01")
    expect(page.locator("[data-hit]")).to_have_count(many)
    expect(page.locator("[data-found]")).to_have_attribute("data-message", "0-39065")
    assert page.complaints == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_fits_a_phone_in_either_colours(
    talk: tuple[Person, int], tmp_path: Path, read: Callable[..., Page], colours: str
) -> None:
    alice, room_id = talk
    page = read(
        taken(alice, f"/rooms/{room_id}/export", tmp_path / "export"),
        viewport=PHONE,
        color_scheme=colours,
        has_touch=True,
    )
    expect(page.locator("[data-message]").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(242, 239, 232)", "dark": "rgb(15, 20, 23)"}[colours]


def test_ones_own_data_read_from_the_disk(talk: tuple[Person, int], tmp_path: Path, read: Callable[..., Page]) -> None:
    alice, _room_id = talk
    page = read(taken(alice, "/profile/export", tmp_path / "export"))
    expect(page.locator("h1")).to_have_text("All my data")
    expect(page.locator("h2").first).to_have_text("bob")
    expect(page.locator("[data-message]").first).to_contain_text("the very first")
    page.locator("[name=q]").fill("lake")
    page.locator("[name=q]").press("Enter")
    expect(page.locator("[data-hit]")).to_have_count(1)
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_conversation_is_exported_from_its_details(
    talk: tuple[Person, int], server: ServerProcess, make_screen: Callable[..., Screen]
) -> None:
    alice, _room_id = talk
    screen = make_screen()
    screen.take_cookies_of(alice)
    screen.page.goto(screen.url)
    page = screen.is_online().open("bob").page
    page.locator("[data-open-export]").click()
    expect(page.locator("[data-export-begin]")).to_be_focused()
    page.locator("[data-export-begin]").click()
    expect(page.locator("[data-exporting=working] progress")).to_be_visible()
    expect(page.locator("[data-export-fetch]")).to_be_visible(timeout=60_000)
    with page.expect_download() as coming:
        page.locator("[data-export-fetch]").click()
    assert re.fullmatch(r"bob \d{4}-\d\d-\d\d\.zip", coming.value.suggested_filename)
    with zipfile.ZipFile(coming.value.path()) as archive:
        assert archive.testzip() is None
        assert "index.html" in archive.namelist()
    # It is there again, on another page too; and goes when one wants it to.
    screen.reload()
    page.locator("[data-open-export]").click()
    page.locator("[data-exporting=ready] [data-export-remove]").click()
    expect(page.locator("[data-export-begin]")).to_be_visible()
    assert alice.get_json("/exports")["exports"] == []


def test_one_given_up_is_not_made(talk: tuple[Person, int], make_screen: Callable[..., Screen]) -> None:
    alice, _room_id = talk
    screen = make_screen()
    screen.take_cookies_of(alice)
    screen.page.goto(screen.url)
    page = screen.is_online().settings("data").page
    page.locator("[data-export-begin]").click()
    page.locator("[data-exporting=working] [data-export-remove]").click()
    expect(page.locator("[data-export-begin]")).to_be_visible()
    assert alice.get_json("/exports")["exports"] == []


def test_who_leaves_may_take_back_what_they_said(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("so long").shows(["so long"])
    bob.open("alice").say("stay!").shows(["so long", "stay!"])
    alice.settings("data")
    alice.page.locator("[data-field=messages] label", has_text="Is deleted").click()
    expect(alice.page.locator("[data-said=remove]")).to_contain_text("is deleted from all conversations")
    alice.field("password").fill(PASSWORD)
    alice.save("delete")
    expect(alice.page.locator("[data-notice]")).to_contain_text("deleted")
    expect(bob.page.locator("[data-message] [data-deleted]")).to_be_visible(timeout=30_000)
    expect(bob.message("stay!")).to_be_visible()
    expect(bob.message("so long")).to_have_count(0)


def test_a_server_that_is_stopped_in_the_middle_makes_it_afterwards(
    talk: tuple[Person, int], server: ServerProcess, tmp_path: Path
) -> None:
    alice, room_id = talk
    export = ask(alice, f"/rooms/{room_id}/export")
    server.kill()
    server.start()

    def state() -> str:
        [told] = [one for one in alice.get_json("/exports")["exports"] if one["id"] == export["id"]]
        return str(told["state"])

    wait_until(lambda: state() == "ready", 90, "the export")
    assert zipfile.ZipFile(io.BytesIO(alice.get(f"/exports/{export['id']}").content)).testzip() is None
