"""Results written over dying operands have those operands' layout, where NumPy elides.

Not every build of the interpreter lets NumPy do so; bumped functions do as it does in either case.
A profile holds operands, so that NumPy does not do this there: these are compared without one.
"""

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import NATIVE
from ..differential.compare import observe

#: 256 KiB and more, from which on NumPy writes over operands that die; and less.
SHAPES = [(3, 12_000), (3, 500)]
FUNCTIONS = [
    lambda x, z: (2 + x) + z,
    lambda x, z: z + (2 + x),
    lambda x, z: z * (2 + x) + 1,
    lambda x, z: z - (2 + x),
    lambda x, z: (2 + x) - z,
    lambda x, z: (2 + x) / z,
    lambda x, z: -(2 + x) / z,
    lambda x, z: (x.astype(int) + 1) / z,
    lambda x, z: (x.astype(int) + 1) + z,
    lambda x, z: (x.astype("f4") + z) * z,
    lambda x, z: (x > 1) | (z > 1),
    lambda x, z: np.add(2 + x, z),
    lambda x, z: (2 + x).T * z.T,
    lambda x, z: np.where(x > 1, z, 2 + x) * 3,
    lambda x, z: np.where(x > 1, 2j * z, x * 1j + z) * z,
    lambda x, z: (x + 1j * z) * (z * 1j) + x,
    lambda x, z: z * (x * 1j - z),
]
LAYOUTS = {
    "C": lambda a: a,
    "F": np.asfortranarray,
    "rows backwards": lambda a: a[::-1],
    "columns backwards": lambda a: np.asfortranarray(a)[:, ::-1],
    "a row": lambda a: a[:1],
}


def outcome(function, *args):
    return observe(lambda *a: function(*a), args)[0]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("number", range(len(FUNCTIONS)))
def test_layouts_of_results(number, shape):
    plain = FUNCTIONS[number]
    size = np.prod(shape)
    x, z = np.linspace(1.0, 2.0, size).reshape(shape), np.linspace(0.5, 3.0, size).reshape(shape)
    for left in LAYOUTS.values():
        for right in LAYOUTS.values():
            bumped = alloc.bump(alloc.Buffer(4_000_000))(plain)
            expected = outcome(plain, left(x), right(z))
            for _ in range(3):
                assert not expected.differences(outcome(bumped, left(x), right(z)))


@pytest.mark.parametrize(
    "plain",
    [
        lambda x, z: (2 + x) + z,
        lambda x, z: x.copy() + z,
        lambda x, z: z * x.copy(),
        lambda x, z: np.float64(2) + x.copy(),
        lambda x, z: x.copy() * np.float64(2),
        lambda x, z: 2**70 - x.copy(),
        lambda x, z: x.copy() + 2**63,
        # The Python core doesn't tell integers apart by their size.
        *([lambda x, z: x.copy() + 2**70] if NATIVE else []),
    ],
)
def test_byte_orders_of_results(plain):
    """A result written over an operand has its byte order too."""
    x, z = np.linspace(1.0, 2.0, 40_000, dtype=">f8"), np.linspace(2.0, 3.0, 40_000)
    bumped = alloc.bump(alloc.Buffer(4_000_000))(plain)
    for pair in ((x, z), (z, x), (x, x)):
        expected = outcome(plain, *pair)
        for _ in range(3):
            assert not expected.differences(outcome(bumped, *pair))


COLUMNS = np.asfortranarray(np.linspace(0.5, 1.0, 90_000).reshape(300, 300))
ROWS = np.ascontiguousarray(COLUMNS)

CASES = {
    "left": lambda x, c: x.T * 2.0 + c,
    "right": lambda x, c: c * (x.T * 2.0),
    "not right": lambda x, c: c - (x.T * 2.0),
    "division": lambda x, c: (x.T * 2.0) / c,
    "floor division": lambda x, c: (x.T * 2.0) // c,
    "remainder": lambda x, c: (x.T * 2.0) % c,
    "bits": lambda x, c: (x.T > 0.5) & (c > 0.5),
    "integers": lambda x, c: (x.T * 9.0).astype(int) + (c * 9).astype(int),
    "cast": lambda x, c: (x.T * np.float32(2)).astype("f4") * 2.0,
    "power": lambda x, c: (x.T + 0.5) ** 2 + (c.T + 0.5) ** 0.5,
    "negative": lambda x, c: -(x.T + c),
    "scalar": lambda x, c: 2.0 - (x.T + c) * np.float64(3.0),
    "short axis": lambda x, c: np.copy(x.reshape(1, -1), order="F") + 1,
    "short axis, unary": lambda x, c: -np.copy(x.reshape(1, -1), order="F"),
    "short axis, square": lambda x, c: np.copy(x.reshape(1, -1), order="F") ** 2,
    "short axis, right": lambda x, c: 2.0 / np.copy(x.reshape(1, -1), order="F"),
}


@pytest.mark.parametrize("size", [3, 100, 300])
@pytest.mark.parametrize("name", CASES)
def test_layout(name, size):
    if not NATIVE and size == 300 and name in ("short axis, unary", "short axis, square"):
        pytest.skip("the Python core writes over operands of binary operators only")
    plain = CASES[name]
    bumped = alloc.bump(alloc.Buffer())(plain)
    for x, c in ((ROWS, ROWS), (COLUMNS, ROWS), (ROWS, COLUMNS), (COLUMNS, COLUMNS)):
        x, c = x[:size, :size].copy(order="K"), c[:size, :size].copy(order="K")
        for _ in range(3):
            expected, got = plain(x, c), bumped(x, c)
            assert got.strides == expected.strides
            assert got.flags.c_contiguous == expected.flags.c_contiguous
            assert got.dtype == expected.dtype
            assert got.tobytes() == expected.tobytes()


BROADCAST = [
    lambda a, b: (2.0 * a) * (b + b),
    lambda a, b: (b + b) * (2.0 * a),
    lambda a, b: (b + b) - (2.0 * a),
    lambda a, b: (1j * a) * (b + b),
    lambda a, b: (1j * b) * (a + a) + (b * 1j) * (1j * a),
    lambda a, b: -(2.0 * a) + b * b.transpose() if b.shape == b.T.shape else a + a - b,
]
FACTORS = [(1, 1, 40), (40,), (30, 1), (30, 1, 1), (30, 30, 40), (1, 30, 1), (1, 1, 1), ()]


@pytest.mark.parametrize("number", range(len(BROADCAST)))
@pytest.mark.parametrize("order", ["C", "F"])
def test_layouts_of_results_of_operands_with_other_shapes(number, order):
    plain = BROADCAST[number]
    large = np.asarray(np.linspace(1.0, 2.0, 36_000).reshape(30, 30, 40), order=order)
    for shape in FACTORS:
        small = np.asarray(np.linspace(0.5, 3.0, int(np.prod(shape))).reshape(shape), order=order)
        bumped = alloc.bump(alloc.Buffer(8_000_000))(plain)
        expected = outcome(plain, small, large)
        for _ in range(3):
            assert not expected.differences(outcome(bumped, small, large))


@pytest.mark.skipif(not NATIVE, reason="the Python core has no regions")
@pytest.mark.parametrize("shape", FACTORS[:4])
def test_operands_of_other_shapes_are_no_obstacle(shape):
    f = alloc.bump(alloc.Buffer(8_000_000))(lambda a, b: (2.0 * a) * (b + b))
    for _ in range(3):
        f(np.ones(shape), np.ones((30, 30, 40)))
    assert alloc.explain(f).regions[0].hits == 3
