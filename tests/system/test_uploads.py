"""Uploads to a real server: connections that break, a server that is killed, two at once; races on every database."""

from __future__ import annotations

import io
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from sqlalchemy import select

from chat import accounts, contents, orphans, storage
from extensions import db
from migrations import state
from models import Blob, File
from tests import uploading
from tests.cast import Member
from tests.conftest import close, forget, make_app
from tests.files import send_file
from tests.servers import ANSWER_SECONDS, PASSWORD, Person, ServerProcess, csrf_token, wait_until
from tests.uploading import BODY_TYPE, TUS, metadata, noise, picture


class Upload:
    """One upload of somebody's, over as many connections as it takes."""

    def __init__(self, person: Person, content: bytes, name: str = "a.png") -> None:
        self.person = person
        self.content = content
        self.headers = TUS | {"X-CSRFToken": csrf_token(person.get("/logout").text)}
        said = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata(filename=name)}
        answer = self.ask("POST", "/uploads", headers=said)
        assert answer.status_code == 201, answer.text
        self.address = answer.headers["Location"]

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        given = self.headers | (headers or {})
        url = self.person.origin + path
        return self.person.http.request(method, url, headers=given, timeout=ANSWER_SECONDS, **more)

    def offset(self) -> int:
        return int(self.ask("HEAD", self.address).headers["Upload-Offset"])

    def send(self, start: int, end: int | None = None) -> requests.Response:
        said = {"Upload-Offset": str(start), "Content-Type": BODY_TYPE}
        return self.ask("PATCH", self.address, headers=said, data=self.content[start:end])

    def go_on(self) -> None:
        """As any client: from where the server is; again while it believes in an earlier connection."""
        wait_until(lambda: self.send(self.offset()).status_code == 204, ANSWER_SECONDS, "the rest of the upload")

    def send_part(self, start: int, end: int, announced: int | None = None) -> socket.socket:
        """Announce everything from `start` on, send it up to `end`, and say nothing more on this connection."""
        line = socket.create_connection(("127.0.0.1", int(self.person.origin.rsplit(":", 1)[1])))
        headers = self.headers | {
            "Host": self.person.origin.removeprefix("http://"),
            "Cookie": self.person.cookie_header,
            "Upload-Offset": str(start),
            "Content-Type": BODY_TYPE,
            "Content-Length": str(announced or len(self.content) - start),
        }
        head = f"PATCH {self.address} HTTP/1.1\r\n" + "".join(f"{name}: {said}\r\n" for name, said in headers.items())
        line.sendall(head.encode() + b"\r\n" + self.content[start:end])
        return line

    def end_part(self, size: int) -> bool:
        """Send so much and end the connection; whether all of it came. Not while an earlier one is believed in."""
        start = self.offset()
        with self.send_part(start, start + size) as line:
            line.shutdown(socket.SHUT_WR)
            answer = line.recv(4096)
        return f"Upload-Offset: {start + size}\r\n".encode() in answer

    def finish(self) -> dict[str, Any]:
        answer = self.ask("POST", f"{self.address}/file", json={})
        assert answer.status_code == 200, answer.text
        file: dict[str, Any] | None = answer.json()["file"]
        assert file is not None
        return file


