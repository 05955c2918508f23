"""Whole regions as machine code: bits, warnings, errors, threads, and when it happens."""

import threading
import warnings

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped
from alloc_rewrite.compiled.kernels import workshop
from alloc_rewrite.cores import native

from .expressions import OF_BOOLS, OF_COMPLEX, OF_FLOATS, OF_INTEGERS, arrays, function


def sites(f):
    """Return the sites of a bumped function's regions."""
    code = bumped(f).original.__code__
    found = bumped(f).sites.rewriter.rewritten(code).sites
    owners = [getattr(s, "__self__", s) for s in found]
    return [s for s in owners if isinstance(s, native.RegionSite)]


def executors(f):
    """Return the executors of all stages of all plans."""
    plans = [plan for site in sites(f) for plan in site.describe()]
    return [stage["executor"] for plan in plans for stage in plan["stages"]]


def is_compiled(f):
    return "machine code" in executors(f)


def same(one, other):
    """Whether results are equal bit for bit, but for which NaN a NaN is."""
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    one, other = np.asarray(one), np.asarray(other)
    if (one.dtype, one.shape, one.strides) != (other.dtype, other.shape, other.strides):
        return False
    if one.dtype.kind == "c":
        return same(one.real, other.real) and same(one.imag, other.imag)
    if one.dtype.kind == "f":
        neither = np.isnan(one) & np.isnan(other)
        one, other = (np.where(neither, one.dtype.type(0), array) for array in (one, other))
    return one.tobytes() == other.tobytes()


