"""`make bench`: measure, print a table, keep it in bench/out/latest.json. `make bench ONLY=page` for one work."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parent / "out"
WORKS = ("page", "files", "history")


def main() -> None:
    chosen = [name for name in WORKS if os.environ.get("ONLY", name) == name]
    if not chosen:
        raise SystemExit(f"ONLY takes one of: {', '.join(WORKS)}")
    rows = []
    for name in chosen:
        for row in importlib.import_module(f"bench.{name}").measure():
            show(row)
            rows.append(row)
    OUT.mkdir(exist_ok=True)
    (OUT / "latest.json").write_text(json.dumps(rows, indent=2) + "\n")


def show(row: dict[str, Any]) -> None:
    verdict = "holds" if row["holds"] else "DOES NOT HOLD"
    ours = "" if row["ours"] is None else row["ours"]
    beside = "" if row["theirs"] is None else f"{row['peer']}: {row['theirs']}"
    goal = f"goal {row['goal']:<10} {verdict}" if row["goal"] else ""
    print(f"{row['work']:<60} {ours:>10} {row['unit']:<10} {beside:<22} {goal}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
