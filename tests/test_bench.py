"""Parts of the benchmark that can be wrong without anybody noticing."""

from __future__ import annotations

import importlib
import zlib
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import engine, plot, rows, usage, wire
from bench.dialects import DIALECTS
from bench.load import TAIL
from bench.rounds import alternating

SVG = "{http://www.w3.org/2000/svg}"


def unmasked(data: bytes) -> bytes:
    """What a server would say where a client says this: the same frame without a mask of zeros."""
    head = {126: 4, 127: 10}.get(data[1] & 0x7F, 2)
    return data[:1] + bytes((data[1] & 0x7F,)) + data[2:head] + data[head + 4 :]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_a_frame_of_any_size_is_read_as_it_was_written(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert wire.frames(unmasked(wire.framed(data))) == ([(0x81, data)], b"")


def test_frames_are_found_however_they_arrive() -> None:
    sent = b"".join(unmasked(wire.framed(data)) for data in (b"one", b"t" * 200, b"", b"h" * 70_000))
    found, held = [], b""
    for place in range(0, len(sent), 7):
        frames, held = wire.frames(held + sent[place : place + 7])
        found += frames
    assert [data for _first, data in found] == [b"one", b"t" * 200, b"", b"h" * 70_000]
    assert held == b""


def test_what_a_server_compresses_is_understood() -> None:
    deflate = zlib.compressobj(wbits=-15)
    inflate = zlib.decompressobj(-15)
    for text in (b"42first", b"42first again"):
        packed = (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)
        assert inflate.decompress(packed + TAIL) == text


class Heard:
    """A client that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.answers: list[int] = []
        self.sent: list[str] = []
        self.is_joined = False

    def joined(self) -> None:
        self.is_joined = True

    def on_told(self, _client: object, data: bytes) -> None:
        self.told.append(data)

    def on_answer(self, _client: object, number: int, _data: bytes) -> None:
        self.answers.append(number)

    def send(self, said: str) -> None:
        self.sent.append(said)


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        ("socketio", [b'42["message_sent",{}]', b'4317[{"ok":true}]', b'42["presence_changed",{}]', b"2"]),
        ("plain", [b'{"type": "message_sent", "message": {}}', b'{"type": "answer", "number": 17}', b'{"type": "x"}']),
    ],
)
def test_messages_and_acknowledgements_are_told_apart_from_all_else(dialect: str, said: list[bytes]) -> None:
    client = Heard()
    for data in said:
        DIALECTS[dialect].hear(client, data)  # type: ignore[arg-type]
    assert client.told == said[:1]
    assert client.answers == [17]


def test_a_ping_is_answered() -> None:
    client = Heard()
    DIALECTS["socketio"].hear(client, b"2")  # type: ignore[arg-type]
    assert client.sent == ["3"]


def test_who_is_let_in_has_joined() -> None:
    client = Heard()
    DIALECTS["socketio"].hear(client, b'40{"sid":"x"}')  # type: ignore[arg-type]
    assert client.is_joined


def test_who_is_refused_is_not_overlooked() -> None:
    with pytest.raises(AssertionError, match="refused"):
        DIALECTS["socketio"].hear(Heard(), b'44{"message":"no"}')  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ours", "theirs", "goal", "ratio", "holds"),
    [
        (400.0, 100.0, {"at_least": 4}, 4.0, True),
        (399.0, 100.0, {"at_least": 4}, 3.99, False),
        (5.0, 100.0, {"at_most": 0.05}, 0.05, True),
        (6.0, 100.0, {"at_most": 0.05}, 0.06, False),
        (6.0, 100.0, {}, 0.06, True),
    ],
)
def test_a_row_says_whether_its_goal_holds(
    ours: float, theirs: float, goal: dict[str, float], ratio: float, holds: bool
) -> None:
    row = rows.beside("work", ours, "ms", "peer", theirs, **goal)  # type: ignore[arg-type]
    assert {"work", "peer", "ours", "theirs", "ratio", "goal", "holds"} <= row.keys()
    assert (row["ratio"], row["holds"]) == (ratio, holds)
    assert ("DOES NOT HOLD" in rows.shown(row)) is not holds


def test_those_who_are_compared_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.rounds.ROUNDS", 2)
    turns: list[str] = []
    found = alternating(["ours", "theirs"], lambda name: turns.append(name) or len(turns))
    assert turns == ["ours", "theirs"] * 3
    assert found == [[3, 5], [4, 6]], "the first round warms up"


def test_a_process_s_costs_are_read(tmp_path: Path) -> None:
    own = usage.family(1)[0]
    assert own == 1
    pid = int(Path("/proc/self").resolve().name)
    before = usage.cpu_seconds(pid)
    while usage.cpu_seconds(pid) < before + 0.02:
        sum(range(10_000))
    assert usage.resident(pid) > 1_000_000
    files = usage.open_files(pid)
    with (tmp_path / "one").open("w"):
        assert usage.open_files(pid) == files + 1


def test_each_work_of_the_engine_has_its_module() -> None:
    for module in engine.PARTS:
        assert callable(importlib.import_module(f"bench.{module}").measure)


def drawn(**lines: list[tuple[float, float]]) -> ElementTree.Element:
    return ElementTree.fromstring(plot.svg([plot.Panel("Cost & more", "people", "ms", lines)]))  # noqa: S314 - our own


def test_curves_are_drawn_with_their_names_and_units() -> None:
    image = drawn(ours=[(10, 1.0), (1_000, 3.0)], theirs=[(10, 2.0), (1_000, 3.1)])
    words = [text.text for text in image.iter(f"{SVG}text")]
    assert {"Cost & more", "people", "ms", "ours", "theirs", "10", "100", "1k", "0", "4"} <= set(words)
    assert len(list(image.iter(f"{SVG}polyline"))) == 2
    assert len(list(image.iter(f"{SVG}circle"))) == 4


def test_a_larger_value_stands_higher_and_the_lower_axis_is_logarithmic() -> None:
    [line] = drawn(ours=[(10, 1.0), (100, 2.0), (1_000, 4.0)]).iter(f"{SVG}polyline")
    points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
    (x1, y1), (x2, y2), (x3, y3) = points
    assert y1 > y2 > y3
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.11)


def test_names_of_lines_that_end_together_stand_apart() -> None:
    places = plot.apart({"one": 50.0, "two": 50.0, "three": 51.0, "four": 200.0})
    heights = sorted(places.values())
    assert all(below - above >= plot.LINE for above, below in pairwise(heights))
    assert places["four"] == 200.0


@pytest.mark.parametrize(("highest", "steps"), [(0.8, [0, 0.2, 0.4, 0.6, 0.8]), (1_094, [0, 500, 1_000, 1_500])])
def test_an_axis_goes_up_in_round_steps(highest: float, steps: list[float]) -> None:
    assert plot.even(highest) == pytest.approx(steps)
