"""Operators: every one, over all dtypes, with arrays and scalars on either side."""

from __future__ import annotations

import array
import mmap
import operator
import warnings

import numpy as np
import pytest

from .inputs import INPUTS, random

BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "//": lambda x, y: x // y,
    "%": lambda x, y: x % y,
    "**": lambda x, y: x**y,
    "&": lambda x, y: x & y,
    "|": lambda x, y: x | y,
    "^": lambda x, y: x ^ y,
    "<<": lambda x, y: x << y,
    ">>": lambda x, y: x >> y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "@": lambda x, y: x @ y,
    "divmod": lambda x, y: divmod(x, y),
}
UNARY = {
    "-": lambda x: -x,
    "+": lambda x: +x,
    "~": lambda x: ~x,
    "abs": lambda x: abs(x),
    "not": lambda x: not x.any(),
}


def in_place(symbol: str):
    namespace: dict = {}
    exec(f"def f(x, y):\n    x {symbol}= y\n    return x", namespace)
    return namespace["f"]


IN_PLACE = ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>", "@"]

DTYPES = ["?", "i1", "u1", "i4", "i8", "u8", "e", "f", "d", "g", "D", "m8[D]", "M8[D]"]
DTYPES += ["O", "U3", ">f8"]


def arrays(shape=(3, 4), seed=0):
    return [lambda d=d: random(shape, d, seed) for d in DTYPES]


SCALARS = [
    True, 0, 1, 2, -1, 3, 255, 256, -300, 2**40, 2**70, 0.5, -2.5, 1e300, float("nan"),
    float("inf"), -0.0, 1j, 2 + 0.5j, np.True_, np.int8(3), np.uint8(200), np.int64(-4),
    np.uint64(7), np.float16(1.5), np.float32(0.1), np.float64(0.1), np.longdouble(0.1),
    np.complex64(1 + 2j), np.datetime64("2020-02-29"), np.timedelta64(3, "D"), np.str_("ab"),
    None, "ab", b"ab", (), [1, 2, 3, 4], (1.5, 2, 3, 4), range(4),
]  # fmt: skip
SCALAR_MAKERS = [lambda s=s: s for s in SCALARS]
ZERO_D = [lambda s=s: np.array(s) for s in (True, 2, -3, 0.5, 2j, np.float32(1.5), np.uint8(9))]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("symbol", BINARY)
def test_two_dtypes(same, symbol, dtype):
    left = lambda: random((3, 4), dtype, 1)
    shape = (4, 2) if symbol == "@" else (3, 4)
    same.each(BINARY[symbol], [(left, right) for right in arrays(shape, 2)])


@pytest.mark.parametrize("symbol", BINARY)
@pytest.mark.parametrize("dtype", ["u1", "i8", "e", "f", "d", "D"])
def test_an_array_and_a_scalar(same, symbol, dtype):
    array = lambda: random((4,), dtype, 3)
    others = [*SCALAR_MAKERS, *ZERO_D]
    same.each(BINARY[symbol], [(array, other) for other in others])
    same.each(BINARY[symbol], [(other, array) for other in others])


@pytest.mark.parametrize("symbol", BINARY)
def test_scalars_only(same, symbol):
    numbers = [lambda s=s: s for s in (2, -1.5, np.float32(3), np.int8(2), np.uint64(5), True)]
    numbers += ZERO_D[1:4]
    same.each(BINARY[symbol], [(x, y) for x in numbers for y in numbers])


@pytest.mark.parametrize("symbol", UNARY)
def test_one_operand(same, symbol):
    rows = [*arrays(), *arrays(()), *ZERO_D, *SCALAR_MAKERS]
    rows = [make for make in rows if symbol != "not" or hasattr(make(), "any")]
    if symbol == "~":
        rows = [make for make in rows if not isinstance(make(), bool)]  # deprecated in Python
    same.each(UNARY[symbol], [(make,) for make in rows])


