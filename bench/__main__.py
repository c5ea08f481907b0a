"""`make bench`: measure, print a table, keep it in bench/out/latest.json. `make bench ONLY=page` for one work."""

from __future__ import annotations

import importlib
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from bench import engine
from bench.rows import Row, shown

OUT = Path(__file__).resolve().parent / "out"
WORKS = ("page", "files", "history", "removing", "engine")


def main() -> None:
    # As in app.py.
    warnings.filterwarnings("ignore", message=r"(?s).*Eventlet is deprecated")
    rows = []
    for row in chosen(os.environ.get("ONLY", "")):
        print(shown(row), flush=True)
        rows.append(row)
    OUT.mkdir(exist_ok=True)
    (OUT / "latest.json").write_text(json.dumps(rows, indent=2) + "\n")


def chosen(only: str) -> Iterator[Row]:
    if only and only not in (*WORKS, *engine.WORKS):
        raise SystemExit(f"ONLY takes one of: {', '.join((*WORKS, *engine.WORKS))}")
    if only in engine.WORKS:
        yield from engine.measure([only])
    else:
        for name in WORKS:
            if only in ("", name):
                yield from importlib.import_module(f"bench.{name}").measure()


if __name__ == "__main__":
    main()
