"""Arrays of an arena that change their size, in buffers that are full and in others."""

import numpy as np
import pytest

import alloc_rewrite as alloc

CAPACITY = 1 << 20
SIZES = [0, 1, 10, 1000, CAPACITY // 32, CAPACITY // 16, CAPACITY // 8 - 8]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("on_full", ["raise", "heap", "grow"])
def test_an_array_that_fills_the_buffer_shrinks(on_full, size):
    buffer = alloc.Buffer(CAPACITY, on_full=on_full)
    array = alloc.run(lambda: np.arange(CAPACITY // 8), buffer)
    assert buffer.used == buffer.capacity == CAPACITY
    array.resize(size, refcheck=False)
    assert np.array_equal(array, np.arange(size))
    if 16 * size <= CAPACITY:
        array.resize(2 * size, refcheck=False)
        assert np.array_equal(array, np.append(np.arange(size), np.zeros(size)))
    del array
    assert buffer.live == 0
    assert alloc.run(lambda: np.ones(CAPACITY // 8), buffer).sum() == CAPACITY // 8


@pytest.mark.parametrize("on_full", ["raise", "heap", "grow"])
def test_an_array_changes_its_size_again_and_again(on_full):
    buffer = alloc.Buffer(CAPACITY, on_full=on_full)
    array, expected = alloc.run(lambda: np.arange(100.0), buffer), np.arange(100.0)
    draw = np.random.default_rng(3)
    for _ in range(500):
        size = int(draw.choice([3, 100, 5000, 20_000, 30_000]) * draw.random()) + 1
        array.resize(size, refcheck=False)
        expected.resize(size, refcheck=False)
        assert np.array_equal(array, expected)
    del array
    assert buffer.live == 0
