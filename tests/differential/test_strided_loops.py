"""Loops whose bits depend on how their operands lie: they get them as NumPy would hand them on."""

import itertools

import numpy as np
import pytest


def values(dtype, n, seed):
    random = np.random.default_rng(seed)
    x = random.normal(0, 2, n)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * random.normal(0, 2, n)
    return x.astype(dtype)


# How `n` items can lie.
LAYOUTS = {
    "plain": lambda x: x,
    "reversed": lambda x: x[::-1].copy()[::-1],
    "every other": lambda x: np.repeat(x, 2)[::2],
    "every third, reversed": lambda x: np.repeat(x, 3)[::-3][::-1].copy()[::-1],
    "every third backwards": lambda x: np.repeat(x[::-1], 3)[::-3],
    "one item": lambda x: x[:1],
    "one item, reversed": lambda x: x[:1][::-1],
    "one item of many": lambda x: np.repeat(x[:1], 7)[::7],
    "no axes": lambda x: x[0].reshape(()) if x.size else x,
    "repeated": lambda x: np.broadcast_to(x[:1], x.shape),
    "a row": lambda x: x[None],
    "a row, reversed": lambda x: x[::-1].copy()[None, ::-1],
    "a column": lambda x: x[:, None],
    "a column backwards": lambda x: x[::-1].copy()[::-1, None],
    "a column of a table": lambda x: np.repeat(x, 3).reshape(-1, 3)[:, :1],
    "unaligned": lambda x: _unaligned(x),
}
# How a table can lie.
TABLES = {
    "plain": lambda x: x,
    "fortran": lambda x: np.asfortranarray(x),
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "rows reversed": lambda x: x[::-1].copy()[::-1],
    "columns reversed": lambda x: x[:, ::-1].copy()[:, ::-1],
    "part": lambda x: np.pad(x, 2)[2:-2, 2:-2],
    "every other": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "a row": lambda x: x[:1],
    "a row without its axis": lambda x: x[0],
    "a column": lambda x: x[:, :1],
    "one item": lambda x: x[:1, :1],
    "one item, reversed": lambda x: x[:1, :1][::-1, ::-1],
}


def _unaligned(x):
    place = np.zeros(x.nbytes + 1, "u1")[1:].view(x.dtype)
    place[...] = x
    return place


def rows(first, second, dtypes, n, tables=False):
    """Return arguments (a, b) of all pairs of layouts that fit together."""
    layouts = TABLES if tables else LAYOUTS
    shape = (n, n + 1) if tables else (n,)
    for one, other in itertools.product(first, second):

        def make(name, k):
            def fresh():
                x = values(dtypes[k], int(np.prod(shape)), seed=k).reshape(shape)
                return layouts[name](x)

            return fresh

        yield make(one, 0), make(other, 1)


def by_tens(rows):
    """Split rows, as a site gives up after many kinds of operands."""
    rows = list(rows)
    return [rows[i : i + 10] for i in range(0, len(rows), 10)]


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("n", [1, 5])
def test_what_a_loop_is_given(same, foreign, dtype, n):
    ufunc = foreign.ufunc("first", "first")

    def called(a, b):
        foreign.seen()
        return ufunc(a, b), foreign.seen()

    def written(a, b):
        foreign.seen()
        try:
            ufunc(a, b, out=a)
        except ValueError:
            pass
        return a, foreign.seen()

    def with_a_number(a, b):
        foreign.seen()
        return ufunc(a, 2.0), ufunc(2.0, b), foreign.seen()

    for tables in (False, True):
        layouts = TABLES if tables else LAYOUTS
        for f in (called, written, with_a_number):
            seconds = layouts if f is called else ["plain", "reversed", "one item, reversed"]
            for some in by_tens(rows(layouts, seconds, (dtype, dtype), n, tables)):
                same.each(f, some)


def product(a, b):
    return a * b


def sum_and_product(a, b):
    return (a + b) * b


def product_of_a_call(a, b):
    return np.exp(a) * b - np.sqrt(abs(b))


def squares(a, b):
    return a**2, (a + b) ** 2, np.square(b) * a


def quotient(a, b):
    return (a - b) / b, a / b


def size_and_conjugate(a, b):
    return abs(a) * 2.0, np.conjugate(b) * a, np.absolute(a - b)


