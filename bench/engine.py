"""The engine: delivering, storing, waiting, idling, coming and going, beside stock Flask-SocketIO, Node and Channels.

Peers run in the same run, in turns with ours; medians of `ROUNDS` rounds (5); their processors' time is the system's.
"""

from __future__ import annotations

import importlib
import resource
from collections.abc import Collection, Iterator

from bench.peers import installing
from bench.rows import Row, row

# Works that one set of running servers does together.
PARTS = {
    "fanout": ("fanout", "many"),
    "direct": ("direct", "latency"),
    "masses": ("memory", "disconnect"),
    "connecting": ("connect",),
    "curves": ("curves",),
}
WORKS = tuple(work for works in PARTS.values() for work in works)


def measure(works: Collection[str] = WORKS) -> Iterator[Row]:
    _open_more_files()
    if installing.node() is None:
        yield row("Node: not measured, it is not here", None, "")
    for module, parts in PARTS.items():
        chosen = [work for work in parts if work in works]
        if chosen:
            yield from importlib.import_module(f"bench.{module}").measure(chosen)


def _open_more_files() -> None:
    """As many as the system allows: a connection is one here and one in the server."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
