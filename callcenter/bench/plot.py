"""A picture of answers against calls at once, as SVG.

It is written from a template of our own: a drawing library would weigh more than the rest of the program for two panels
of points and lines. Colours keep apart for the colour-blind, and follow the viewer's light or dark theme.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from callcenter.bench.loads import MOST_P95_MS, Load
from callcenter.bench.politeness import MOST_STOP_MS
from callcenter.errors import ConfigurationError

WIDTH = 860
LEFT, RIGHT = 80, 150
PANEL_HEIGHT = 230
TITLE_HEIGHT = 76
GAP = 84
FOOT_HEIGHT = 108
TICKS = 5
CHARACTER = 6.2
"""Pixels of one character of a label."""

STYLE = """
  text { font: 12px system-ui, "Helvetica Neue", Arial, sans-serif; fill: #1f2328; }
  .title { font-size: 18px; font-weight: 600; }
  .panel { font-size: 14px; font-weight: 600; }
  .paper { fill: #ffffff; }
  .dim { fill: #59636e; }
  .grid { stroke: #d9dee4; }
  .limit { stroke: #cf222e; stroke-dasharray: 6 4; stroke-width: 1.5; }
  text.limit { fill: #cf222e; stroke: none; }
  .line { fill: none; stroke-width: 2; }
  line.p50, polyline.p50 { stroke: #0969da; } circle.p50, text.p50 { fill: #0969da; }
  line.p95, polyline.p95 { stroke: #bc4c00; } circle.p95, text.p95 { fill: #bc4c00; }
  .label { text-anchor: middle; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .paper { fill: #0d1117; }
    .dim { fill: #9198a1; }
    .grid { stroke: #2b323b; }
    .label { stroke: #0d1117; }
    .limit { stroke: #ff7b72; }
    text.limit { fill: #ff7b72; }
    line.p50, polyline.p50 { stroke: #58a6ff; } circle.p50, text.p50 { fill: #58a6ff; }
    line.p95, polyline.p95 { stroke: #f0883e; } circle.p95, text.p95 { fill: #f0883e; }
  }
"""
"""Colours are repeated, not named: only browsers know variables in a style sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One diagram: milliseconds against calls at once."""

    title: str
    limit_ms: float
    limit: str
    at_once: tuple[int, ...]
    p50: tuple[float | None, ...]
    p95: tuple[float | None, ...]

    @property
    def top(self) -> float:
        """A round number of milliseconds above all that is shown."""
        highest = max([self.limit_ms, *(value for value in (*self.p50, *self.p95) if value is not None)]) * 1.12
        step = next(step for step in _round_steps() if step * TICKS >= highest)
        return step * TICKS


def check(path: Path) -> None:
    """Raise ConfigurationError for a file that no picture can be written to, before anything is measured."""
    if path.suffix.lower() != ".svg":
        raise ConfigurationError(
            f"--plot {path}: only .svg can be written; every browser shows it, and `rsvg-convert` makes a PNG of it"
        )
    if not path.absolute().parent.is_dir():
        raise ConfigurationError(f"--plot {path}: there is no folder {path.absolute().parent}")


def panels(loads: Sequence[Load]) -> tuple[Panel, Panel]:
    """Of what was measured: how soon callers are answered, and how soon the agent gives way."""
    at_once = tuple(load.at_once for load in loads)
    stops = [load.barge_ins for load in loads]
    return (
        Panel(
            title="End of the caller's speech → first sound of the answer",
            limit_ms=MOST_P95_MS,
            limit=f"p95 at most {MOST_P95_MS:,.0f} ms",
            at_once=at_once,
            p50=tuple(load.p50 for load in loads),
            p95=tuple(load.p95 for load in loads),
        ),
        Panel(
            title="Caller talks over the agent → silence on the line",
            limit_ms=MOST_STOP_MS,
            limit=f"p95 at most {MOST_STOP_MS:,.0f} ms",
            at_once=at_once,
            p50=tuple(stop.p50 for stop in stops),
            p95=tuple(stop.p95 for stop in stops),
        ),
    )


def picture(shown: Sequence[Panel], title: str, notes: Sequence[str]) -> str:
    """An SVG document; `notes` stand below the panels, a line each."""
    height = TITLE_HEIGHT + len(shown) * (PANEL_HEIGHT + GAP) + FOOT_HEIGHT - GAP + 18 * max(0, len(notes) - 2)
    body = [f'<text class="title" x="{LEFT}" y="34">{escape(title)}</text>']
    for number, panel in enumerate(shown):
        body += _panel(panel, TITLE_HEIGHT + number * (PANEL_HEIGHT + GAP))
    foot = height - 18 * len(notes) - 4
    body += [
        f'<text class="dim" x="{LEFT}" y="{foot + 18 * line}">{escape(note)}</text>' for line, note in enumerate(notes)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
            f' role="img" aria-label="{escape(title)}">',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
            *body,
            "</svg>\n",
        ]
    )


def _panel(panel: Panel, top: int) -> Iterable[str]:
    bottom, right = top + PANEL_HEIGHT, WIDTH - RIGHT
    xs = _columns(len(panel.at_once))

    def y(value: float) -> float:
        return round(bottom - value / panel.top * PANEL_HEIGHT, 1)

    yield f'<text class="panel" x="{LEFT}" y="{top - 14}">{escape(panel.title)}</text>'
    yield f'<text class="dim" x="{LEFT - 10}" y="{top - 14}" text-anchor="end">ms</text>'
    for tick in range(TICKS + 1):
        value = panel.top * tick / TICKS
        yield f'<line class="grid" x1="{LEFT}" y1="{y(value)}" x2="{right}" y2="{y(value)}"/>'
        yield f'<text class="dim" x="{LEFT - 10}" y="{y(value) + 4}" text-anchor="end">{value:,.0f}</text>'
    for x, level in zip(xs, panel.at_once, strict=True):
        yield f'<text class="dim" x="{x}" y="{bottom + 20}" text-anchor="middle">{level}</text>'
    yield f'<text class="dim" x="{right}" y="{bottom + 40}" text-anchor="end">calls at once</text>'
    limit = y(panel.limit_ms)
    yield f'<line class="limit" x1="{LEFT}" y1="{limit}" x2="{right}" y2="{limit}"/>'
    yield f'<text class="limit" x="{right + 8}" y="{limit + 4}">{escape(panel.limit)}</text>'
    below = {"p50": 20, "p95": -10}
    for name, values in (("p50", panel.p50), ("p95", panel.p95)):
        points = [(x, y(value), value) for x, value in zip(xs, values, strict=True) if value is not None]
        yield from _series(name, points, below[name])


def _series(name: str, points: Sequence[tuple[float, float, float]], label_below: int) -> Iterable[str]:
    """A line through the points, each with its value; the last with the name of the line."""
    if not points:
        return
    line = " ".join(f"{x},{y}" for x, y, _ in points)
    yield f'<polyline class="line {name}" points="{line}"/>'
    for x, y, value in points:
        yield f'<circle class="{name}" cx="{x}" cy="{y}" r="4"/>'
        yield f'<text class="label {name}" x="{x}" y="{y + label_below}">{value:,.0f}</text>'
    x, y, value = points[-1]
    beside = x + 14 + CHARACTER * len(f"{value:,.0f}") / 2
    yield f'<text class="{name}" x="{beside:.1f}" y="{y + 4}">{name}</text>'


def _columns(count: int) -> list[float]:
    """Where each level stands, evenly: levels are usually doubled."""
    width = WIDTH - RIGHT - LEFT
    return [round(LEFT + width * (index + 0.5) / count, 1) for index in range(count)]


def _round_steps() -> Iterable[float]:
    power = 1.0
    while True:
        yield from (power, 2 * power, 2.5 * power, 5 * power)
        power *= 10
