"""Kernels by numexpr, where it has the operations: one expression, or one for each statement.

The expressions are compiled beforehand, which costs less at each call than `numexpr.evaluate`.
Neighbours are given as views, and results that go into a slice are written there at once.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numexpr
import numpy as np

from tests.bench.regions.kernels import all_kernels
from tests.bench.regions.peers import peer

numexpr.set_num_threads(1)


def compiled(expression: str, **operands: Any) -> Callable[..., Any]:
    """Return a callable that takes operands like these, in this order."""
    kinds = [(name, numexpr.necompiler.getType(array)) for name, array in operands.items()]
    return numexpr.NumExpr(expression, signature=kinds)


def stored(program: Callable[..., Any], out: Any, *operands: Any) -> None:
    program(*operands, out=out, ex_uses_vml=False)


def whole(name: str, expression: str) -> None:
    """Enter a kernel that is one expression of its arguments."""

    def make(*arguments):
        names = inspect.signature(all_kernels()[name].function).parameters
        return compiled(expression, **dict(zip(names, arguments)))

    make.__name__ = name
    peer("numexpr")(make)


TAIL = "(x / 720.0 + 1.0 / 120.0) * x + 1.0 / 24.0"
MEAN_OF_FIVE = "0.2 * (c + w + e + s + n)"
NEIGHBOURS = "n + s + w + e - 4.0 * c"

whole("axpy_chain", "2.0 * (0.5 * (1.5 * x + y) - z) + (1.5 * x + y)")
whole("products", "a * b + a * a - b * b")
whole("horner", f"(((({TAIL}) * x + 1.0 / 6.0) * x + 0.5) * x + 1.0) * x + 1.0")
whole("distances", "sqrt((x - u) ** 2 + (y - v) ** 2 + (z - w) ** 2)")
whole("leaky_relu", "where(x > 0.0, x, 0.01 * x)")
whole("scaled_relu", "minimum(maximum(1.2 * maximum(x, 0.0) - 0.3, 0.0), 6.0)")
whole("normalise", "(table - mean) / deviation * gain + bias")
whole("clip_and_add", "where(a < 2, 2, where(a > 10, 10, a)) * 4 + b * 3 + 9")
whole("weighted_sum", "0.1 * a + 0.2 * b + 0.4 * c + 0.2 * d + 0.1 * e")
whole("calibrate", "(raw - dark) * gain / 4095.0 + 0.001 * raw")
whole("gelu", "0.5 * x * (1.0 + tanh(0.7978845608 * (x + 0.044715 * x**3)))")
whole("squared_distances", "sum((p - q) ** 2, axis=1)")
whole("largest_error", "max(abs(x - y))")


@peer("numexpr")
def mandelbrot(c, steps):
    within = compiled("real(z) * real(z) + imag(z) * imag(z) < 4.0", z=c)
    step = compiled("where(inside, z * z + c, z)", inside=np.empty(1, bool), z=c, c=c)

    def run(c, steps):
        z, count = np.zeros_like(c), np.zeros(c.shape, np.int64)
        for _ in range(steps):
            inside = within(z)
            count += inside
            z = step(inside, z, c)
        return count

    return run


@peer("numexpr")
def verlet(position, velocity, step):
    kick = compiled("v - half * x", v=velocity, half=np.array(0.0), x=position)
    drift = compiled("x + step * v", x=position, step=np.array(0.0), v=velocity)

    def run(position, velocity, step):
        half = 0.5 * step
        stored(kick, velocity, velocity, half, position)
        stored(drift, position, position, step, velocity)
        stored(kick, velocity, velocity, half, position)

    return run


@peer("numexpr")
def filmic(x):
    # Constants in the text would make it float64.
    values = [np.float32(value) for value in (2.51, 0.03, 2.43, 0.59, 0.14, 0.0, 1.0)]
    names = dict(zip("abcdelh", values))
    program = compiled(
        "minimum(maximum((x * (a * x + b)) / (x * (c * x + d) + e), l), h)", x=x, **names
    )

    def run(x):
        return program(x, *values)

    return run


@peer("numexpr")
def luminance(image):
    weights = [np.float32(value) for value in (0.299, 0.587, 0.114)]
    names = dict(zip("uvw", weights))
    program = compiled("u * r + v * g + w * b", r=image, g=image, b=image, **names)

    def run(image):
        return program(image[:, :, 0], image[:, :, 1], image[:, :, 2], *weights)

    return run


@peer("numexpr")
def lennard_jones(x, y, z):
    inverse_square = compiled("1.0 / (x * x + y * y + z * z)", x=x, y=y, z=z)
    strength = compiled("24.0 * i * (i * i * i) * (2.0 * (i * i * i) - 1.0)", i=x)
    scaled = compiled("f * x", f=x, x=x)

    def run(x, y, z):
        force = strength(inverse_square(x, y, z))
        return scaled(force, x), scaled(force, y), scaled(force, z)

    return run


@peer("numexpr")
def black_scholes(spot, strike, years):
    normal = "1.0 / (1.0 + exp(-0.07056 * d * d * d - 1.5976 * d))"
    above = compiled("(log(s / k) + 0.065 * t) / (0.3 * sqrt(t))", s=spot, k=strike, t=years)
    price = compiled(
        f"s * {normal} - k * exp(-0.02 * t) * {normal.replace('d', '(d - 0.3 * sqrt(t))')}",
        s=spot, k=strike, t=years, d=spot,
    )  # fmt: skip

    def run(spot, strike, years):
        return price(spot, strike, years, above(spot, strike, years))

    return run


@peer("numexpr")
def arc_distance(*angles):
    square = compiled(
        "sin((p - a) / 2.0) ** 2 + cos(a) * cos(p) * sin((q - b) / 2.0) ** 2",
        **dict(zip("abpq", angles)),
    )
    angle = compiled("2.0 * arctan2(sqrt(s), sqrt(1.0 - s))", s=angles[0])

    def run(*angles):
        return angle(square(*angles))

    return run


@peer("numexpr")
def softmax(scores):
    power = compiled("exp(x - top)", x=scores, top=scores)
    total = compiled("sum(x, axis=1)", x=scores)
    share = compiled("x / total", x=scores, total=scores)

    def run(scores):
        powers = power(scores, np.max(scores, axis=-1, keepdims=True))
        return share(powers, total(powers)[:, None])

    return run


@peer("numexpr")
def mean_and_variance(x):
    total = compiled("sum(x)", x=x)
    squares = compiled("sum((x - m) * (x - m))", x=x, m=np.array(0.0))

    def run(x):
        mean = total(x) / x.size
        return mean, squares(x, mean) / x.size

    return run


@peer("numexpr")
def kinetic_energy(mass, u, v, w):
    total = compiled("sum(m * (u * u + v * v + w * w))", m=mass, u=u, v=v, w=w)

    def run(mass, u, v, w):
        return 0.5 * total(mass, u, v, w)

    return run


def compass(u):
    """The centre, and the neighbours to the west, east, south and north."""
    return u[1:-1, 1:-1], u[1:-1, :-2], u[1:-1, 2:], u[2:, 1:-1], u[:-2, 1:-1]


@peer("numexpr")
def residual_norm(u, f):
    total = compiled(
        f"sum((f + ({NEIGHBOURS})) * (f + ({NEIGHBOURS})))", f=f, **dict.fromkeys("cwesn", u)
    )

    def run(u, f):
        return np.sqrt(total(f[1:-1, 1:-1], *compass(u)))

    return run


@peer("numexpr")
def jacobi_1d(steps, a, b):
    mean = compiled("(w + c + e) / 3.0", w=a, c=a, e=a)

    def run(steps, a, b):
        for _ in range(steps):
            stored(mean, b[1:-1], a[:-2], a[1:-1], a[2:])
            stored(mean, a[1:-1], b[:-2], b[1:-1], b[2:])

    return run


@peer("numexpr")
def jacobi_2d(steps, a, b):
    mean = compiled(MEAN_OF_FIVE, **dict.fromkeys("cwesn", a))

    def run(steps, a, b):
        for _ in range(steps):
            stored(mean, b[1:-1, 1:-1], *compass(a))
            stored(mean, a[1:-1, 1:-1], *compass(b))

    return run


@peer("numexpr")
def fdtd_2d(ex, ey, hz, source):
    turn = compiled("e - 0.5 * (h - g)", e=ex, h=hz, g=hz)
    close = compiled("h - 0.7 * (e - f + n - s)", h=hz, e=ex, f=ex, n=ey, s=ey)

    def run(ex, ey, hz, source):
        for value in source:
            ey[0, :] = value
            stored(turn, ey[1:, :], ey[1:, :], hz[1:, :], hz[:-1, :])
            stored(turn, ex[:, 1:], ex[:, 1:], hz[:, 1:], hz[:, :-1])
            inner = hz[:-1, :-1]
            sides = (ex[:-1, 1:], ex[:-1, :-1], ey[1:, :-1], ey[:-1, :-1])
            stored(close, inner, inner, *sides)

    return run


@peer("numexpr")
def fourth_order(u):
    program = compiled("(a - 8.0 * b + 8.0 * c - d) / 12.0", **dict.fromkeys("abcd", u))

    def run(u):
        return program(u[:-4], u[1:-3], u[3:-1], u[4:])

    return run


@peer("numexpr")
def nine_point(u):
    program = compiled(
        "(4.0 * (n + s + w + e) + (i + j + k + l) - 20.0 * c) / 6.0",
        **dict.fromkeys("cwesnijkl", u),
    )

    def run(u):
        return program(*compass(u), u[:-2, :-2], u[:-2, 2:], u[2:, :-2], u[2:, 2:])

    return run


@peer("numexpr")
def advection(u, velocity):
    program = compiled("c - 0.4 * v * where(v > 0.0, c - w, e - c)", c=u, w=u, e=u, v=velocity)

    def run(u, velocity):
        # Not written at once: neighbours would be read after they have changed.
        u[1:-1] = program(u[1:-1], u[:-2], u[2:], velocity[1:-1])

    return run


@peer("numexpr")
def wave(steps, u, before):
    program = compiled("2.0 * c - b + 0.25 * (e - 2.0 * c + w)", **dict.fromkeys("cbew", u))

    def run(steps, u, before):
        for _ in range(steps):
            inner = before[1:-1]
            stored(program, inner, u[1:-1], inner, u[2:], u[:-2])
            u, before = before, u

    return run


@peer("numexpr")
def gray_scott(u, v, next_u, next_v):
    first = compiled(
        f"c + (0.16 * ({NEIGHBOURS}) - c * v * v + 0.035 * (1.0 - c))",
        **dict.fromkeys("cwesnv", u),
    )
    second = compiled(
        f"c + (0.08 * ({NEIGHBOURS}) + u * c * c - 0.1 * c)", **dict.fromkeys("cwesnu", u)
    )

    def run(u, v, next_u, next_v):
        stored(first, next_u[1:-1, 1:-1], *compass(u), v[1:-1, 1:-1])
        stored(second, next_v[1:-1, 1:-1], *compass(v), u[1:-1, 1:-1])

    return run
