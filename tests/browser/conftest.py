"""Chromium, a server for each test, and tabs whose complaints fail the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.screens import WIDE, Screen
from tests.servers import ServerProcess
from tests.services import program

expect.set_options(timeout=15_000)  # milliseconds; machines that test may be busy


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path) as process:
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
