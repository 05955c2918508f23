"""Arrays in patches inside of regions: rolled, joined, stacked, padded; and differences."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite import cores

from ..differential.compare import observe
from .drawn import assert_alike, made

SHIFTS = ("1", "-1", "s", "s + 3", "7", "-100", "2**40")
WIDTHS = ("1", "(1, 2)", "((1, 0), (0, 2))", "((0, 0), (s, 1))", "0", "((2, 1),)", "3", "(2,)")
MODES = ("edge", "wrap", "reflect", "symmetric", "constant")
VIEWS = (
    "{}",
    "{}[1:]",
    "{}[::-1]",
    "{}[:, 1:]",
    "{}[:, ::2]",
    "{}.T",
    "{}[:0]",
    "{}[0]",
    "{}[:, :1]",
)


class Writer:
    """Draws the text of a function that puts arrays together."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed).choice

    def operand(self) -> str:
        name = self.pick(("x", "y", "x", "y", "(x * 2.0)", "(x + y)"))
        return self.pick(VIEWS if self.pick((0, 0, 1)) else VIEWS[:1]).format(name)

    def patched(self) -> str:
        a, axis = self.operand(), self.pick(("0", "1", "-1", "-1", "k", "0"))
        b = a if self.pick((0, 1)) else f"({a} - 1.0)"
        return self.pick((
            f"np.roll({a}, {self.pick(SHIFTS)}, axis={axis})",
            f"np.roll({a}, {self.pick(SHIFTS)}, {axis})",
            f"np.roll({a}, (1, -2), axis=(0, {axis}))",
            f"np.roll({a}, {self.pick(SHIFTS)})",
            f"np.concatenate([{a}, {b}], axis={axis})",
            f"np.concatenate(({a}, {b}, {a}))",
            f"np.stack([{a}, {b}], axis={axis})",
            f"np.array([{a}, {b}])",
            f"np.hstack(({a}, {b}))",
            f"np.vstack([{a}, {b}, {b}])",
            f"np.append({a}, {b}, axis={axis})",
            f"np.append({a}, {b})",
            f"np.array([{a}[0, 0], 2.0, x.max(), s * 0.5])",
            f"np.pad({a}, {self.pick(WIDTHS)}, mode='{self.pick(MODES)}')",
            f"np.pad({a}, {self.pick(WIDTHS)}, '{self.pick(MODES)}')",
            f"np.pad({a}, {self.pick(WIDTHS)})",
            f"np.pad({a}, 1, constant_values={self.pick(('3', '0.5', 's'))})",
            f"np.diff({a}, axis={self.pick(('0', '1', '-1', '-2'))})",
            f"np.diff({a}, {self.pick('12')})",
        ))  # fmt: skip

    def function(self) -> str:
        one, other = self.patched(), self.patched()
        lines = self.pick((
            [f"return {one} * 2.0 - 1.0"],
            [f"p = {one}", f"q = {other} * 2.0", "return p + p, q"],
            [f"p = {one}", "return p[1:] - p[:-1], p"],
            [f"p = {one} + 1.0", "x[...] = p * 0.5", "return x * 2.0"],
            [f"x[1:] = {one} * 2.0 + 1.0", f"return {other} - 1.0"],
            ["y *= 2.0", f"p = {one}", f"x += {one}", "return p * 2.0"],
            [f"x[...] = {one}", f"y[...] = x + {other}", "return y"],
            [f"p = {one}", "p[0] = 1.0", "return p * 2.0 + p"],
            [f"return ({one} + 0.5).sum(axis=0) * 2.0"],
        ))  # fmt: skip
        return "def f(x, y, s, k=0):\n" + "".join(f"    {line}\n" for line in lines)


def given(seed: int):
    """Draw two arrays that overlap or not."""
    pick = random.Random(seed).choice
    shape = pick(((5, 7), (5, 7), (7, 7), (1, 6), (6, 1), (3, 4, 2), (9,), (70, 60), (0, 3)))
    dtype = pick(("f8", "f8", "f8", "f4", "i8", "c16", "u1", "?", "g"))
    n = int(np.prod(shape))
    base = (np.random.default_rng(seed).random(3 * n + 9) * 9).astype(dtype)
    x = base[:n].reshape(shape)
    y = {"same": base[:n], "shifted": base[1 : n + 1], "apart": base[n : 2 * n]}[
        pick(("same", "shifted", "apart", "apart"))
    ].reshape(shape)
    how = pick(("plain", "plain", "plain", "masked", "fortran", "strided"))
    if how == "masked":
        x = np.ma.array(x)
    if how == "fortran":
        x = np.asfortranarray(x)
    if how == "strided":
        y = np.repeat(y, 2, axis=-1)[..., ::2]
    return x, y