def observed(f, args, **errors):
    """Return a result, or the exception, and the warnings of a call."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(**errors):
        warnings.simplefilter("always")
        try:
            result = f(*args)
        except FloatingPointError as error:
            result = str(error), error.__traceback__.tb_next.tb_lineno
    return result, [(str(w.message), w.lineno, w.filename) for w in caught]


def agree(f, g, args, **errors):
    expected, got = observed(f, args, **errors), observed(g, args, **errors)
    assert expected[1] == got[1]
    assert expected[0] == got[0] if isinstance(expected[0][0], str) else same(expected[0], got[0])


def polynomial(x):
    return ((2.0 * x + 3.0) * x - 1.5) * x + 0.25


def ratio(x, y):
    t = x * 2.0
    return (t + y) / (y - y * 0.5)


KINDS = {
    "floats": (OF_FLOATS, ["d", "f"], ["2.0", "0.5", "-1.0", "3"]),
    "doubles": (OF_FLOATS, ["d"], ["2.0", "0.0"]),
    "integers": (OF_INTEGERS, ["i", "q"], ["3", "1"]),
    "small integers": (OF_INTEGERS, ["b", "B", "h"], ["3", "1"]),
    "unsigned": (OF_INTEGERS, ["B", "H", "I", "Q"], ["3", "1"]),
    "mixed": (OF_FLOATS, ["d", "i", "B", "?"], ["2.0", "3"]),
    "complex": (OF_COMPLEX, ["D"], ["2.0", "1j", "(1.5-2j)"]),
    "complex and others": (OF_COMPLEX, ["D", "F", "d", "f", "i", "?"], ["2.0", "(0.5+1j)"]),
    "bools": (OF_BOOLS, ["?"], ["True"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_random_functions(kind):
    forms, dtypes, scalars = KINDS[kind]
    compiled = 0
    for seed in range(25):
        f, text = function(seed, forms, scalars)
        g = alloc.bump(alloc.Buffer())(f)
        for turn in range(3):
            args = arrays(100 * seed + turn, dtypes, special=turn > 0)
            for errors in ({"all": "ignore"}, {"all": "warn"}):
                try:
                    expected = observed(f, args, **errors)
                except TypeError:  # no such operation on these dtypes
                    continue
                got = observed(g, args, **errors)
                assert same(expected[0], got[0]), text
                assert expected[1] == got[1], text
        compiled += is_compiled(g)
    assert compiled > 4


@pytest.mark.parametrize("mode", ["ignore", "warn", "raise"])
@pytest.mark.parametrize("at", [0, 7, 8, 500, 4999])
@pytest.mark.parametrize(
    ("value", "other"),
    [(0.0, 0.0), (1e300, 1e-300), (np.inf, np.inf), (np.nan, 1.0), (1e-310, 1e9)],
)
def test_errors_anywhere(mode, at, value, other):
    """What NumPy reports comes from the same line, wherever the item is."""
    x, y = np.linspace(1.0, 2.0, 5000), np.linspace(2.0, 3.0, 5000)
    g = alloc.bump(alloc.Buffer())(ratio)
    agree(ratio, g, (x, y), all=mode)
    assert is_compiled(g)
    x[at], y[at] = value, other
    for kinds in ({"all": mode}, {"divide": mode}, {"over": mode, "invalid": "ignore"}):
        agree(ratio, g, (x, y), **kinds)
        agree(ratio, g, (x * 0.5, y), **kinds)


def test_comparisons_of_nans_raise_nothing():
    def chosen(x, y):
        return np.where(x > y, x * 2.0, np.where(x <= 0.5, y, x + y))

    x, y = np.linspace(0.0, 1.0, 999), np.full(999, 0.3)
    x[::3] = np.nan
    g = alloc.bump(alloc.Buffer())(chosen)
    for _ in range(40):
        agree(chosen, g, (x, y), all="raise")
    assert is_compiled(g)
    (site,) = sites(g)
    assert site.misses == 0


def test_order_of_reports_around_a_reduction():
    """What comes before it is reported first, also where only later code uses its value."""

    def f(x, y, z):
        before = x + y
        x[:-1] = z[1:]
        ratio = y / z
        np.sum(x)
        chosen = np.square(np.where(x != before, ratio, y))
        return np.where(chosen != 1.0, ratio, chosen)

    def called(h, z):
        with warnings.catch_warnings():
            warnings.resetwarnings()  # none is an error
            return observed(h, (np.ones(100), np.ones(100), z), all="warn")

    g, z = alloc.bump(alloc.Buffer())(f), np.ones(100)
    for _ in range(3):
        called(g, z)
    z[[3, 5, 7]] = 0.0, np.inf, -np.inf
    expected, got = called(f, z), called(g, z)
    assert same(expected[0], got[0])
    assert expected[1] == got[1]
    assert len(got[1]) == 2


def test_flags_that_are_ignored_are_no_misses():
    x = np.linspace(-1.0, 1.0, 3000)

    def f(x):
        return 1.0 / (x - x) + x * x

    g = alloc.bump(alloc.Buffer())(f)
    for _ in range(40):
        agree(f, g, (x,), all="ignore")
    assert is_compiled(g)
    assert sites(g)[0].misses == 0


def test_a_division_in_a_choice_reports_all_items():
    """Dividing only where the result is chosen would miss a report."""

    def f(x, y):
        return np.where(y == 0.0, x + 1.0, x / y)

    for n in (1, 5, 64, 1001):
        x, y = np.ones(n), np.ones(n)
        g = alloc.bump(alloc.Buffer())(f)
        agree(f, g, (x, y), all="raise")
        y[-1] = 0.0
        agree(f, g, (x, y), all="raise")
        agree(f, g, (x, y), all="warn")


def test_results_that_are_not_used_report_as_well():
    def f(x, y):
        t = x / y
        u = np.where(x == x, x + y, t)
        return np.where((t > u) ^ (t > u), t, u)

    x, y = np.ones(100), np.ones(100)
    g = alloc.bump(alloc.Buffer())(f)
    agree(f, g, (x, y), all="raise")
    y[50] = 0.0
    agree(f, g, (x, y), all="raise")
    agree(f, g, (x, y), all="warn")


def test_other_loops_between_compiled_steps():
    def f(x, y):
        t = np.exp(x * y + 1.0) - x
        return np.hypot(t * t, y - t) * 0.5 + t

    x, y = np.random.default_rng(1).random((2, 10_000))
    g = alloc.bump(alloc.Buffer())(f)
    agree(f, g, (x, y), all="raise")
    assert is_compiled(g)
    (stage,) = sites(g)[0].describe()[0]["stages"]
    assert len(stage["compiled"]) == 3
    text = str(alloc.explain(g))
    assert "machine code: step" in text
    assert "compiled in" in text


@pytest.mark.parametrize("reduction", [np.min, np.sum, np.mean])
def test_what_feeds_a_reduction(reduction):
    def f(x, y):
        z = x * y + x
        w = (z - x * x) * 0.5
        return z, np.REDUCTION(w) * 2.0

    code = f.__code__
    names = tuple(reduction.__name__ if n == "REDUCTION" else n for n in code.co_names)
    f.__code__ = code.replace(co_names=names)
    g = alloc.bump(alloc.Buffer())(f)
    args = np.random.default_rng(5).random((2, 10_000))
    for _ in range(4):
        agree(f, g, args)
    assert is_compiled(g)
    assert "failed" not in str(alloc.explain(g))


def test_effects():
    """Stores and operators in place, whose flags are told apart by step."""

    def store(x, y):
        x[1:-1] = x[1:-1] * 0.5 + y[2:] * y[:-2] - 1.0
        return x

    def shifted(x, y):
        x[1:] = x[:-1] * 0.5 + y[1:] * 2.0
        return x

    def elsewhere(x, y):
        out = np.empty_like(x)
        out[...] = x * y + x - y
        return out

    def in_place(x, y):
        x *= y * 2.0 + 1.0 / x
        return x

    def with_gaps(x, y):
        x[::2] -= y[::2] * x[::2] + 1.0
        return x

    def rows(x, y):
        u, v = np.resize(x, (8, 21)), np.resize(y, (8, 21))
        u[1:-1, 1:-1] = u[1:-1, 1:-1] * 0.5 + v[2:, 1:-1] * v[:-2, 1:-1]
        u[:, ::3] *= v[:, ::3] * 2.0 - u[:, ::3]
        return u

    def several(x, y):
        x[...] = x * y * 0.5 + 1.0
        t = x * 2.0 - y * 0.25
        y[...] = t * x + y * 0.125
        y -= x * 0.5 + t
        return t + y * 2.0

    for f in (store, shifted, elsewhere, in_place, with_gaps, rows, several):
        g = alloc.bump(alloc.Buffer())(f)
        for n in (3, 64, 1000, 20_000):
            x, y = np.linspace(1.0, 2.0, n), np.linspace(3.0, 4.0, n)
            for special in (1.0, np.inf, 1e308, np.nan):
                x[n // 2] = special
                for mode in ("ignore", "warn"):
                    one, other = (x.copy(), y.copy()), (x.copy(), y.copy())
                    expected = observed(f, one, all=mode)
                    got = observed(g, other, all=mode)
                    assert expected[1] == got[1]
                    assert same(expected[0], got[0])
                    assert same(one, other)
        assert is_compiled(g)


def test_rows_with_gaps_and_several_axes():
    def stencil(u):
        inner = u[1:-1, 1:-1]
        return inner + 0.1 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * inner)

    def broadcast(u):
        return (u - u[0]) * 2.0 + u[:, :1] * u.T[0][:, None]

    for shape in ((3, 3), (5, 12), (66, 40), (300, 300)):
        u = np.random.default_rng(0).random(shape)
        for f in (stencil, broadcast):
            for layout in (u, np.asfortranarray(u), u[::-1], u[:, ::-1]):
                g = alloc.bump(alloc.Buffer())(f)
                agree(f, g, (layout,), all="raise")
                assert is_compiled(g) or f is broadcast  # of which stages are single operations


def test_a_region_becomes_compiled_while_it_runs():
    alloc.set_compile("background")
    x = np.linspace(-1.0, 1.0, 20_000)

    def own(x):
        return (x * 0.25 + x) * x - 0.125 * x

    g = alloc.bump(alloc.Buffer())(own)
    expected = own(x)
    for _ in range(200_000):
        assert g(x).tobytes() == expected.tobytes()
        if is_compiled(g):
            break
        assert executors(g) == ["interpreter"]
    assert is_compiled(g)
    for _ in range(10):
        assert g(x).tobytes() == expected.tobytes()


def test_nothing_is_compiled_when_that_is_off():
    alloc.set_compile("off")
    g = alloc.bump(alloc.Buffer())(polynomial)
    x = np.ones(100_000)
    for _ in range(300):
        g(x)
    assert not is_compiled(g)
    assert sites(g)[0].describe()[0]["stages"][0]["compiled"] is None
    assert "machine code" not in str(alloc.explain(g))
    alloc.set_compile("now")
    g(x)
    assert is_compiled(g)


def test_small_regions_stay_cold():
    alloc.set_compile("background")
    g = alloc.bump(alloc.Buffer())(polynomial)
    for _ in range(1000):
        g(np.ones(3))
    assert sites(g)[0].describe()[0]["stages"][0]["compiled"] is None


def test_single_operations_are_not_compiled():
    def f(x, y):
        return np.exp(np.sqrt(x)), y + 1.0

    g = alloc.bump(alloc.Buffer())(f)
    g(np.ones(1000), np.ones(10))
    assert not is_compiled(g)
    assert "not compiled: exp comes between single operations" in str(alloc.explain(g))


def test_reasons():
    def trigonometric(x):
        return np.sin(np.cos(x))

    g = alloc.bump(alloc.Buffer())(trigonometric)
    g(np.ones(1000))
    assert "not compiled: there is no code for" in str(alloc.explain(g))
    assert "not compiled: there is no code for" in str(alloc.explain(g, plans=True))


def test_threads_share_a_compiled_stage():
    x = np.linspace(-2.0, 2.0, 2_000_003)
    y = x.reshape(-1, 1)[::-1]

    def f(x, y):
        return x * x + 0.5 * x - 1.0, y / (x[:1] + 3.0) + y * y

    try:
        alloc.set_num_threads(2)
        g = alloc.bump(alloc.Buffer())(f)
        for _ in range(5):
            agree(f, g, (x, y), all="raise")
        assert is_compiled(g)
        x[1_500_000] = np.inf
        agree(f, g, (x, y), all="warn")
    finally:
        alloc.set_num_threads(1)


def test_several_threads_run_what_becomes_compiled():
    alloc.set_compile("background")
    x = np.linspace(-1.0, 1.0, 30_000)

    def f(x):
        return (x + 0.75) * x * x - 3.0 * x

    g = alloc.bump(alloc.Buffer())(f)
    expected, wrong, stop = f(x).tobytes(), [], threading.Event()

    def work():
        while not stop.is_set():
            if g(x).tobytes() != expected:
                wrong.append(1)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for _ in range(200_000):
        g(x)
        if is_compiled(g):
            break
    stop.set()
    for worker in workers:
        worker.join()
    assert is_compiled(g)
    assert not wrong


def test_shapes_share_kernels():
    def f(x, y):
        return x * y - x * 0.375

    before = len(workshop._kernels)
    g = alloc.bump(alloc.Buffer())(f)
    for n in (10, 100, 1000, 10_000, 5, 6, 7):
        agree(f, g, (np.ones(n), np.ones(n)))
    assert len(workshop._kernels) <= before + 2  # few items are not fused
