"""What a kernel of this suite is: a function, its class, and its arguments in three sizes.

Out: `all_kernels()`. It knows nothing of the library. The functions are written as one would write
them with NumPy and nothing else: no `out=`, no work arrays. One that changes its arguments may be
called any number of times over: the values stay finite, and far from the denormal numbers.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]
Shape = int | tuple[int, ...]

#: A few hundred elements at most; arrays that fit the L2 cache together; arrays that fit no cache.
SIZES = ("small", "L2", "large")
CLASSES = (
    "elementwise", "transcendental", "stencil", "reduction", "small vectors", "other", "steps",
    "normalisation", "helpers",
)  # fmt: skip
MODULES = ("elementwise", "stencils", "reductions", "others", "steps", "seawater", "helped")
SEED = 0


@dataclass(frozen=True)
class ArrayKernel:
    """A function, and how its arguments are made from random numbers and a shape."""

    function: Callable[..., Any]
    kind: str  # one of CLASSES
    make: Callable[[np.random.Generator, Any], Arguments]
    shapes: dict[str, Shape]

    @property
    def name(self) -> str:
        return self.function.__name__

    def arguments(self, size: str) -> Arguments:
        """New arguments, the same at each call."""
        return self.make(np.random.default_rng(SEED), self.shapes[size])


_found: dict[str, ArrayKernel] = {}


def kernel(
    kind: str,
    make: Callable[[np.random.Generator, Any], Arguments],
    *,
    small: Shape = 100,
    l2: Shape = 20_000,
    large: Shape = 1_000_000,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the function below it on the list."""
    assert kind in CLASSES

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        assert function.__name__ not in _found, f"there are two kernels {function.__name__}"
        shapes = dict(zip(SIZES, (small, l2, large)))
        _found[function.__name__] = ArrayKernel(function, kind, make, shapes)
        return function

    return enter


def uniform(
    count: int, low: float = 0.5, high: float = 1.5, dtype: Any = np.float64
) -> Callable[[np.random.Generator, Shape], Arguments]:
    """Make that many arrays of one shape."""

    def make(rng: np.random.Generator, shape: Shape) -> Arguments:
        return tuple(rng.uniform(low, high, shape).astype(dtype) for _ in range(count))

    return make


def all_kernels() -> dict[str, ArrayKernel]:
    """Every kernel by name, in the order of the files."""
    for name in MODULES:
        importlib.import_module(f"{__package__}.{name}")
    return _found