def reset(line: socket.socket) -> None:
    """End a connection as a crash does, without a goodbye."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def test_an_upload_that_is_cut_at_every_tenth_arrives(server: ServerProcess, alice: Person) -> None:
    content = noise(900)  # 2.4 MB
    upload, tenth = Upload(alice, content), len(content) // 10
    for number in range(1, 10):
        start = upload.offset()
        if number % 3 == 0:
            line = upload.send_part(start, start + tenth)
            wait_until(lambda start=start: upload.offset() > start, ANSWER_SECONDS, "some of it")  # type: ignore[misc]
            reset(line)
        else:
            # Whatever was sent before an orderly end counts.
            wait_until(lambda: upload.end_part(tenth), ANSWER_SECONDS, "a part")
        if number == 5:
            server.kill()
            server.start()
    assert 0 < upload.offset() < len(content)
    upload.go_on()
    file = upload.finish()
    assert (file["width"], file["height"]) == (900, 900)
    fetched = alice.get(f"/files/{file['id']}").content
    assert pixels(fetched) == pixels(content)


def pixels(content: bytes) -> bytes:
    return Image.open(io.BytesIO(content)).tobytes()


def test_a_restart_in_the_middle_keeps_what_came(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        alice = Person(server.url, "alice").register()
        upload = Upload(alice, noise(700))
        half = len(upload.content) // 2
        line = upload.send_part(0, half)
        wait_until(lambda: upload.offset() == half, ANSWER_SECONDS)
        server.restart()
        line.close()
        assert upload.offset() == half
        upload.go_on()
        file = upload.finish()
        server.restart()
        # Also what came of it.
        assert upload.finish() == file


def test_a_connection_that_died_without_a_word_is_replaced(sqlite_server: ServerProcess) -> None:
    alice = Person(sqlite_server.url, "alice").register()
    upload = Upload(alice, noise(300))
    line = upload.send_part(0, 100_000)
    wait_until(lambda: upload.offset() == 100_000, ANSWER_SECONDS)
    answer = upload.send(100_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (423, "busy")
    upload.go_on()
    # What the first one sends now is nobody's any more.
    line.sendall(b"x" * 10_000)
    assert upload.finish()["width"] == 300
    line.close()


def test_two_uploads_of_one_session_run_beside_each_other_and_beside_messages(
    sqlite_server: ServerProcess,
) -> None:
    alice, _bob = (Person(sqlite_server.url, name).register() for name in ("alice", "bob"))
    ups = [Upload(alice, noise(700, seed)) for seed in (1, 2)]
    lines = [upload.send_part(0, 500_000) for upload in ups]
    with alice.connect() as talking:
        room_id = talking.open_direct("bob")["id"]
        for upload in ups:
            wait_until(lambda upload=upload: upload.offset() > 0, ANSWER_SECONDS)  # type: ignore[misc]
        assert talking.send(room_id, "meanwhile")["body"] == "meanwhile"
        for upload, line in zip(ups, lines, strict=True):
            line.sendall(upload.content[500_000:])
            answer = line.recv(4096)
            assert answer.startswith(b"HTTP/1.1 204 "), answer
            assert f"Upload-Offset: {len(upload.content)}".encode() in answer
            line.close()
        made = [upload.finish() for upload in ups]
        for file in made:
            answer = talking.call(
                "send_message",
                {
                    "room_id": room_id,
                    "body": "",
                    "client_id": f"{file['id'][:8]}-0000-4000-8000-000000000000",
                    "file_id": file["id"],
                },
            )
            assert answer["message"]["file"] == file
    assert made[0]["id"] != made[1]["id"]
    contents = [alice.get(f"/files/{file['id']}").content for file in made]
    assert [pixels(content) for content in contents] == [pixels(upload.content) for upload in ups]


def test_a_body_that_is_refused_holds_nobody_up(sqlite_server: ServerProcess) -> None:
    """It is for an upload that is not there, and has no end: the answer comes at once, and the connection ends."""
    alice, _bob = (Person(sqlite_server.url, name).register() for name in ("alice", "bob"))
    upload = Upload(alice, noise(50))
    upload.ask("DELETE", upload.address)
    upload.content = b"x" * (1 << 20)
    over = threading.Event()

    def flood(line: socket.socket) -> None:
        try:
            while True:
                line.sendall(upload.content)
        except OSError:
            over.set()

    with upload.send_part(0, 0, announced=1 << 40) as line, alice.connect() as talking:
        assert line.recv(4096).startswith(b"HTTP/1.1 404 ")
        sender = threading.Thread(target=flood, args=(line,))
        sender.start()
        talking.send(talking.open_direct("bob")["id"], "meanwhile")
        assert over.wait(ANSWER_SECONDS), "the flood goes on"
        sender.join()


def test_after_a_refused_body_the_connection_goes_on(sqlite_server: ServerProcess) -> None:
    alice = Person(sqlite_server.url, "alice").register()
    upload = Upload(alice, noise(700))
    with upload.send_part(5, len(upload.content)) as line:
        assert line.recv(4096).startswith(b"HTTP/1.1 409 ")
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")


# Races, on every database


@pytest.fixture
def people(tmp_path: Path, database_url: str) -> Iterator[tuple[Member, Member]]:
    app = make_app(tmp_path / "instance", DATABASE_URL=database_url)
    forget()
    with app.app_context():
        state.prepare()
        for name in ("alice", "bob"):
            accounts.register(name, PASSWORD, minimum=6)
    yield Member(app, "alice"), Member(app, "bob")
    close(app)


def rows(person: Member, column: Any) -> list[Any]:
    with person.app.app_context():
        return list(db.session.scalars(select(column)))


def test_of_two_who_upload_the_same_one_stores_it(people: tuple[Member, Member], monkeypatch: Any) -> None:
    alice, _bob = people
    content = picture("tomato", (900, 900))
    addresses = [uploading.arrived(person, content) for person in people]
    together, plain = threading.Barrier(2), contents._store

    def at_once(*arguments: Any) -> None:
        together.wait(30)  # neither has found the other's
        plain(*arguments)

    monkeypatch.setattr(contents, "_store", at_once)
    answers: list[int] = []

    def act(person: Member, address: str) -> None:
        answers.append(uploading.finish(person, address).status_code)

    pairs = zip(people, addresses, strict=True)
    work = [threading.Thread(target=act, args=pair) for pair in pairs]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert answers == [200, 200]
    assert len(rows(alice, Blob.id)) == 1
    assert len(set(rows(alice, File.blob_id))) == 1
    for person, address in zip(people, addresses, strict=True):
        assert person.get(address.replace("uploads", "files")).status_code == 200
    folder = alice.app.config["SETTINGS"].UPLOAD_DIR
    left = [path for path in folder.rglob("*") if path.is_file()]
    assert len(left) == 2, left  # the picture and its thumbnail, once


def test_content_that_is_swept_while_it_is_uploaded_again_is_there(
    people: tuple[Member, Member], monkeypatch: Any
) -> None:
    alice, bob = people
    content = picture("tomato", (900, 900))
    first = uploading.upload(alice, content)
    uploading.ask(alice, "DELETE", f"/uploads/{first['id']}")
    [blob_id] = rows(alice, Blob.id)
    plain, swept = contents._give_content, []

    def sweep() -> None:
        with alice.app.app_context():
            swept.append(orphans.remove_unused([blob_id]))

    def in_this_moment(*arguments: Any) -> None:
        if not swept and not sweeping:
            sweeping.append(threading.Thread(target=sweep))
            sweeping[0].start()
            # Where it has to wait for this transaction, it waits.
            sweeping[0].join(2)
        plain(*arguments)

    sweeping: list[threading.Thread] = []
    monkeypatch.setattr(contents, "_give_content", in_this_moment)
    again = uploading.upload(bob, content)
    sweeping[0].join()
    assert bob.get(f"/files/{again['id']}").status_code == 200
    [kept] = rows(bob, Blob.id)
    assert rows(bob, File.blob_id) == [kept]
    assert storage.current().size(storage.key(kept)) == again["size"]
    assert (kept == blob_id) == (swept == [set()])


def test_what_is_released_goes_on_every_database(people: tuple[Member, Member]) -> None:
    alice, bob = people
    talking = alice.connect()
    room_id = talking.ok("open_direct", {"username": "bob"})["room"]["id"]
    made = uploading.upload(alice, picture())
    message = send_file(talking, room_id, made["id"])
    assert bob.get(f"/files/{made['id']}").status_code == 200
    talking.ok("delete_message", {"room_id": room_id, "seq": message["seq"]})
    with alice.app.app_context():
        orphans.sweep()
        orphans.tidy()
    assert (rows(alice, File.id), rows(alice, Blob.id)) == ([], [])
