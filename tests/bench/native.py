"""One operation at a time, plain against bumped: `python -m tests.bench.native [part]...`.

Each operation stands in a loop of its own, written out as a function; the time of the empty loop is
taken off both sides, so that what is compared is the operation with its bytecode. Machine code is
off: a loop with one operation would become a kernel as a whole, and most of it would go. So are
the threads of BLAS, whose waiting counts as processor time.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import alloc_rewrite as alloc
from tests.bench.processes import hold_to_one_thread, in_own_process
from tests.bench.timing import collector_off, print_table

ROUNDS = 15
ROUND_SECONDS = 0.002
#: Executions, and seconds, until sites that do not pay are switched off, and code without them has
#: been made.
LEAST_WARM_UP, WARM_UP_SECONDS, WARM_UP_CALLS = 300, 0.2, 10

#: What an operation should gain at least, where something is promised.
Row = tuple[str, str, dict[str, Any], float | None]


def operations() -> Iterator[Row]:
    """Go over (name, statement, names in it, at least)."""
    rng = np.random.default_rng(0)
    for n, one, three in ((3, 5.0, 6.0), (100, 5.0, 6.0), (1000, 1.5, None), (10_000, 1.05, None)):
        a, b = rng.uniform(1.0, 2.0, n), rng.uniform(1.0, 2.0, n)
        ab = {"a": a, "b": b}
        yield f"a + b, {n:,}", "a + b", ab, one
        yield f"a * 2.0, {n:,}", "a * 2.0", ab, one
        yield f"-a, {n:,}", "-a", ab, one
        yield f"a < b, {n:,}", "a < b", ab, one
        yield f"a ** 2, {n:,}", "a ** 2", ab, one
        yield f"a += b, {n:,}", "a += b", {"a": a.copy(), "b": b * 0.0}, None
        yield f"i / 2, {n:,}", "i / 2", {"i": np.arange(n)}, one
        yield f"np.add(a, b), {n:,}", "np.add(a, b)", ab, one
        yield f"np.maximum(a, b), {n:,}", "np.maximum(a, b)", ab, one
        yield f"np.sqrt(a), {n:,}", "np.sqrt(a)", ab, one
        yield f"np.exp(a), {n:,}", "np.exp(a)", ab, one
        yield f"a*b + a*a - b*b, {n:,}", "a * b + a * a - b * b", ab, three
    x, grid, small = rng.uniform(0.0, 1.0, 100), rng.uniform(0.0, 1.0, (10, 10)), rng.random((4, 4))
    s = {"x": x, "y": x * 2.0, "grid": grid, "m": small}
    yield "np.zeros(100)", "np.zeros(100)", s, 2.0
    yield "np.empty_like(x), 100", "np.empty_like(x)", s, 2.0
    yield "np.ones(100)", "np.ones(100)", s, None
    yield "x.copy(), 100", "x.copy()", s, 2.0
    yield "np.array([a, b, c])", "np.array([a, b, c])", {"a": 1.0, "b": 2.0, "c": 3.0}, 2.0
    yield "x.astype(np.float32), 100", "x.astype(np.float32)", s, None
    yield "x.sum(), 100", "x.sum()", s, 2.0
    yield "np.sum(x), 100", "np.sum(x)", s, None
    yield "np.max(grid, axis=0), 10x10", "np.max(grid, axis=0)", s, 2.0
    yield "x.mean(), 100", "x.mean()", s, None
    yield "m @ m, 4x4", "m @ m", s, 2.0
    yield "np.where(x > 0.5, x, y), 100", "np.where(x > 0.5, x, y)", s, None
    yield "np.clip(x, 0.2, 0.8), 100", "np.clip(x, 0.2, 0.8)", s, None
    yield "np.concatenate((x, y)), 100", "np.concatenate((x, y))", s, None
    yield "np.stack((x, y)), 100", "np.stack((x, y))", s, None
    yield "grid + grid.T, 10x10", "grid + t", {**s, "t": grid.T}, None
    yield "grid + row, 10x10", "grid + row", {**s, "row": grid[0]}, None
    yield "inner + left, 8x8 views", "u + v", {"u": grid[1:-1, 1:-1], "v": grid[1:-1, :-2]}, None
    yield "a, b, c = x, 3", "a, b, c = x", {"x": x[:3]}, None
    yield "x[1:-1]", "x[1:-1]", s, 2.0
    yield "x[3]", "x[3]", s, 0.97
    yield "grid.T", "grid.T", s, 0.97
    yield "grid.reshape(5, 20)", "grid.reshape(5, 20)", s, 0.97
    yield "np.dot(m, m), 4x4", "np.dot(m, m)", s, 0.97
    yield "np.linalg.solve(m, m), 4x4", "np.linalg.solve(m, m)", s, 0.97
    yield "np.argsort(x), 100", "np.argsort(x)", s, 0.97
    yield "x[x > 0.5], 100", "x[x > 0.5]", s, 0.97
    yield "two floats added", "a + b", {"a": 1.5, "b": 2.5}, 0.97
    yield "an integer expression", "a * b + a", {"a": 3, "b": 5}, 0.97
    yield "len(x)", "len(x)", s, 0.97
    yield "list.append, list.pop", "x.append(1); x.pop()", {"x": []}, 0.97


def looped(statement: str, names: dict[str, Any]) -> Callable[..., None]:
    """Return a function that executes a statement `times` times."""
    source = (
        f"def loop(times, {', '.join(names)}):\n    for _ in range(times):\n        {statement}\n"
    )
    namespace: dict[str, Any] = {"np": np}
    exec(source, namespace)
    return namespace["loop"]


def seconds(loop: Callable[..., None], times: int, values: tuple[Any, ...]) -> float:
    """Processor seconds of one execution, so that other processes don't count."""
    start = time.process_time()
    loop(times, *values)
    return (time.process_time() - start) / times


