"""Right hand sides of differential equations over few elements, and code with little to gain."""

from typing import Any

import numpy as np

from tests.bench.regions.kernels import Arguments, Shape, kernel

GRAVITY = np.array([0.0, 0.0, -9.81])
SIDE_BY_SIDE: dict[str, Any] = {"small": 3, "l2": (3, 7000), "large": (3, 400_000)}
IN_ROWS: dict[str, Any] = {"small": 3, "l2": (7000, 3), "large": (400_000, 3)}


def _state(rng: np.random.Generator, shape: Shape) -> Arguments:
    return (rng.uniform(1.0, 10.0, shape),)


def _state_and_step(rng: np.random.Generator, shape: Shape) -> Arguments:
    return (rng.uniform(1.0, 10.0, shape), 0.01)


def lorenz(state):
    x, y, z = state[0], state[1], state[2]
    return np.array([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])


@kernel("small vectors", _state_and_step, **SIDE_BY_SIDE)
def lorenz_step(state, step):
    """Lorenz's equations, one step by the classical method of Runge and Kutta."""
    k1 = lorenz(state)
    k2 = lorenz(state + 0.5 * step * k1)
    k3 = lorenz(state + 0.5 * step * k2)
    k4 = lorenz(state + step * k3)
    return state + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


@kernel("small vectors", _state, **SIDE_BY_SIDE)
def rigid_body(rates):
    """How a body's rates of turning change: Euler's equations."""
    p, q, r = rates
    return np.array([0.5 * q * r, -0.8 * r * p, 0.3 * p * q])


def _pendulum(rng: np.random.Generator, shape: Shape) -> Arguments:
    return (rng.uniform(0.5, 1.5, shape), rng.uniform(-1.0, 1.0, shape), 0.01)


def pull(position, velocity):
    length = np.sqrt(np.sum(position * position, axis=-1, keepdims=True))
    return GRAVITY - 40.0 * (1.0 - 1.0 / length) * position - 0.1 * velocity


@kernel("small vectors", _pendulum, **IN_ROWS)
def spring_pendulum_step(x, v, step):
    """A weight on a spring, one step by the classical method of Runge and Kutta."""
    half = 0.5 * step
    a1 = pull(x, v)
    v2 = v + half * a1
    a2 = pull(x + half * v, v2)
    v3 = v + half * a2
    a3 = pull(x + half * v2, v3)
    v4 = v + step * a3
    a4 = pull(x + step * v3, v4)
    sixth = step / 6.0
    return x + sixth * (v + 2.0 * v2 + 2.0 * v3 + v4), v + sixth * (a1 + 2.0 * a2 + 2.0 * a3 + a4)


def _layers(rng: np.random.Generator, width: int) -> Arguments:
    x, first, second = rng.uniform(-0.1, 0.1, (3, width, width))
    return (x, first, second, rng.uniform(-0.1, 0.1, width))


@kernel("other", _layers, small=16, l2=100, large=600)
def dense_layers(x, first, second, bias):
    """Two layers of a neural network: products of matrices."""
    return np.maximum(x @ first + bias, 0.0) @ second


def _equations(rng: np.random.Generator, size: int) -> Arguments:
    return (rng.uniform(-1.0, 1.0, (size, size)) + size * np.eye(size), rng.random(size))


@kernel("other", _equations, small=5, l2=100, large=500)
def linear_equations(matrix, right):
    return np.linalg.solve(matrix, right)


def _number(rng: np.random.Generator, size: int) -> Arguments:
    return (0.3, size)


@kernel("other", _number, small=10, l2=1000, large=50_000)
def logistic_map(x, steps):
    """A loop over floats."""
    total = 0.0
    for _ in range(steps):
        x = 3.9 * x * (1.0 - x)
        total += x
    return total / steps


def _words(rng: np.random.Generator, size: int) -> Arguments:
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    return (["".join(rng.choice(letters, rng.integers(2, 9))) for _ in range(size)],)


@kernel("other", _words, small=10, l2=300, large=5000)
def initials(words):
    """Words by their first letters: strings, lists and a dict."""
    found: dict[str, list[str]] = {}
    for word in words:
        found.setdefault(word[0].upper(), []).append(word.strip("aeiou") + "-")
    return ["".join(found[letter]) for letter in sorted(found)]
