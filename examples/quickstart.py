"""The first buffer: count what a function allocates, then run it without the heap.

The function is the first example of Alloc.jl, from which this library takes its idea.
"""

import numpy as np

import alloc_rewrite as alloc
from side_by_side import same_bits, time_ratio


def f():
    x = np.random.rand(100, 100)
    y = np.random.rand(100)
    return x @ y


kernel = f


def make_input() -> tuple[()]:
    return ()


def seeded(function):
    np.random.seed(0)
    return function()


def main() -> None:
    print(f"bytes from the heap a call, plain: {alloc.allocated(f):,}")
    print(alloc.profile(f))

    buf = alloc.Buffer(10**6)
    print("one run:", same_bits(seeded(f), seeded(lambda: alloc.run(f, buf))))

    g = alloc.bump(buf)(f)
    print("equal to the bit:", same_bits(seeded(f), seeded(g)))
    print(f"bytes from the heap a call, bumped: {alloc.allocated(g):,}")
    print(f"time, plain / bumped: {time_ratio(f, g, rounds=1000):.2f}")
    print(buf)


if __name__ == "__main__":
    main()
