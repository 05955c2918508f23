"""One kernel in one size: is it the same to the bit, and how long does it take in each way?

In: names. Out: a `Row`, of plain values. Meant to run in a process of its own: whether the heap's
pages fault depends on what was freed before.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

import alloc_rewrite as alloc
from alloc_rewrite import cores
from tests.bench.regions import peers
from tests.bench.regions.kernels import Arguments, ArrayKernel, all_kernels
from tests.bench.timing import COMPILED_TIMES, Comparison, compare, wait_for_code
from tests.differential.compare import fingerprint

#: Calls before anything is timed; sites that do not pay are given back by then.
WARM_UP = {"small": 3000, "L2": 3000, "large": 40}
CHECKED = {"small": 20, "L2": 5, "large": 2}  # calls compared to the bit, cold and then warm
LEAST_CALLS = 10  # however long they take
PEER_CALLS = 3


@dataclass(frozen=True)
class Settings:
    """How to measure."""

    core: str | None  # None if only the ways are measured
    ways: tuple[str, ...]  # of `peers.WAYS`
    threads: int  # that a region may use
    rounds: int
    seconds: float  # to warm up at most, each


@dataclass
class Row:
    """What was found out about one kernel in one size; ratios are plain to the other."""

    kernel: str
    kind: str
    size: str
    plain_seconds: float = 0.0
    ratios: dict[str, float] = field(default_factory=dict)  # by core or way
    seconds: dict[str, float] = field(default_factory=dict)  # likewise
    faults: dict[str, float] = field(default_factory=dict)  # of plain, a call, when beside each
    other_bits: list[str] = field(default_factory=list)  # peers whose results differ a little
    troubles: list[str] = field(default_factory=list)

    def add(self, other: "Row") -> None:
        """Take in what another process found out about the same kernel and size."""
        self.ratios |= other.ratios
        self.seconds |= other.seconds
        self.faults |= other.faults
        self.other_bits += other.other_bits
        self.troubles += other.troubles


def measure(name: str, size: str, settings: Settings) -> Row:
    """Check and time a kernel in every way that was asked for."""
    kernel = all_kernels()[name]
    row = Row(name, kernel.kind, size)
    arguments = kernel.arguments(size)
    alloc.set_num_threads(settings.threads)
    if settings.core is not None:
        with cores.use(settings.core):
            measure_bumped(row, kernel, arguments, settings, settings.core)
    for way in settings.ways:
        measure_peer(row, kernel, arguments, way, settings)
    if not healthy(arguments):
        row.troubles.append("values overflow or become denormal")
    return row


def measure_bumped(
    row: Row, kernel: ArrayKernel, arguments: Arguments, settings: Settings, core: str
) -> None:
    """Check and time a kernel bumped, with the selected core."""
    bumped = bump(kernel)
    cold = differs(kernel, row.size, bumped)
    warm_up(partial(bumped, *arguments), WARM_UP[row.size], settings.seconds)
    if cold or differs(kernel, row.size, bumped):
        row.troubles.append(f"{core}: other results than plain, {'cold' if cold else 'warm'}")
    row.plain_seconds = timed(row, kernel, arguments, core, bumped, settings).first_seconds


def measure_peer(
    row: Row, kernel: ArrayKernel, arguments: Arguments, way: str, settings: Settings
) -> None:
    """Check and time a kernel in another way, if there is one."""
    run = peers.prepare(way, kernel, arguments)
    if run is None:
        return
    equal, near = likeness(kernel, row.size, run)
    if not near:
        row.troubles.append(f"{way}: wrong results")
    elif not equal:
        row.other_bits.append(way)
    timed(row, kernel, arguments, way, run, settings)


def timed(
    row: Row,
    kernel: ArrayKernel,
    arguments: Arguments,
    way: str,
    run: Callable[..., Any],
    settings: Settings,
) -> Comparison:
    """Time plain and another way side by side, on the same arrays, and enter it in the row."""
    plain, other = partial(kernel.function, *arguments), partial(run, *arguments)
    for call in (plain, other):
        warm_up(call, WARM_UP[row.size] // 10, settings.seconds / 4)
    # With several threads the time on the clock counts; with one, other processes must not.
    clock = time.perf_counter if settings.threads > 1 else time.process_time
    result = compare(plain, other, rounds=settings.rounds, clock=clock)
    row.ratios[way], row.seconds[way] = result.ratio, result.second_seconds
    row.faults[way] = result.first_faults
    return result


def bump(kernel: ArrayKernel) -> Callable[..., Any]:
    """The kernel with a buffer of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", alloc.RewriteWarning)  # some have nothing to rewrite
        return alloc.bump(alloc.Buffer())(kernel.function)


def warm_up(call: Callable[[], Any], calls: int, seconds: float) -> None:
    """Call so many times, or for so long, but not too few times; again with what was compiled."""
    for _ in range(COMPILED_TIMES):
        end = time.process_time() + seconds / COMPILED_TIMES
        for number in range(calls):
            call()
            if number >= LEAST_CALLS and time.process_time() > end:
                break
        wait_for_code()


def differs(kernel: ArrayKernel, size: str, bumped: Callable[..., Any]) -> bool:
    """Whether results, or arguments as they are left, are not those of the plain function."""
    first, second = kernel.arguments(size), kernel.arguments(size)
    for _ in range(CHECKED[size]):
        if fingerprint(kernel.function(*first)) != fingerprint(bumped(*second)):
            return True
        if fingerprint(first) != fingerprint(second):
            return True
    return False


def likeness(kernel: ArrayKernel, size: str, run: Callable[..., Any]) -> tuple[bool, bool]:
    """Whether a peer's numbers are the same to the bit, and whether they are near."""
    first, second = kernel.arguments(size), kernel.arguments(size)
    equal = near = True
    for _ in range(PEER_CALLS):
        results = (kernel.function(*first), *first), (run(*second), *second)
        pairs = list(zip(*map(arrays_in, results), strict=True))
        equal = equal and all(same_bits(one, two) for one, two in pairs)
        near = near and all(close(one, two) for one, two in pairs)
    return equal, near


def arrays_in(value: Any) -> list[np.ndarray]:
    """The numbers somewhere in a result, as arrays."""
    if isinstance(value, tuple | list):
        return [array for item in value for array in arrays_in(item)]
    return [] if value is None else [np.asarray(value)]


def same_bits(one: np.ndarray, two: np.ndarray) -> bool:
    return one.shape == two.shape and one.dtype == two.dtype and one.tobytes() == two.tobytes()


def close(one: np.ndarray, two: np.ndarray) -> bool:
    if one.shape != two.shape or one.dtype.kind not in "fc":
        return bool(np.array_equal(one, two))
    tolerance = 1e-4 if one.dtype == np.float32 else 1e-9
    return bool(np.allclose(one, two, rtol=tolerance, atol=tolerance))


def healthy(arguments: Arguments) -> bool:
    """Whether arrays of floats are finite and have no denormal numbers."""
    for array in arguments:
        if isinstance(array, np.ndarray) and array.dtype.kind == "f":
            sizes = np.abs(array)
            tiny = np.finfo(array.dtype).tiny
            if not np.isfinite(array).all() or bool(((sizes > 0.0) & (sizes < tiny)).any()):
                return False
    return True
