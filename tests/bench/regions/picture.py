"""A picture of geometric means by class and size: bars in an SVG file.

In: what `tables.means` returns. Out: text. The scale is logarithmic.
"""

import math
from collections.abc import Mapping
from html import escape

WIDTH, LEFT, RIGHT, TOP = 720, 130, 40, 64
BAR, GAP, BETWEEN = 16, 3, 14
COLOURS = {"small": "#1b6ca8", "L2": "#5fa8d3", "large": "#b9d6e8"}
TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100)
FONT = 'font-family="system-ui, sans-serif" font-size="13" fill="#333"'


def svg(title: str, means: Mapping[str, Mapping[str, float]]) -> str:
    """Draw three bars for every class, from 1 (as fast as plain NumPy) on."""
    values = [value for by_size in means.values() for value in by_size.values()]
    low, high = min(0.8, *values), max(2.0, *values) * 1.1

    def place(value: float) -> float:
        share = math.log(value / low) / math.log(high / low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    bars, y = [], float(TOP)
    for kind, by_size in means.items():
        middle = y + len(by_size) * (BAR + GAP) / 2
        bars.append(_text(LEFT - 10, middle + 4, kind, "end"))
        for size, value in by_size.items():
            bars.append(_bar(place(1.0), place(value), y, size))
            bars.append(_text(max(place(value), place(1.0)) + 5, y + BAR - 3, f"{value:.1f}"))
            y += BAR + GAP
        y += BETWEEN
    ticks = [tick for tick in TICKS if low <= tick <= high]
    grid = [_tick(place(tick), f"{tick:g}x", y) for tick in ticks]
    body = "\n".join([_text(LEFT, 22, title), *_legend(), *grid, *bars])
    height = round(y + 26)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT}>{escape(text)}</text>'


def _bar(start: float, end: float, y: float, size: str) -> str:
    x, width = min(start, end), max(abs(end - start), 1.0)
    colour = COLOURS[size]
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>'


def _tick(x: float, text: str, bottom: float) -> str:
    line = f'<path d="M{x:.1f} {TOP - 6}V{bottom:.1f}" stroke="#ddd"/>'
    return line + _text(x, bottom + 16, text, "middle")


def _legend() -> list[str]:
    marks, x = [], LEFT
    for size, colour in COLOURS.items():
        marks.append(f'<rect x="{x}" y="34" width="12" height="12" fill="{colour}"/>')
        marks.append(_text(x + 17, 45, size))
        x += 80
    return marks
