"""Bumped functions, buffers and results go through pickle, cloudpickle and copy."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.rewrite import KEPT

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(alloc.__file__)))


def helper(v):
    return np.sqrt(v * v) + 1


@alloc.bump(alloc.Buffer(1 << 16))
def module_level(x):
    return helper(x) * 2


class Model:
    def __init__(self, scale):
        self.scale = scale

    @alloc.bump(1 << 16)
    def apply(self, x):
        return x * self.scale


def test_module_level_function_pickles_by_name(x):
    restored = pickle.loads(pickle.dumps(module_level))
    assert restored is module_level
    model = pickle.loads(pickle.dumps(Model(3)))
    assert model.apply(x).tobytes() == (x * 3).tobytes()
    bound = pickle.loads(pickle.dumps(model.apply))
    assert bound(x).tobytes() == (x * 3).tobytes()


def test_the_owner_of_sites_that_stay_pickles_by_name():
    assert pickle.loads(pickle.dumps(KEPT)) is KEPT


def test_functions_copy_as_functions_do():
    assert copy.copy(module_level) is module_level
    assert copy.deepcopy(module_level) is module_level


CHILD = """
import pickle, sys
import numpy as np
from alloc_rewrite.bump import bumped
function, args, expected = pickle.load(sys.stdin.buffer)

def exactly(value):
    if isinstance(value, (tuple, list)):
        return [exactly(item) for item in value]
    value = np.asarray(value)
    return value.dtype.str, value.shape, value.strides, value.tobytes()

for _ in range(100):
    result = function(*args)
    assert exactly(result) == exactly(expected), result
print(type(function).__name__, function.__name__, bumped(function) is not None)
"""


def through_a_fresh_process(function, args, expected):
    cloudpickle = pytest.importorskip("cloudpickle")
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    try:
        data = cloudpickle.dumps((function, args, expected))
    finally:
        cloudpickle.unregister_pickle_by_value(module)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHILD],
        input=data,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split()


def test_cloudpickle_into_a_fresh_process(x):
    scale = np.full(6, 3.0)

    def f(x, k=2, *, shift=1):
        def inner(v):
            return v * k + scale

        y = inner(x) @ np.outer(x, x) ** 2
        y = np.sum(y[np.array([0, 1])], axis=0) + np.concatenate([x, helper(*[x])]) - shift
        return y, [v * k for v in y], -x, abs(x)

    bumped = alloc.bump(alloc.Buffer(on_full="heap", nbytes=1 << 20))(f)
    expected = f(x)
    bumped(x)
    kind, name, rewritten = through_a_fresh_process(bumped, (x,), expected)
    assert (kind, name, rewritten) == ("function", "f", "True")


@pytest.mark.parametrize("calls", [0, 300])
def test_cloudpickle_of_decorated_module_function_by_value(x, calls):
    for _ in range(calls):  # sites given back are open gates
        module_level(x)
    assert through_a_fresh_process(module_level, (x,), helper(x) * 2)[2] == "True"


def test_cloudpickle_of_methods_and_policies(x):
    def f(x):
        return helper(x) * 2

    bumped = alloc.bump(alloc.Buffer(1 << 16), exclude=[helper], include="json")(f)
    through_a_fresh_process(bumped, (x,), f(x))
    through_a_fresh_process(Model(2).apply, (x,), x * 2)


def test_cloudpickle_in_the_same_process_can_be_bumped_again(x):
    cloudpickle = pytest.importorskip("cloudpickle")

    def f(x):
        return x * 2

    restored = cloudpickle.loads(cloudpickle.dumps(alloc.bump(alloc.Buffer(4096))(f)))
    buf = alloc.Buffer(4096)
    again = alloc.bump(buf)(restored)
    assert again(x).tobytes() == (x * 2).tobytes()
    assert buf.peak == 64


def test_buffer_pickles_as_its_settings(x):
    buf = alloc.Buffer(1 << 14, on_full="grow", limit=1 << 16)
    kept = alloc.run(lambda: np.ones(1000), buf)
    for restored in (pickle.loads(pickle.dumps(buf)), copy.copy(buf), copy.deepcopy(buf)):
        assert restored is not buf
        assert restored.stats() == alloc.Buffer(1 << 14, on_full="grow", limit=1 << 16).stats()
        assert "limit=65536" in repr(restored)
        assert "on_full='grow'" in repr(restored)
    assert len(pickle.dumps(buf)) < 300
    assert kept.sum() == 1000


def test_results_pickle_and_copy_like_plain_arrays(x):
    buf = alloc.Buffer()
    y = alloc.run(lambda: np.outer(x, x).T * 2, buf)
    plain = np.outer(x, x).T * 2
    assert pickle.dumps(y, protocol=4) == pickle.dumps(plain, protocol=4)
    for other in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y)), y.copy()):
        assert other.flags.owndata or other.base is None or not np.shares_memory(other, y)
        assert other.tobytes() == plain.tobytes()
        assert not np.shares_memory(other, y)
    before = y.tobytes()
    copy.deepcopy({"y": y})["y"][:] = 0
    assert y.tobytes() == before


def test_out_of_band_pickles_keep_the_block(x):
    buf = alloc.Buffer()
    f = alloc.bump(buf)(lambda v: v * 2)
    y = f(np.arange(10_000.0))
    held = []
    data = pickle.dumps(y, protocol=5, buffer_callback=held.append)
    before = y.tobytes()
    del y
    for _ in range(20):
        f(np.zeros(10_000))
    assert pickle.loads(data, buffers=held).tobytes() == before


def test_errors_pickle():
    with pytest.raises(alloc.BufferFullError) as info:
        alloc.run(lambda: np.zeros(1000), alloc.Buffer(64))
    restored = pickle.loads(pickle.dumps(info.value))
    assert str(restored) == str(info.value)
    assert restored.nbytes == info.value.nbytes == 8000
    assert restored.suggested_nbytes == info.value.suggested_nbytes


@pytest.mark.filterwarnings("ignore:.*is multi-threaded:DeprecationWarning")
def test_multiprocessing_with_spawn(x):
    import concurrent.futures
    import multiprocessing

    if not hasattr(module_level, "__module__") or module_level.__module__ not in sys.modules:
        pytest.skip("the module cannot be imported by name")
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        got = pool.submit(module_level, x).result()
    assert got.tobytes() == (helper(x) * 2).tobytes()
