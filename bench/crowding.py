"""Thousands of clients in a process of their own: `python -m bench.crowding`, or as a context manager from here.

It reads callers as JSON in one line and says "joined" when they are; on a line "drop" it closes them all at once.
"""

from __future__ import annotations

import json
import resource
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Self

from bench.load import Caller, Crowd
from tests.servers import REPOSITORY


class Crowding:
    """Meanwhile the clients of `company`, which are in this process, are kept alive."""

    def __init__(self, callers: Sequence[Caller], company: Crowd) -> None:
        self._callers = callers
        self._company = company

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.crowding"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(json.dumps([asdict(caller) for caller in self._callers]))
        output = self._process.stdout
        assert output is not None
        self._company.run(lambda: bool(select.select([output], [], [], 0)[0]))
        assert output.readline() == "joined\n", "the crowd did not come in"
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.kill()
        self._process.communicate()

    def drop(self) -> None:
        self._say("drop")

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


def main() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    callers = [Caller(**caller) for caller in json.loads(sys.stdin.readline())]
    with Crowd() as crowd:
        crowd.connect(callers)
        print("joined", flush=True)
        while not select.select([sys.stdin], [], [], 0)[0]:
            crowd.step(0.05)
            assert not crowd.ended, f"the server closed {crowd.ended} connections"


if __name__ == "__main__":
    main()
