"""The process that cleans a file: what it is held to, what becomes of it, and that others go on meanwhile."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

import media
from media import processes
from tests.media import zoo
from tests.servers import REPOSITORY, wait_until

SLOW = (90, 2000)  # frames and their side: 360 megapixels in some kilobytes


def put(folder: Path, content: bytes) -> tuple[Path, Path]:
    """(source, an empty folder)."""
    source, cleaned = folder / "incoming", folder / "cleaned"
    source.write_bytes(content)
    cleaned.mkdir()
    return source, cleaned


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Another program in Python's place."""
    program = folder / "stand-in"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(processes.sys, "executable", str(program))


def children() -> set[str]:
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has ended meanwhile
            found |= set((task / "children").read_text().split())
    return found


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    source, folder = put(tmp_path, zoo.gif_of_frames(*SLOW))
    before = children()
    with pytest.raises(media.Refused, match="too_slow"):
        media.clean(source, folder, media.Limits(seconds=1))
    assert children() == before
    assert not any(path.name.startswith(".") for path in folder.iterdir()), "question and answer are gone"


def test_what_waits_without_computing_is_ended_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, tmp_path, "sleep 1000 & echo $! > ../pid-of-a-child; wait")
    source, folder = put(tmp_path, zoo.png())
    monkeypatch.setattr(processes, "HOUSE", folder)
    with pytest.raises(media.Refused, match="too_slow"):
        media.clean(source, folder, media.Limits(seconds=3))
    pid = int((tmp_path / "pid-of-a-child").read_text())
    wait_until(lambda: is_gone(pid), 10, "the end of what it had started")


def test_at_the_very_end_nothing_is_left_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, tmp_path, "sleep 1000 & echo $! > ../pid-of-a-child; wait")
    source, folder = put(tmp_path, zoo.png())
    monkeypatch.setattr(processes, "HOUSE", folder)
    with ThreadPoolExecutor(1) as thread:
        cleaning = thread.submit(media.clean, source, folder, media.Limits(seconds=60))
        told = tmp_path / "pid-of-a-child"
        pid = int(wait_until(lambda: told.exists() and told.read_text().strip(), 30, "a process"))
        processes.end()
        wait_until(lambda: is_gone(pid), 10, "its end")
        assert isinstance(cleaning.exception(), media.Refused)


def is_gone(pid: int) -> bool:
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()  # nobody may be there to bury it
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("script", ["kill -SEGV $$", "kill -KILL $$", "exit 1", "echo of a decoder >&2; exit 134"])
def test_a_crash_is_a_broken_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, script: str
) -> None:
    stand_in(monkeypatch, tmp_path, script)
    source, folder = put(tmp_path, zoo.png())
    with pytest.raises(media.Refused, match="broken"):
        media.clean(source, folder, media.Limits())
    assert len(caplog.messages) == 1, "one line in the log"
    assert not list(folder.iterdir())


def test_the_process_knows_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "SECRET-5f3a")
    monkeypatch.setenv("DATABASE_URL", "mysql://chat:SECRET-5f3a@localhost/chat")
    stand_in(monkeypatch, tmp_path, f"env > {tmp_path}/known; exit 1")
    source, folder = put(tmp_path, zoo.png())
    with pytest.raises(media.Refused):
        media.clean(source, folder, media.Limits())
    known = (tmp_path / "known").read_text()
    assert "PATH=" in known
    assert "SECRET-5f3a" not in known


def test_memory_files_and_time_are_held_to_their_limits() -> None:
    code = """
        import resource
        from media.__main__ import confine
        from media.shapes import Limits
        limits = Limits(pixels=1000)
        confine(limits)
        try:
            bytearray(limits.memory)
        except MemoryError:
            print("held")
        print(resource.getrlimit(resource.RLIMIT_FSIZE)[0] == limits.written)
        print(resource.getrlimit(resource.RLIMIT_CPU)[0])
    """
    assert run(code).split() == ["held", "True", "180"]


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", dedent(code)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_folder_that_cannot_be_written_is_no_fault_of_the_file(tmp_path: Path) -> None:
    source, folder = put(tmp_path, zoo.png())
    folder.rmdir()
    with pytest.raises(OSError, match="No such file"):
        media.clean(source, folder, media.Limits())


def test_a_full_disk_is_no_fault_of_the_file(tmp_path: Path) -> None:
    """The device that is always full stands where the original is to be."""
    source, folder = put(tmp_path, zoo.png())
    (folder / "original.png").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        media.clean(source, folder, media.Limits())
    assert caught.value.errno == 28


@pytest.mark.parametrize(("whose", "expected"), [(range(5), processes.AT_ONCE), ([7] * 5, 1), ([None] * 5, 2)])
def test_two_at_once_and_of_one_person_one(tmp_path: Path, whose: Sequence[int | None], expected: int) -> None:
    content = zoo.png(zoo.colourful(2000, 1500))
    answers: list[media.Made] = []

    def work(number: int) -> None:
        (tmp_path / str(number)).mkdir()
        answers.append(media.clean(*put(tmp_path / str(number), content), media.Limits(), whose=whose[number]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    before = children()
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        # Listed twice: of those in one list, the first may be gone when the last is met.
        most = max(most, len((children() & children()) - before))
    assert most == expected
    assert len(answers) == 5


def test_a_picture_has_less_time_than_sound(tmp_path: Path) -> None:
    source, folder = put(tmp_path, zoo.gif_of_frames(*SLOW))
    with pytest.raises(media.Refused, match="too_slow"):
        media.clean(source, folder, media.Limits(seconds=100, image_seconds=1))


def test_the_loop_goes_on_meanwhile(tmp_path: Path) -> None:
    """As in the server: patched first of all. Three files, a picture in the queue; and a clock that ticks."""
    source, _folder = put(tmp_path, zoo.gif_of_frames(30, 2000))
    code = f"""
        import eventlet
        eventlet.monkey_patch()
        import threading, time
        from pathlib import Path
        import media
        source = Path({str(source)!r})
        ticks, longest, done = 0, 0.0, []
        def work(number):
            folder = source.with_name(f"cleaned-{{number}}")
            folder.mkdir()
            done.append(media.clean(source, folder, media.Limits()).animated)
        def tick():
            global ticks, longest
            last = time.monotonic()
            while len(done) < 3:
                eventlet.sleep(0.005)
                ticks, longest, last = ticks + 1, max(longest, time.monotonic() - last), time.monotonic()
        workers = [eventlet.spawn(work, number) for number in range(3)]
        tick()
        print(ticks, longest, done)
    """
    ticks, longest, *done = run(code).split(maxsplit=2)
    assert done == ["[True, True, True]\n"]
    assert int(ticks) > 50
    assert float(longest) < 1, "seconds; the files take more"
