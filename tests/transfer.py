"""Large files over real connections, in pieces on both sides, and what a process holds of them."""

from __future__ import annotations

import base64
import io
import random
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers import Person, csrf_token, wait_until

PIECE = 256 * 1024  # bytes
SECONDS = 120  # until an answer
BODY_TYPE = "application/offset+octet-stream"
Headers = dict[str, str]


def recording(path: Path, size: int) -> Path:
    """A WAV of `size` bytes in which nothing repeats."""
    frames = (size - 44) // 4
    noise = random.Random(size).randbytes(PIECE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.setnframes(frames)
        for start in range(0, frames * 4, PIECE):
            file.writeframesraw(noise[: min(PIECE, frames * 4 - start)])
    return path


@contextmanager
def asked(url: str, method: str, path: str, body: Any = None, headers: Headers | None = None) -> Iterator[HTTPResponse]:
    """One request on a connection of its own; the body is bytes, a file or pieces."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=SECONDS, blocksize=PIECE)
    try:
        connection.request(method, path, body, headers or {})
        yield connection.getresponse()
    finally:
        connection.close()


class Courier:
    """Sends and fetches files for a person."""

    def __init__(self, person: Person) -> None:
        self.person = person
        token = csrf_token(person.get("/").text)  # makes a cookie, too
        self.said = {
            "Cookie": person.cookie_header,
            "X-CSRFToken": token,
            "Tus-Resumable": "1.0.0",
        }

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asked(self.person.origin, method, path, body, self.said | named)

    def begin(self, name: str, size: int) -> str:
        """The path of a new upload."""
        said = f"filename {base64.b64encode(name.encode()).decode()}"
        with self.ask("POST", "/uploads", Upload_Length=str(size), Upload_Metadata=said) as answer:
            assert answer.status == 201, answer.read()
            return urlsplit(answer.headers["Location"]).path

    def put(self, address: str, content: Any, size: int, offset: int = 0) -> int:
        """Send the rest, bytes or a file; returns the new offset."""
        headers = {"Content-Type": BODY_TYPE, "Content-Length": str(size - offset), "Upload-Offset": str(offset)}
        with self.ask("PATCH", address, content, **headers) as answer:
            assert answer.status == 204, answer.read()
            return int(answer.headers["Upload-Offset"])

    def finish(self, address: str) -> tuple[int, Any]:
        """(status, what it said), once it is over."""
        return wait_until(lambda: self._finished(address), SECONDS, "a cleaned file")

    def _finished(self, address: str) -> tuple[int, Any] | None:
        token = self.said["X-CSRFToken"]
        answer = self.person.http.post(
            f"{self.person.origin}{address}/file", json={}, headers={"X-CSRFToken": token}, timeout=SECONDS
        )
        return None if answer.ok and answer.json()["file"] is None else (answer.status_code, answer.json())

    def send(self, name: str, content: bytes) -> tuple[int, Any]:
        address = self.begin(name, len(content))
        self.put(address, content, len(content))
        return self.finish(address)

    def send_file(self, path: Path) -> str:
        """The id of the file that was made of it."""
        size = path.stat().st_size
        address = self.begin(path.name, size)
        with path.open("rb") as file:
            assert self.put(address, file, size) == size
        status, said = self.finish(address)
        assert status == 200, said
        return str(said["file"]["id"])

    def fetch(self, path: str) -> int:
        """How many bytes came."""
        with self.ask("GET", path) as answer:
            assert answer.status == 200, answer.read()
            return drained(answer)


def drained(answer: HTTPResponse) -> int:
    held, count = bytearray(PIECE), 0
    while got := answer.readinto(held):
        count += got
    return count


def sound(seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(random.Random(3).randbytes(2 * int(seconds * 8000)))
    return file.getvalue()


class Memory:
    """What a process holds at most from now on (its resident set, in MiB)."""

    def __init__(self, pid: int) -> None:
        self.folder = Path(f"/proc/{pid}")
        (self.folder / "clear_refs").write_text("5")  # the peak is counted anew
        self.before = self.peak()

    def peak(self) -> float:
        line = next(line for line in (self.folder / "status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def grown(self) -> float:
        return self.peak() - self.before
