"""Lists in loops: numbers that are stored, lists and tuples in lists, and what is taken back."""

import contextlib
import gc
import sys
import weakref

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.loops import service

from .comparing import compared, compiled, loop_sites

ITEMS = {
    "floats": [1.5, 2.5, -0.0, 1e300, 2.5, 3.0, 0.25, 9.0],
    "small ints": [3, -4, 0, 256, 5, 1, 7, 8],
    "ints": [300, 2**29, 2**30, -(2**40), 2**62, 257, -6, 10**6],
    "long ints": [3, 2**63 - 1, -(2**63), 2**63, 2**90, 3, 4, 5],
    "truth values": [True, False, True, True, False, False, True, True],
    "scalars": [np.float64(2.0)] * 8,
    "None": [None] * 8,
    "mixed": [1, 2.5, np.int64(3), True, 2.0, 1.0, None, "x"],
    "objects": [[1.0], {}, (1, 2), "x", 2.0, 1.0, b"", object],
}
STORED = (1.5, -300, 2**62, True, np.float64(0.5))


def rotated(items, n, v):
    for k in range(n):
        i = k % len(items)
        items[i] = v
        items[-1 - i] = items[i]
    return items


@pytest.mark.parametrize("name", ITEMS)
def test_stores(name):
    g = alloc.bump(alloc.Buffer(10**6))(rotated)
    for v in STORED:
        compared(rotated, ITEMS[name], 30, v, times=2, g=g)


@pytest.mark.parametrize("name", ["floats", "small ints", "ints"])
def test_swaps_and_changes_in_place(name):
    def f(items, n):
        for k in range(n):
            i, j = k % 8, (3 * k + 1) % 8
            if items[i] > items[j]:
                items[i], items[j] = items[j], items[i]
            items[j] += items[i]
            items[i] -= 1
        return items

    compiled(f, ITEMS[name], 30)


@pytest.mark.parametrize("at", [0, 5, 17])
def test_what_a_failed_iteration_stored_is_taken_back(at):
    def f(items, x, n, at):
        seen = []
        for k in range(n):
            items[k % 8] = x[k % 5]
            items[-1] = 0.5 * k
            seen.append(items[k % 3])
            items[k % 4] = 2.0 * x[k if k != at else 99]
        return items, seen

    def g(items, x, n, at):
        for k in range(n):
            items[k % 8] = x[k % 5]
            items[-1] = 0.5 * k
            items[k % 4 if k != at else 8] = 1.0 / (k - at + 1)
        return items

    for items in (ITEMS["floats"], ITEMS["mixed"]):
        compared(f, items, np.arange(40.0), 30, at)
        compared(g, items, np.arange(40.0), 30, at)


def test_what_was_there_stays_with_those_who_hold_it():
    def f(items, others, n):
        first, kept = items[0], items[1:]
        for k in range(n):
            items[k % 8] = items[k % 8] + 1.5
            others[0] = items[k % 8]
        return items, others, first, kept

    for name in ("floats", "ints"):
        same = ITEMS[name]
        compared(f, same, [0.0], 40)
        compared(f, same, same, 40)
        compared(f, [same[0]] * 8, [same[0]], 40)


def test_lists_in_lists():
    def f(grid, n):
        total = 0
        for k in range(n):
            for i in range(1, len(grid)):
                row = grid[i]
                for j in range(1, len(row)):
                    row[j] = min(grid[i - 1][j], grid[i][j - 1], grid[i - 1][j - 1]) + row[j]
                    total += row[-1]
            grid[0][k % 3] = total
            last = row
        return grid, total, last is grid[-1]

    rows = [[i * 5 + j for j in range(5)] for i in range(4)]
    g = alloc.bump(alloc.Buffer(10**5))(f)
    compared(f, rows, 6, g=g)
    assert loop_sites(g)[0].hits
    compared(f, [*rows, [1, "x", None, 1, 2]], 6, times=1, g=g)
    compared(f, [rows[0], rows[0], rows[1], tuple(rows[2])], 6, times=1, g=g)


def test_loops_over_lists_in_lists_and_tuples_in_lists():
    def f(rows, edges, n):
        out = [0.0] * 6
        for k in range(n):
            for i, row in enumerate(rows):
                for v in row:
                    out[i] += v * k
            for u, v, w in edges:
                if out[u] + w < out[v]:
                    out[v] = out[u] + w
        return out

    edges = [(0, 1, 2.5), (2, 0, -1.0), (1, 5, 0.25), (4, 3, 7.0)]
    compiled(f, [[1.0, 2.0], [3.0], []], edges, 20)
    compared(f, [[1.0, 2.0], [3.0], []], [*edges, (1, 2), (9, 9, 1.0)], 20)


