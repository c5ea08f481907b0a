"""Taking conversations away, and all that is one's own."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from chat import clock, export_runs, exports, profiles, transactions
from extensions import db
from models import Export, User
from tests import uploading
from tests.cast import PASSWORD, Connection, Guest, Member, Visitor, make_room, new_id, set_member, set_message
from tests.files import later, send_file

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "lines \u2028\u2029 that end scripts",
    "\u202egnp.exe right to left",
    '"}]);alert(1);//',
    "[link](javascript:alert(1)) javascript:alert(1)",
    "${alert(1)} `code` && \\u003c",
)


def ask(person: Visitor, method: str, path: str) -> TestResponse:
    return person.http.open(path, method=method, headers={"X-CSRFToken": person.csrf})


def begun(person: Member, path: str) -> dict[str, Any]:
    answer = ask(person, "POST", path)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json["export"]
    return made


def tend(app: Flask) -> None:
    with app.app_context():
        export_runs.tend()


def taken(person: Member, path: str) -> zipfile.ZipFile:
    """Ask, let the clock go on, fetch."""
    export = begun(person, path)
    tend(person.app)
    answer = person.get(f"/exports/{export['id']}")
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.data))


def conversation(person: Member, room_id: int) -> zipfile.ZipFile:
    return taken(person, f"/rooms/{room_id}/export")


def lines(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read("messages.jsonl").decode().split("\n") if line]


def bodies(archive: zipfile.ZipFile) -> list[str]:
    return [line["body"] for line in lines(archive) if line["kind"] in ("text", "file")]


@pytest.fixture
def talking(alice: Member) -> Connection:
    return alice.connect()


def test_an_export_holds_what_the_member_sees_as_the_page_tells_it(
    alice: Member, bob: Member, talking: Connection, room_id: int
) -> None:
    first = talking.send(room_id, "the **first** one")
    bob.connect().send(room_id, "an answer", reply_to=first["seq"])
    talking.ok("edit_message", {"room_id": room_id, "seq": first["seq"], "body": "the first, mended"})
    for person in (alice, bob):
        person.connect().ok("set_reaction", {"room_id": room_id, "seq": 1, "emoji": "👍", "on": True})
    uploaded = uploading.upload(bob, uploading.picture(), "a lake.png")
    send_file(bob.connect(), room_id, uploaded["id"], "at noon")
    archive = conversation(alice, room_id)
    page = alice.get_ok(f"/rooms/{room_id}/messages")["messages"]
    found = lines(archive)
    for name in ("seq", "kind", "body", "created_at", "edited_at", "expires_at"):
        assert [one[name] for one in found] == [one[name] for one in page]
    assert [one["sender"] for one in found] == [alice.id, bob.id, bob.id]
    assert found[0]["edited_at"] is not None
    assert found[0]["reactions"] == [{"emoji": "👍", "people": [alice.id, bob.id]}]
    assert found[1]["reply_to"] == {"seq": 1, "sender": alice.id, "body": "the first, mended"}
    file = found[2]["file"]
    assert (file["name"], file["path"]) == ("a lake.png", "media/3-a lake.png")
    assert archive.read(file["path"]) == alice.get(f"/files/{uploaded['id']}").data
    assert archive.getinfo(file["path"]).compress_type == zipfile.ZIP_STORED
    head = json.loads(archive.read("conversation.json"))
    assert (head["format"], head["messages"], head["files"], head["title"]) == ("parley-conversation", 3, 1, "bob")
    assert {person["username"] for person in head["people"]} == {"alice", "bob"}
    assert archive.testzip() is None


def test_the_same_content_lies_in_it_once(alice: Member, talking: Connection, room_id: int) -> None:
    for name in ("one.png", "two.png"):
        send_file(talking, room_id, uploading.upload(alice, uploading.picture(), name)["id"])
    archive = conversation(alice, room_id)
    files = [line["file"] for line in lines(archive)]
    assert [file["name"] for file in files] == ["one.png", "two.png"]
    assert files[0]["path"] == files[1]["path"]


def test_nothing_is_in_it_that_one_does_not_see(alice: Member, bob: Member, talking: Connection) -> None:
    room_id = make_room(alice, bob, name="Tea", name_key="tea")
    for body in ("cleared", "deleted", "expired", "stays"):
        talking.send(room_id, body)
    talking.ok("delete_message", {"room_id": room_id, "seq": 2})
    bob.connect().send(room_id, "to the cleared", reply_to=1)
    whispering = bob.connect()
    for connection in (talking, whispering):
        connection.ok("enter_room", {"room_id": room_id})
    said = {"room_id": room_id, "user_id": alice.id, "body": "a whisper", "client_id": new_id()}
    whispering.ok("whisper", said)
    set_member(alice, room_id, cleared_seq=1)
    set_message(alice, room_id, 3, expires_at=clock.now() - timedelta(seconds=1))
    archive = conversation(alice, room_id)
    assert bodies(archive) == ["stays", "to the cleared"]
    everything = b"".join(archive.read(name) for name in archive.namelist() if name.startswith(("data", "m", "c")))
    assert b'"body":"cleared"' not in everything
    assert b"a whisper" not in everything
    assert lines(archive)[1]["reply_to"] == {"seq": 1, "sender": None, "body": ""}
    assert bodies(conversation(bob, room_id))[0] == "cleared"


def test_what_goes_before_the_zip_does_is_not_in_it(alice: Member, bob: Member, talking: Connection) -> None:
    room_id = make_room(alice, bob, name="Tea", name_key="tea")
    for body in ("goes within the day", "stays for longer", "stays"):
        talking.send(room_id, body)
    set_message(alice, room_id, 1, expires_at=clock.now() + timedelta(hours=23))
    set_message(alice, room_id, 2, expires_at=clock.now() + timedelta(hours=25))
    assert bodies(conversation(alice, room_id)) == ["stays for longer", "stays"]


def test_what_people_write_stays_text(alice: Member, bob: Member, talking: Connection) -> None:
    room_id = make_room(alice, bob, name=HOSTILE[0][:80], name_key="hostile")
    for body in HOSTILE:
        talking.send(room_id, body)
    uploaded = uploading.upload(alice, uploading.picture(), "<img src=x>' \u202egnp.exe.png")
    send_file(talking, room_id, uploaded["id"])
    archive = conversation(alice, room_id)
    assert bodies(archive)[:-1] == list(HOSTILE)
    for name in archive.namelist():
        assert name == name.replace("..", "").replace("<", "").replace("\u202e", "").lstrip("/")
        if name.startswith("data/"):
            script = archive.read(name).decode()
            assert not set(script) & set("<\u2028\u2029")
            assert script.count("\n") == 1
    assert "<script>alert" not in archive.read("index.html").decode()


def test_the_chunks_of_the_page_hold_all_messages_in_order(
    alice: Member, talking: Connection, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.offline.CHUNK", 3)
    monkeypatch.setattr("chat.archives.PAGE", 2)
    for number in range(8):
        talking.send(room_id, f"number {number}")
    archive = conversation(alice, room_id)
    chunks = [json.loads(archive.read(f"data/0000{number}.js").decode()[13:-3].split(",", 1)[1]) for number in range(3)]
    assert [one["body"] for chunk in chunks for one in chunk] == [f"number {number}" for number in range(8)]
    index = json.loads(archive.read("data/index.js").decode()[len("parley.begin(") : -3])
    assert [(first, count) for first, _at, count in index["chunks"]] == [(1, 3), (4, 3), (7, 2)]


def test_all_that_is_ones_own(alice: Member, bob: Member, talking: Connection, room_id: int) -> None:
    left = make_room(bob, alice, name="Left", name_key="left")
    talking.send(room_id, "mine, in the conversation")
    bob.connect().send(room_id, "not mine")
    talking.send(room_id, "my answer", reply_to=2)
    talking.send(left, "mine, in the room I left")
    talking.ok("leave_room", {"room_id": left})
    uploaded = uploading.upload(alice, uploading.picture(), "mine.png")
    send_file(talking, room_id, uploaded["id"])
    face = uploading.upload(alice, uploading.picture("red", (64, 64)), "me.png")["id"]
    talking.ok("set_avatar", {"file_id": face})
    archive = taken(alice, "/profile/export")
    assert sorted(bodies(archive)) == ["", "mine, in the conversation", "mine, in the room I left", "my answer"]
    assert "not mine" not in archive.read("messages.jsonl").decode()
    data = json.loads(archive.read("profile.json"))
    assert data["profile"]["username"] == "alice"
    assert [membership["name"] for membership in data["memberships"]] == ["General", "bob"]
    assert len(data["sessions"]) == 1
    assert archive.read(data["profile"]["avatar"]) == alice.get(f"/files/{face}").data
    assert alice.session_id not in archive.read("profile.json").decode()
    assert data["preferences"]["theme"] == "system"
    [file] = [line["file"] for line in lines(archive) if line["file"]]
    assert archive.read(file["path"])


def test_it_is_fetched_in_ranges_and_always_saved(alice: Member, talking: Connection, room_id: int) -> None:
    talking.send(room_id, "hello")
    export = begun(alice, f"/rooms/{room_id}/export")
    tend(alice.app)
    whole = alice.get(f"/exports/{export['id']}")
    assert whole.headers["Content-Disposition"].startswith('attachment; filename="bob ')
    assert (whole.headers["Content-Type"], whole.headers["Accept-Ranges"]) == ("application/zip", "bytes")
    part = alice.get(f"/exports/{export['id']}", Range="bytes=2-9")
    assert (part.status_code, part.data) == (206, whole.data[2:10])
    assert alice.get(f"/exports/{export['id']}", Range=f"bytes={len(whole.data)}-").status_code == 416
    [told] = alice.get_ok("/exports")["exports"]
    assert (told["state"], told["size"], told["room"]) == ("ready", len(whole.data), room_id)


@pytest.mark.parametrize(
    ("called", "saved"),
    [
        ("Tea / Coffee", "Tea _ Coffee"),
        ("..\\..\\evil", "_.._evil"),
        ("\u202egpj.zip", "gpj.zip"),
        ("Чай 茶", "Чай 茶"),
        ('a"b:c', "a_b_c"),
    ],
)
def test_it_is_saved_under_the_name_of_the_room(alice: Member, called: str, saved: str) -> None:
    room_id = make_room(alice, name=called, name_key=called)
    name = begun(alice, f"/rooms/{room_id}/export")["name"]
    assert name.removesuffix(".zip")[:-11] == saved


def test_its_person_hears_of_it_and_nobody_else(alice: Member, bob: Member, talking: Connection, room_id: int) -> None:
    watching = bob.connect()
    talking.send(room_id, "hello")
    export = begun(alice, f"/rooms/{room_id}/export")
    assert (export["state"], export["room"], export["done"]) == ("working", room_id, 0)
    tend(alice.app)
    [heard] = talking.heard("export_changed")
    assert heard["export"] == alice.get_ok("/exports")["exports"][0]
    assert watching.heard("export_changed") == []


def test_what_fails_says_so(alice: Member, talking: Connection, room_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    talking.send(room_id, "hello")
    begun(alice, f"/rooms/{room_id}/export")
    with monkeypatch.context() as full:
        full.setattr("chat.incoming.RESERVE", 2**60)
        tend(alice.app)
    [told] = alice.get_ok("/exports")["exports"]
    assert told["state"] == "failed"
    assert alice.get_error(f"/exports/{told['id']}") == (404, "not_found")
    with alice.app.app_context():
        assert list(exports.folder().iterdir()) == []
    assert bodies(conversation(alice, room_id)) == ["hello"]


def test_one_at_a_time_is_made_for_each_and_the_latest_kept(alice: Member, bob: Member, room_id: int) -> None:
    first = begun(alice, f"/rooms/{room_id}/export")
    refused = ask(alice, "POST", "/profile/export")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "conflict")
    begun(bob, f"/rooms/{room_id}/export")
    tend(alice.app)
    second = begun(alice, f"/rooms/{room_id}/export")
    tend(alice.app)
    assert [export["id"] for export in alice.get_ok("/exports")["exports"]] == [second["id"]]
    assert alice.get_error(f"/exports/{first['id']}") == (404, "not_found")


def test_it_can_be_thrown_away(alice: Member, room_id: int) -> None:
    export = begun(alice, f"/rooms/{room_id}/export")
    tend(alice.app)
    assert ask(alice, "DELETE", f"/exports/{export['id']}").json["ok"]
    assert alice.get_ok("/exports")["exports"] == []
    with alice.app.app_context():
        assert list(exports.folder().iterdir()) == []


def test_after_a_day_it_is_gone(alice: Member, room_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    export = begun(alice, f"/rooms/{room_id}/export")
    tend(alice.app)
    with later(monkeypatch, 24 * 3600 - 60):
        assert alice.get(f"/exports/{export['id']}").status_code == 200
    with later(monkeypatch, 24 * 3600 + 1):
        assert alice.get_error(f"/exports/{export['id']}") == (404, "not_found")
        with alice.app.app_context():
            export_runs.sweep()
            assert list(exports.folder().iterdir()) == []
            assert db.session.scalars(select(Export)).all() == []


def test_a_file_that_belongs_to_nothing_is_swept(alice: Member, room_id: int) -> None:
    export = begun(alice, f"/rooms/{room_id}/export")
    tend(alice.app)
    with alice.app.app_context():
        stray = exports.folder() / f"{'0' * 32}.part"
        stray.write_bytes(b"left by a crash")
        export_runs.sweep()
        assert [path.name for path in exports.folder().iterdir()] == [f"{export['id']}.zip"]


def test_what_a_stopped_server_was_making_is_made_anew_three_times_at_most(alice: Member, room_id: int) -> None:
    export = begun(alice, f"/rooms/{room_id}/export")

    def leave_behind(attempts: int, seconds: int) -> None:
        touched_at = clock.now() - timedelta(seconds=seconds)
        values = {"state": "working", "working_for": alice.id, "attempts": attempts, "touched_at": touched_at}
        with alice.app.app_context():
            transactions.run(lambda session: session.execute(update(Export).values(**values)))

    def state() -> str:
        return str(alice.get_ok("/exports")["exports"][0]["state"])

    leave_behind(1, seconds=5)
    tend(alice.app)
    assert state() == "working"  # somebody else makes it
    leave_behind(1, seconds=60)
    tend(alice.app)
    assert state() == "ready"
    leave_behind(3, seconds=60)
    tend(alice.app)
    assert state() == "failed"
    assert alice.get_error(f"/exports/{export['id']}") == (404, "not_found")


def test_what_a_server_was_making_that_ends_in_order_waits_for_the_next(alice: Member, room_id: int) -> None:
    """It is no attempt of the three; whoever was making it is ended."""
    export_id = begun(alice, f"/rooms/{room_id}/export")["id"]
    with alice.app.app_context():
        assert export_runs._claim() == export_id
        making = subprocess.Popen(["sleep", "1000"])
        export_runs._running[export_id] = export_runs.Run(export_id, making)
        export_runs.give_back()
        assert making.returncode is not None
        assert export_runs._running == {}
        row = db.session.execute(select(Export.state, Export.attempts)).one()
    assert tuple(row) == ("waiting", 0)
    tend(alice.app)
    assert alice.get(f"/exports/{export_id}").status_code == 200


def test_who_leaves_or_is_removed_fetches_nothing_any_more(alice: Member, bob: Member, carol: Member) -> None:
    room_id = make_room(alice, bob, carol, name="Tea", name_key="tea")
    fetched = {person: begun(person, f"/rooms/{room_id}/export")["id"] for person in (bob, carol)}
    tend(alice.app)
    bob.connect().ok("leave_room", {"room_id": room_id})
    alice.connect().ok("remove_member", {"room_id": room_id, "user_id": carol.id})
    for person, export_id in fetched.items():
        assert person.get_error(f"/exports/{export_id}") == (404, "not_found")
        assert person.get_ok("/exports")["exports"] == []
    # Who comes back may be shown less than before.
    alice.connect().ok("invite", {"room_id": room_id, "username": "carol"})
    assert carol.get_error(f"/exports/{fetched[carol]}") == (404, "not_found")


def test_who_is_removed_meanwhile_gets_nothing(alice: Member, bob: Member) -> None:
    room_id = make_room(alice, bob, name="Tea", name_key="tea")
    begun(bob, f"/rooms/{room_id}/export")
    bob.connect().ok("leave_room", {"room_id": room_id})
    tend(bob.app)
    with bob.app.app_context():
        assert [row.state for row in db.session.scalars(select(Export))] == ["failed"]
        assert list(exports.folder().iterdir()) == []


def test_with_the_account_goes_what_it_took_away(alice: Member, room_id: int) -> None:
    begun(alice, f"/rooms/{room_id}/export")
    tend(alice.app)
    with alice.app.app_context():
        profiles.delete_account(db.session.get_one(User, alice.id), PASSWORD)
        assert db.session.scalars(select(Export)).all() == []
        export_runs.sweep()
        assert list(exports.folder().iterdir()) == []


def test_of_a_room_that_keeps_nothing_there_is_nothing(alice: Member) -> None:
    room_id = make_room(alice, name="Fog", name_key="fog", keeps_history=False)
    answer = ask(alice, "POST", f"/rooms/{room_id}/export")
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")


def test_guests_take_away_what_they_see(make: Callable[..., Flask]) -> None:
    app = make()
    alice, guest = Member(app, "alice"), Guest(app, "visitor")
    room_id = make_room(alice, guest, name="Tea", name_key="tea")
    alice.connect().send(room_id, "hello")
    assert bodies(conversation(guest, room_id)) == ["hello"]
    assert json.loads(taken(guest, "/profile/export").read("profile.json"))["profile"]["kind"] == "guest"


# The litany

WRITES = [("POST", "/rooms/{room}/export"), ("POST", "/profile/export"), ("DELETE", "/exports/{export}")]
READS = ["/exports", "/exports/{export}"]


@pytest.fixture
def places(alice: Member, room_id: int) -> dict[str, Any]:
    """A room of alice's and bob's, and what alice took away."""
    export = begun(alice, f"/rooms/{room_id}/export")
    tend(alice.app)
    return {"room": room_id, "export": export["id"]}


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_signed_out_nothing_is_done(app: Flask, places: dict[str, Any], method: str, path: str) -> None:
    answer = ask(Visitor(app), method, path.format(**places))
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", READS)
def test_signed_out_nothing_is_read(app: Flask, places: dict[str, Any], path: str) -> None:
    assert Visitor(app).get_error(path.format(**places)) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_without_a_token_nothing_is_done(alice: Member, places: dict[str, Any], method: str, path: str) -> None:
    answer = alice.http.open(path.format(**places), method=method, headers={"X-CSRFToken": "wrong"})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")
    assert alice.get(f"/exports/{places['export']}").status_code == 200


@pytest.mark.parametrize("who", ["bob", "carol", "root"])
def test_what_somebody_took_away_is_theirs(app: Flask, places: dict[str, Any], who: str) -> None:
    other = Member(app, who)
    assert other.get_ok("/exports")["exports"] == []
    assert other.get_error(f"/exports/{places['export']}") == (404, "not_found")
    answer = ask(other, "DELETE", f"/exports/{places['export']}")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("who", ["carol", "root"])
def test_an_outsider_takes_nothing_from_a_room(app: Flask, room_id: int, who: str) -> None:
    answer = ask(Member(app, who), "POST", f"/rooms/{room_id}/export")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("wrong", ["x", "0" * 32, "0" * 33, "secret_key.zip", "9" * 400])
def test_an_export_that_is_not_there(alice: Member, wrong: str) -> None:
    assert alice.get_error(f"/exports/{wrong}") == (404, "not_found")


@pytest.mark.parametrize("wrong", ["0", "999999", "9" * 30, "x"])
def test_a_room_that_is_not_there(alice: Member, wrong: str) -> None:
    assert ask(alice, "POST", f"/rooms/{wrong}/export").status_code == 404


def test_too_often(make: Callable[..., Flask]) -> None:
    alice = Member(make(EXPORT_RATE="2 per hour"), "alice")
    for _ in range(2):
        begun(alice, "/profile/export")
        tend(alice.app)
    answer = ask(alice, "POST", "/profile/export")
    assert (answer.status_code, answer.json["error"]["code"]) == (429, "too_often")


def test_when_very_many_wait_others_wait_before_they_ask(
    alice: Member, bob: Member, room_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "WAITING_MAX", 1)
    begun(alice, f"/rooms/{room_id}/export")
    assert ask(bob, "POST", f"/rooms/{room_id}/export").status_code == 429
    tend(alice.app)
    begun(bob, f"/rooms/{room_id}/export")
