"""Curves as an SVG for a light and a dark page: panels in a row, the lower axis logarithmic, lines with their names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 330, 270  # of a panel, in pixels
LEFT, RIGHT, TOP, BOTTOM = 52, 70, 40, 46  # around its lines; names of lines stand on the right
LINE = 13  # between two names
TICKS = 4
STYLE = """
  text { font: 11px system-ui, sans-serif; fill: #57534e }
  .title { font-weight: 600; font-size: 13px; fill: #1c1917 }
  .grid { stroke: #e7e5e4 } .axis { stroke: #a8a29e }
  .line { fill: none; stroke-width: 2 }
  .c0 { stroke: #0f766e; fill: #0f766e } .c1 { stroke: #b45309; fill: #b45309 } .c2 { stroke: #6d28d9; fill: #6d28d9 }
  text.c0, text.c1, text.c2 { stroke: none; font-weight: 600 } .line { fill: none !important }
  @media (prefers-color-scheme: dark) {
    text { fill: #a8a29e } text.title { fill: #fafaf9 } .grid { stroke: #292524 } .axis { stroke: #57534e }
    .c0 { stroke: #2dd4bf; fill: #2dd4bf } .c1 { stroke: #fbbf24; fill: #fbbf24 } .c2 { stroke: #a78bfa; fill: #a78bfa }
  }
"""


@dataclass(frozen=True)
class Panel:
    """`x` and `y` say what the axes are, with their units; `lines` are by name. `steep`: both logarithmic."""

    title: str
    x: str
    y: str
    lines: Mapping[str, Points]
    steep: bool = False


def svg(panels: Sequence[Panel]) -> str:
    drawn = "".join(
        f'<g transform="translate({place * WIDTH} 0)">{_panel(panel)}</g>\n' for place, panel in enumerate(panels)
    )
    width = WIDTH * len(panels)
    size = f'viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}"'
    titles = escape("; ".join(panel.title for panel in panels))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{titles}">'
    return f"{head}\n<style>{STYLE}</style>\n{drawn}</svg>\n"


def _panel(panel: Panel) -> str:
    points = [point for line in panel.lines.values() for point in line]
    heights = powers(y for _x, y in points) if panel.steep else even(max(y for _x, y in points))
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    across = scale([x for x, _y in points], LEFT, right, steep=True)
    down = scale(heights, bottom, TOP, panel.steep)
    parts = [_text(LEFT, 16, panel.title, "title"), _text(LEFT, 31, panel.y)]
    for height in heights:
        y = down(height)
        parts += [_rule(LEFT, y, right, y, "axis" if height == heights[0] else "grid")]
        parts += [_text(LEFT - 6, y + 4, short(height), anchor="end")]
    for width in powers((x for x, _y in points), within=True):
        x = across(width)
        parts += [_rule(x, bottom, x, bottom + 4, "axis"), _text(x, bottom + 17, short(width), anchor="middle")]
    parts.append(_text((LEFT + right) / 2, HEIGHT - 8, panel.x, anchor="middle"))
    ends = apart({name: down(line[-1][1]) for name, line in panel.lines.items()})
    for place, (name, line) in enumerate(panel.lines.items()):
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in line)
        parts.append(f'<polyline class="line c{place}" points="{path}"/>')
        parts += [f'<circle class="c{place}" cx="{across(x):.1f}" cy="{down(y):.1f}" r="3"/>' for x, y in line]
        parts.append(_text(right + 8, ends[name] + 4, name, f"c{place}"))
    return "".join(parts)


def scale(values: Sequence[float], first: float, last: float, steep: bool) -> Callable[[float], float]:
    """Where a value stands between two pixels."""
    turned = math.log10 if steep else float
    low, high = turned(min(values)), turned(max(values))
    return lambda value: first + (last - first) * (turned(value) - low) / ((high - low) or 1)


def even(highest: float) -> list[float]:
    """From nothing to at least that, in round steps."""
    step = round_step(highest / TICKS)
    return [count * step for count in range(math.ceil(highest / step - 1e-9) + 1)]


def powers(values: Iterable[float], within: bool = False) -> list[float]:
    """Powers of ten around all of the values, or between them."""
    found = [math.log10(value) for value in values]
    first, last = min(found), max(found)
    ends = (math.ceil(first - 1e-9), math.floor(last + 1e-9)) if within else (math.floor(first), math.ceil(last))
    return [10.0**power for power in range(ends[0], ends[1] + 1)]


def round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, at least as large."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(one * power for one in (1, 2, 5, 10) if one * power >= least * (1 - 1e-9))


def short(value: float) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def apart(wanted: Mapping[str, float]) -> dict[str, float]:
    """Where names stand, none upon another: each at its place or below the one before."""
    placed: dict[str, float] = {}
    last = -math.inf
    for name in sorted(wanted, key=wanted.__getitem__):
        last = placed[name] = max(wanted[name], last + LINE)
    return placed


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
