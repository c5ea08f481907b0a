"""Taking in what was taken away, as the operator does it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from chat import imports
from extensions import db
from migrations import state
from models import Blob, Fact, File, Membership, Message, Reaction, Room, User
from tests import uploading
from tests.cast import Connection, Member, make_room
from tests.conftest import close, make_app
from tests.files import page, send_file
from tests.servers import REPOSITORY


def run(app: Flask, *args: object) -> Result:
    return app.test_cli_runner().invoke(args=[str(arg) for arg in args])


def ok(app: Flask, *args: object) -> str:
    result = run(app, *args)
    assert result.exit_code == 0, result.output
    return str(result.output)


def head(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return dict(json.loads(archive.read("conversation.json")))


def lines(path: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read("messages.jsonl").decode().split("\n") if line]


def content(path: Path, file: dict[str, Any]) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(file["path"])


def named(path: Path) -> list[dict[str, Any]]:
    """The messages with names of people in place of their ids, as they mean the same anywhere."""
    names = {person["id"]: person["name"] for person in head(path)["people"]}

    def plain(line: dict[str, Any]) -> dict[str, Any]:
        reactions = [[one["emoji"], sorted(names[who] for who in one["people"])] for one in line["reactions"]]
        quote = line["reply_to"] and line["reply_to"] | {"sender": names[line["reply_to"]["sender"]]}
        people = {"sender": names[line["sender"]], "subject": names.get(line["subject"])}
        return line | people | {"reactions": reactions, "reply_to": quote}

    return [plain(line) for line in lines(path)]


@pytest.fixture
def talk(alice: Member, bob: Member) -> int:
    return say_everything(alice, bob)


def say_everything(alice: Member, bob: Member) -> int:
    """A room with all that can be said: an answer, a change, reactions, a deletion, a picture, a recording, a line."""
    room = alice.make_room(name="Tea room", topic="Tea", emoji="🍵", visibility="public")
    talking, answering = alice.connect(), bob.connect()
    answering.ok("join_room", {"room_id": room["id"]})
    first = talking.send(room["id"], "the **first**\n\nпервое 第一")
    talking.send(room["id"], "will be deleted")
    answering.send(room["id"], "an answer", reply_to=first["seq"])
    talking.ok("edit_message", {"room_id": room["id"], "seq": first["seq"], "body": "the first, mended"})
    talking.ok("delete_message", {"room_id": room["id"], "seq": first["seq"] + 1})
    for connection in (talking, answering):
        connection.ok("set_reaction", {"room_id": room["id"], "seq": first["seq"], "emoji": "👍", "on": True})
    for person, connection in ((alice, talking), (bob, answering)):
        picture = uploading.upload(person, uploading.picture(person.username and "teal"), "lake.png")
        send_file(connection, room["id"], picture["id"], "a caption")
    recording = uploading.upload(bob, uploading.sound(), "song.wav")
    send_file(answering, room["id"], recording["id"])
    return int(room["id"])


@pytest.fixture
def exported(app: Flask, talk: int, tmp_path: Path) -> Path:
    path = tmp_path / "tea.zip"
    ok(app, "export", talk, path)
    return path


@pytest.fixture(scope="module")
def sample(registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, made once for all that only read it."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(registered, folder / "instance")
    app = make_app(folder / "instance")
    say_everything(Member(app, "alice"), Member(app, "bob"))
    ok(app, "export", "Tea room", folder / "tea.zip")
    close(app)
    return folder / "tea.zip"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Any:
    """Another installation, where nobody is."""
    app = make_app(tmp_path / "elsewhere")
    with app.app_context():
        state.prepare()
    yield app
    close(app)


def test_what_was_exported_imported_and_exported_is_equal(elsewhere: Flask, exported: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    printed = ok(elsewhere, "import", exported)
    assert "7 messages and 3 files taken in" in printed
    ok(elsewhere, "export", "tea ROOM", again)
    assert named(again) == named(exported)
    assert len(named(again)) == 7
    for one, other in zip(lines(exported), lines(again), strict=True):
        if one["file"]:
            assert content(exported, one["file"]) == content(again, other["file"])
    before, after = head(exported), head(again)
    for same in ("title", "messages", "files", "last_seq"):
        assert before[same] == after[same]
    for same in ("kind", "name", "topic", "emoji", "created_at"):
        assert before["room"][same] == after["room"][same]


def test_who_is_not_here_is_an_account_that_nobody_can_use(elsewhere: Flask, exported: Path) -> None:
    ok(elsewhere, "import", exported)
    with elsewhere.app_context():
        people = db.session.scalars(select(User).order_by(User.id)).all()
        assert [person.display_name for person in people] == ["alice", "bob"]
        for person in people:
            assert person.is_disabled
            assert person.password_hash is None
            assert ":" in person.username
        assert db.session.scalars(select(Membership)).all() == []


def test_the_same_file_again_doubles_nothing(elsewhere: Flask, exported: Path) -> None:
    def counts() -> list[int]:
        with elsewhere.app_context():
            tables = (Message, Reaction, File, Blob, Room, User)
            return [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    ok(elsewhere, "import", exported)
    before = counts()
    assert "0 messages and 0 files taken in, 7 messages were there already" in ok(elsewhere, "import", exported)
    assert counts() == before


def test_it_goes_on_where_it_stopped(
    elsewhere: Flask, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, calls = imports._store, []

    def failing(*args: Any) -> None:
        calls.append(args)
        if len(calls) > 2:
            raise OSError("the disk is gone")
        store(*args)

    monkeypatch.setattr(imports, "BATCH", 2)
    with monkeypatch.context() as patch:
        patch.setattr(imports, "_store", failing)
        assert "the disk is gone" in run(elsewhere, "import", exported).output
    assert "3 messages and" in ok(elsewhere, "import", exported)
    ok(elsewhere, "export", "Tea room", tmp_path / "again.zip")
    assert named(tmp_path / "again.zip") == named(exported)


def test_people_are_matched_by_their_names_and_come_in(app: Flask, alice: Member, exported: Path, talk: int) -> None:
    ok(app, "import", exported, "--match")
    [copy] = [room for room in alice.get_ok("/rooms")["rooms"] if room["name"] == "Tea room 2"]
    assert (copy["role"], copy["unread"], copy["visibility"]) == ("owner", 0, "private")
    assert [one["sender"]["id"] for one in page(alice, copy["id"])] == [
        one["sender"]["id"] for one in page(alice, talk)
    ]
    assert [one["body"] for one in page(alice, copy["id"])] == [one["body"] for one in page(alice, talk)]
    shown = [one["file"]["id"] for one in page(alice, copy["id"]) if one["file"]]
    assert len(shown) == 3
    assert all(alice.get(f"/files/{file_id}").status_code == 200 for file_id in shown)


def test_into_a_room_that_is_there(app: Flask, alice: Member, bob: Member, carol: Member, exported: Path) -> None:
    room_id = make_room(carol, bob, name="Later", name_key="later")
    talking = carol.connect()
    talking.send(room_id, "before")
    ok(app, "import", exported, "--room", "LATER")
    talking.send(room_id, "after")
    told = page(carol, room_id)
    assert [one["body"] for one in told][0::8] == ["before", "after"]
    assert [one["seq"] for one in told] == sorted(one["seq"] for one in told)
    [answer] = [one for one in told if one["body"] == "an answer"]
    assert answer["reply_to"]["body"] == "the first, mended"
    # Nobody comes into somebody's room because a file says so.
    assert alice.get_error(f"/rooms/{room_id}/messages") == (404, "not_found")
    assert "0 messages" in ok(app, "import", exported, "--room", room_id)


def test_who_is_named_comes_in_and_owns_a_new_room(app: Flask, carol: Member, bob: Member, exported: Path) -> None:
    ok(app, "import", exported, "--member", "carol", "--member", "bob")
    for person, role in ((carol, "owner"), (bob, "member")):
        assert [room["role"] for room in person.get_ok("/rooms")["rooms"] if room["name"] == "Tea room 2"] == [role]
    assert page(carol, talk_of(carol))[0]["sender"]["display_name"] == "alice"


def talk_of(person: Member) -> int:
    [room] = [room for room in person.get_ok("/rooms")["rooms"] if room["name"] == "Tea room 2"]
    return int(room["id"])


def test_a_direct_conversation_becomes_a_room(app: Flask, alice: Member, room_id: int, tmp_path: Path) -> None:
    alice.connect().send(room_id, "between us")
    ok(app, "export", room_id, tmp_path / "direct.zip")
    ok(app, "import", tmp_path / "direct.zip", "--match")
    assert "alice, bob" in [room["name"] for room in alice.get_ok("/rooms")["rooms"] if room["kind"] == "group"]


def test_what_came_so_is_found(app: Flask, alice: Member, exported: Path) -> None:
    ok(app, "import", exported, "--match")
    found = alice.get_ok(f"/search?q=первое&room={talk_of(alice)}")["messages"]
    assert found == []
    found = alice.get_ok(f"/search?q=mended&room={talk_of(alice)}")["messages"]
    assert [message["body"] for message in found] == ["the first, mended"]


def test_a_file_that_is_not_what_it_says_is_left_out(elsewhere: Flask, exported: Path, tmp_path: Path) -> None:
    path = rebuilt(exported, tmp_path, lambda entries: entries.update({media(entries): b"MZ this is no picture"}))
    printed = ok(elsewhere, "import", path)
    assert "1 files were refused" in printed or "2 files were refused" in printed
    with elsewhere.app_context():
        assert db.session.scalar(select(func.count()).where(Message.kind == "file")) == 3


# Hostile files


def rebuilt(exported: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """The export with its entries changed."""
    with zipfile.ZipFile(exported) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def media(entries: dict[str, bytes]) -> str:
    return next(name for name in entries if name.startswith("media/") and name.endswith(".png"))


def in_head(**values: Any) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        entries["conversation.json"] = json.dumps(json.loads(entries["conversation.json"]) | values).encode()

    return change


def in_room(**values: Any) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        found = json.loads(entries["conversation.json"])
        entries["conversation.json"] = json.dumps(found | {"room": found["room"] | values}).encode()

    return change


def in_person(**values: Any) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        found = json.loads(entries["conversation.json"])
        found["people"][0] |= values
        entries["conversation.json"] = json.dumps(found).encode()

    return change


def in_line(number: int = -1, **values: Any) -> Callable[[dict[str, bytes]], None]:
    """The last line unless another is asked for: what comes before it is good."""

    def change(entries: dict[str, bytes]) -> None:
        found = [json.loads(line) for line in entries["messages.jsonl"].decode().split("\n") if line]
        found[number] |= values
        entries["messages.jsonl"] = "".join(json.dumps(line) + "\n" for line in found).encode()

    return change


def in_file(**values: Any) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        found = [json.loads(line) for line in entries["messages.jsonl"].decode().split("\n") if line]
        found[-1]["file"] |= values
        entries["messages.jsonl"] = "".join(json.dumps(line) + "\n" for line in found).encode()

    return change


def entry(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda entries: entries.update({name: content})


def without(name: str) -> Callable[[dict[str, bytes]], object]:
    return lambda entries: entries.pop(name)


HOSTILE: list[tuple[str, Callable[[dict[str, bytes]], object], str]] = [
    ("a path that leads up", entry("../../evil.py", b"x"), "leads out"),
    ("a path from the root", entry("/etc/cron.d/evil", b"x"), "leads out"),
    ("a path of Windows", entry("media\\..\\evil", b"x"), "leads out"),
    ("a bomb", entry("media/bomb", bytes(50_000_000)), "too large"),
    ("a bomb of lines", entry("messages.jsonl", b" " * 50_000_000), "too large"),
    ("one endless line", entry("messages.jsonl", json.dumps(list(range(300_000))).encode()), "too long"),
    ("deep nesting", entry("messages.jsonl", b"[" * 5_000 + b"\n"), "not JSON"),
    ("no JSON", entry("messages.jsonl", b"hello\n"), "line 1: this is not JSON"),
    ("no object", entry("messages.jsonl", b"[1]\n"), "not an object"),
    ("an empty line", entry("messages.jsonl", b"\n"), "not JSON"),
    ("no UTF-8", entry("messages.jsonl", b'{"a": "\xff"}\n'), "not JSON"),
    ("no head", without("conversation.json"), "no conversation.json"),
    ("no messages", without("messages.jsonl"), "no messages.jsonl"),
    ("a head that is no object", entry("conversation.json", b"[]"), "not an object"),
    ("another format", in_head(format="else"), "no export of a conversation"),
    ("a newer version", in_head(version=2), "only 1 is known"),
    ("people that are no list", in_head(people={}), "not as it should be"),
    ("a person twice", lambda entries: in_head(people=2 * json.loads(entries["conversation.json"])["people"])(entries),
     "two people of one id"),
    ("a name that is too long", in_person(name="x" * 65), "name is wrong"),
    ("a username that is none", in_person(username="a b"), "username is wrong"),
    ("a kind that is none", in_person(kind="administrator"), "kind is wrong"),
    ("a role that is none", in_person(role="god"), "role is wrong"),
    ("an id that is text", in_person(id="1"), "id is wrong"),
    ("a colour that is none", in_person(hue="red; background: url(x)"), "hue is wrong"),
    ("a room without an id", in_room(id="../x"), "id is wrong"),
    ("a room's name that cannot be", in_room(name="x" * 81), "name is wrong"),
    ("a room's emoji that is none", in_room(emoji="<b>"), "emoji is wrong"),
    ("a room of another kind", in_room(kind="secret"), "kind is wrong"),
    ("a number twice", in_line(seq=1), "seq is wrong"),
    ("a number beyond the last", in_line(seq=10**12), "seq is wrong"),
    ("a number that is none", in_line(seq=True), "seq is wrong"),
    ("a body that is too long", in_line(body="x" * 10_001), "body is wrong"),
    ("a body with control characters", in_line(body="bell\x07"), "body is wrong"),
    ("a body that is none", in_line(body=None), "body is wrong"),
    ("half a surrogate pair", in_line(body="\ud800"), "body is wrong"),
    ("a kind of message that cannot be", in_line(kind="DROP TABLE"), "kind is wrong"),
    ("somebody who is not there", in_line(sender=10**9), "sender is wrong"),
    ("nobody", in_line(sender=None), "sender is wrong"),
    ("an answer to what comes later", in_line(0, reply_to={"seq": 5}), "reply_to is wrong"),
    ("an answer to nothing", in_line(reply_to=[]), "wrong"),
    ("a reaction that is none", in_line(reactions=[{"emoji": "<script>", "people": []}]), "emoji is wrong"),
    ("a reaction of nobody", in_line(reactions=[{"emoji": "👍", "people": [10**9]}]), "reactions is wrong"),
    ("the same reaction twice", in_line(reactions=2 * [{"emoji": "👍", "people": []}]), "reactions is wrong"),
    ("too many reactions", in_line(reactions=21 * [{"emoji": "👍", "people": []}]), "reactions is wrong"),
    ("a time that is none", in_line(created_at="yesterday"), "time is wrong"),
    ("a time without a zone", in_line(created_at="2024-01-01T00:00:00"), "time is wrong"),
    ("a time to come", in_line(created_at="2999-01-01T00:00:00Z"), "time is wrong"),
    ("a file beside the media", in_file(path="conversation.json"), "path is wrong"),
    ("a file outside", in_file(path="media/../../etc/passwd"), "path is wrong"),
    ("a file of the machine", in_file(path="/etc/passwd"), "path is wrong"),
    ("a file that is not there", in_file(path="media/nothing.png"), "path is wrong"),
    ("a file in a text", in_line(kind="text", body="x"), "file is wrong"),
    ("a file of another kind", in_file(kind="program"), "kind is wrong"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_a_hostile_file_is_refused_before_anything_is_done(
    elsewhere: Flask, sample: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], object], words: str
) -> None:
    result = run(elsewhere, "import", rebuilt(sample, tmp_path, change))
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output
    with elsewhere.app_context():
        for table in (User, Room, Message, File, Fact):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize(
    "damage",
    [lambda content: b"no ZIP", lambda content: content[: len(content) // 2], lambda content: b""],
    ids=["something else", "cut off", "empty"],
)
def test_what_is_no_zip_is_refused(
    elsewhere: Flask, sample: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "damaged.zip"
    path.write_bytes(damage(sample.read_bytes()))
    result = run(elsewhere, "import", path)
    assert (result.exit_code, "not a ZIP" in result.output) == (1, True)


def test_changed_bytes_are_noticed(elsewhere: Flask, sample: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(sample) as archive:
        info = archive.getinfo("messages.jsonl")
    changed = bytearray(sample.read_bytes())
    changed[info.header_offset + 60] ^= 0xFF
    path = tmp_path / "damaged.zip"
    path.write_bytes(changed)
    result = run(elsewhere, "import", path)
    assert (result.exit_code, "damaged" in result.output) == (1, True)


def test_two_entries_of_one_name_are_refused(elsewhere: Flask, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    path.write_bytes(sample.read_bytes())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("messages.jsonl", b"{}\n")
    result = run(elsewhere, "import", path)
    assert (result.exit_code, "two entries" in result.output) == (1, True)


def test_the_operator_is_told_what_is_wrong(app: Flask, exported: Path, tmp_path: Path) -> None:
    fog = Member(app, "alice")
    make_room(fog, name="Fog", name_key="fog", keeps_history=False)
    for args, words in (
        (["export", "nowhere", tmp_path / "x.zip"], "no room nowhere"),
        (["export", "999", tmp_path / "x.zip"], "no room 999"),
        (["export", "Fog", tmp_path / "x.zip"], "keeps nothing"),
        (["export", "Tea room", exported], "there already"),
        (["export", "Tea room", tmp_path / "nowhere" / "x.zip"], "nowhere"),
        (["import", tmp_path / "nowhere.zip"], "does not exist"),
        (["import", exported, "--room", "nowhere"], "no room nowhere"),
        (["import", exported, "--member", "nobody"], "nobody called nobody"),
    ):
        result = run(app, *args)
        assert result.exit_code in (1, 2)
        assert words in result.output
    assert not (tmp_path / "x.zip").exists()


def test_much_takes_no_more_memory(tmp_path: Path) -> None:
    """What a process has at most, for an import and for an export of ten times as much."""
    environment = {"INSTANCE_DIR": str(tmp_path), "UPLOAD_DIR": str(tmp_path / "uploads")}

    def peak(*args: str) -> int:
        """In kilobytes."""
        command = [sys.executable, "-m", "flask", "--app", "app", *args]
        process = subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | environment)
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return used.ru_maxrss

    app = make_app(tmp_path)
    with app.app_context():
        state.prepare()
    close(app)
    peaks = []
    for many in (2_000, 20_000):
        long_conversation(tmp_path / f"{many}.zip", many)
        again = tmp_path / f"{many} again.zip"
        peaks.append((peak("import", str(tmp_path / f"{many}.zip")), peak("export", f"Long {many}", str(again))))
        assert head(again)["messages"] == many
    for few, more in zip(*peaks, strict=True):
        assert more < few + 16_000


def long_conversation(path: Path, many: int) -> None:
    people = [{"id": 1, "name": "Anna", "username": "anna", "kind": "member", "hue": 1, "role": None}]
    room = {"id": f"00000000-0000-4000-8000-{many:012d}", "kind": "group", "name": f"Long {many}", "topic": ""}
    told = {"format": "parley-conversation", "version": 1, "last_seq": many, "people": people}
    line = {"kind": "text", "sender": 1, "subject": None, "reply_to": None, "reactions": [], "file": None}
    times = {"created_at": "2024-05-06T07:08:09.123Z", "edited_at": None, "expires_at": None}
    text = io.StringIO()
    for seq in range(1, many + 1):
        text.write(json.dumps(line | times | {"seq": seq, "body": f"{seq} {seq * 7919 % 10_007} words"}) + "\n")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        room |= {"emoji": "", "created_at": times["created_at"]}
        archive.writestr("conversation.json", json.dumps(told | {"room": room}))
        archive.writestr("messages.jsonl", text.getvalue())


def test_a_connection_hears_nothing_of_it_and_catches_up(app: Flask, alice: Member, exported: Path, talk: int) -> None:
    watching: Connection = alice.connect()
    version = alice.room(talk)["version"]
    watching.heard()
    ok(app, "import", exported, "--room", talk)
    answer = watching.ok("sync", {"rooms": {str(talk): version}})["rooms"][str(talk)]
    assert [message["body"] for message in answer["messages"]].count("an answer") == 1
