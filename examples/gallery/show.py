"""Compares a program's kernel plain and bumped, and draws its result, for the gallery.

`python examples/gallery/NAME.py [FOLDER]` prints the comparison, and writes the picture into the
folder if there is one.
"""

import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import alloc_rewrite as alloc

WIDTH, HEIGHT = 480, 240
COLOURS = ("#3c8ce6", "#e6823c", "#3caa5a", "#b45ac8")


def show(kernel: Callable[..., Any], args: tuple[Any, ...], picture: Callable[..., Any]) -> None:
    """Print the comparison of a kernel; write the picture if a folder is named."""
    comparison = alloc.compare(kernel, *args)
    print(comparison)
    comparison.raise_if_different()
    if len(sys.argv) > 1:
        content = picture(comparison.result)
        name = Path(sys.argv[0]).stem + (".svg" if isinstance(content, str) else ".png")
        data = content.encode() if isinstance(content, str) else content
        (Path(sys.argv[1]) / name).write_bytes(data)


def image(values: np.ndarray) -> bytes:
    """Return a PNG of an array of two axes: its least value blue, its greatest red."""
    shade = (values - values.min()) / (np.ptp(values) or 1.0)
    red, green, blue = shade, 1.0 - np.abs(2.0 * shade - 1.0), 1.0 - shade
    pixels = (255 * np.stack([red, green * 0.8, blue], axis=-1)).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">2I5B", values.shape[1], values.shape[0], 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def curves(*series: np.ndarray) -> str:
    """Return an SVG of values over their number."""
    lines = [(np.linspace(0.0, 1.0, len(y)), y, False) for y in series]
    return _svg(lines)


def points(x: np.ndarray, y: np.ndarray) -> str:
    """Return an SVG of points."""
    return _svg([(x, y, True)])


def _svg(lines: list[tuple[np.ndarray, np.ndarray, bool]]) -> str:
    scaled = [(_scaled([x for x, _, _ in lines], i), _scaled([y for _, y, _ in lines], i))
              for i in range(len(lines))]  # fmt: skip
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {WIDTH + 8} {HEIGHT + 8}">']
    for (x, y), (_, _, dots), colour in zip(scaled, lines, COLOURS, strict=False):
        places = list(zip(WIDTH * x, HEIGHT - HEIGHT * y, strict=True))
        if dots:
            out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2" fill="{colour}"/>' for a, b in places]
        else:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
    return "\n".join([*out, "</svg>\n"])


def _scaled(axis: list[np.ndarray], which: int) -> np.ndarray:
    """Return one of several arrays, so that all of them lie from 0 to 1."""
    low, high = min(a.min() for a in axis), max(a.max() for a in axis)
    return (axis[which] - low) / ((high - low) or 1.0)
