"""Loops in Python over numbers, elements and rows: `python -m tests.bench.loops [name]...`.

Each kernel runs plain, bumped, and with Numba where that is installed, in turns, in processor time,
after loops have been compiled. The first row's loop is never hot, the second's has ten iterations.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import alloc_rewrite as alloc

try:
    import numba
except ImportError:
    numba = None

OTHERS_TRIALS = 40  # quarters of a second, in which SciPy's functions have their trials
RNG = np.random.default_rng(7)
N = 60


def once(x, n):
    s = 0.0
    for i in range(n):
        s += float(np.float64(x[i]))
    return s


def short(x, y):
    for i in range(10):
        y[i] = x[i] * 0.5 + y[i]
    return y


def relaxed(a, sweeps):
    n = a.shape[0]
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                near = a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1]
                a[i, j] = (near + a[i, j]) / 5.0
    return a


def lu(a):
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    return a


def cholesky(a):
    n = a.shape[0]
    for j in range(n):
        for k in range(j):
            a[j, j] -= a[j, k] * a[j, k]
        a[j, j] = np.sqrt(a[j, j])
        for i in range(j + 1, n):
            a[i, j] -= np.dot(a[i, :j], a[j, :j])
            a[i, j] /= a[j, j]
    return a


def checksum(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= int(byte) << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021) & 0xFFFF if crc & 0x8000 else (crc << 1) & 0xFFFF
    return crc


def pairs(a, b):
    return 1 if a + b == 3 else 0


def folded(seq, table):
    n = len(seq)
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            best = max(table[i + 1, j], table[i, j - 1])
            if j - i > 1:
                best = max(best, table[i + 1, j - 1] + pairs(seq[i], seq[j]))
            for k in range(i + 1, j):
                best = max(best, table[i, k] + table[k + 1, j])
            table[i, j] = best
    return table


def sparse(start, column, value, x, y):
    for row in range(len(y)):
        s = 0.0
        for k in range(start[row], start[row + 1]):
            s += value[k] * x[column[k]]
        y[row] = s
    return y


def smoothed(image, out, a, b):
    for i in range(image.shape[0]):
        before = older = 0.0
        for j in range(image.shape[1]):
            here = a * image[i, j] + b * before - 0.25 * older
            out[i, j] = here
            older = before
            before = here
    return out


def swept(u, p, q, steps):
    n = u.shape[0]
    for _ in range(steps):
        for i in range(1, n - 1):
            p[i, 0] = q[i, 0] = 0.0
            for j in range(1, n - 1):
                p[i, j] = 1.0 / (4.0 - p[i, j - 1])
                q[i, j] = (u[j, i] + q[i, j - 1]) * p[i, j]
            for j in range(n - 2, 0, -1):
                u[i, j] = p[i, j] * u[i, j + 1] + q[i, j]
    return u


def orbit(state, steps, dt):
    x, y, vx, vy = state
    for _ in range(steps):
        r = math.sqrt(x * x + y * y)
        vx -= dt * x / (r * r * r)
        vy -= dt * y / (r * r * r)
        x += dt * vx
        y += dt * vy
    return x, y, vx, vy


def lorenz(y, steps, dt):
    for _ in range(steps):
        a, b, c = y[0], y[1], y[2]
        y[0] += dt * 10.0 * (b - a)
        y[1] += dt * (a * (28.0 - c) - b)
        y[2] += dt * (a * b - 8.0 / 3.0 * c)
    return y


def escaped(n, limit):
    found = []
    for i in range(n):
        for j in range(n):
            re, im = i * 3.0 / n - 2.0, j * 2.0 / n - 1.0
            x = y = 0.0
            count = 0
            while x * x + y * y < 4.0 and count < limit:
                x, y = x * x - y * y + re, 2.0 * x * y + im
                count += 1
            found.append(count)
    return found


def hits(prices, levels):
    total = 0.0
    for i, (price, level) in enumerate(zip(prices, levels)):
        if price > level:
            total += (price - level) / (i + 1)
    return total


def spd(n):
    a = RNG.random((n, n))
    return a @ a.T + n * np.eye(n)


def _sparse():
    counts = RNG.integers(0, 12, 400)
    start = np.concatenate([[0], np.cumsum(counts)])
    return (start, RNG.integers(0, 400, start[-1]), RNG.random(start[-1]), RNG.random(400),
            np.zeros(400))  # fmt: skip


def kernels() -> Iterator[tuple[Callable[..., Any], tuple[Any, ...]]]:
    yield once, (RNG.random(3), 3)
    yield short, (RNG.random(10), RNG.random(10))
    yield relaxed, (RNG.random((N, N)), 2)
    yield lu, (spd(N),)
    yield cholesky, (spd(N),)
    yield checksum, (RNG.integers(0, 256, 2000).astype(np.uint8),)
    yield folded, (RNG.integers(0, 4, 40), np.zeros((40, 40), np.int64))
    yield sparse, _sparse()
    yield smoothed, (RNG.random((N, N)), np.zeros((N, N)), 0.3, 0.6)
    yield swept, (RNG.random((N, N)), np.zeros((N, N)), np.zeros((N, N)), 1)
    yield orbit, ((1.0, 0.0, 0.0, 1.0), 3000, 1e-3)
    yield lorenz, (np.array([1.0, 1.0, 1.0]), 1000, 1e-3)
    yield escaped, (30, 60)
    yield hits, (RNG.random(3000).tolist(), RNG.random(3000).tolist())


def callbacks() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what calls SciPy with a small function, to be bumped whole."""
    from scipy.integrate import solve_ivp
    from scipy.optimize import least_squares, minimize

    def oscillator(t, y):
        return [y[1], 2.0 * (1.0 - y[0] * y[0]) * y[1] - y[0]]

    def valley(x):
        s = 0.0
        for i in range(len(x) - 1):
            s += 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
        return s

    t = np.linspace(0.0, 3.0, 30)
    data = 2.0 * np.exp(-t)

    def residuals(p):
        return p[0] * np.exp(-p[1] * t) - data

    yield "solve_ivp", lambda: solve_ivp(oscillator, (0.0, 10.0), [2.0, 0.0]).y
    yield "minimize", lambda: minimize(valley, np.zeros(6), method="BFGS").x
    yield "least_squares", lambda: least_squares(residuals, [1.0, 0.5]).x