def test_a_list_that_gets_shorter_and_numbers_of_other_types_on_the_way():
    def f(items, n):
        for k in range(n):
            items[k % len(items)] = k if k % 7 == 3 else 0.5 * k
            items[0] = items[k % len(items)] * 2
            if k == 20:
                del items[2:]
        return items

    compared(f, ITEMS["floats"], 60)


def test_nothing_leaks():
    def f(items, n, at):
        for k in range(n):
            items[k % 8] = items[k % 8] * 1.5 if k % 3 else 7.0
            items[3] = 1.0 / (k - at)
        return items

    g = alloc.bump(alloc.Buffer(10**5))(f)
    before = [float(i) + 0.125 for i in range(8)]
    held = list(before)
    for at in (-1, 5):
        for _ in range(4):
            with pytest.raises(ZeroDivisionError) if at == 5 else _nothing():
                g(list(before), 3000, at)
    gc.collect()
    assert [sys.getrefcount(v) for v in held] == [4] * 8 or sys.version_info >= (3, 14)
    blocks = sys.getallocatedblocks()
    for _ in range(20):
        g(list(before), 30000, -1)
    assert sys.getallocatedblocks() - blocks < 500
    assert loop_sites(g)[0].hits


class _nothing:  # noqa: N801
    def __enter__(self):
        pass

    def __exit__(self, *_):
        return False


def test_truth_values_that_are_compared_as_objects():
    def f(marked, n):
        count = 0
        for k in range(n):
            if marked[k % 8] is True and (k % 3 == 0) is not marked[-1]:
                marked[k * k % 8] = k % 5 is None
                count += 1
        return marked, count

    compiled(f, ITEMS["truth values"], 40)


def test_comprehensions():
    def f(x, items, n, at):
        squares = [v * v + k for k, v in enumerate(items) if v != at]
        pairs = [a * b for a in items for b in x if a < b]
        scaled = [x[i] / (i - at) for i in range(n)]
        return squares, pairs, scaled, [[i * j for i in range(3)] for j in range(4)]

    g = alloc.bump(alloc.Buffer(10**5))(f)
    for at in (0.5, 7, 0.5):
        compared(f, np.arange(12.0), ITEMS["floats"], 12, at, times=2, g=g)
    assert sum(site.hits > 0 for site in loop_sites(g)) >= 3
    compared(f, np.arange(12.0), ITEMS["mixed"], 12, 0.5, times=1, g=g)


def test_a_comprehension_in_a_loop():
    def f(items, n):
        out = []
        for k in range(n):
            out.append(sum([v + k for v in items if v > k]))
        return out

    compared(f, ITEMS["floats"], 30)


def test_integers_that_there_is_one_object_of():
    def f(items, n):
        for k in range(n):
            items[k % 8] = 120 * (k % 11) - 7
        return items

    g = alloc.bump(alloc.Buffer(10**5))(f)
    for _ in range(3):
        plain, got = (
            [v is int(str(v)) for v in h([int("5000") + i for i in range(8)], 30)] for h in (f, g)
        )
        assert plain == got
    assert loop_sites(g)[0].hits


def test_making_a_kernel_keeps_no_arguments():
    def f(x, items, n):
        total = 0.0
        for k in range(n):
            total += x[k % 8] * items[k % 8]
        return total

    def g(x, items, n):
        for k in range(n):
            items[k % 8] = x[k % 8] * (items,)
        return items

    alloc.set_compile("now")
    for function, items in ((f, [1.5] * 8), (g, [2.5] * 8)):
        bumped, x = alloc.bump(alloc.Buffer(10**5))(function), np.arange(8.0)
        alive = weakref.ref(x)
        gc.disable()
        try:
            with contextlib.suppress(Exception):
                bumped(x, items, 20)
            del x
            assert alive() is None
        finally:
            gc.enable()


def test_what_waits_for_its_kernel_keeps_no_arrays(monkeypatch):
    def f(x, n):
        total = 0.0
        for k in range(n):
            total += x[k % 8]
        return total

    waiting: list = []
    monkeypatch.setattr(service.workshop, "submit", waiting.append)
    alloc.set_compile("background")
    bumped, x = alloc.bump(alloc.Buffer(10**5))(f), np.arange(8.0)
    alive = weakref.ref(x)
    bumped(x, 20_000)
    assert [job.state for job in waiting] == ["waiting"]
    del x
    assert alive() is None
