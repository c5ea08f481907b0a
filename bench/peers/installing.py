"""What the peers need that Parley does not: installed once, into folders that git ignores."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE = HERE / "node"
REQUIREMENTS = HERE / "requirements.txt"
CHANNELS = HERE.parent / "out" / "channels"


def node() -> str | None:
    """Where Node is, with the packages of its peer; None where it is not."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        return None
    if not _is_current(NODE / "node_modules", NODE / "package-lock.json"):
        _say("npm ci", NODE)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=NODE, check=True)
        _note(NODE / "node_modules", NODE / "package-lock.json")
    return found


def channels() -> Path:
    """The folder of programs that has `daphne`."""
    if not _is_current(CHANNELS, REQUIREMENTS):
        _say("pip install", CHANNELS)
        subprocess.run([sys.executable, "-m", "venv", "--clear", CHANNELS], check=True)
        pip: list[str | Path] = [
            CHANNELS / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
        _note(CHANNELS, REQUIREMENTS)
    return CHANNELS / "bin"


def _is_current(folder: Path, wanted: Path) -> bool:
    stamp = folder / ".installed"
    return stamp.exists() and stamp.read_text() == wanted.read_text()


def _note(folder: Path, wanted: Path) -> None:
    """Written last, so an interrupted installation is begun again."""
    (folder / ".installed").write_text(wanted.read_text())


def _say(what: str, folder: Path) -> None:
    print(f"{what} into {folder}, once", file=sys.stderr, flush=True)
