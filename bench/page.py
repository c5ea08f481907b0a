"""The page in Chromium: loading (with a processor slowed four times), typing, switching, listening."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench import rows as bench_rows
from bench.rows import Row
from tests.servers import Connection, Person, ServerProcess
from tests.services import program

ROUNDS = 5
SLOWED = 4
INCOMING = 1000
INCOMING_SECONDS = 10.0
TYPED = 20


def measure() -> list[Row]:
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder), MESSAGE_RATE="100000 per second", EVENT_RATE="100000 per second") as server,
        sync_playwright() as playwright,
    ):
        people = {name: Person(server.url, name).register() for name in ("alice", "bob", "carol")}
        with people["bob"].connect() as bob, people["carol"].connect() as carol:
            for number in range(60):
                bob.send(bob.open_direct("alice")["id"], f"bob's {number}")
                carol.send(carol.open_direct("alice")["id"], f"carol's {number}")
            browser = playwright.chromium.launch(
                executable_path=program("chromium"), args=["--no-sandbox", "--js-flags=--expose-gc"]
            )
            rows = [*loading(browser, people["alice"]), *typing(browser, people["alice"])]
            rows += [*switching(browser, people["alice"]), *listening(browser, people["alice"], bob)]
            browser.close()
        return rows


def row(work: str, ours: float, unit: str, goal: float) -> Row:
    return bench_rows.row(work, ours, unit, f"<= {goal:g}", ours <= goal)


@contextmanager
def tab(browser: Browser, person: Person, slowed: int = 1) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1360, "height": 880}, locale="en-GB")
    context.add_cookies([{"name": name, "value": value, "url": person.origin} for name, value in cookies(person)])
    page = context.new_page()
    slow(context, page, slowed)
    yield page
    context.close()


def cookies(person: Person) -> list[tuple[str, str]]:
    return [(name, value or "") for name, value in person.http.cookies.items()]


def slow(context: BrowserContext, page: Page, times: int) -> None:
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": times})


def show(page: Page, person: Person, path: str = "/") -> None:
    page.goto(person.origin + path)
    page.wait_for_selector("body[data-connection=online]")


def loading(browser: Browser, person: Person) -> list[Row]:
    paints, requests, transferred = [], [], []
    for _ in range(ROUNDS):
        with tab(browser, person, SLOWED) as page:
            show(page, person)
            page.wait_for_selector("[data-person=bob]")
            paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            entries = page.evaluate(
                "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
                ".map((entry) => entry.transferSize)"
            )
            requests.append(sum(size > 0 for size in entries))  # of no size is what this load held already
            transferred.append(sum(entries) / 1024)
    return [
        row("page: first contentful paint, processor slowed 4 times", statistics.median(paints), "ms", 1000),
        row("page: requests of the signed-in page", statistics.median(requests), "", 40),
        row("page: transferred by the signed-in page", statistics.median(transferred), "KiB", 150),
    ]


# Resolves with the number of frames until the page shows a message more: 1 is the next frame.
FRAMES_UNTIL_SHOWN = """
(text) => new Promise((resolve) => {
  const composer = document.querySelector("[data-composer]");
  composer.value = text;
  composer.dispatchEvent(new InputEvent("input", { bubbles: true }));
  requestAnimationFrame(() => {
    const before = document.querySelectorAll("[data-message]").length;
    composer.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    let frames = 0;
    const look = () => {
      frames += 1;
      if (document.querySelectorAll("[data-message]").length > before) resolve(frames);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(() => setTimeout(look));
  });
})
"""


def typing(browser: Browser, person: Person) -> list[Row]:
    with tab(browser, person) as page:
        show(page, person, "/#/bob")
        page.wait_for_selector("[data-message]")
        frames = [page.evaluate(FRAMES_UNTIL_SHOWN, f"typed {number}") for number in range(TYPED)]
    return [row("page: frames from Enter to one's own bubble, slowest", max(frames), "frames", 1)]


# Resolves with the milliseconds from a click on a conversation to the frame that shows its messages.
SWITCH = """
(name) => new Promise((resolve) => {
  const start = performance.now();
  document.querySelector(`[data-person="${name}"]`).closest("a, button, li").dispatchEvent(
    new MouseEvent("click", { bubbles: true, cancelable: true }));
  const look = () => {
    const shown = document.querySelector(`[data-conversation][data-peer="${name}"] [data-message]`);
    if (shown) requestAnimationFrame(() => resolve(performance.now() - start));
    else requestAnimationFrame(look);
  };
  look();
})
"""


def switching(browser: Browser, person: Person) -> list[Row]:
    with tab(browser, person) as page:
        for name in ("bob", "carol"):  # held from now on
            show(page, person, f"/#/{name}") if name == "bob" else page.locator(f'[data-person="{name}"]').click()
            page.wait_for_selector(f'[data-conversation][data-peer="{name}"] [data-message]')
        took = [page.evaluate(SWITCH, ("bob", "carol")[number % 2]) for number in range(10)]
    return [row("page: switching to a conversation that is held, median", statistics.median(took), "ms", 100)]


# Notes how long each frame took until told to stop.
WATCH_FRAMES = """
() => {
  window.frames_ = [];
  let last = performance.now();
  const tick = (now) => {
    window.frames_.push(now - last);
    last = now;
    window.watching_ = requestAnimationFrame(tick);
  };
  window.watching_ = requestAnimationFrame(tick);
}
"""


def listening(browser: Browser, person: Person, bob: Connection) -> list[Row]:
    with tab(browser, person) as page:
        show(page, person, "/#/bob")
        page.wait_for_selector("[data-message]")
        room_id = bob.open_direct("alice")["id"]
        incoming(bob, room_id, INCOMING)
        wait_for(page, INCOMING - 1)
        before = heap(page)
        page.evaluate(WATCH_FRAMES)
        incoming(bob, room_id, INCOMING)
        wait_for(page, INCOMING - 1)
        frames = page.evaluate("(cancelAnimationFrame(window.watching_), window.frames_)")
        grown = (heap(page) - before) / 1024 / 1024
    return [
        row("page: frame while 1,000 messages come in 10 s, median", statistics.median(frames), "ms", 16),
        row("page: memory grown by the second 1,000", grown, "MiB", 3),
    ]


def incoming(bob: Connection, room_id: int, count: int) -> None:
    start = time.monotonic()
    for number in range(count):
        bob.send(room_id, f"message {number} — сообщение — 消息")
        time.sleep(max(0.0, start + INCOMING_SECONDS * number / count - time.monotonic()))


def wait_for(page: Page, number: int) -> None:
    page.get_by_text(f"message {number} —").last.wait_for()


def heap(page: Page) -> int:
    return int(page.evaluate("(gc(), performance.memory.usedJSHeapSize)"))