@pytest.mark.parametrize("seed", range(70))
def test_results_and_errors_are_numpys(seed):
    calls = [(k, shift) for k in range(5) for shift in (2, 2, k)]
    assert_alike(
        Writer(seed).function(),
        [(k, lambda k=k, shift=shift: (*given(seed + k), shift)) for k, shift in calls],
    )


@pytest.mark.skipif(cores.selected().name != "native", reason="only the native core has regions")
def test_drawn_functions_are_regions():
    handled = 0
    for seed in range(40):
        bumped = alloc.bump(alloc.Buffer())(made(Writer(seed).function()))
        for _ in range(2):
            observe(bumped, (np.ones((5, 7)), np.ones((5, 7)), 1))
        handled += any(region.hits for region in alloc.explain(bumped).regions)
    assert handled > 10


def upwind(f, dx):
    right = (np.roll(f, -1, axis=0) - f) / dx
    left = (f - np.roll(f, 1, axis=0)) / dx
    slope = np.where(right * left > 0.0, 0.5 * (right + left), 0.0)
    return np.roll(slope, (2, -1), axis=(0, 1)) - np.pad(slope, 1, mode="edge")[2:, 1:-1]


def of_an_item(x):
    return np.roll(x[0], 1) + np.roll(x[..., 1], 1) + np.pad(x[2], 1)[0] + np.diff(x)


def test_items_and_arrays_without_axes():
    for x in (np.arange(4.0), np.arange(12.0).reshape(4, 3), np.zeros((4, 0))):
        bumped = alloc.bump(alloc.Buffer())(of_an_item)
        for _ in range(6):
            expected = observe(of_an_item, (x,))[0]
            assert not expected.differences(observe(bumped, (x,))[0])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("order", "CF")
def test_large_arrays_in_every_order(order, threads):
    before = alloc.get_num_threads()
    alloc.set_num_threads(threads)
    try:
        f = np.array(np.random.default_rng(3).random((400, 700)), order=order)
        bumped = alloc.bump(alloc.Buffer())(upwind)
        for _ in range(3):
            assert upwind(f, 0.5).tobytes() == bumped(f, 0.5).tobytes()
    finally:
        alloc.set_num_threads(before)


def differences(x, v):
    x += 1.0
    return np.diff(v) * x[1:], np.diff(v, 2) * 2.0


def test_warnings_of_differences_name_numpys_line():
    v = np.array([np.inf, np.inf, 1.0, -np.inf, -np.inf])
    bumped = alloc.bump(alloc.Buffer())(differences)
    with warnings.catch_warnings():
        warnings.resetwarnings()  # none raises, so reports are made in the region
        for _ in range(3):
            outcomes = [observe(one, (np.ones(5), v))[0] for one in (differences, bumped)]
            assert outcomes[0].warnings
            assert not outcomes[0].differences(outcomes[1])


def rolled_twice(x):
    return np.roll(x, 1, a=x) * 2.0


def test_an_array_that_is_given_twice_is_an_error():
    for _ in range(2):
        with pytest.raises(TypeError, match="multiple values"):
            alloc.bump(alloc.Buffer())(rolled_twice)(np.ones(5))


def turned(x, by):
    return np.roll(x, by) * 2.0 + x


@pytest.mark.skipif(cores.selected().name != "native", reason="only the native core has regions")
def test_a_shift_that_changes_all_the_time_splits_the_region():
    x = np.arange(30.0)
    bumped = alloc.bump(alloc.Buffer())(turned)
    for by in range(300):
        assert bumped(x, by).tobytes() == turned(x, by).tobytes()
    (region,) = alloc.explain(bumped).regions
    assert (region.operations, region.hits > 200, region.given_back) == (2, True, False)


def widened(x, widths):
    return np.pad(x, widths) * 2.0 + 1.0


@pytest.mark.skipif(cores.selected().name != "native", reason="only the native core has regions")
def test_plans_stay_where_tuples_are_made_anew():
    x = np.ones((3, 4))
    bumped = alloc.bump(alloc.Buffer())(widened)
    for k in range(200):
        widths = ((1, k // 100), (0, 2))
        assert bumped(x, widths).tobytes() == widened(x, widths).tobytes()
    (region,) = alloc.explain(bumped).regions
    assert (region.hits, region.given_back) == (200, False)


def part_of_changed(x, w):
    x *= w
    return x.real * w, x.imag + 1.0


def test_parts_of_an_array_that_was_changed():
    bumped = alloc.bump(alloc.Buffer())(part_of_changed)
    for k in range(4):
        outcomes = []
        for function in (part_of_changed, bumped):
            with np.errstate(all="ignore"):
                outcomes.append(observe(function, (np.arange(5) + 1j * k, np.arange(5.0)))[0])
        assert not outcomes[0].differences(outcomes[1])
    reasons = [region.declined for region in alloc.explain(bumped).regions]
    assert "an array is read before it is made" not in reasons
