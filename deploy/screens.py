"""Photograph the page with a server and people of its own: docs/screens/chat-<width>-<theme>-<locale>.png."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from tests.servers import Connection, Person, ServerProcess  # noqa: E402 - after the path
from tests.services import program  # noqa: E402

SCREENS = REPOSITORY / "docs" / "screens"
WIDTHS = {"wide": (1280, 800), "phone": (390, 844)}
LOCALES = {"en": "en-GB", "ru": "ru-RU", "zh": "zh-CN"}
PEOPLE = ("alice", "Артём", "小雨", "bob", "Ева")

TALK = (
    ("bob", "Did you find the tent?"),
    ("alice", "In the attic, behind the skis 🎿"),
    ("alice", "It smells of last summer, but it is dry."),
    ("bob", "Then Saturday it is. Lake or forest?"),
    ("alice", "Lake! The forecast says sun until Sunday evening."),
    ("bob", "👍🏽 I'll bring the stove and the good coffee. Can you ask 小雨 whether she wants to come?"),
    ("alice", "Already did — she does, and she brings dumplings 🥟"),
    ("bob", "Best news of the week."),
)
OTHERS = (
    ("Артём", "Завтра в семь, не забудь гитару!"),
    ("小雨", "饺子我来做，你们带锅就行 😄"),
    ("Ева", "Спасибо, дошло."),
)


def main() -> None:
    SCREENS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        people = {name: Person(server.url, name).register() for name in PEOPLE}
        talk(people)
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        with people["bob"].connect():
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    for locale in LOCALES:
                        photograph(browser, people["alice"], width, theme, locale)
        browser.close()


def talk(people: dict[str, Person]) -> None:
    for name, text in OTHERS:
        with people[name].connect() as connection:
            say(connection, "alice", text)
    with people["alice"].connect() as alice, people["bob"].connect() as bob:
        for name, text in TALK:
            if name == "alice":
                say(alice, "bob", text)
            else:
                say(bob, "alice", text)


def say(connection: Connection, whom: str, text: str) -> None:
    connection.send(connection.open_direct(whom)["id"], text)


def photograph(browser: Browser, person: Person, width: str, theme: str, locale: str) -> None:
    size = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2,
        color_scheme=theme,
        locale=LOCALES[locale],
    )
    context.add_cookies(
        [{"name": name, "value": value, "url": person.origin} for name, value in person.http.cookies.items()]
    )
    page = context.new_page()
    page.goto(person.origin)
    open_room(page)
    page.screenshot(path=SCREENS / f"chat-{width}-{theme}-{locale}.png")
    context.close()


def open_room(page: Page) -> None:
    page.get_by_text("bob").first.click()
    page.get_by_text(TALK[-1][1]).last.wait_for()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
