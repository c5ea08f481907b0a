"""From a fresh clone to a serving chat with one command, as somebody who has only Python does it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from settings import SETTINGS
from tests.servers import REPOSITORY, STOP_SECONDS, Person, free_port, wait_until

INSTALL_SECONDS = 300  # pip may have to fetch everything
SECOND_START_SECONDS = 10  # two are promised on an ordinary machine; this one may be busy


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is committed, and nothing else."""
    folder = tmp_path_factory.mktemp("setup") / "parley"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, folder], check=True, capture_output=True)
    return folder


def environment(**chosen: str) -> dict[str, str]:
    """Ours without settings, the outer make's variables and the virtual environment that runs the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VIRTUAL_ENV"))}
    return ours | {setting.name: "" for setting in SETTINGS} | chosen


def make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
    )


@contextmanager
def running(clone: Path, seconds: float) -> Iterator[str]:
    """`make run`, once it serves; with a group of its own, since make has a child."""
    port = free_port()
    log = clone.parent / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env=environment(PORT=str(port)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return requests.get(f"{url}/healthz", timeout=seconds).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(is_up, seconds, "a serving `make run`")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_SECONDS)


def test_make_run_serves_and_starts_quickly_again(clone: Path) -> None:
    with running(clone, INSTALL_SECONDS) as url:
        Person(url, "alice").register()
    start = time.monotonic()
    with running(clone, SECOND_START_SECONDS) as url:
        assert time.monotonic() - start < SECOND_START_SECONDS
        Person(url, "alice").login()


def test_make_alone_prints_its_targets(clone: Path) -> None:
    printed = make(clone).stdout
    for target in ("run", "test", "check", "format", "schema", "translations", "vendor", "screens", "clean"):
        assert f"make {target} " in printed


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            'case "$*" in *sys.exit*) exit 1;; --version) echo Python 3.9.2;; esac',
            "3.11 or newer, and this is Python 3.9.2",
        ),
        ('case "$*" in *ensurepip*) exit 1;; esac', "python3-venv"),
    ],
    ids=["too old", "without venv"],
)
def test_a_python_that_cannot_do_is_one_sentence(script: str, words: str, tmp_path: Path) -> None:
    """Stands in for Pythons that this machine does not have; what is tried is the set-up script itself."""
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, tmp_path / "parley"], check=True, capture_output=True)
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    done = make(tmp_path / "parley", "run", f"PYTHON={python}")
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0
    assert len(said) == 1, said
    assert words in said[0]


def test_the_lock_file_names_no_registry() -> None:
    """Where packages come from is each machine's matter."""
    for path in REPOSITORY.glob("**/package-lock.json"):
        if "node_modules" not in path.parts:
            packages = json.loads(path.read_text())["packages"]
            for package in packages.values():
                package.pop("funding", None)  # how to thank the authors
            assert "://" not in json.dumps(packages), path
    assert (REPOSITORY / "tests" / "node" / "package-lock.json").exists()
