"""Sending files as a client does, with Flask's test client, and files to send."""

from __future__ import annotations

import base64
import io
import random
import wave
from pathlib import Path
from typing import Any

from PIL import Image
from werkzeug.test import TestResponse

from tests.cast import Visitor

TUS = {"Tus-Resumable": "1.0.0"}
BODY_TYPE = "application/offset+octet-stream"


def picture(colour: str = "teal", size: tuple[int, int] = (64, 48), form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, form)
    return file.getvalue()


def noise(side: int, seed: int = 1) -> bytes:
    """A picture that cannot be made smaller: about 3 bytes a pixel."""
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(3 * side * side)).save(file, "PNG")
    return file.getvalue()


def sound(seconds: float = 1.0, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate)
        written.writeframes(random.Random(2).randbytes(2 * int(seconds * rate)))
    return file.getvalue()


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def ask(person: Visitor, method: str, path: str, data: bytes = b"", token: str | None = None, **headers: Any) -> Any:
    """A request as the client makes it; `headers` with `_` for `-`, None for one to be left out."""
    given = (
        TUS | {"X-CSRFToken": token or person.csrf} | {name.replace("_", "-"): given for name, given in headers.items()}
    )
    return person.http.open(
        path, method=method, data=data, headers={name: str(said) for name, said in given.items() if said is not None}
    )


def begin(person: Visitor, size: int, name: str = "a.png", **more: str) -> TestResponse:
    said = metadata(filename=name, **more)
    answer: TestResponse = ask(person, "POST", "/uploads", Upload_Length=size, Upload_Metadata=said)
    return answer


def begun(person: Visitor, size: int, name: str = "a.png", **more: str) -> str:
    """The address of a new upload."""
    answer = begin(person, size, name, **more)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def send(person: Visitor, address: str, content: bytes, offset: int = 0, **headers: Any) -> TestResponse:
    answer: TestResponse = ask(
        person, "PATCH", address, content, **{"Upload_Offset": offset, "Content_Type": BODY_TYPE} | headers
    )
    return answer


def offset(person: Visitor, address: str) -> int:
    """How far an upload has come, by its own account."""
    answer = ask(person, "HEAD", address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def left(folder: Path) -> list[str]:
    """Files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def finish(person: Visitor, address: str, **hints: Any) -> TestResponse:
    return person.http.post(f"{address}/file", json=hints, headers={"X-CSRFToken": person.csrf})


def arrived(person: Visitor, content: bytes, name: str = "a.png", **more: str) -> str:
    """The address of an upload that is whole."""
    address = begun(person, len(content), name, **more)
    assert send(person, address, content).status_code == 204
    return address


def upload(person: Visitor, content: bytes, name: str = "a.png", **more: str) -> dict[str, Any]:
    """What was made of it: a *file*."""
    answer = finish(person, arrived(person, content, name, **more))
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json["file"]
    return made


def error(answer: TestResponse) -> tuple[int, str]:
    assert answer.json["ok"] is False
    return answer.status_code, answer.json["error"]["code"]