@pytest.mark.parametrize("symbol", IN_PLACE)
def test_in_place(same, symbol):
    dtypes = ["?", "u1", "i8", "e", "d", "D", "m8[D]", "O"]
    shape = (4, 4) if symbol == "@" else (3, 4)
    rows = [
        (lambda d=d: random((3, 4), d, 1), lambda d2=d2: random(shape, d2, 2))
        for d in dtypes
        for d2 in dtypes
    ]
    rows += [(INPUTS["a"], lambda s=s: s) for s in (2, 0.5, 3j, np.float32(2), np.array(3.0))]
    rows += [(lambda s=s: s, INPUTS["a"]) for s in (2, 0.5, np.float32(2))]
    rows += [(INPUTS["frozen"], INPUTS["b"]), (INPUTS["fo"], INPUTS["gap"])]
    same.each(in_place(symbol), rows)


LAYOUTS = ["a", "fo", "tr", "rev", "gap", "odd", "bc", "swapped", "frozen", "f", "row", "col",
           "t", "t4", "fo3", "thin", "mid", "one", "p", "e", "ei"]  # fmt: skip


@pytest.mark.parametrize("left", LAYOUTS)
def test_layouts_and_broadcasting(same, left):
    rows = [(INPUTS[left], INPUTS[right]) for right in LAYOUTS]
    for symbol in ("+", "*", "<", "**"):
        same.each(BINARY[symbol], rows)


@pytest.mark.parametrize("left", ["t", "fo3", "t4", "thin", "mid", "stack", "m", "v", "row"])
def test_matmul_of_stacks(same, left):
    names = ["m", "m2", "stack", "row", "v", "t", "fo3", "z", "i"]
    transposed = [lambda n=n: INPUTS[n]().T for n in names]
    rows = [(INPUTS[left], right) for right in [*(INPUTS[n] for n in names), *transposed]]
    same.each(BINARY["@"], rows)
    same.each(BINARY["@"], [(y, x) for x, y in rows])


@pytest.mark.parametrize("name", ["n", "n4", "n2"])
@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "//", "%", "**", "<", "==", "!="])
def test_special_values(same, symbol, name):
    array = INPUTS[name]
    column = lambda: array()[:, :, None]
    rows = [(array, array), (column, lambda: array()[:, None])]
    rows += [(array, lambda s=s: s) for s in (0, 0.0, -0.0, float("inf"), float("nan"), 2)]
    rows += [(lambda s=s: s, array) for s in (0, -1, 0.0, float("inf"), float("nan"))]
    same.each(BINARY[symbol], rows)


EXPONENTS = [0, 1, 2, 3, -1, -2, 0.5, -0.5, 0.0, 1.0, 2.0, 3.0, -1.0, 1.5, 1e300, float("nan"),
             True, 2j, 0.5 + 0j, np.int8(2), np.float32(2), np.float64(0.5), np.uint8(2),
             np.array(2), np.array(0.5), np.float16(-1), np.bool_(True), np.complex64(2),
             2**53, -(2**53), 10**30]  # fmt: skip


@pytest.mark.parametrize("name", ["positive", "a", "f", "h", "z", "z8", "i", "u", "i1", "q", "g",
                                  "n", "fo", "gap", "obj", "p", "k", "swapped"])  # fmt: skip
def test_power(same, name):
    # Python's integers would grow out of memory.
    exponents = EXPONENTS[:15] if name == "obj" else EXPONENTS
    rows = [(INPUTS[name], lambda s=s: s) for s in exponents]
    same.each(BINARY["**"], rows)
    same.each(in_place("**"), rows)


OVERLAPS = {
    "shifted": "a[1:] += a[:-1]; a",
    "shifted back": "a[:-1] += a[1:]; a",
    "reversed": "v[:] = v + v[::-1]; v",
    "reversed in place": "v += v[::-1]; v",
    "transposed": "m += m.T; m",
    "transposed product": "m *= m.T[::-1]; m",
    "matmul in place": "m @= m; m",
    "out overlaps": "np.add(v[:-1], v[1:], out=v[1:]); v",
    "out reversed": "np.multiply(v, v[::-1], out=v); v",
    "accumulate": "np.add.accumulate(v, out=v); v",
    "itself": "a += a; a -= a; a",
    "a view of the result": "r = a + b; r[1:] -= r[:-1]; r",
    "two views": "r = a * 2; x = r[::2]; x += 1; y = r.T; (r, x, y)",
    "a slice assigned": "a[:, 1:] = a[:, :-1] * 2; a",
    "a scalar assigned": "a[1] = 3; a[:, 0] = a[:, 1] + 1; a",
    "masked": "a[a > 0] *= -1; a",
    "fancy in place": "v[idx] += 1; v",
}


