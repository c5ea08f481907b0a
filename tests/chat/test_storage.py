"""Where content lies: the same of a folder and of a bucket, which is on a real server of that kind."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from flask import Flask
from moto.server import ThreadedMotoServer

from chat import storage
from chat.buckets import PART, Bucket
from chat.storage import Folder, Storage
from tests.cast import Member
from tests.servers import REPOSITORY, free_port
from tests.uploading import arrived, error, finish, noise, picture, upload

SECRET = "a/secret:with@signs%"
QUOTED = "a%2Fsecret%3Awith%40signs%25"
ID = "0123456789abcdef0123456789abcdef"
KEY = "01/23/" + ID

_names = itertools.count()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server of the S3 kind."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", free_port())
    server.start()
    yield f"127.0.0.1:{server._port}"
    server.stop()


@pytest.fixture
def bucket_url(s3_server: str) -> str:
    """An empty bucket."""
    name = f"parley-{next(_names)}"
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{s3_server}",
        region_name="us-east-1",
        aws_access_key_id="parley",
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket=name)
    client.close()
    return f"s3://parley:{QUOTED}@{s3_server}/{name}?tls=0"


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "folder":
        yield Folder(tmp_path / "files")
    else:
        bucket = Bucket(request.getfixturevalue("bucket_url"))
        yield bucket
        bucket._client.close()


@pytest.fixture
def put(tmp_path: Path, store: Storage) -> Callable[..., None]:
    def put(content: bytes, key: str = KEY) -> None:
        source = tmp_path / "source"
        source.write_bytes(content)
        store.put(key, source)
        assert not source.exists()

    return put


def read(store: Storage, key: str = KEY, *where: int) -> bytes:
    with closing(store.open(key, *where)) as stream:
        return b"".join(stream)


def test_what_is_put_is_there(store: Storage, put: Callable[..., None]) -> None:
    assert store.size(KEY) is None
    put(b"hello world")
    assert store.size(KEY) == 11
    assert read(store) == b"hello world"
    assert (read(store, KEY, 6), read(store, KEY, 6, 3), read(store, KEY, 0, 1)) == (b"world", b"wor", b"h")
    store.delete(KEY)
    assert store.size(KEY) is None
    store.delete(KEY)


def test_what_is_not_there_is_said_so(store: Storage) -> None:
    with pytest.raises(FileNotFoundError):
        store.open(KEY, 0, 5)


def test_it_comes_in_pieces(store: Storage, put: Callable[..., None]) -> None:
    content = os.urandom(PART + 3 * storage.CHUNK + 5)  # on a bucket, in two parts
    put(content)
    with closing(store.open(KEY)) as stream:
        pieces = list(stream)
    assert max(map(len, pieces)) <= storage.CHUNK
    assert b"".join(pieces) == content
    assert read(store, KEY, PART - 5, 10) == content[PART - 5 : PART + 5]


def test_a_stream_can_be_closed_before_its_end(store: Storage, put: Callable[..., None]) -> None:
    put(b"x" * 3 * storage.CHUNK)
    stream = store.open(KEY)
    assert len(next(stream)) == storage.CHUNK
    stream.close()


def test_everything_is_listed_by_the_beginning_of_its_name(store: Storage, put: Callable[..., None]) -> None:
    other = storage.key("01ff" + "0" * 28)
    for key in (KEY, KEY + ".small", other, storage.key("ff" * 16)):
        put(b"12345", key)
    listed = list(store.listed("01"))
    assert sorted(found.key for found in listed) == [KEY, KEY + ".small", other]
    assert {found.size for found in listed} == {5}
    assert all(abs(found.since - time.time()) < 60 for found in listed)
    assert [found.key for shard in storage.SHARDS for found in store.listed(shard)][-1] == storage.key("ff" * 16)
    assert list(store.listed("02")) == []


def test_names_lead_to_places_and_back() -> None:
    assert storage.key(ID) == KEY
    assert storage.key(ID, "small") == KEY + ".small"
    assert (storage.parts(KEY), storage.parts(KEY + ".large")) == ((ID, ""), (ID, "large"))
    for other in (ID, "ab/cd/" + ID, KEY + ".huge", KEY + ".", "01/23/.tmp", KEY.upper(), "01/23/" + ID[:-1]):
        assert storage.parts(other) is None


def test_in_a_folder_a_file_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is on the disk before it has its name, and the name is on the disk before anybody hears of it."""
    done: list[Path] = []
    plain = os.fsync

    def noting(handle: int) -> None:
        done.append(Path(f"/proc/self/fd/{handle}").readlink())
        plain(handle)

    monkeypatch.setattr(os, "fsync", noting)
    source = tmp_path / "source"
    source.write_bytes(b"x")
    Folder(tmp_path / "files").put(KEY, source)
    assert done[-2:] == [source, tmp_path / "files" / "01" / "23"]
    assert tmp_path in done[:-2]


