"""Reductions that are fed block by block: which are, and that results are NumPy's, bit for bit."""

import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped
from alloc_rewrite.cores import native
from alloc_rewrite.numpy_facts import numpy_version

#: Older versions cut rows into pieces before they add them up.
ADDS_WHOLE_ROWS = numpy_version() >= (2, 3)
SHAPES = [(8192,), (8201,), (65537,), (90, 100), (3, 4100), (130, 65), (5, 40, 70), (64, 2, 70)]
DTYPES = ["f8", "f4", "i8", "u2", "?"]


def squares(x, y):
    return ((x - y) * (x - y)).sum(), np.mean(x * y), np.sum(x * y, axis=-1)


def of_rows(x, y):
    d = x * y
    return d - d.sum(axis=-1, keepdims=True), (x + y).mean(-1), (x + y).max(axis=-1)


def of_columns(x, y):
    d = x + y
    return d.sum(axis=0) * 2, d * d.mean(0), np.min(x * y, axis=0, keepdims=True), d


def extremes(x, y):
    return np.abs(x * y).max(), np.minimum(x, y).min(), (x * y).max(axis=0), (x + y).min(-1)


def truths(x, y):
    return (x > y).any(), (x <= y).all(), np.any(x == y, axis=-1), ((x > y) & (y > x)).max()


def chained(x, y):
    m = (x * y).mean()
    s = ((x - m) * (y - m)).sum(axis=-1)
    return np.sqrt(s * s + 1.0), m, (x - m).max() - m


def broadcast(x, y):
    return (x - x[..., :1] * y).sum(axis=-1), (x[::-1] * y[..., ::-1]).sum(), (x.T + 1).sum()


ALL = [squares, of_rows, of_columns, extremes, truths, chained, broadcast]


def arrays(shape, dtype, seed=0):
    random = np.random.Generator(np.random.PCG64(seed))
    made = [random.standard_normal(shape) * 10.0 ** random.integers(-4, 5, shape) for _ in range(2)]
    if dtype == "?":
        return [one > 0 for one in made]
    with np.errstate(invalid="ignore"):
        return [np.clip(one, -1e4, 1e4).astype("i8").astype(dtype) if dtype[0] in "iu" else
                one.astype(dtype) for one in made]  # fmt: skip


