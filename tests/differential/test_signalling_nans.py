"""Signalling NaNs: what NumPy reports of them, and under which name."""

import numpy as np
import pytest

SIZES = [1, 2, 4, 50, 8192, 8193, 20_000, 300_000]
BITS = {"f4": ("u4", 0x7FA00000), "c8": ("u4", 0x7FA00000), "f8": ("u8", 0x7FF4 << 48)}


def signalling(dtype, shape, at=(0,)):
    def make():
        x = np.ones(shape, dtype)
        kind, bits = BITS[dtype]
        for i in at:
            x.reshape(-1)[i : i + 1].view(kind)[:] = bits
        return x

    return make


def ones(dtype, shape):
    return lambda: np.ones(shape, dtype)


def product(a, b):
    return a * b


def in_a_region(a, b):
    t = a * b
    return t + b, t - a


def with_a_scalar(a, b):
    t = b * 2.0
    return a[0] * b + t


def with_an_item(a, b):
    t = b * 2.0
    return a[:1] * b + t, b * a[0].reshape(())


def in_place(a, b):
    b += a


def in_place_in_a_region(a, b):
    t = b * b
    b += a
    return t


def in_place_of_what_is_computed(a, b):
    b *= np.where(a > 0, a, a)


def in_place_after_a_sum(a, b):
    t = a * 2.0
    s = t.sum()
    b += a
    return s


def stored(a, b):
    b[...] = np.where(a > 0, a, -a)


def stored_reversed(a, b):
    t = b * 1.0
    b[::-1] = abs(a)
    return t


def compared(a, b):
    t = b + b
    return a < t, np.maximum(a, t), np.where(a > 0, a, b)


def of_calls(a, b):
    return np.add(a, b), np.maximum(a, b), np.less(a, b), np.sqrt(a), np.hypot(a, b)


def strided(a, b):
    return a[::2] * b[::2], (a[::-1] + b) * b


USES = [
    product, in_a_region, with_a_scalar, with_an_item, in_place, in_place_in_a_region,
    in_place_of_what_is_computed, in_place_after_a_sum, stored, stored_reversed, compared,
    of_calls, strided,
]  # fmt: skip


@pytest.mark.parametrize("mode", ["warn", "raise", "ignore"])
@pytest.mark.parametrize("use", USES)
def test_casts_of_vectors(same, use, mode):
    def f(a, b):
        with np.errstate(invalid=mode):
            return use(a, b)

    for g in (use, f):
        if g is f or mode == "warn":
            for n in SIZES:
                at = (0,) if n == 1 else (0, n - 1)
                rows = [(signalling("f4", n, at), ones("f8", n)), (ones("f4", n), ones("f8", n))]
                if mode == "raise" and "in_place" in use.__name__ and n > 1024:
                    rows.pop(0)  # how much was written before is a matter of buffers
                same.each(g, rows * 2)


@pytest.mark.parametrize(
    "use", [product, in_a_region, in_place, in_place_in_a_region, with_a_scalar]
)
@pytest.mark.parametrize("kinds", [("c8", "c16"), ("c8", "f8"), ("f4", "c16")])
def test_casts_of_complex_numbers(same, use, kinds):
    if "in_place" in use.__name__:
        kinds = kinds[0], "c16"
    for n in (1, 4, 9000):
        same(use, signalling(kinds[0], n), ones(kinds[1], n))


@pytest.mark.parametrize("use", [product, in_a_region, in_place, in_place_in_a_region, stored])
def test_casts_of_tables(same, use):
    for shape in ((1, 1), (3, 4), (100, 200)):
        same(use, signalling("f4", shape), ones("f8", shape))
        if "in_place" in use.__name__:
            same(use, signalling("f4", shape[1:]), ones("f8", shape))


def test_without_casts(same):
    for dtype in ("f4", "f8"):
        for use in (product, in_a_region, in_place, of_calls):
            for n in (1, 4, 20_000):
                same(use, signalling(dtype, n), ones(dtype, n))


def test_arrays_that_are_made(same):
    quiet = np.array([0x7FF4 << 48], "u8").view("f8")

    def made(x):
        number = x[0]
        return (
            np.full(3, float(number), "f4"), np.full_like(np.ones(2, "f4"), float(number)),
            np.array([number, number]), np.ones(4, "f4") * float(number), x.astype("f4"),
            np.concatenate([x, x]), np.where(x > 0, x, 1.0),
        )  # fmt: skip

    same(made, lambda: quiet.copy())