def views(a, b):
    t = a * b
    return t[::-1] * a if t.ndim == a.ndim else t[::-1], t[::2] * t[::2]


def powers(a, b):
    return a**b, a**1.5 + b


def temporaries(a, b):
    return (a * b) * (a + b), (a * a) * b - (b * b) * a


PURE = [
    product, sum_and_product, product_of_a_call, squares, quotient, size_and_conjugate, views,
    powers, temporaries,
]  # fmt: skip


def multiplied(a, b):
    t = b + 1.0
    a *= a
    return t


def multiplied_by_another(a, b):
    t = b + 1.0
    a *= b
    return t


def multiplied_alone(a, b):
    a *= b


def multiplied_by_what_is_computed(a, b):
    a *= b * b + a


def divided(a, b):
    t = b * b
    a /= t


def divided_alone(a, b):
    a /= b


def multiplied_by_a_number(a, b):
    t = b * 2.0
    a *= 1.5
    return t


def part_multiplied(a, b):
    t = b + 1.0
    a[::-1] *= t[: len(a)] if a.ndim else t
    return t


def view_multiplied_by_itself(a, b):
    v = a[::-1]
    t = b - 1.0
    v *= v
    return t


def stored(a, b):
    a[...] = b * b + a


def stored_reversed(a, b):
    a[::-1] = a * b


IN_PLACE = [
    multiplied, multiplied_by_another, multiplied_alone, multiplied_by_what_is_computed, divided,
    divided_alone, multiplied_by_a_number, part_multiplied, view_multiplied_by_itself, stored,
    stored_reversed,
]  # fmt: skip

MOST = ["plain", "reversed", "every other", "one item", "one item, reversed", "no axes", "a row"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["c8", "c16"])
@pytest.mark.parametrize("f", PURE + IN_PLACE)
def test_complex_arithmetic(same, f, dtype):
    with np.errstate(all="ignore"):
        for n in (1, 9):
            for some in by_tens(rows(MOST, MOST, (dtype, dtype), n)):
                same.each(f, some)
        some = ["plain", "reversed", "fortran", "a column", "one item, reversed"]
        for few in by_tens(rows(some, some, (dtype, dtype), 6, tables=True)):
            same.each(f, few)


@pytest.mark.parametrize("f", PURE + IN_PLACE)
def test_arithmetic_of_several_types(same, f):
    with np.errstate(all="ignore"):
        for dtypes in [("c8", "c16"), ("c16", "c8"), ("c8", "f4"), ("c16", "f4"), ("f8", "c8")]:
            for n in (1, 9):
                same.each(f, list(rows(["plain", "reversed"], ["plain", "reversed"], dtypes, n)))


@pytest.mark.parametrize("dtype", ["c8", "c16"])
@pytest.mark.parametrize("f", PURE + IN_PLACE)
def test_large_complex_arrays(same, f, dtype):
    """Of which NumPy overwrites temporaries, and which go by blocks."""
    with np.errstate(all="ignore"):
        some = ["plain", "reversed", "every other"]
        same.each(f, list(rows(some, some, (dtype, dtype), 33_001)))


UFUNCS = sorted(
    {
        ufunc.__name__: ufunc
        for ufunc in vars(np).values()
        if isinstance(ufunc, np.ufunc)
        and ufunc.nout == 1
        and ufunc.signature is None
        and ufunc is not np.isnat
    }.items()
)


@pytest.mark.parametrize("ufunc", [pytest.param(ufunc, id=name) for name, ufunc in UFUNCS])
def test_every_ufunc(same, ufunc):
    if ufunc.nin == 1:

        def alone(a, b):
            return ufunc(a)

        def mixed(a, b):
            return ufunc(a) * b, ufunc(a + b)
    else:

        def alone(a, b):
            return ufunc(a, b)

        def mixed(a, b):
            return ufunc(a, b) * b, ufunc(b, a + b)

    layouts = ["plain", "every third backwards"]
    with np.errstate(all="ignore"):
        for dtype in ("f2", "f4", "f8", "c8", "c16", "i4"):
            try:
                ufunc(*[np.ones(1, dtype)] * ufunc.nin)
            except TypeError:
                continue
            for f in (alone, mixed):
                same.each(f, [*rows(layouts, layouts, (dtype, dtype), 1),
                              *rows(layouts, layouts, (dtype, dtype), 70)])  # fmt: skip