def outcome(f, *args):
    """Return what a call gives, bit for bit, with its warnings or its exception."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = f(*args)
        except (FloatingPointError, TypeError, ValueError) as error:
            return type(error), str(error)
    values = result if isinstance(result, tuple) else (result,)
    seen = [(type(v), v.dtype, v.shape, v.strides, v.tobytes()) for v in values]
    return seen, [str(one.message) for one in caught]


def agree(f, g, *args):
    assert outcome(g, *args) == outcome(f, *args), (args[0].shape, args[0].dtype)


def plan_of(g, f):
    sites = bumped(g).sites.rewriter.rewritten(f.__code__).sites
    owners = (getattr(site, "__self__", None) for site in sites)  # a loop's site has none
    (site,) = (owner for owner in owners if isinstance(owner, native.RegionSite))
    return site.describe()[0]


def is_fed(plan):
    return [
        any(part["operation"] == "FEED" for step in stage["steps"] for part in step["parts"])
        for stage in plan["stages"]
    ]


@pytest.mark.parametrize("f", ALL)
def test_results(f):
    g = alloc.bump(alloc.Buffer())(f)
    for dtype in DTYPES:
        for shape in SHAPES:
            args = arrays(shape, dtype)
            agree(f, g, *args)
            agree(f, g, *args)


@pytest.mark.parametrize("f", ALL)
@pytest.mark.parametrize("mode", ["warn", "raise"])
def test_special_values_and_errors(f, mode):
    g = alloc.bump(alloc.Buffer())(f)
    with np.errstate(all=mode):
        for value in (0.0, -0.0, np.nan, -np.nan, np.inf, 1e308, 5e-324):
            x, y = arrays((90, 100), "f8", 3)
            x[3, 7] = value
            y[:, 50] = abs(y[:, 50]) + 1
            agree(f, g, x, y)
            agree(f, g, np.where(x > 0, x, value), y)


def test_there_is_no_array_for_what_is_reduced():
    def f(x, y):
        return ((x - y) * x).sum()

    g = alloc.bump(alloc.Buffer())(f)
    args = arrays((100_000,), "f8")
    agree(f, g, *args)
    plan = plan_of(g, f)
    if ADDS_WHOLE_ROWS:
        assert plan["outputs"] == []
        assert is_fed(plan) == [True, False]
        assert plan["scratch"]["bytes"] < 50_000


@pytest.mark.parametrize(
    ("f", "shape", "fed"),
    [
        (lambda x, y: (x * y).sum(axis=1), (5, 40, 70), False),  # an axis between others
        (lambda x, y: (x * y).sum(axis=-1), (4000, 10), False),  # short rows
        (lambda x, y: (x * y).sum(axis=0), (4000, 10), False),
        (lambda x, y: (x * y).sum(), (8000,), False),  # it stays in the cache
        (lambda x, y: (x * y).sum(), (1, 9000), False),
        (lambda x, y: (x * y).prod(), (9000,), False),  # in NumPy's own order
        (lambda x, y: (x * y).sum(), (9000,), ADDS_WHOLE_ROWS),
        (lambda x, y: (x * y).max(0), (90, 100), True),
    ],
)
def test_which_are_fed(f, shape, fed):
    g = alloc.bump(alloc.Buffer())(f)
    args = [one * 1e-3 for one in arrays(shape, "f8")]
    agree(f, g, *args)
    assert any(is_fed(plan_of(g, f))) is fed


def test_an_extreme_that_is_zero_is_not_fed_again():
    def f(x, y):
        return np.maximum(x * y, 0.0).min()

    g = alloc.bump(alloc.Buffer())(f)
    args = arrays((9000,), "f8")
    for _ in range(4):
        agree(f, g, *args)
    assert not any(is_fed(plan_of(g, f)))


def test_axes_from_variables():
    def f(x, y, axis, keeps):
        return (x * y).sum(axis=axis, keepdims=keeps) * 2.0

    g = alloc.bump(alloc.Buffer())(f)
    args = arrays((100, 110), "f8")
    for _ in range(2):
        for axis in (0, 1, None, -1, -2):
            for keeps in (False, True):
                agree(f, g, *args, axis, keeps)


@pytest.fixture(params=[2, 3])
def threads(request):
    alloc.set_num_threads(request.param)
    yield request.param
    alloc.set_num_threads(1)


def by_rows(x, y):
    d = x * y - y
    return (x * x + y).sum(axis=-1), d - d.max(axis=-1, keepdims=True), (d * d).mean(-1)


def of_rows_of_rows(x, y):
    return (x - y[..., :1] * 2.0).sum(axis=-1), np.min(x[..., ::-1] * y, axis=-1)


@pytest.mark.parametrize("shape", [(1003, 1001), (3, 400_001), (20, 97, 500), (15_001, 70)])
@pytest.mark.parametrize("f", [by_rows, of_rows_of_rows])
def test_several_threads_share_rows(threads, f, shape):
    g = alloc.bump(alloc.Buffer())(f)
    args = [one * 1e-3 for one in arrays(shape, "f8")]
    for _ in range(2):
        agree(f, g, *args)
    assert any(is_fed(plan_of(g, f))) or not ADDS_WHOLE_ROWS


def whole(x, y):
    d = x - y
    return (d * d).sum(), np.mean(d * x), np.abs(d).max(), (x > y).any(), (x * 0 == 0).all()


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8"])
@pytest.mark.parametrize("shape", [(1_000_003,), (1000, 1003), (250_000,), (3, 300_001)])
def test_several_threads_share_a_row(threads, dtype, shape):
    g = alloc.bump(alloc.Buffer())(whole)
    args = arrays(shape, dtype)
    for _ in range(2):
        agree(whole, g, *args)
    assert any(is_fed(plan_of(g, whole)))


def test_several_threads_take_arrays_of_other_reductions(threads):
    def f(x, y):
        return (x - y[:1]).sum(), (x + y).max(axis=0)

    g = alloc.bump(alloc.Buffer())(f)
    args = arrays((1000, 1000), "f8")
    agree(f, g, *args)
    assert not any(is_fed(plan_of(g, f)))


def test_several_threads_report_errors(threads):
    def f(x, y):
        return (x * y).sum(), (x + y).sum()

    g = alloc.bump(alloc.Buffer())(f)
    x, y = np.full(1_000_000, 1e306), np.full(1_000_000, 2.0)
    agree(f, g, x, y)
    x[500_000] = -np.inf
    agree(f, g, x, y)
    x[:] = 1.0
    agree(f, g, x, y)


def test_plans_are_for_a_number_of_threads():
    def f(x, y):
        return (x - y).sum(axis=-1)

    g = alloc.bump(alloc.Buffer())(f)
    args = arrays((1000, 1000), "f8")
    try:
        for number in (1, 3, 2, 1):
            alloc.set_num_threads(number)
            agree(f, g, *args)
    finally:
        alloc.set_num_threads(1)


def test_results_are_taken_again():
    """The array of a result is the caller's as long as it is held."""

    def f(x, y):
        return (x * y).sum(axis=0)

    g = alloc.bump(alloc.Buffer())(f)
    x, y = arrays((100, 100), "f8")
    kept = [g(x + i, y) for i in range(4)]
    for i, one in enumerate(kept):
        assert one.tobytes() == f(x + i, y).tobytes()
