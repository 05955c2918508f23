"""Results written over dying operands have those operands' layout, as NumPy's elision gives it."""

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


def numpy_elides():
    """It asks the C library who calls; where that can't say, under sanitizers, it does not."""
    x = np.ones(SHAPES[0])
    return FUNCTIONS[0](np.asfortranarray(x), x).flags.f_contiguous


def outcome(function, *args):
    return observe(lambda *a: function(*a), args)[0]


@pytest.mark.skipif(not numpy_elides(), reason="NumPy does not write over dying operands here")
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


@pytest.mark.skipif(not numpy_elides(), reason="NumPy does not write over dying operands here")
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
