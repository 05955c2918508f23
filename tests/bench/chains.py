"""Chains of arithmetic as machine code, against NumPy and Numba: `python -m tests.bench.chains`.

The bumped function has its machine code before the first round (`set_compile("now")`); Numba's is
`njit` of the same function, for whole arrays, with one thread and without `fastmath`. Each pair
takes turns in one process, in processor time; a figure is the median of the ratios of the rounds.
"""

import argparse
import platform
import time

import numpy as np

import alloc_rewrite as alloc
from tests.bench.timing import compare, print_table

SIZES = (10_000, 50_000, 1_000_000)


def polynomial(x, y, z):
    return ((((0.3 * x - 1.2) * x + 0.7) * x + 2.0) * x - 0.4) * x + 1.5


def products(x, y, z):
    return x * y + x * x - y * y


def axpy_chain(x, y, z):
    t = 2.5 * x + y
    t = -0.5 * t + z
    return 1.5 * t + x


def of_sums(x, y, z):
    return ((x - y) * (x - y)).sum() / (x * x + z * z).sum()


CHAINS = (polynomial, products, axpy_chain, of_sums)


def compiled_by_numba(f, args):
    try:
        import numba
    except ImportError:
        return None
    made = numba.njit(f)
    made(*args)
    return made


def row(f, n, rounds):
    x, y, z = np.random.default_rng(n).standard_normal((3, n))
    g, peer = alloc.bump(alloc.Buffer())(f), compiled_by_numba(f, (x, y, z))
    ours = lambda: g(x, y, z)  # noqa: E731
    told = {"warm_up": 20, "rounds": rounds, "clock": time.process_time}
    here = compare(lambda: f(x, y, z), ours, **told)
    figures = [f"{here.first_seconds * 1e6:.1f}", f"{here.ratio:.2f}"]
    if peer is not None:
        theirs = lambda: peer(x, y, z)  # noqa: E731
        figures.append(f"{compare(lambda: f(x, y, z), theirs, **told).ratio:.2f}")
        figures.append(f"{compare(theirs, ours, **told).ratio:.2f}")
    return [f.__name__, f"{n:,}", *figures]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time chains of arithmetic.")
    parser.add_argument("--rounds", type=int, default=25, help="default: %(default)s")
    options = parser.parse_args(arguments)
    alloc.set_compile("now")
    rows = [row(f, n, options.rounds) for f in CHAINS for n in SIZES]
    columns = ["chain", "items", "NumPy us", "here", "Numba", "here / Numba"]
    where = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print_table(f"Speed over NumPy ({where})", columns[: len(rows[0])], rows)


if __name__ == "__main__":
    main()
