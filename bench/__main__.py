"""`make bench`: measure, print a table, keep it in bench/out/latest.json. `make bench ONLY=page` for one work."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

OUT = Path(__file__).resolve().parent / "out"
WORKS = ("page", "files")


def main() -> None:
    chosen = [name for name in WORKS if os.environ.get("ONLY", name) == name]
    if not chosen:
        raise SystemExit(f"ONLY takes one of: {', '.join(WORKS)}")
    rows = [row for name in chosen for row in importlib.import_module(f"bench.{name}").measure()]
    for row in rows:
        verdict = "holds" if row["holds"] else "DOES NOT HOLD"
        beside = "" if row["theirs"] is None else f"{row['peer']}: {row['theirs']}"
        goal = f"goal {row['goal']:<10} {verdict}" if row["goal"] else ""
        print(f"{row['work']:<60} {row['ours']:>10} {row['unit']:<10} {beside:<22} {goal}".rstrip())
    OUT.mkdir(exist_ok=True)
    (OUT / "latest.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