@pytest.mark.parametrize("case", OVERLAPS.values(), ids=OVERLAPS)
def test_overlap(same, case):
    same.text(case)


EXPRESSIONS = [
    "a + b * 2 - a / b",
    "(a + b)[1:] * (a - b)[:-1]",
    "(a + b).T @ (a - b)",
    "-(a * b) ** 2",
    "~(a > b) & (a < 1) | (b == b)",
    "a + 1 if a.sum() > 0 else b - 1",
    "a * b + a * b",
    "(a < b) + (a > b)",
    "(a + b, a + b)",
    "[x + y for x, y in zip(a, b)]",
    "sum(a)",
    "sum(x * x for x in a)",
    "{'x': a + 1, 'y': [b * 2]}",
    "a[0] + a[1, 2] * a[..., -1].sum()",
    "1 < 2 < 3 and (a + 1)",
    "(a + 1) is (a + 1)",
    "r = a; r = r + 1; r = r + 1; r = r + 1; r",
    "r = a + 1; s = r; r += 1; (r is s, r, s)",
    "large + large * large - large / 2",
    "large @ large.T + large[:, :64]",
    "(large > 0) * large",
    "-large + +large - abs(large)",
    "long * 2 + long[::-1]",
    "large.T + large.T * 2",
    "large + np.arange(128) - large[:, ::-1]",
    "a + row + col + p + k + 1",
    "i + u - i4 * i1 // 3",
    "f * h + i1",
    "dates - dates",
    "dates + spans - hours",
    "spans * 2 / spans",
    "spans // np.timedelta64(2, 'D') + i",
    "text == text",
    "text < 'b'",
    "text + text",
    "octets != octets",
    "obj + obj * 2",
    "obj == a",
    "a == None",
    "a != 'x'",
    "rec == rec",
    "rec['x'] * rec['n']",
    "rec[['x', 'n']] == rec[['x', 'n']]",
    "e + e",
    "e * 2 < 1",
    "ei @ e",
    "ev - 1",
    "e.T @ e",
    "one + one",
    "p + p",
    "p * 2 + k",
    "k + k * p",
    "p < 3, k < 3",
    "a[()] + a[...]",
    "v[2:2] + v[3:3]",
    "a[:, None] + b[None]",
    "q + q2, q * q2, q & q2, q | q2, q ^ q2",
    "u + 1, u + u, u * 200, u - 250",
    "a @ row, row @ a.T, row @ row",
    "z * z.conj() + z.real * z.imag",
    "m @ m @ m",
    "t @ m, row @ m, m @ row",
    "m @ m.T, m.T @ m, fo @ fo.T",
    "large @ large.T",
    "bc + bc, bc * a",
    "thin + 1, thin * thin",
]


@pytest.mark.parametrize("case", EXPRESSIONS)
def test_expressions(same, case):
    same.text(case)


def test_functions_of_the_operator_module(same):
    def f(x, y):
        return [
            operator.add(x, y),
            operator.iadd(x.copy(), y),
            operator.matmul(x, y.T),
            operator.lt(x, y),
            operator.getitem(x, np.array([0, 1])),
            x.__add__(y),
            x.__radd__(1.5),
            np.ndarray.__mul__(x, y),
        ]

    same(f, INPUTS["a"], INPUTS["b"])


def test_a_site_that_is_given_back_within_the_call(same):
    def f(x):
        out = []
        for n in range(150):
            y = x * n + 1
            y -= n
            out.append(np.sqrt(abs(y)).sum(axis=0))
        return out

    same(f, INPUTS["a"])
    same(f, INPUTS["large"])


