"""Chromium, a server for each test, and tabs whose complaints fail the test."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from tests.browser.screens import WIDE, Screen
from tests.servers import ServerProcess
from tests.services import program

expect.set_options(timeout=15_000)  # milliseconds; machines that test may be busy


# Playwright waits without end for a browser that no longer answers. It is killed then, the test fails for that reason
# and is tried once more with another browser. No other reason is worth a second try: a flaky test is a bug.
PATIENCE = 180  # seconds for one test
BROWSER_DIED = ["TargetClosedError", "Target page, context or browser has been closed"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=BROWSER_DIED))


class Browsers:
    """One Chromium for all tests, and another one when it has died."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._mark = f"--parley-tests={uuid.uuid4()}"  # by which its process is known
        self._browser: Browser | None = None

    def running(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._playwright.chromium.launch(
                executable_path=program("chromium"),
                args=["--no-sandbox", "--use-fake-device-for-media-stream", self._mark],
            )
        return self._browser

    def kill(self) -> None:
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if self._mark.encode() in command.read_bytes().split(b"\0"):
                    os.kill(int(command.parent.name), signal.SIGKILL)


@pytest.fixture(scope="session")
def browsers() -> Iterator[Browsers]:
    with sync_playwright() as playwright:
        browsers = Browsers(playwright)
        yield browsers
        browsers.running().close()


@pytest.fixture
def chromium(browsers: Browsers) -> Iterator[Browser]:
    browser = browsers.running()
    watch = threading.Timer(PATIENCE, browsers.kill)
    watch.start()
    yield browser
    watch.cancel()


class Spare:
    """The server of the next test, which starts while this one's is used."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._next = self._launch()

    def _launch(self) -> ServerProcess:
        server = ServerProcess(self._factory.mktemp("server"))
        server.launch()
        return server

    def take(self) -> ServerProcess:
        taken, self._next = self._next.wait(), self._launch()
        return taken

    def kill(self) -> None:
        self._next.kill()


@pytest.fixture(scope="session")
def spare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spare]:
    spare = Spare(tmp_path_factory)
    yield spare
    spare.kill()


@pytest.fixture
def server(spare: Spare) -> Iterator[ServerProcess]:
    with spare.take() as process:
        yield process


@pytest.fixture
def make_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers of their own: other cookies, other storage."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        made.append(chromium.new_context(**{"viewport": WIDE, "locale": "en-GB", **options}))
        return made[-1]

    yield make
    for context in made:
        context.close()


@pytest.fixture
def make_screen(make_context: Callable[..., BrowserContext], server: ServerProcess) -> Iterator[Callable[..., Screen]]:
    """Makes tabs, each in a browser of its own unless a context is given, and fails the test for their complaints."""
    made: list[Screen] = []

    def make(context: BrowserContext | None = None, slot: int = 0, url: str | None = None, **options: object) -> Screen:
        made.append(Screen(context or make_context(**options), url or server.url, slot))
        return made[-1]

    yield make
    assert [screen.trouble for screen in made] == [[] for _ in made]


@pytest.fixture
def alice(make_screen: Callable[..., Screen]) -> Screen:
    return make_screen().register("alice")


@pytest.fixture
def bob(make_screen: Callable[..., Screen]) -> Screen:
    return make_screen().register("bob")
