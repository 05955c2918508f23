"""Arrays of another byte order, or without an alignment, wherever a region or a site meets them."""

import itertools

import numpy as np
import pytest

# Long doubles are left out: they have bytes that no value is in.
CODES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]
ORDERS = [order + code for code in CODES if code not in ("?", "i1", "u1") for order in "<>"]


def made(dtype, shape=(4, 3), start=1):
    values = np.arange(start, start + int(np.prod(shape))).reshape(shape)
    return (values * (1 + 2j) if np.dtype(dtype).kind == "c" else values).astype(dtype)


def store_all(b, a):
    b[...] = a * a


def store_rows(b, a):
    b[1:] = a[1:] + a[1:]


def store_reversed(b, a):
    b[::-1] = a - a


def store_columns(b, a):
    b[:, 1] = a[:, 0] * a[:, 2]


def store_through_a_view(b, a):
    v = b[1:, ::-1]
    v[...] = a[:-1] + a[:-1]


def store_of_a_row(b, a):
    b[...] = a[0] * a[1]


def store_of_a_column(b, a):
    b[:] = a[:, :1] + a[:, 1:2]


def store_of_a_sum_and_more(b, a):
    t = a * a
    b[...] = t + a
    return t


def store_of_a_view(b, a):
    t = a + a
    b[...] = t[::-1] * a


STORES = [
    store_all,
    store_rows,
    store_reversed,
    store_columns,
    store_through_a_view,
    store_of_a_row,
    store_of_a_column,
    store_of_a_sum_and_more,
    store_of_a_view,
]


@pytest.mark.parametrize("store", STORES)
def test_stores(same, store):
    for to in ["?", "i1", "u1", *ORDERS]:
        codes = [code for code in CODES if np.can_cast(code, to, "same_kind")]
        if store is store_reversed:
            codes.remove("?")  # there is no difference of truth values
        same.each(store, [(lambda to=to: made(to), lambda c=c: made(c)) for c in codes])


@pytest.mark.parametrize("store", [store_all, store_columns])
@pytest.mark.parametrize("to", [">f8", ">i4", ">c16", ">u2"])
def test_stores_into_unaligned_and_read_only_arrays(same, store, to):
    def packed():
        kind = np.dtype([("before", "u1"), ("x", to), ("after", "u1")])
        return np.zeros((4, 3), kind)["x"]

    def locked():
        b = made(to)
        b.flags.writeable = False
        return b

    for code in ("u1", "f4", np.dtype(to).newbyteorder("=").str):
        if np.can_cast(code, to, "same_kind"):
            same(store, packed, lambda code=code: made(code))
            same(store, locked, lambda code=code: made(code))


def in_place(b, a):
    t = a * a
    b += t


def in_place_of_a_view(b, a):
    t = a * a
    b[1:] += t[1:]


def in_place_alone(b, a):
    b *= a


def operands(b, a):
    return (a + b) * b - a, b * a, -b


def one_operator(b, a):
    return a + b


def calls(b, a):
    return np.add(a, b), np.square(b), np.where(b > a, b, a), np.maximum(a, b), np.clip(b, 1, 4)


def reductions(b, a):
    return (
        b.sum(), b.sum(axis=0), np.prod(b, axis=1), b.max(), np.mean(b), b.any(), np.min(a * b)
    )  # fmt: skip


def copies(b, a):
    return (
        b.copy(), b.astype(float), np.array(b), np.asarray(b), np.empty_like(b).dtype,
        np.zeros_like(b), np.ones_like(b), np.full_like(b, 3), np.concatenate([b, b]),
        np.concatenate([a, b]), np.stack([b, b]), np.asarray(b, dtype=b.dtype),
    )  # fmt: skip


def constructed(b, a):
    dtype = b.dtype
    return (
        np.zeros(3, dtype), np.ones((2, 2), dtype), np.full(4, 7, dtype), a.astype(dtype),
        np.array([1, 2, 3], dtype), np.asarray([1.0, 2.0], dtype=dtype), np.full((2,), 2.5, dtype),
    )  # fmt: skip


def views(b, a):
    first, *rest = b
    x, y, z = b[0]
    return first, rest, x, y, z, b[::-1][1:], b[0, 0], b.T, b[:, None]


def products(b, a):
    return b @ a.T, np.matmul(b.T, a), b @ b[0]


USES = [
    in_place,
    in_place_of_a_view,
    in_place_alone,
    operands,
    one_operator,
    calls,
    reductions,
    copies,
    constructed,
    views,
    products,
]


@pytest.mark.parametrize("use", USES)
def test_other_uses(same, use):
    for to in ORDERS:
        codes = ["i2", "f4", "f8", "c16"]
        if use in (in_place, in_place_of_a_view):
            codes = [code for code in codes if np.can_cast(code, to, "same_kind")]
        same.each(use, [(lambda to=to: made(to), lambda c=c: made(c)) for c in codes])


def test_items(same):
    """Arrays without axes, and with one item."""

    def stored(b, a):
        b[...] = a + a
        return b

    def both(b, a):
        return (b + a) * b

    for to, shape in itertools.product([">f8", ">i4", ">c16", "<f8"], [(), (1,), (1, 1)]):
        for use in (stored, both):
            same(use, lambda to=to, shape=shape: made(to, shape), lambda: made("i2", (1,)))
