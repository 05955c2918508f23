"""Kernels without neighbours and without sums: arithmetic, and transcendental functions."""

from typing import Any

import numpy as np

from tests.bench.regions.kernels import Arguments, Shape, kernel, uniform

GRID: dict[str, Any] = {"small": (10, 10), "l2": (100, 200), "large": (1000, 1000)}


@kernel("elementwise", uniform(3), small=100)
def axpy_chain(x, y, z):
    """Three scaled additions in a row."""
    first = 1.5 * x + y
    second = 0.5 * first - z
    return 2.0 * second + first


@kernel("elementwise", uniform(2), small=3)
def products(a, b):
    return a * b + a * a - b * b


@kernel("elementwise", uniform(1, -1.0, 1.0), small=30)
def horner(x):
    """The series of exp(x) up to the sixth power, by Horner's rule."""
    tail = (x / 720.0 + 1.0 / 120.0) * x + 1.0 / 24.0
    return (((tail * x + 1.0 / 6.0) * x + 0.5) * x + 1.0) * x + 1.0


@kernel("elementwise", uniform(6), small=10)
def distances(x, y, z, u, v, w):
    """Distances between the points (x, y, z) and (u, v, w)."""
    return np.sqrt((x - u) ** 2 + (y - v) ** 2 + (z - w) ** 2)


def _complex_plane(rng: np.random.Generator, shape: tuple[int, int]) -> Arguments:
    height, width = shape
    x, y = np.linspace(-2.0, 0.6, width), np.linspace(-1.2, 1.2, height)
    return (x + 1j * y[:, None], 4)


@kernel("elementwise", _complex_plane, small=(12, 16), l2=(80, 100), large=(500, 1000))
def mandelbrot(c, steps):
    """How many steps of z*z + c stay within a circle of radius 2."""
    z = np.zeros_like(c)
    count = np.zeros(c.shape, np.int64)
    for _ in range(steps):
        inside = z.real * z.real + z.imag * z.imag < 4.0
        count += inside
        z = np.where(inside, z * z + c, z)
    return count


@kernel("elementwise", uniform(1, -1.0, 1.0), small=100)
def leaky_relu(x):
    return np.where(x > 0.0, x, 0.01 * x)


@kernel("elementwise", uniform(1, -8.0, 8.0), small=300, large=2_000_000)
def scaled_relu(x):
    """A rectifier with a gain and an offset, cut off at 6."""
    return np.clip(1.2 * np.maximum(x, 0.0) - 0.3, 0.0, 6.0)


def _table_and_rows(rng: np.random.Generator, shape: tuple[int, int]) -> Arguments:
    rows = rng.uniform(0.5, 1.5, (4, shape[1]))
    return (rng.uniform(0.5, 1.5, shape), *rows)


@kernel("elementwise", _table_and_rows, **GRID)
def normalise(table, mean, deviation, gain, bias):
    """Columns of a table brought to a given mean and spread."""
    return (table - mean) / deviation * gain + bias


def _integers(rng: np.random.Generator, shape: Shape) -> Arguments:
    return tuple(rng.integers(0, 1000, shape) for _ in range(2))


@kernel("elementwise", _integers, **GRID)
def clip_and_add(a, b):
    """64-bit integers: a clip, two products, two sums."""
    return np.clip(a, 2, 10) * 4 + b * 3 + 9


def _particles(rng: np.random.Generator, shape: Shape) -> Arguments:
    return (rng.uniform(-1.0, 1.0, shape), rng.uniform(-1.0, 1.0, shape), 0.01)


@kernel("elementwise", _particles, small=(5, 3), l2=(7000, 3), large=(400_000, 3))
def verlet(position, velocity, step):
    """Particles on springs, one step by the velocity-Verlet method, in place."""
    velocity -= 0.5 * step * position
    position += step * velocity
    velocity -= 0.5 * step * position


@kernel("elementwise", uniform(5), small=50, l2=10_000)
def weighted_sum(a, b, c, d, e):
    return 0.1 * a + 0.2 * b + 0.4 * c + 0.2 * d + 0.1 * e


@kernel("elementwise", uniform(1, 0.0, 4.0, np.float32), small=100, l2=40_000, large=2_000_000)
def filmic(x):
    """A tone curve after K. Narkowicz, "ACES filmic tone mapping curve" (2015), in float32."""
    return np.clip((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0)


def _image(rng: np.random.Generator, shape: Shape) -> Arguments:
    return (rng.random(shape, np.float32),)


@kernel("elementwise", _image, small=(8, 12, 3), l2=(100, 120, 3), large=(1000, 1000, 3))
def luminance(image):
    """The brightness of an image, float32, whose colours lie side by side."""
    return 0.299 * image[:, :, 0] + 0.587 * image[:, :, 1] + 0.114 * image[:, :, 2]


def _readings(rng: np.random.Generator, shape: Shape) -> Arguments:
    raw, dark = rng.integers(100, 4000, shape), rng.integers(0, 100, shape)
    return (raw.astype(np.int32), dark.astype(np.int32), rng.uniform(0.5, 1.5, shape))


@kernel("elementwise", _readings, small=100)
def calibrate(raw, dark, gain):
    """Readings of a sensor: 32-bit integers in, float64 out."""
    return (raw - dark) * gain / 4095.0 + 0.001 * raw


@kernel("elementwise", uniform(3, 0.8, 1.5), small=20)
def lennard_jones(x, y, z):
    """Forces between pairs of atoms, given what lies between them."""
    inverse = 1.0 / (x * x + y * y + z * z)
    cube = inverse * inverse * inverse
    force = 24.0 * inverse * cube * (2.0 * cube - 1.0)
    return force * x, force * y, force * z


@kernel("transcendental", uniform(3), small=50)
def black_scholes(spot, strike, years):
    """Call options; the normal distribution after S. R. Bowling et al., "A logistic approximation
    to the cumulative normal distribution" (2009)."""
    rate, volatility = 0.02, 0.3
    spread = volatility * np.sqrt(years)
    above = (np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    below = above - spread
    first = 1.0 / (1.0 + np.exp(-0.07056 * above * above * above - 1.5976 * above))
    second = 1.0 / (1.0 + np.exp(-0.07056 * below * below * below - 1.5976 * below))
    return spot * first - strike * np.exp(-rate * years) * second


@kernel("transcendental", uniform(4, -1.0, 1.0), small=50)
def arc_distance(latitude, longitude, other_latitude, other_longitude):
    """Angles between points on a sphere, by the haversine formula."""
    up = np.sin((other_latitude - latitude) / 2.0)
    along = np.sin((other_longitude - longitude) / 2.0)
    square = up * up + np.cos(latitude) * np.cos(other_latitude) * along * along
    return 2.0 * np.arctan2(np.sqrt(square), np.sqrt(1.0 - square))


@kernel("transcendental", uniform(1, -3.0, 3.0), small=(8, 10), l2=(100, 200), large=(1000, 1000))
def softmax(scores):
    """Exponentials of rows, each row divided by its sum."""
    powers = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


@kernel("transcendental", uniform(1, -3.0, 3.0), small=100)
def gelu(x):
    """The Gaussian error linear unit, by its usual approximation with tanh."""
    return 0.5 * x * (1.0 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))
