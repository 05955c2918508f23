"""Items by arrays of indices and masks, inside of regions."""

import itertools

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..differential.compare import observe

N = 12


def gathered(x, w, i):
    return (x[i] - w) * w + x[i] * 0.5


def kept(x, w, i):
    y = x[i]
    return y, (y - w) * 2.0


def outcome(function, *args):
    return observe(lambda *a: function(*a), args)[0]


def bases():
    plain = np.linspace(-2.0, 3.0, N)
    grid = np.linspace(-2.0, 3.0, N * 4).reshape(N, 4)
    return [
        plain, plain[::-1], np.linspace(0, 1, 2 * N)[::2], plain.astype("f4"), plain.astype("i8"),
        plain + 1j, plain > 0, plain.astype("u1"), plain.astype("f2"), plain.astype("g"), grid,
        np.asfortranarray(grid), grid[:, :2], grid[:, ::-1], grid.reshape(N, 2, 2), grid[:, :0],
        np.broadcast_to(plain, (N, N)), plain.astype(">f8"), plain.astype(object), np.zeros(0),
        np.float64(1.0), np.array(2.0), np.ma.array(plain, mask=plain > 0), list(plain),
    ]  # fmt: skip


INDICES = [
    np.arange(N), np.arange(N)[::-1], np.array([0, -1, 5]), np.zeros(0, int), np.array([N]),
    np.array([-N - 1]), np.array([3], "i4"), np.array([3], "u8"), np.arange(N) % 2 == 0,
    np.zeros(N, bool), np.ones(N - 1, bool), np.ones((N, 4), bool), np.array([[0, 1], [2, 3]]),
    np.array(3), np.arange(2 * N)[::2] % N, np.arange(N).astype(">i8"), [0, 1, 2], 3, slice(2, 5),
    np.array([1.0]), None, (np.arange(2), 1), np.ones(2 * N, bool)[::2],
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(INDICES)))
@pytest.mark.parametrize("function", [gathered, kept], ids=lambda f: f.__name__)
def test_all_of_numpys_results_and_errors(function, number):
    index = INDICES[number]
    for x in bases():
        bumped = alloc.bump(alloc.Buffer(100_000))(function)
        for w in (1.0, np.ones(1)):
            expected = outcome(function, x, w, index)
            for _ in range(3):
                assert not expected.differences(outcome(bumped, x, w, index))


def test_results_own_their_memory():
    bumped = alloc.bump(alloc.Buffer(100_000))(kept)
    x, i = np.linspace(0.0, 1.0, N), np.arange(N)[::-1]
    results = [bumped(x * k, 1.0, i)[0] for k in range(5)]
    for k, y in enumerate(results):
        assert y.tobytes() == (x * k)[i].tobytes()
        assert y.flags.owndata
        assert y.flags.writeable


def test_one_site_for_many_lengths():
    bumped = alloc.bump(alloc.Buffer(100_000))(gathered)
    x = np.linspace(-1.0, 1.0, N)
    for n, _ in itertools.product(range(N), range(12)):
        mask = np.arange(N) < n
        assert bumped(x, 2.0, mask).tobytes() == gathered(x, 2.0, mask).tobytes()


def test_gathers_are_in_the_region():
    bumped = alloc.bump(alloc.Buffer(100_000))(gathered)
    x, i = np.linspace(0.0, 1.0, N), np.arange(N)[::-1]
    for _ in range(3):
        bumped(x, x, i)
    (region,) = alloc.explain(bumped).regions
    assert (region.operations, region.hits, region.misses) == (4, 3, 0)


def test_a_large_result_that_dies_keeps_its_layout():
    x = np.asfortranarray(np.linspace(0.0, 1.0, 60_000).reshape(30, 2000))
    bumped = alloc.bump(alloc.Buffer(10_000_000))(gathered)
    for i, w in ((np.arange(30)[::-1], x), (np.arange(30), 2j), (np.arange(30), x * 1j)):
        for _ in range(3):
            assert not outcome(gathered, x, w, i).differences(outcome(bumped, x, w, i))


def test_a_full_buffer():
    bumped = alloc.bump(alloc.Buffer(64))(gathered)
    x, i = np.linspace(0.0, 1.0, 4000), np.arange(4000)[::-1]
    for _ in range(3):
        with pytest.raises(alloc.BufferFullError, match="in gathered"):
            bumped(x, x, i)


@pytest.mark.parametrize("state", ["warn", "ignore"])  # warnings are errors here
def test_what_is_changed_by_indices_is_put_back(state):
    def f(x, y, i):
        t = x[i] * 2.0
        x[i] += t * t
        y[i] = x[i] * 2.0 - y[i]
        x[1:] = x[:-1] * 0.5
        s = x[i]
        x *= 2.0
        return x[i] * 2 + t, y * 2.0 - x, s + t

    for index in [*INDICES[:3], INDICES[8], slice(1, 3), 2, (slice(1, 3),), (np.arange(2),)]:
        bumped = alloc.bump(alloc.Buffer(100_000))(f)
        for _ in range(8):
            x, y = np.linspace(0.0, 1.0, N), np.linspace(3.0, 4.0, N)
            changed = np.linspace(0.0, 1.0, N), np.linspace(3.0, 4.0, N)
            with np.errstate(all=state):
                expected = outcome(f, x, y, index)
                assert not expected.differences(outcome(bumped, *changed, index))
