"""Ufuncs: called with inputs only and with every keyword, their methods, and several outputs."""

from __future__ import annotations

import numpy as np
import pytest

from .inputs import INPUTS

UFUNCS = sorted(
    name
    for name in dir(np)
    if type(getattr(np, name)) is np.ufunc and name == getattr(np, name).__name__
)
ONE = [name for name in UFUNCS if getattr(np, name).nin == 1]
TWO = [name for name in UFUNCS if getattr(np, name).nin == 2]
LEFT = ["a", "unit", "i", "u", "q", "h", "f", "z8", "fo", "gap", "p", "k", "spans", "n", "obj"]
RIGHT = ["b", "i2", "u", "q", "h", "f", "z", "tr", "row", "col", "p", "k", "fo", "dates", "n"]


@pytest.mark.parametrize("name", ONE)
def test_one_input(same, name):
    ufunc = getattr(np, name)
    same.each(lambda x: ufunc(x), [(INPUTS[left],) for left in LEFT])


@pytest.mark.parametrize("name", TWO)
def test_two_inputs(same, name):
    ufunc = getattr(np, name)
    f = lambda x, y: ufunc(x, y)
    rows = [(INPUTS[left], INPUTS[right]) for left in LEFT[::2] for right in RIGHT[::2]]
    rows += [(INPUTS[left], INPUTS[right]) for left, right in zip(LEFT, RIGHT)]
    rows += [
        (INPUTS["a"], 2),
        (3, INPUTS["i"]),
        (INPUTS["f"], 0.1),
        (lambda: [1, 2, 3, 4], INPUTS["a"]),
    ]
    same.each(f, rows)


