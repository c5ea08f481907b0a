"""People in front of a real browser: what they do, what they see, and whatever the browser complains of."""

from __future__ import annotations

import re
import uuid
from typing import Self

from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Locator, Page, expect

from tests.servers import PASSWORD, Person

WIDE = {"width": 1360, "height": 880}
PHONE = {"width": 390, "height": 844}

# What Chromium itself reports when a test cuts the network, stops the server or has a form refused.
OF_THE_NETWORK = re.compile(r"net::ERR_|WebSocket connection to .* failed|responded with a status of 4\d\d")

# … and of answers with which the server says no.
OF_A_REFUSAL = re.compile(r"the server responded with a status of (?:4\d\d|507)")

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
"""


# Headless Chromium shows and focuses every page at once, so a test says which one a person looks at.
LOOK_AWAY = """
(() => {
  let away = false;
  Object.defineProperty(document, "visibilityState", { get: () => (away ? "hidden" : "visible") });
  Object.defineProperty(document, "hidden", { get: () => away });
  document.hasFocus = () => !away;
  window.parleyTests = {
    turn(next) {
      away = next;
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      window.dispatchEvent(new Event(away ? "blur" : "focus"));
    },
  };
})();
"""


PUT_IN_QUEUE = """(kept) => new Promise((done) => {
  const user = JSON.parse(document.getElementById("boot").textContent).user.id;
  indexedDB.open(`parley.outbox.${user}`).onsuccess = ({ target: { result: database } }) => {
    const transaction = database.transaction("messages", "readwrite");
    transaction.objectStore("messages").put(kept);
    transaction.oncomplete = done;
  };
})"""


# Elements whose text does not fit and is not shortened with an ellipsis.
OVERFLOWING = """() => {
  const inside = (one) => one.closest('[hidden], .visually-hidden, svg') || getComputedStyle(one).display === 'inline';
  const clipped = (one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).textOverflow !== 'ellipsis'
    && getComputedStyle(one).position !== 'absolute';
  return [...document.body.querySelectorAll('*')].filter((one) => !inside(one) && one.clientWidth && clipped(one))
    .map((one) => `${one.tagName}.${one.className}: ${one.textContent.trim().slice(0, 40)}`);
}"""


class Screen:
    """One tab of one person. `trouble` holds every console error and violation of the content security policy."""

    def __init__(self, context: BrowserContext, url: str, slot: int = 0) -> None:
        self.url = f"{url}/u/{slot}" if slot else url
        self.trouble: list[str] = []
        self.network_may_fail = False
        self.server_may_refuse = False
        self.page: Page = context.new_page()
        self.page.add_init_script(REPORT_VIOLATIONS + LOOK_AWAY)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.set_default_timeout(15_000)

    def _heard(self, message: ConsoleMessage) -> None:
        expected = (self.network_may_fail and OF_THE_NETWORK.search(message.text)) or (
            self.server_may_refuse and OF_A_REFUSAL.search(message.text)
        )
        if message.type == "error" and not expected:
            self.trouble.append(f"{message.text} ({message.location['url']})")

    # Coming in

    def register(self, username: str) -> Self:
        return self._enter("/register", username)

    def login(self, username: str) -> Self:
        return self._enter("/login", username)

    def look_in(self, nickname: str, path: str = "/guest") -> Self:
        """Come in as a guest."""
        self.page.goto(self.url + path)
        self.page.locator("[name=nickname]").fill(nickname)
        self.page.locator("[name=nickname]").press("Enter")
        return self.is_online()

    def _enter(self, path: str, username: str) -> Self:
        self.page.goto(self.url + path)
        self.fill_in(username)
        return self.is_online()

    def fill_in(self, username: str, password: str = PASSWORD) -> None:
        self.page.locator("[name=username]").fill(username)
        self.page.locator("[name=password]").fill(password)
        self.page.locator("[name=password]").press("Enter")

    def reload(self) -> Self:
        self.page.reload()
        return self.is_online()

    def is_online(self) -> Self:
        expect(self.page.locator("body[data-connection=online]")).to_be_attached()
        return self

    def is_offline(self) -> Self:
        expect(self.page.locator("body[data-connection=offline]")).to_be_attached()
        return self

    # Talking

    def open(self, username: str) -> Self:
        self.row(username).click()
        return self.has_open(username)

    def has_open(self, username: str) -> Self:
        expect(self.page.locator(f'[data-conversation][data-peer="{username}"]')).to_be_visible()
        expect(self.composer).to_be_enabled()
        return self

    def say(self, *texts: str) -> Self:
        for text in texts:
            self.composer.fill(text)
            self.composer.press("Enter")
        return self

    def row(self, username: str) -> Locator:
        return self.page.locator(f'[data-person="{username}"]')

    @property
    def composer(self) -> Locator:
        return self.page.locator("[data-composer]")

    @property
    def messages(self) -> Locator:
        return self.page.locator("[data-message]")

    def message(self, text: str) -> Locator:
        return self.messages.filter(has=self.page.locator("[data-body]").get_by_text(text, exact=True))

    def shows(self, texts: list[str]) -> Self:
        """Exactly these messages, in this order, character for character, once all are stored."""
        expect(self.page.locator("[data-message][data-seq]")).to_have_count(len(texts))
        assert self.bodies() == texts
        return self

    def reads(self, texts: list[str]) -> Self:
        """Exactly these messages, in this order, as soon as they are drawn, stored or not."""
        expect(self.page.locator("[data-body]")).to_have_text(texts)
        return self

    def bodies(self) -> list[str]:
        return self.page.locator("[data-body]").evaluate_all("all => all.map((one) => one.textContent)")

    @property
    def room_id(self) -> int:
        """Of the open conversation."""
        conversation = self.page.locator("[data-conversation]:not([data-room-id=''])")
        return int(str(conversation.get_attribute("data-room-id")))

    def leave_unsent(self, body: str) -> str:
        """Leave a message to the open conversation in the queue, as an earlier page would; returns its client_id."""
        client_id, room_id = str(uuid.uuid4()), self.room_id
        kept = {"room_id": room_id, "client_id": client_id, "body": body, "order": 1, "error": None}
        self.page.evaluate(PUT_IN_QUEUE, kept | {"created_at": "2026-01-01T00:00:00.000Z"})
        return client_id

    # One's own panel

    def settings(self, section: str | None = None) -> Self:
        self.page.locator("[data-menu]").click()
        self.page.locator("[data-open-panel]").click()
        expect(self.page.locator("[data-panel]")).to_be_visible()
        return self.section(section) if section else self

    def section(self, name: str) -> Self:
        self.page.locator(f"[data-section={name}]").click()
        expect(self.page.locator(f"[data-panel-content={name}]")).to_be_visible()
        return self

    def field(self, name: str) -> Locator:
        return self.page.locator(f"[data-panel] [data-field={name}]")

    def option(self, name: str, value: str) -> Locator:
        return self.field(name).locator(f'input[value="{value}"]')

    def save(self, form: str) -> Self:
        self.page.locator(f"[data-save={form}]").click()
        return self

    def cut_off(self) -> list[str]:
        """Every text that does not fit where it stands."""
        found: list[str] = self.page.evaluate(OVERFLOWING)
        return found

    # The browser

    def take_cookies_of(self, person: Person) -> None:
        cookies = [{"name": name, "value": str(value), "url": self.url} for name, value in person.http.cookies.items()]
        self.page.context.add_cookies(cookies)  # type: ignore[arg-type]

    def turns_away(self) -> Self:
        """Another window covers this one, as far as the page is told."""
        return self._turn(away=True)

    def turns_back(self) -> Self:
        return self._turn(away=False)

    def _turn(self, *, away: bool) -> Self:
        self.page.evaluate("(away) => window.parleyTests.turn(away)", away)
        return self

    def protocol(self) -> CDPSession:
        return self.page.context.new_cdp_session(self.page)

    def cut(self) -> Self:
        """Take the network from this tab alone."""
        self.network_may_fail = True
        self._wire = self.protocol()  # what it is told lasts as long as the session
        self._wire.send("Network.enable")
        self._let_through(False)
        return self.is_offline()

    def mend(self) -> Self:
        """Give the network back."""
        self._let_through(True)
        return self

    def _let_through(self, through: bool) -> None:
        conditions = {"offline": not through, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self._wire.send("Network.emulateNetworkConditions", conditions)
