"""What can be asked of uploads, each with an upload's address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.cast import Visitor
from tests.uploading import ask, begin, finish, send


def doors(address: str) -> dict[str, Callable[[Visitor], Any]]:
    return {
        "begin": lambda person: begin(person, 3),
        "progress": lambda person: ask(person, "HEAD", address),
        "append": lambda person: send(person, address, b"abc"),
        "cancel": lambda person: ask(person, "DELETE", address),
        "overridden": lambda person: ask(person, "POST", address, X_HTTP_Method_Override="DELETE"),
        "finish": lambda person: finish(person, address),
    }


DOORS = sorted(doors(""))
OF_AN_UPLOAD = [door for door in DOORS if door != "begin"]
