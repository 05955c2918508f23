"""Nothing is left behind by many entries, hand-overs, iterations taken back, and appended items."""

import gc
import sys

import numpy as np

import alloc_rewrite as alloc

from .comparing import loop_sites


class Model:
    def __init__(self):
        self.x, self.dt = np.arange(40.0) - 20.0, 0.5


def f(model, items, other, n):
    found, s = [], 0.0
    for i, (v, w) in enumerate(zip(items, other)):
        found.append(i)
        s += v * w + model.dt
        if i % 7 == 6:
            s += len(str(i))
        row = other
    for i in range(n):
        found.append(model.x[i])
        model.x[i] += 1.0
        s += items[i] / model.x[i]
    return s, found, row


def test_references_and_memory():
    g = alloc.bump(alloc.Buffer(10**6))(f)
    model, items, other = Model(), [0.5 + i for i in range(40)], np.arange(40.0)
    given = (model, items, other, model.x, 0.5, *items[:3])

    def some(times):
        for _ in range(times):
            model.x[:] = np.arange(40.0) - 20.0
            with np.errstate(all="ignore"):
                g(model, items, other, 40)

    some(60)
    gc.collect()
    before, blocks = [sys.getrefcount(one) for one in given], sys.getallocatedblocks()
    some(300)
    gc.collect()
    assert [sys.getrefcount(one) for one in given] == before
    assert sys.getallocatedblocks() - blocks < 150
    assert any(site.hits > 100 for site in loop_sites(g))
