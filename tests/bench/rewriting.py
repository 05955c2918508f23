"""What rewriting costs: a 50-line function bumped and called, `python -m tests.bench.rewriting`.

Each round compiles a fresh copy of the function, so that nothing of it is cached. The last row
gives each round a new buffer too: then what it calls inside NumPy is rewritten anew as well. Times
are processor time of the thread that calls: it waits for no other.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import alloc_rewrite as alloc
from tests.bench.timing import ROUNDS, print_table

# One step of the shallow-water equations by the two-step method of Lax and Wendroff; see
# R. J. LeVeque, "Finite Volume Methods for Hyperbolic Problems" (2002), section 4.7.
SOURCE = '''\
def shallow_water(height, x_momentum, y_momentum, spacing=1.0, gravity=9.81, courant=0.4):
    """One step, with walls all around, and a few figures of the new state."""
    if height.ndim != 2 or height.shape != x_momentum.shape:
        raise ValueError("the fields must be of one shape")
    depth = np.maximum(height, 1e-6)
    speed = np.sqrt(gravity * depth) + np.abs(x_momentum / depth) + np.abs(y_momentum / depth)
    fastest = speed.max()
    if not np.isfinite(fastest):
        return height, x_momentum, y_momentum, 0.0, height.sum(), np.inf
    step = courant * spacing / fastest
    ratio = step / spacing

    fields = []
    for field, odd_rows, odd_columns in (
        (depth, False, False),
        (x_momentum, True, False),
        (y_momentum, False, True),
    ):
        rows, columns = field.shape
        padded = np.zeros((rows + 2, columns + 2))
        padded[1:-1, 1:-1] = field
        padded[0, 1:-1] = -field[0] if odd_rows else field[0]
        padded[-1, 1:-1] = -field[-1] if odd_rows else field[-1]
        padded[1:-1, 0] = -field[:, 0] if odd_columns else field[:, 0]
        padded[1:-1, -1] = -field[:, -1] if odd_columns else field[:, -1]
        fields.append(padded)
    h, hu, hv = fields
    h = np.where(h > 0.0, h, 1e-6)

    pressure = 0.5 * gravity * h**2
    flux_hu_x = hu**2 / h + pressure
    flux_cross = hu * hv / h
    flux_hv_y = hv**2 / h + pressure

    half_h = 0.5 * (h[1:] + h[:-1]) - 0.5 * ratio * (hu[1:] - hu[:-1])
    half_hu = 0.5 * (hu[1:] + hu[:-1]) - 0.5 * ratio * (flux_hu_x[1:] - flux_hu_x[:-1])
    half_hv = 0.5 * (hv[1:] + hv[:-1]) - 0.5 * ratio * (flux_cross[1:] - flux_cross[:-1])
    side_h = 0.5 * (h[:, 1:] + h[:, :-1]) - 0.5 * ratio * (hv[:, 1:] - hv[:, :-1])
    side_hu = 0.5 * (hu[:, 1:] + hu[:, :-1]) - 0.5 * ratio * np.diff(flux_cross, axis=1)
    side_hv = 0.5 * (hv[:, 1:] + hv[:, :-1]) - 0.5 * ratio * np.diff(flux_hv_y, axis=1)

    new_h = h[1:-1, 1:-1] - ratio * (np.diff(half_hu, axis=0)[:, 1:-1] + np.diff(side_hv)[1:-1])
    flux_x = half_hu**2 / half_h + 0.5 * gravity * half_h**2
    flux_y = side_hu * side_hv / side_h
    new_hu = hu[1:-1, 1:-1] - ratio * (np.diff(flux_x, axis=0)[:, 1:-1] + np.diff(flux_y)[1:-1])
    flux_x = half_hu * half_hv / half_h
    flux_y = side_hv**2 / side_h + 0.5 * gravity * side_h**2
    new_hv = hv[1:-1, 1:-1] - ratio * (np.diff(flux_x, axis=0)[:, 1:-1] + np.diff(flux_y)[1:-1])
    volume, energy = new_h.sum(), np.sum(0.5 * (new_hu**2 + new_hv**2) / new_h)
    return new_h, new_hu, new_hv, step, volume, energy
'''


def fresh_copy() -> Callable[..., Any]:
    """The function of `SOURCE`, newly compiled."""
    namespace: dict[str, Any] = {"np": np}
    exec(compile(SOURCE, "<shallow_water>", "exec"), namespace)
    return namespace["shallow_water"]


def make_input(size: int = 32) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = np.linspace(-1.0, 1.0, size)
    height = 1.0 + 0.3 * np.exp(-8.0 * (x[:, None] ** 2 + x**2))
    return height, np.zeros_like(height), np.zeros_like(height)


def first_call_seconds(prepare: Callable[[Callable[..., Any]], Callable[..., Any]]) -> float:
    """Processor seconds of this thread to prepare a fresh copy and call it once."""
    function, arguments = fresh_copy(), make_input()
    start = time.thread_time()
    prepare(function)(*arguments)
    return time.thread_time() - start


def main() -> None:
    kept = alloc.Buffer()
    ways = {
        "plain": lambda function: function,
        "bumped, one buffer": lambda function: alloc.bump(kept)(function),
        "bumped, a new buffer each": lambda function: alloc.bump(alloc.Buffer())(function),
    }
    for prepare in ways.values():
        first_call_seconds(prepare)
    seconds = {way: [first_call_seconds(ways[way]) for _ in range(ROUNDS)] for way in ways}
    rows = [
        [way, f"{statistics.median(times) * 1e3:.2f}", f"{max(times) * 1e3:.2f}"]
        for way, times in seconds.items()
    ]
    title = f"Rewriting a function of {len(SOURCE.splitlines())} lines, and its first call"
    print_table(title, ["way", "median ms", "longest ms"], rows)


if __name__ == "__main__":
    main()