def _copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(one.copy() if isinstance(one, (np.ndarray, list)) else one for one in args)


def _seconds(f: Callable[..., Any], args: tuple[Any, ...], times: int) -> float:
    taken = 0.0
    for _ in range(times):
        given = _copied(args)
        begin = time.process_time()
        f(*given)
        taken += time.process_time() - begin
    return taken / times


def measured(
    f: Callable[..., Any], args: tuple[Any, ...], others: list[Any], rounds_before: int = 3
) -> list[float]:
    """Return the median seconds of a call: plain, and of the others."""
    all_ = [f, *others]
    for _ in range(rounds_before):
        for one in others:
            end = time.process_time() + 0.25
            while time.process_time() < end:
                one(*_copied(args))
            time.sleep(0.1)
    times = max(1, int(5e-3 / max(_seconds(f, args, 3), 1e-7)))
    rounds = [[_seconds(one, args, times) for one in all_] for _ in range(9)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def main(names: list[str]) -> None:
    print("kernel              plain us   bumped    Numba")
    for f, args in kernels():
        if names and f.__name__ not in names:
            continue
        others = [alloc.bump(f)]
        if numba is not None:
            globals()["pairs"] = numba.njit(_PAIRS)
            try:
                compiled = numba.njit(f)
                compiled(*_copied(args))
                others.append(compiled)
            except Exception:
                pass
            globals()["pairs"] = _PAIRS
        _line(f.__name__, measured(f, args, others))
    try:
        found = list(callbacks())
    except ImportError:
        return
    for name, call in found:
        if not names or name in names:
            _line(name, measured(call, (), [alloc.bump(call)], OTHERS_TRIALS))


_PAIRS = pairs


def _line(name: str, seconds: list[float]) -> None:
    ratios = "".join(f"{seconds[0] / one:8.2f}x" for one in seconds[1:])
    print(f"{name:18}{seconds[0] * 1e6:10.1f}{ratios}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