CASES = [
    # out=
    "np.add(a, b, out=np.empty((3, 4)))",
    "np.add(a, b, np.empty((3, 4)))",
    "np.add(a, b, out=(np.empty((3, 4)),))",
    "np.add(a, b, out=None)",
    "np.add(a, b, None)",
    "r = np.zeros((2, 3, 4)); x = np.add(a, b, out=r); (x is r, r)",
    "r = np.zeros((3, 4), np.float32); np.multiply(a, b, out=r); r",
    "r = np.zeros((3, 4), int); np.multiply(a, b, out=r)",
    "r = np.zeros((3, 4), int); np.multiply(a, b, out=r, casting='unsafe'); r",
    "r = np.zeros((3, 3)); np.add(a, b, out=r)",
    "x = a + b; y = np.exp(x, out=x); (x is y, y)",
    "x = a + b; np.sqrt(x * x, out=x[::-1]); x",
    "np.multiply(a, 2, out=a); a",
    "np.matmul(a, b.T, out=np.empty((3, 3)))",
    # where=
    "np.add(a, b, where=a > 0, out=np.zeros((3, 4)))",
    "np.sqrt(a, where=a > 0, out=a); a",
    "np.divide(a, i, out=np.full((3, 4), -1.0), where=i != 0)",
    "np.add(a, b, where=True)",
    "np.add(a, b, where=[[True], [False], [True]], out=np.zeros((3, 4)))",
    "np.add.reduce(a, where=a > 0)",
    "np.maximum.reduce(a, where=a > 0, initial=-9.0, axis=1)",
    # dtype=, casting=, order=, subok=, signature=
    "np.add(a, b, dtype=np.float32)",
    "np.add(a, b, dtype='f4', casting='same_kind')",
    "np.add(a, b, casting='no')",
    "np.add(a, i, casting='no')",
    "np.add(i, i2, dtype=float)",
    "np.add(i, i2, dtype=complex, order='F')",
    "np.add(a, b, order='F')",
    "np.add(fo, gap, order='C')",
    "np.add(fo, fo, order='A')",
    "np.exp(i, dtype=np.float32)",
    "np.exp(i, dtype=np.int64)",
    "np.add(a, b, signature='dd->d')",
    "np.add(a, b, signature=(np.float64, None, None))",
    "np.add(f, f, sig='dd->d')",
    "np.add(f, f, signature='dd->d')",
    "np.equal(text, text)",
    "np.equal(a, b, dtype=object)",
    "np.add(a, b, subok=False)",
    "np.less(a, b, dtype=bool)",
    "np.left_shift(u, 3), np.right_shift(i, u)",
    "np.add(*[a, b])",
    "np.add(*(a, b), **{'dtype': 'f4'})",
    "np.add(a)",
    "np.add(a, b, b, b)",
    "np.add(a, b, nonsense=1)",
    "np.add(x1=a, x2=b)",
    "np.add('x', 'y')",
    "np.add(a, 'y')",
    "np.add([1, 2, 3, 4], a)",
    "np.exp([[1, 2], [3, 4]])",
    "np.exp(3)",
    "np.exp(p), np.exp(k), np.add(p, 1), np.add(k, p)",
    "np.exp(one)",
    # several outputs
    "np.modf(a)",
    "np.modf(p)",
    "np.frexp(a)",
    "np.frexp(h)",
    "np.divmod(a, b)",
    "np.divmod(i, 3)",
    "np.divmod(fo, gap)",
    "np.modf(a, out=(np.empty((3, 4)), None))",
    "np.modf(a, np.empty((3, 4)))",
    "np.modf(a, out=(a, a))",
    "np.modf(large)[0] + np.frexp(large)[0]",
    # methods
    "np.add.reduce(a)",
    "np.add.reduce(a, axis=1)",
    "np.add.reduce(a, axis=None)",
    "np.add.reduce(a, axis=(0, 1))",
    "np.add.reduce(t, axis=(0, 2))",
    "np.add.reduce(t, axis=(0, 2), keepdims=True)",
    "np.add.reduce(t, -1, None, None, True)",
    "np.add.reduce(t, axis=())",
    "np.add.reduce(a, 0, 'f4')",
    "np.add.reduce(a, initial=10)",
    "np.add.reduce(i4, axis=1)",
    "np.add.reduce(u, axis=0)",
    "np.add.reduce(u, axis=0, dtype=np.uint8)",
    "np.add.reduce(q, axis=0)",
    "np.add.reduce(h, axis=0)",
    "np.add.reduce(large, axis=1)",
    "np.add.reduce(large.T, axis=1)",
    "np.add.reduce(spans, axis=0)",
    "np.add.reduce(obj, axis=0)",
    "np.add.reduce(e, axis=0)",
    "np.add.reduce(e, axis=1)",
    "np.multiply.reduce(z, axis=1)",
    "np.subtract.reduce(a, axis=1)",
    "np.true_divide.reduce(a, axis=1)",
    "np.maximum.reduce(a, axis=0)",
    "np.maximum.reduce(e, axis=0)",
    "np.minimum.reduce(holes, axis=1)",
    "np.logical_and.reduce(a, axis=1)",
    "np.logical_or.reduce(q, axis=0)",
    "np.bitwise_xor.reduce(i, axis=1)",
    "np.hypot.reduce(a, axis=0)",
    "np.less.reduce(a, axis=0)",
    "np.add.reduce(a, axis=5)",
    "np.add.reduce(a, axis=(0, 0))",
    "np.add.reduce(a, out=np.empty(4))",
    "np.add.reduce(a, out=np.empty(5))",
    "np.add.reduce(5)",
    "np.add.reduce([1, 2, 3])",
    "np.add.reduce([a, b])",
    "np.add.accumulate(a)",
    "np.add.accumulate(a, axis=1)",
    "np.add.accumulate(fo, 1)",
    "np.add.accumulate(gap, 0, np.float32)",
    "np.add.accumulate(u, axis=0)",
    "np.add.accumulate(q)",
    "np.maximum.accumulate(v)",
    "np.multiply.accumulate(i)",
    "np.subtract.accumulate(t, axis=1)",
    "np.less.accumulate(a)",
    "np.logical_and.accumulate(a)",
    "np.add.accumulate(a, out=np.empty((3, 4)))",
    "np.add.accumulate(e)",
    "np.add.accumulate(p)",
    "np.add.reduceat(v, [0, 3, 5])",
    "np.add.reduceat(v, np.array([0, 3, 1, 5]))",
    "np.add.reduceat(a, [0, 2], axis=1)",
    "np.add.reduceat(v, [0, 30])",
    "np.multiply.reduceat(iv, np.array([1, 4, 4]))",
    "np.add.outer(a, row)",
    "np.multiply.outer(v, w)",
    "np.multiply.outer(v, 2)",
    "np.subtract.outer(i, u)",
    "np.less.outer(row, row)",
    "np.outer(fo, row), np.multiply.outer(fo, row), np.add.outer(tr, gap)",
    "np.add.outer(a, b, dtype='f4')",
    "np.matmul.outer(a, b)",
    "np.add.at(v, idx, 1); v",
    "np.add.at(v, idx, np.ones(5)); np.maximum.at(v, [0, 1], 9); np.negative.at(v, [2, 2]); v",
    "np.modf.reduce(a)",
    "np.exp.reduce(a)",
    # generalised
    "np.matmul(m, m2), np.matmul(stack, m), np.matmul(row, m), np.matmul(row, row)",
    "np.matmul(a, b)",
    "np.matmul(a, 2)",
    "np.matmul(stack, stack, axes=[(-2, -1), (-1, -2), (-2, -1)])",
    "np.matmul(i, i2.T), np.matmul(q, q2.T), np.matmul(f, a.T), np.matmul(z, z.T.conj())",
    "np.vecdot(a, b)",
    "np.vecdot(a, b, axis=0)",
    "np.linalg.vecdot(z, z)",
    # others that look like ufuncs
    "f = np.frompyfunc(lambda x, y: x + y, 2, 1); f(i, i2)",
    "f = np.frompyfunc(lambda x: x * 2, 1, 1); f(a).astype(float) + 1",
    "np.clip(a, -1, 1)",
    "np.clip(a, None, row)",
    "np.clip(u, 3, 7), np.clip(i, -1, 2), np.clip(f, 0.1, 0.5)",
    "np.clip(u, -3, 300)",
    "np.clip(a, 1, -1), a.clip(0), a.clip(max=0), np.clip(a, 0, 1, out=a)",
    "np.clip(n, -1, 1), np.clip(a, np.nan, 1)",
    "np.round(a, 2), np.round(a), np.around(f, 1), np.round(i, -1), np.round(z, 1), np.round(h, 2)",
    "np.round(fo, 1), np.round(gap), np.round(thin, 3), np.round(u, 1), np.round(q)",
    "np.fix(a), np.trunc(a), np.rint(a), np.floor(a), np.ceil(i)",
    "np.real(z), np.imag(z), np.angle(z), np.conj(z), np.real_if_close(z + 0j)",
    "np.sign(a), np.sign(z), np.signbit(n), np.copysign(a, -1)",
    (
        "np.nan_to_num(n), np.nan_to_num(n, nan=1, posinf=2, neginf=3), np.isclose(a, b), "
        "np.isclose(n, n, equal_nan=True)"
    ),
    "np.sinc(a), np.i0(a), np.unwrap(v), np.heaviside(a, 0.5), np.spacing(a), np.nextafter(a, b)",
    "np.logaddexp(a, b), np.arctan2(a, b), np.hypot(a, b), np.fmod(a, b), np.float_power(a, 2)",
    "np.bitwise_count(u), np.gcd(i, i2), np.lcm(u, u), np.ldexp(a, i), np.invert(q)",
    "np.isnan(n), np.isfinite(n), np.isinf(n), np.isnat(dates), np.isposinf(n), np.isneginf(n)",
    "np.strings.upper(text), np.char.add(text, text), np.strings.str_len(text)",
]


@pytest.mark.parametrize("case", CASES)
def test_cases(same, case):
    same.text(case)


def test_warnings_of_calls_with_keywords_come_from_the_callers_line(same):
    """Those of conversions, which are no floating point errors, as well."""
    times = np.ones((1, 4), "m8[ms]")
    for f in (
        lambda x: x.clip(x, 1),
        lambda x: np.add(x, 1, dtype="m8[s]"),
        lambda x: np.minimum(x, 1, out=None),
        lambda x: np.maximum(x, 1, None, dtype=None),
    ):
        same(f, times.copy)
