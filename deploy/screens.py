"""Photograph the page with a server and people of its own: docs/screens/<screen>-<width>-<theme>-<locale>.png."""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from deploy.demo import jpeg, murmur  # noqa: E402 - after the path
from tests.browser.sharing import Sharer  # noqa: E402
from tests.servers import Connection, Person, ServerProcess, csrf_token, make_client_id  # noqa: E402 - after the path
from tests.services import program  # noqa: E402

SCREENS = REPOSITORY / "docs" / "screens"
WIDTHS = {"wide": (1280, 800), "phone": (390, 844)}
LOCALES = {"en": "en-GB", "ru": "ru-RU", "zh": "zh-CN"}
PEOPLE = ("alice", "Артём", "小雨", "bob", "Ева")

NAMES = {
    "alice": "Alice Martin",
    "bob": "Bob Keller",
    "小雨": "林晓雨",
    "Артём": "Артём Соколов",
    "Ева": "Ева Лебедева",
}
TALK = (
    ("bob", "Did you find the tent?"),
    ("alice", "In the attic, behind the skis 🎿"),
    ("alice", "It smells of last summer, but it is dry."),
    (
        "bob",
        "Then **Saturday** it is. We still need:\n- the stove and the good coffee\n- a lamp\n- somebody who can cook",
    ),
    ("alice", "晓雨 comes along, and she brings dumplings 🥟"),
    ("bob", "🎉"),
    ("alice", "Выезжаем в семь от вокзала. Погода: https://example.org/lake"),
    ("bob", "Best news of the week. ||I baked a cake||"),
)
# In the room: who says it, what, which one of these it answers, and who reacts how.
ROOM = "Summer trip"
IN_THE_ROOM = (
    ("bob", "Seats are booked: **7:04**, platform 3.", None, {"👍": ("alice", "小雨", "Артём"), "🎉": ("Ева",)}),
    ("Артём", "Гитару беру. Кто возьмёт котелок?", None, {}),
    ("小雨", "锅我带，饺子皮也带 🥟", 1, {"❤️": ("alice", "Ева")}),
    ("Swallow", "May I join as far as the lake?", None, {}),
    ("alice", "@Swallow of course. @bob, one more seat?", 3, {"👌": ("bob",)}),
    ("Ева", "Прогноз: солнце до вечера ☀️", None, {}),
)
WORDS = {"en": "lake", "ru": "гитар", "zh": "饺子"}  # what is looked for
ABOUT = {"bob": "Lakes, tents, kettles. Answers after dinner."}
FACES = {"Ева": 4, "Артём": 3, "小雨": 6, "bob": 1}  # each a landscape
OTHERS = (
    ("Ева", "Спасибо, дошло."),
    ("Артём", "Завтра в семь, не забудь гитару!"),
    ("小雨", "饺子我来做，你们带锅就行 😄"),
)


def main() -> None:
    SCREENS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        people = {name: Person(server.url, name).register() for name in PEOPLE}
        introduce(people)
        talk(people)
        share(people)
        people["Swallow"] = Person(server.url, "Swallow")
        people["Swallow"].post_form("/guest", nickname="Swallow")
        gather(people)
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        with people["bob"].connect(), people["小雨"].connect() as other:
            entered = other.call("join_room", {"name": ROOM})["room"]
            other.call("enter_room", {"room_id": entered["id"]})
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    for locale in LOCALES:
                        photograph(browser, people["alice"], width, theme, locale)
        browser.close()


def introduce(people: dict[str, Person]) -> None:
    for name, person in people.items():
        headers = {"X-CSRFToken": csrf_token(person.get("/logout").text)}
        said = {"display_name": NAMES[name], "about": ABOUT.get(name, "")}
        person.http.post(f"{person.origin}/profile", json=said, headers=headers).raise_for_status()


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


def share(people: dict[str, Person]) -> None:
    """Ева's morning: pictures and a voice."""
    for name, seed in FACES.items():
        with people[name].connect() as connection:
            Sharer(people[name], connection, 0).wear(jpeg(seed, (512, 512)))
    with people["Ева"].connect() as hers, people["alice"].connect() as mine:
        room_id = mine.open_direct("Ева")["id"]
        eva, alice = Sharer(people["Ева"], hers, room_id), Sharer(people["alice"], mine, room_id)
        for seed in (7, 3, 9, 1, 6):
            eva.show(jpeg(seed), f"IMG_{4_210 + seed}.jpg")
        sunrise = eva.show(jpeg(0), "IMG_4217.jpg", body="Рассвет прямо с террасы.")
        for fan, emoji in ((mine, "😍"), (hers, "🔥")):
            fan.call("set_reaction", {"room_id": room_id, "seq": sunrise["seq"], "emoji": emoji, "on": True})
        told = {
            "room_id": room_id,
            "body": "What a place! Can you hear the lake from there?",
            "client_id": make_client_id(),
        }
        mine.call("send_message", {**told, "reply_to": sunrise["seq"]})
        eva.show(murmur(2, 42), "voice.wav", voice="1")
        alice.show(murmur(5, 9), "voice.wav", voice="1")


