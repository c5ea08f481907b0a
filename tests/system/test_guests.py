"""Guests on every database: many with one nickname at once, coming back after a restart, swept by the hundred."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import create_engine, text

from tests.servers import PASSWORD, Person, ServerProcess, csrf_token, wait_until

STRANGERS = 8
ABSENT = 300
ANSWER_MAX = 1.0  # seconds for the slowest acknowledgement


class Stranger(Person):
    def look_in(self, path: str = "/guest") -> Self:
        answer = self.post_form(path, nickname=self.username)
        assert answer.status_code == 303, answer.text
        return self


def test_of_many_with_one_nickname_at_once_one_comes_in(server: ServerProcess, alice: Person) -> None:
    strangers = [Stranger(server.url, "swallow") for _ in range(STRANGERS)]
    tokens = [csrf_token(stranger.get("/guest").text) for stranger in strangers]

    def knock(stranger: Stranger, token: str) -> int:
        return stranger.post("/guest", csrf_token=token, nickname=stranger.username).status_code

    with ThreadPoolExecutor(STRANGERS) as pool:
        statuses = list(pool.map(knock, strangers, tokens))
    assert sorted(statuses) == [303] + [409] * (STRANGERS - 1)
    assert [person["username"] for person in alice.get_json("/people")["people"]] == ["swallow"]


def test_a_guest_comes_back_after_a_restart_and_becomes_a_member(server: ServerProcess, alice: Person) -> None:
    guest = Stranger(server.url, "Ласточка").look_in()
    [general] = guest.get_json("/rooms")["rooms"]
    with guest.connect() as talking:
        talking.send(general["id"], "before")
    server.restart()
    token = csrf_token(guest.get("/logout").text)
    became = guest.http.post(
        f"{server.url}/profile/membership", json={"password": PASSWORD}, headers={"X-CSRFToken": token}, timeout=30
    )
    assert became.json()["user"]["kind"] == "member"
    again = Person(server.url, "ЛАСТОЧКА").login()
    bodies = [message["body"] for message in again.get_json(f"/rooms/{general['id']}/messages")["messages"]]
    assert "before" in bodies


def test_turned_off_guests_stay_out(tmp_path: Path, database_url: str) -> None:
    with ServerProcess(tmp_path, database_url) as server:
        Person(server.url, "alice").register()
        guest = Stranger(server.url, "swallow").look_in()
        server.env["GUESTS"] = "off"
        server.restart()
        refused = guest.get("/rooms")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthenticated")
        assert "Guests are no longer let in" in guest.get("/login").text


def test_hundreds_of_absent_guests_are_swept_while_people_talk(
    server: ServerProcess, alice: Person, bob: Person, database_url: str
) -> None:
    fill(database_url)
    assert alice.get_json("/people?q=swallow")["people"]
    waits = []
    with alice.connect() as talking:
        room = talking.open_direct("bob")["id"]

        def is_swept() -> bool:
            begun = datetime.now(UTC)
            talking.send(room, "still here")
            waits.append((datetime.now(UTC) - begun).total_seconds())
            return not alice.get_json("/people?q=swallow")["people"]

        wait_until(is_swept, 100, "the end of all absent guests")
    assert statistics.median(waits) < ANSWER_MAX, waits
    Stranger(server.url, "swallow7").look_in()


def fill(url: str) -> None:
    """Guests who were last seen long ago."""
    long_ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=40)
    rows = [{"name": f"swallow{number}", "seen": long_ago} for number in range(ABSENT)]
    statement = text(
        "INSERT INTO users (username, username_key, display_name, search_key, kind, role, about, created_at,"
        " last_seen_at) VALUES (:name, :name, :name, :name, 'guest', 'user', '', :seen, :seen)"
    )
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(statement, rows)
    engine.dispose()
