"""What is measured: the examples' kernels, operators at six sizes, code with little to gain.

Out: named functions with their arguments. It knows nothing of the library, save that the examples
import it.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EXAMPLE_NAMES = [
    "quickstart",
    "profile_then_size",
    "denoise_photo",
    "heat_stencil",
    "particle_filter",
    "mlp_inference",
    "solve_ivp",
]
SIZES = [3, 100, 10_000, 32 * 1024, 100_000, 1_000_000]
MANY_CALLS, FEW_CALLS = 1500, 20  # the first is beyond the reviews of sites


@dataclass(frozen=True)
class Kernel:
    """A function, its arguments, and how many calls it is warmed up by."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    warm_up: int = MANY_CALLS


def operators(a, b):
    return a * b + a * a - b * b


def many_temporaries(x, y, z):
    """Lennard-Jones energies of pairs at distances from (0, 0, 0): a dozen temporaries."""
    inverse = 1.0 / (x * x + y * y + z * z + 1.0)
    cube = inverse * inverse * inverse
    return 4.0 * (cube * cube - cube) + 0.5 * np.exp(-np.sqrt(inverse)) * (x - y) * (y - z)


def newton_root(value):
    """A square root by Newton's iteration: floats only."""
    guess = value
    for _ in range(30):
        guess = guess - (guess * guess - value) / (2.0 * guess)
    return guess


def word_counts(text):
    """How often each word is used: strings and a dict."""
    counts: dict[str, int] = {}
    for word in text.lower().split():
        stripped = word.strip(".,;:")
        counts[stripped] = counts.get(stripped, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]


def sieve(limit):
    """The primes below a limit: lists, slices of lists and integers."""
    is_prime = [True] * limit
    is_prime[0:2] = [False, False]
    for n in range(2, int(limit**0.5) + 1):
        if is_prime[n]:
            is_prime[n * n :: n] = [False] * len(range(n * n, limit, n))
    return [n for n in range(limit) if is_prime[n]]


def rotate_vector(v, axis, angle):
    """A 3-vector turned about an axis, by Rodrigues' formula: many very small arrays."""
    k = axis / np.sqrt(axis @ axis)
    c, s = np.cos(angle), np.sin(angle)
    cross = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return v * c + (cross @ v) * s + k * (k @ v) * (1.0 - c)


def orbit(position, velocity, steps, step):
    """A planar orbit by the leapfrog method: 2-vectors in a loop."""
    for _ in range(steps):
        velocity = velocity - 0.5 * step * position / (position @ position) ** 1.5
        position = position + step * velocity
        velocity = velocity - 0.5 * step * position / (position @ position) ** 1.5
    return position, velocity


def example_kernels() -> list[Kernel]:
    if str(EXAMPLES) not in sys.path:
        sys.path.append(str(EXAMPLES))
    kernels = []
    for name in EXAMPLE_NAMES:
        module = importlib.import_module(name)
        warm_up = MANY_CALLS if name in ("quickstart", "solve_ivp") else FEW_CALLS
        kernels.append(Kernel(name, module.kernel, module.make_input(), warm_up))
    return kernels


def array_kernels() -> list[Kernel]:
    rng = np.random.default_rng(0)
    kernels = []
    for size in SIZES:
        warm_up = MANY_CALLS if size <= 32 * 1024 else FEW_CALLS
        kernels.append(
            Kernel(f"operators, {size:,}", operators, tuple(rng.random((2, size))), warm_up)
        )
    points = tuple(rng.random((3, 100_000)))
    return [*kernels, Kernel("many temporaries, 100,000", many_temporaries, points, FEW_CALLS)]


def little_to_gain() -> list[Kernel]:
    text = "The quick brown fox jumps over the lazy dog; the dog, lazy as ever, sleeps on. " * 20
    v, axis = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 1.0])
    position, velocity = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    return [
        Kernel("scalars: Newton's iteration", newton_root, (2.0,)),
        Kernel("strings and dict: word counts", word_counts, (text,)),
        Kernel("lists and integers: sieve", sieve, (2000,)),
        Kernel("3-vectors: rotation", rotate_vector, (v, axis, 0.3)),
        Kernel("2-vectors: orbit, 20 steps", orbit, (position, velocity, 20, 0.01)),
    ]


def all_kernels() -> list[Kernel]:
    return [*example_kernels(), *array_kernels(), *little_to_gain()]