def test_a_folder_is_on_this_machine_and_a_bucket_is_not(tmp_path: Path, bucket_url: str) -> None:
    assert Folder(tmp_path).local_path(KEY) == tmp_path / KEY
    bucket = Bucket(bucket_url)
    assert bucket.local_path(KEY) is None
    bucket._client.close()


@pytest.fixture
def bucket_app(make: Callable[..., Flask], bucket_url: str) -> Iterator[Flask]:
    app = make(STORAGE=bucket_url, ACCEL_LOCATION="/protected-files/")
    bucket = storage.current()
    assert isinstance(bucket, Bucket)
    yield app
    bucket._client.close()


def test_files_in_a_bucket_go_the_same_way(bucket_app: Flask) -> None:
    alice = Member(bucket_app, "alice")
    made = upload(alice, noise(400))
    folder = bucket_app.config["SETTINGS"].UPLOAD_DIR
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    answer = alice.get(f"/files/{made['id']}")
    # There is nothing that nginx could send.
    assert (answer.status_code, len(answer.data)) == (200, made["size"])
    part = alice.get(f"/files/{made['id']}", Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, answer.data[100:200])
    assert alice.get(f"/files/{made['id']}/small").data[8:12] == b"WEBP"


def test_a_bucket_that_is_away_keeps_what_came_until_it_is_back(
    make: Callable[..., Flask], bucket_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    alice = Member(make(STORAGE=f"s3://parley:{QUOTED}@127.0.0.1:{free_port()}/nowhere?tls=0"), "alice")
    address = arrived(alice, picture())
    answer = finish(alice, address)
    assert error(answer) == (507, "full")
    assert "cannot be stored" in caplog.text
    away = cast("Bucket", storage.current())
    storage.configure(alice.app.config["SETTINGS"].UPLOAD_DIR, bucket_url)
    made = finish(alice, address).json["file"]
    assert alice.get(f"/files/{made['id']}").status_code == 200
    for bucket in (away, cast("Bucket", storage.current())):
        bucket._client.close()


def test_the_client_is_loaded_only_where_it_is_asked_for(tmp_path: Path) -> None:
    """It takes a third of a second and thirty megabytes."""
    script = "import sys, app; app.create_app(); print('boto3' in sys.modules)"
    env = {"PATH": os.environ["PATH"], "INSTANCE_DIR": str(tmp_path), "UPLOAD_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=REPOSITORY, env=env, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr


def test_a_disk_that_fails_is_an_error_of_the_system(tmp_path: Path) -> None:
    """A file stands where the folder should be: even root cannot write there."""
    (tmp_path / "files").write_text("")
    source = tmp_path / "source"
    source.write_bytes(b"x")
    with pytest.raises(OSError) as failed:
        Folder(tmp_path / "files").put(KEY, source)
    assert failed.value.errno in (errno.ENOTDIR, errno.EEXIST)


def test_what_is_set_is_used(tmp_path: Path, bucket_url: str) -> None:
    storage.configure(tmp_path, "")
    assert isinstance(storage.current(), Folder)
    storage.configure(tmp_path, bucket_url)
    found: Any = storage.current()
    assert isinstance(found, Bucket)
    found._client.close()