def test_one_site_and_many_kinds_of_operands(same):
    def f(values):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [x * y for x in values for y in values]

    names = ["a", "f", "h", "i", "u", "q", "z", "row", "col", "fo", "tr", "p", "k", "rev", "gap"]
    same(f, lambda: tuple(INPUTS[name]() for name in names if name != "tr"))


@pytest.mark.parametrize("codes", ["lql", "qlq", "LQL", "QLQ"])
def test_integers_of_the_same_size(same, codes):
    """They compare equal, but the scalars taken out of the results are of other types."""
    rows = [(lambda code=code: np.arange(5, dtype=code),) for code in codes]
    same.each(lambda x: ((x + x)[0], x * 2, -x, np.add(x, x)[1], (x**2)[0]), rows)
    same.each(lambda x: (x + x.dtype.type(1), abs(x), x[np.array([0, 1])], x @ x, x > 1), rows)


def test_dtypes_with_metadata(same):
    with_unit = np.dtype("f8", metadata={"unit": "m"})
    for order in ([with_unit, np.dtype("f8")], [np.dtype("f8"), with_unit]):
        rows = [(lambda dtype=dtype: np.ones(5, dtype),) for dtype in order]
        same.each(lambda x: (x + x, x * 2.0, -x, np.sqrt(x), x.copy(), x**2, x > 0), rows)


class Interface:
    """An object over whose memory NumPy makes arrays."""

    def __init__(self, n):
        self.held = np.arange(float(n))
        self.__array_interface__ = self.held.__array_interface__


def over_bytes(n):
    data = bytes(8 * n)
    return np.frombuffer(data) + 1.0


def over_bytearray(n):
    data = bytearray(8 * n)
    return np.ndarray(n, float, data) + 1.0, data[:8]


def over_map(n):
    pages = mmap.mmap(-1, 8 * n)
    return np.ndarray(n, float, buffer=pages) * 2 + 1


def over_memoryview(n):
    view = memoryview(array.array("d", range(n)))
    return np.asarray(view) + 1.0


def over_iterator(n):
    x = np.arange(float(n))
    it = np.nditer(x, flags=["external_loop"])
    return next(it) + 1.0, x[1]


def over_interface(n):
    thing = Interface(n)
    return np.asarray(thing) + 1.0, 2.0 * np.asarray(thing), thing.held


def over_subclass(n):
    x = np.arange(float(n)).view(np.matrix)
    return np.asarray(x) + 1.0, x


@pytest.mark.parametrize(
    "f",
    [
        over_bytes,
        over_bytearray,
        over_map,
        over_memoryview,
        over_iterator,
        over_interface,
        over_subclass,
    ],
)
def test_temporaries_over_memory_of_other_objects(same, f):
    """Their base is no array, or one that others look at; large enough to be written over."""
    same(f, 1 << 14)


@pytest.mark.parametrize("missing", [[], {}, None, np.nan, "none"])
def test_strings_whose_missing_value_may_not_be_hashable(same, missing):
    dtype = np.dtypes.StringDType(na_object=missing)
    for f in (
        lambda s: s == s,
        lambda s: s + s,
        lambda s: [s != "a", s < s, s[np.array([1, 0])], np.add(s, s), s.copy()],
        lambda s: np.zeros(2, s.dtype) + s,
    ):
        same(f, lambda: np.array(["a", "b"], dtype))


def test_zero_dimensional_operands_that_need_a_cast(same):
    """Beside an array in Fortran order, with axes of length one."""

    def f(x, y):
        return x ^ y, y + x, x * y, x < y

    grid = lambda: np.ones((3, 1, 4, 1), "i4").T
    for dtype in (">i4", "i2", "i8", "i4"):
        same(f, grid, lambda: np.array(2, dtype))
    dates = lambda: np.ones((3, 1, 4, 1), "i4").astype("M8[s]").T
    same(lambda x, y: (x + y, x - y), dates, lambda: np.array(2, "i4"))