def measure(statement: str, names: dict[str, Any], rounds: int) -> tuple[float, float]:
    """Nanoseconds that the operation takes plain, and the ratio of plain to bumped."""
    values = tuple(names.values())
    plain, empty = looped(statement, names), looped("pass", names)
    bumped = alloc.bump(alloc.Buffer())(looped(statement, names))
    once = seconds(plain, 20, values)
    warm_up = max(LEAST_WARM_UP, int(WARM_UP_SECONDS / once))
    for _ in range(WARM_UP_CALLS):  # code that is made anew serves the next call
        bumped(warm_up // WARM_UP_CALLS, *values)
    times = max(3, int(ROUND_SECONDS / once))
    ratios, nanoseconds = [], []
    with collector_off():
        for _ in range(rounds):
            base = seconds(empty, times, values)
            first, second = seconds(plain, times, values), seconds(bumped, times, values)
            ratios.append((first - base) / max(second - base, 1e-10))
            nanoseconds.append((first - base) * 1e9)
    return statistics.median(nanoseconds), statistics.median(ratios)


def measured(
    operations: Callable[[], Iterator[Row]], names: list[str], rounds: int
) -> list[list[str]]:
    """Measure those with such a part in their names; return the rows of the table."""
    alloc.set_compile("off")
    rows = []
    for name, statement, values, least in operations():
        if not names or any(part in name for part in names):
            plain, ratio = measure(statement, values, rounds)
            aim = "" if least is None else f"{least:.2f}"
            rows.append([name, f"{plain:,.0f}", f"{ratio:.2f}", aim])
    return rows


def main(
    arguments: list[str] | None = None, operations: Callable[[], Iterator[Row]] = operations
) -> None:
    parser = argparse.ArgumentParser(description="Time operations plain and bumped, side by side.")
    parser.add_argument("names", nargs="*", help="parts of operations' names (default: all)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds (default: %(default)s)")
    options = parser.parse_args(arguments)
    hold_to_one_thread()
    rows = in_own_process(measured, operations, options.names, options.rounds)
    where = f"Python {platform.python_version()}, NumPy {np.__version__}, {alloc.core()[0]} core"
    print_table(f"Operations ({where})", ["operation", "plain ns", "plain / bumped", "aim"], rows)


if __name__ == "__main__":
    main()
