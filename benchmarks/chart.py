"""Small line charts side by side, as SVG that reads in light and in dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, TOP, BELOW = 380, 220, 46, 46, 40
COLOURS = ("#0a8f78", "#c2571a", "#6b5bd2", "#5f6b76")
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#5f6b76}.title{font-size:14px;font-weight:600}"
    ".axis{stroke:#9aa5af;stroke-width:1;fill:none}polyline{fill:none;stroke-width:2}"
)


@dataclass(frozen=True)
class Panel:
    """One chart: under each of ``steps``, at equal distances, a value of each line."""

    title: str
    steps: Sequence[str]
    lines: Mapping[str, Sequence[float]]


def drawn(panels: Sequence[Panel]) -> str:
    """The charts, two in a row."""
    rows = -(-len(panels) // 2)
    width, height = 2 * WIDTH, rows * HEIGHT
    groups = [
        f'<g transform="translate({number % 2 * WIDTH},{number // 2 * HEIGHT})">{_panel(panel)}</g>'
        for number, panel in enumerate(panels)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{escape("; ".join(panel.title for panel in panels))}">\n<style>{STYLE}</style>\n'
        + "\n".join(groups)
        + "\n</svg>\n"
    )


def _panel(panel: Panel) -> str:
    top = 1.15 * max(value for values in panel.lines.values() for value in values)
    inner = WIDTH - LEFT - 24

    def x(step: int) -> float:
        return LEFT + inner * (step + 0.5) / len(panel.steps)

    def y(value: float) -> float:
        return HEIGHT - BELOW - (HEIGHT - BELOW - TOP) * value / top

    parts = [f'<text class="title" x="{LEFT}" y="18">{escape(panel.title)}</text>']
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BELOW}H{WIDTH - 24}"/>')
    parts += [f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>' for value in (0, top)]
    for number, step in enumerate(panel.steps):
        parts.append(f'<text x="{x(number):.1f}" y="{HEIGHT - BELOW + 18}" text-anchor="middle">{escape(step)}</text>')
    for number, (name, values) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in enumerate(values))
        parts.append(f'<polyline stroke="{colour}" points="{points}"/>')
        last = f"{name} {values[-1]:.3g}"
        parts.append(f'<text x="{LEFT + 8 + number * 170}" y="36" style="fill:{colour}">{escape(last)}</text>')
    return "".join(parts)