def gather(people: dict[str, Person]) -> None:
    with ExitStack() as stack:
        open_ = {name: stack.enter_context(person.connect()) for name, person in people.items()}
        options = {"topic": "Lake, tents, kettle", "emoji": "⛺", "visibility": "public"}
        room_id = open_["bob"].call("create_room", {"name": ROOM, **options})["room"]["id"]
        for name in people:
            open_[name].call("join_room", {"room_id": room_id})
        seqs: list[int] = []
        for name, body, answered, reactions in IN_THE_ROOM:
            reply = {} if answered is None else {"reply_to": seqs[answered]}
            message = {"room_id": room_id, "body": body, "client_id": make_client_id(), **reply}
            seqs.append(open_[name].call("send_message", message)["message"]["seq"])
            for emoji, fans in reactions.items():
                for fan in fans:
                    open_[fan].call("set_reaction", {"room_id": room_id, "seq": seqs[-1], "emoji": emoji, "on": True})


def say(connection: Connection, whom: str, text: str) -> None:
    connection.send(connection.open_direct(whom)["id"], text)


def photograph(browser: Browser, person: Person, width: str, theme: str, locale: str) -> None:
    size = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2,
        color_scheme=theme,
        locale=LOCALES[locale],
        reduced_motion="reduce",
    )
    page = context.new_page()
    for name, show in SCREENS_OF_A_VISITOR.items():
        show(page, person)
        take(page, f"{name}-{width}-{theme}-{locale}")
    context.add_cookies(
        [{"name": name, "value": value, "url": person.origin} for name, value in person.http.cookies.items()]
    )
    for name, show in SCREENS_OF_A_PERSON.items():
        show(page, person)
        take(page, f"{name}-{width}-{theme}-{locale}")
    context.close()


def take(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=SCREENS / f"{name}.png")


def sign_in(page: Page, person: Person) -> None:
    page.goto(f"{person.origin}/login")


def look_in(page: Page, person: Person) -> None:
    page.goto(f"{person.origin}/guest")


def register(page: Page, person: Person) -> None:
    page.goto(f"{person.origin}/register")


def people(page: Page, person: Person) -> None:
    page.goto(f"{person.origin}/")
    page.locator("body[data-connection=online]").wait_for()


def chat(page: Page, person: Person) -> None:
    people(page, person)
    page.locator('[data-person="bob"]').click()
    page.locator("[data-message]").last.wait_for()


def pictures(page: Page, person: Person) -> None:
    people(page, person)
    page.locator('[data-person="Ева"]').click()
    page.locator("[data-sound]").last.wait_for()
    page.locator("img.picture__image[data-state=shown]").last.wait_for()


def picture(page: Page, person: Person) -> None:
    pictures(page, person)
    page.locator("[data-open-picture]").last.click()
    page.locator("[data-original][data-state=shown]").wait_for()


def collected(page: Page, person: Person) -> None:
    pictures(page, person)
    page.locator("[data-open-details]").click()
    page.locator("[data-open-media]").click()
    page.locator("[data-tile]").first.wait_for()
    page.locator("[data-tile] img:not([data-state=shown])").first.wait_for(state="detached")


def room(page: Page, person: Person) -> None:
    people(page, person)
    page.locator(f'[data-room][data-name="{ROOM}"]').click()
    page.locator("[data-message]").last.wait_for()


def search(page: Page, person: Person) -> None:
    """Beside the room, where there is room for both."""
    room(page, person)
    if not page.locator("[data-search]").is_visible():
        people(page, person)
    page.locator("[data-search]").fill(WORDS[(page.locator("html").get_attribute("lang") or "en")[:2]])
    page.locator("[data-part=people] mark").last.wait_for()


def new_room(page: Page, person: Person) -> None:
    people(page, person)
    page.locator("[data-rooms-menu]").click()
    page.locator("[data-new-room]").click()
    page.locator("dialog[data-sheet]").wait_for()


def emoji(page: Page, person: Person) -> None:
    chat(page, person)
    page.locator("[data-emoji]").click()
    page.locator("[data-picker] button").first.wait_for()


def settings(page: Page, person: Person) -> None:
    people(page, person)
    page.locator("[data-menu]").click()
    page.locator("[data-open-panel]").click()
    page.locator("[data-panel]").wait_for()


SCREENS_OF_A_VISITOR = {"sign-in": sign_in, "register": register, "guest": look_in}
SCREENS_OF_A_PERSON = {
    "people": people,
    "chat": chat,
    "pictures": pictures,
    "picture": picture,
    "collected": collected,
    "room": room,
    "search": search,
    "new-room": new_room,
    "emoji": emoji,
    "settings": settings,
}


if __name__ == "__main__":
    main()
