"""Large and hostile files in a real server: memory stays flat, and people go on talking."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.media import zoo
from tests.media.test_hostile import WRONG
from tests.servers import Connection, Person, ServerProcess, wait_until
from tests.services import Nginx
from tests.transfer import BODY_TYPE, Courier, Memory, asked, recording, sound

LARGE = 100_000_000  # bytes
FLAT = 48  # MiB that a server may grow by while files pass through, of any size
# tests/media knows many more; these are of each sort one.
HOSTILE = (
    "SVG",
    "playlist",
    "PNG that says more than it holds",
    "GIF with a script",
    "FLAC with a script",
    "WebM with a script",
    "PNG a gigabyte wide",
    "animation of many pixels",
    "PNG that says it has a million frames",
)
RATES = {"MESSAGE_RATE": "100000 per second", "EVENT_RATE": "100000 per second", "UPLOAD_RATE": "100000 per minute"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path, **RATES) as process:
        yield process


@pytest.fixture
def people(server: ServerProcess) -> list[Person]:
    return [Person(server.url, name).register() for name in ("alice", "bob", "carol")]


def memory_of(server: ServerProcess) -> Memory:
    assert server.process is not None
    return Memory(server.process.pid)


def talk_while(work: Callable[[], object], sender: Connection, hearer: Connection) -> int:
    """How many messages one person sent and the other heard while `work` was under way."""
    room = sender.open_direct("bob")["id"]
    over = threading.Event()

    def do() -> None:
        try:
            work()
        finally:
            over.set()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(do)
        count = 0
        while not over.is_set():
            sent = sender.send(room, f"meanwhile {count}")
            hearer.wait_for(lambda heard, sent=sent: heard.messages[-1:] == [sent])
            count += 1
        done.result()
    return count - 1  # the last may have come after the end


def test_large_files_pass_through_in_pieces_and_stop_nobody(
    server: ServerProcess, people: list[Person], tmp_path: Path
) -> None:
    """Up, cleaned, and down five times at once."""
    alice, bob, carol = people
    courier = Courier(carol)
    path = recording(tmp_path / "large.wav", LARGE)
    memory = memory_of(server)
    file_id = courier.send_file(path)
    assert memory.grown() < FLAT

    def fetch_five_times() -> None:
        with ThreadPoolExecutor(5) as pool:
            sizes = list(pool.map(courier.fetch, [f"/files/{file_id}"] * 15))
        assert sizes == [path.stat().st_size] * 15

    with alice.connect() as sender, bob.connect() as hearer:
        assert talk_while(fetch_five_times, sender, hearer) > 10
    assert memory.grown() < FLAT
    with courier.ask("GET", f"/files/{file_id}", Range="bytes=99999000-") as answer:
        assert answer.status == 206
        assert path.read_bytes()[99_999_000:] == answer.read()


def test_a_slow_file_stops_nobody(people: list[Person]) -> None:
    alice, bob, carol = people
    couriers = [Courier(carol), Courier(bob)]
    slow = zoo.gif_of_frames(80, 2000)

    def clean() -> None:
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda courier: courier.send("slow.gif", slow), couriers))
        assert [status for status, _said in answers] == [200, 200]

    with alice.connect() as sender, bob.connect() as hearer:
        assert talk_while(clean, sender, hearer) > 10


def test_no_hostile_file_takes_anybody_down(server: ServerProcess, people: list[Person]) -> None:
    assert server.process is not None
    courier = Courier(people[0])
    before = server.process.pid
    for name in HOSTILE:
        make, _reason = WRONG[name]
        status, said = courier.send("picture.png", make())
        assert (status, said["ok"]) in ((413, False), (415, False)), name
    with people[0].connect() as alice:
        alice.send(alice.open_direct("bob")["id"], "still here")
    assert server.process.pid == before
    assert server.process.poll() is None
    assert "Traceback" not in server.log_text()


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Nginx]:
    with (
        ServerProcess(tmp_path, TRUSTED_PROXIES="1", ACCEL_LOCATION="/protected-files/", **RATES) as app,
        Nginx(app.port, tmp_path / "uploads") as nginx,
    ):
        yield nginx


def test_nginx_sends_files_to_those_who_may_read_them(proxy: Nginx, tmp_path: Path) -> None:
    alice, carol = (Person(proxy.url, name).register() for name in ("alice", "carol"))
    courier, content = Courier(alice), sound(30)
    _status, said = courier.send("voice.wav", content)
    path = f"/files/{said['file']['id']}"
    with courier.ask("GET", path) as answer:
        whole = answer.read()
        assert (answer.status, len(whole)) == (200, said["file"]["size"])
        assert answer.headers["Server"].startswith("nginx")
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "voice.wav" in answer.headers["Content-Disposition"]
        assert "X-Accel-Redirect" not in answer.headers
        tag = answer.headers["ETag"]
    with courier.ask("GET", path, Range="bytes=100-199") as answer:
        assert (answer.status, answer.read()) == (206, whole[100:200])
    with courier.ask("GET", path, If_None_Match=tag) as answer:
        assert answer.status == 304
    with Courier(carol).ask("GET", path) as answer:
        assert answer.status == 404
    stored = next(
        found for found in (tmp_path / "uploads").rglob("*") if found.is_file() and found.read_bytes() == whole
    )
    inside = stored.relative_to(tmp_path / "uploads")
    with courier.ask("GET", f"/protected-files/{inside}") as answer:
        assert answer.status == 404, "nobody comes in from outside"


def test_what_came_through_the_proxy_before_a_cut_counts(proxy: Nginx) -> None:
    courier = Courier(Person(proxy.url, "alice").register())
    content = sound(300)
    address = courier.begin("voice.wav", len(content))
    half = len(content) // 2
    cut_off(proxy.url, address, courier, content, half)
    kept = wait_until(lambda: offset_of(courier, address), 30, "a part of the upload")
    assert kept <= half
    wait_until(lambda: goes_on(courier, address, content), 30, "the rest of the upload")
    status, said = courier.finish(address)
    assert (status, said["file"]["size"]) == (200, len(content))


def cut_off(url: str, address: str, courier: Courier, content: bytes, at: int) -> None:
    """Say that all comes, and hang up in the middle."""

    def pieces() -> Iterator[bytes]:
        yield content[:at]
        raise ConnectionAbortedError

    said = {
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(len(content)),
        "Upload-Offset": "0",
    }
    with pytest.raises(ConnectionAbortedError), asked(url, "PATCH", address, pieces(), courier.said | said):
        pass


def offset_of(courier: Courier, address: str) -> int:
    """How far the upload has come."""
    with courier.ask("HEAD", address) as answer:
        assert answer.status == 200
        return int(answer.headers["Upload-Offset"])


def goes_on(courier: Courier, address: str, content: bytes) -> bool:
    """Send the rest; False while some of what went before the cut is still arriving."""
    offset = offset_of(courier, address)
    headers = {"Content-Type": BODY_TYPE, "Upload-Offset": str(offset)}
    with courier.ask("PATCH", address, content[offset:], **headers) as answer:
        assert answer.status in (204, 409, 423), answer.read()
        return answer.status == 204
