"""Compares a function with its bumped form, and prints the comparison, for the other examples."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import alloc_rewrite as alloc


def same_bits(a: Any, b: Any) -> bool:
    """Whether two results have the same type, dtype, shape and bytes (NaN included)."""
    x, y = np.asarray(a), np.asarray(b)
    alike = type(a) is type(b) and x.dtype == y.dtype and x.shape == y.shape
    return alike and x.tobytes() == y.tobytes()


def time_ratio(plain: Callable[[], Any], bumped: Callable[[], Any], rounds: int = 7) -> float:
    """Return the median of plain time over bumped time; each round times one call of each."""

    def seconds(call: Callable[[], Any]) -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return statistics.median(seconds(plain) / seconds(bumped) for _ in range(rounds))


def report(kernel: Callable[..., Any], args: tuple[Any, ...], rounds: int = 7) -> None:
    """Size a buffer by a dry run, bump `kernel` with it, and print how the two compare."""
    profile = alloc.profile(kernel, *args)
    buf = alloc.Buffer(profile.suggested_nbytes)
    bumped = alloc.bump(buf)(kernel)
    print(f"dry run: {profile.nbytes:,} bytes in {profile.count:,} arrays")
    print(f"buffer: {buf.capacity:,} bytes, as suggested")
    print(f"equal to the bit: {same_bits(kernel(*args), bumped(*args))}")
    print(f"bytes from the heap a call, plain: {alloc.allocated(kernel, *args):,}")
    print(f"bytes from the heap a call, bumped: {alloc.allocated(bumped, *args):,}")
    ratio = time_ratio(lambda: kernel(*args), lambda: bumped(*args), rounds)
    print(f"peak of the buffer: {buf.peak:,} bytes, {buf.live} arrays live")
    print(f"time, plain / bumped: {ratio:.2f}")
