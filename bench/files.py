"""Files: 100 MB up and down beside stock Flask, messages during five downloads, thumbnails."""

from __future__ import annotations

import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from PIL import Image, ImageChops

import media
from bench import pace, rows
from bench.rows import Row
from media import colours, images
from tests.servers import REPOSITORY, Connection, Person, ServerProcess, free_port, wait_until
from tests.transfer import Courier, Memory, asked, drained, recording

ROUNDS = 5
LARGE = 100_000_000  # bytes
MB = 1_000_000
BOUNDARY = "parley-bench"
PICTURE = (4032, 3024)
TALKING = 6.0  # seconds of messages without any download


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = recording(folder / "large.wav", LARGE)
        return [*thumbnails(folder), *transfers(folder, path), *talking(folder, path)]


def row(work: str, ours: float, unit: str, goal: str, holds: bool, theirs: float | None = None) -> Row:
    return rows.row(work, ours, unit, goal, holds, None if theirs is None else "stock Flask", theirs)


def photograph() -> bytes:
    """A JPEG of twelve megapixels with detail of every size, the smaller the weaker, as in a photograph."""
    planes = []
    for _ in range(3):
        plane = Image.new("L", PICTURE, 128)
        for width, strength in ((8, 90), (16, 60), (40, 40), (100, 28), (252, 20), (1008, 12), (4032, 5)):
            noise = Image.effect_noise((width, width * 3 // 4), strength).resize(PICTURE, Image.Resampling.BICUBIC)
            plane = ImageChops.add(plane, noise, 1, -128)
        planes.append(plane)
    file = io.BytesIO()
    Image.merge("RGB", planes).save(file, "JPEG", quality=88)
    return file.getvalue()


def thumbnails(folder: Path) -> list[Row]:
    content = photograph()
    source = folder / "photograph.jpg"
    source.write_bytes(content)
    made, cleaned = [], []
    for _ in range(ROUNDS * 2):
        start = time.process_time()
        with Image.open(io.BytesIO(content)) as image:
            image.draft(None, images.LARGE)
            images.previews(colours.shown(image, None, images.LARGE), max(PICTURE), folder)
        made.append((time.process_time() - start) * 1000)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            before = children_time()
            media.clean(source, Path(work), media.Limits())
            cleaned.append((children_time() - before) * 1000)
    spent, whole = statistics.median(made), statistics.median(cleaned)
    return [
        row("files: thumbnails of a 12-megapixel JPEG, processor", spent, "ms", "<= 150", spent <= 150),
        row("files: all of its cleaning with its process, processor", whole, "ms", "", True),
    ]


def children_time() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@contextmanager
def stock(folder: Path) -> Iterator[tuple[str, int]]:
    """(address, process id) of the peer."""
    port = free_port()
    stored = folder / "stock"
    stored.mkdir()
    order = [sys.executable, "-W", "ignore", "-m", "bench.peers.stock_files", str(port), str(stored)]
    process = subprocess.Popen(order, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), 30, "a stock server")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


@contextmanager
def ours(folder: Path) -> Iterator[ServerProcess]:
    folder.mkdir()
    rates = dict.fromkeys(("MESSAGE_RATE", "EVENT_RATE", "UPLOAD_RATE"), "100000 per second")
    with ServerProcess(folder, **rates) as server:
        yield server


def transfers(folder: Path, path: Path) -> list[Row]:
    """The two take turns, so that whatever else the machine does hits both."""
    with ours(folder / "ours") as server, stock(folder) as (url, pid):
        assert server.process is not None
        courier = Courier(Person(server.url, "alice").register())
        took: dict[str, list[float]] = {}
        memory = {"ours": Memory(server.process.pid), "stock": Memory(pid)}

        def timed(name: str, work: Callable[[], Any]) -> Any:
            start = time.monotonic()
            done = work()
            took.setdefault(name, []).append(time.monotonic() - start)
            return done

        for number in range(ROUNDS):
            change(path, number)
            address = timed("up, ours", lambda: put(courier, path))
            timed("up, stock", lambda: post_form(url, path))
            status, said = timed("cleaned", lambda address=address: courier.finish(address))
            assert status == 200, said
            stored = f"/files/{said['file']['id']}"
            timed("down, ours", lambda stored=stored: courier.fetch(stored))
            timed("down, stock", lambda: get(f"{url}", "/files/stored.wav"))
        size = path.stat().st_size / MB
        speed = {name: size / statistics.median(times) for name, times in took.items()}
        rows = [
            row(f"files: 100 MB {way}", mine, "MB/s", ">= stock", mine >= theirs, theirs)
            for way, mine, theirs in (
                ("up", speed["up, ours"], speed["up, stock"]),
                ("down", speed["down, ours"], speed["down, stock"]),
            )
        ]
        grown = {name: measured.grown() for name, measured in memory.items()}
        return [
            *rows,
            row("files: 100 MB cleaned and stored", statistics.median(took["cleaned"]), "s", "", True),
            row("files: memory grown meanwhile", grown["ours"], "MiB", "<= 48", grown["ours"] <= 48, grown["stock"]),
            row("files: memory at most", memory["ours"].peak(), "MiB", "", True, memory["stock"].peak()),
        ]


def change(path: Path, number: int) -> None:
    """Other content each time: what is known already would not be cleaned again."""
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(os.urandom(16) + bytes((number,)))


def put(courier: Courier, path: Path) -> str:
    size = path.stat().st_size
    address = courier.begin(path.name, size)
    with path.open("rb") as file:
        courier.put(address, file, size)
    return address


def post_form(url: str, path: Path) -> None:
    """As a browser sends a form with a file."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
    head += "Content-Type: audio/wav\r\n\r\n"
    tail = f"\r\n--{BOUNDARY}--\r\n"
    length = len(head) + path.stat().st_size + len(tail)

    def pieces() -> Iterator[bytes]:
        yield head.encode()
        with path.open("rb") as file:
            while piece := file.read(256 * 1024):
                yield piece
        yield tail.encode()

    said = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(length)}
    with asked(url, "POST", "/upload", pieces(), said) as answer:
        assert answer.status == 200, answer.read()


def get(url: str, path: str) -> int:
    with asked(url, "GET", path) as answer:
        assert answer.status == 200
        return drained(answer)


def talking(folder: Path, path: Path) -> list[Row]:
    """From sending a message to hearing it as somebody else, alone and during five downloads."""
    with ours(folder / "talking") as server:
        alice, bob, carol = (Person(server.url, name).register() for name in ("alice", "bob", "carol"))
        courier = Courier(carol)
        stored = f"/files/{courier.send_file(path)}"
        with alice.connect() as sender, bob.connect() as hearer:
            room = sender.open_direct("bob")["id"]
            alone, meanwhile = [], []
            for _ in range(3):
                alone += delays(sender, hearer, room, lambda: time.sleep(TALKING))
                meanwhile += delays(sender, hearer, room, lambda: fetch_five(courier, stored))
    quiet, busy = (statistics.quantiles(times, n=100)[98] for times in (alone, meanwhile))
    return [
        row("files: a message heard, nothing else going on, p99", quiet, "ms", "", True),
        row("files: a message heard during five downloads, p99", busy, "ms", "<= 1.5x", busy <= 1.5 * quiet),
    ]


def fetch_five(courier: Courier, path: str) -> None:
    """For at least as long as others talk."""
    person = courier.person
    order = [sys.executable, "-m", "bench.fetching", person.origin, path, person.cookie_header, str(TALKING)]
    subprocess.run(order, cwd=REPOSITORY, check=True)


def delays(sender: Connection, hearer: Connection, room: int, work: Callable[[], None]) -> list[float]:
    """Milliseconds, of messages sent at an even pace while `work` is under way."""
    thread = threading.Thread(target=work)
    thread.start()
    found = pace.delays(sender, hearer, room, thread.is_alive)
    thread.join()
    return found
