"""Random numbers: the same stream to the bit, and the same state afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator, RandomState

from alloc_rewrite.pycore.equivalents import ROWS

from .arena_cases import Empty, assert_same

RANDOM = [row for row in ROWS if row.equivalent and row.name.startswith("numpy.random.")]
ARENA = [row for row in RANDOM if isinstance(row.function, tuple)]
PARAMETERS = {
    "beta": (0.5, 2.0), "binomial": (40, 0.3), "chisquare": (1.5,), "exponential": (2.0,),
    "f": (2.5, 3), "gamma": (0.4, 2), "geometric": (0.3,), "gumbel": (0.0, 1.5),
    "hypergeometric": (20, 30, 25), "laplace": (0, 1), "logistic": (), "lognormal": (0.1,),
    "logseries": (0.4,), "negative_binomial": (5, 0.3), "noncentral_chisquare": (2, 1.5),
    "noncentral_f": (2, 3, 1.5), "normal": (1, np.float64(2)), "pareto": (3.0,), "poisson": (14.5,),
    "power": (2,), "rayleigh": (1.5,), "standard_cauchy": (), "standard_t": (4,),
    "triangular": (0.0, 1.0, 3.0), "uniform": (-1, 2.5), "vonmises": (0.1, 2.0), "wald": (1, 2),
    "weibull": (1.5,), "zipf": (2.5,), "standard_gamma": (1.7,), "standard_normal": (),
    "standard_exponential": (), "random": (), "random_sample": (), "rand": (), "randn": (),
    "randint": (0, 100), "integers": (0, 100),
}  # fmt: skip
SIZES = (7, (3, 5), 1024, 2500)


def variants(owner, name, size):
    """Arguments of calls of one method."""
    if name in ("rand", "randn"):
        yield (size if isinstance(size, tuple) else (size,)), {}
        return
    yield PARAMETERS[name], {"size": size}
    if name in ("randint", "integers"):
        for low, high in ((0, 1), (-(2**40), 2**40), (0, 2**31), (0, 2**32)):
            yield (low, high), {"size": size, "dtype": np.int64}
        yield (0, 2**32), {"size": size, "dtype": "uint32"}
        yield (5,), {"size": size, "dtype": np.int32}
    if owner is Generator and name.startswith("standard_") or name == "random" != owner:
        if owner is Generator and name in ("standard_normal", "standard_gamma", "random"):
            yield PARAMETERS[name], {"size": size, "dtype": np.float32}


def source(owner):
    """A generator that has left-over halves in its state."""
    if owner is RandomState:
        made = RandomState(3)
        made.standard_normal(3)
        return made
    made = Generator(np.random.PCG64(3))
    made.integers(0, 5, dtype=np.int32)
    return made


def state(made):
    return repr(
        made.get_state(legacy=False) if type(made) is RandomState else made.bit_generator.state
    )


@pytest.mark.parametrize("row", ARENA, ids=lambda row: row.name)
def test_same_stream(row):
    owner, name = row.function
    for size in SIZES:
        for args, kwargs in variants(owner, name, size):
            plain, arena = source(owner), source(owner)
            wanted = getattr(plain, name)(*args, **kwargs)
            got = row.equivalent(Empty(), arena, *args, **kwargs)
            assert_same(got, wanted)
            assert state(arena) == state(plain)


@pytest.mark.parametrize("row", ARENA, ids=lambda row: row.name)
def test_declined_calls_leave_the_stream_alone(row):
    owner, name = row.function
    made = source(owner)
    before = state(made)
    calls = [((), {}), ((object(),), {}), ((-1.0, -1.0, -1.0), {"size": 5}), ((), {"size": -1}),
             ((np.ones(3),), {"size": 3}), ((), {"size": 0})]  # fmt: skip
    if name not in ("rand", "randn"):
        calls.append((PARAMETERS[name], {}))
    for args, kwargs in calls:
        try:
            got = row.equivalent(Empty(), made, *args, **kwargs)
        except Exception:
            got = NotImplemented
        if got is NotImplemented:
            assert state(made) == before
        else:  # what NumPy takes as well
            again = source(owner)
            assert_same(got, getattr(again, name)(*args, **kwargs))
            made = source(owner)


def test_narrow_integers_are_left_to_numpy():
    rows = {row.name.rpartition(".")[2]: row.equivalent for row in ARENA}
    for name, made in (("randint", source(RandomState)), ("integers", source(Generator))):
        assert rows[name](Empty(), made, 0, 9, size=4, dtype=np.int8) is NotImplemented


def test_a_full_arena_leaves_the_stream_alone():
    def full(shape, dtype, strides=None):
        raise MemoryError

    for row in ARENA:
        owner, name = row.function
        made = source(owner)
        before = state(made)
        args, kwargs = next(iter(variants(owner, name, 9)))
        with pytest.raises(MemoryError):
            row.equivalent(full, made, *args, **kwargs)
        assert state(made) == before


@pytest.mark.parametrize("name", ["ranf", "sample"])
def test_the_functions_of_the_module_draw_from_the_hidden_generator(name):
    row = next(row for row in RANDOM if row.name == f"numpy.random.{name}")
    for size in (3, (2, 5), 3000):
        np.random.seed(5)
        expected = row.function(size)
        after = np.random.random_sample()
        np.random.seed(5)
        assert_same(row.equivalent(Empty(), size), expected)
        assert np.random.random_sample() == after


@pytest.mark.parametrize("owner", [RandomState, Generator])
@pytest.mark.parametrize("name", ["normal", "uniform"])
@pytest.mark.parametrize(
    "parameters", [(), (0.3,), (-2.0, 1.7), (5, 7), (1.0, 1.0), (1e99, 3e99), (0.0, 1e-300)]
)
def test_long_draws_of_scaled_distributions(owner, name, parameters):
    equivalent = next(
        row.equivalent for row in ARENA if row.name == f"numpy.random.{owner.__name__}.{name}"
    )
    for size in (4096, 4097, 10_001, (3, 5000)):
        plain, bumped = source(owner), source(owner)
        expected = getattr(plain, name)(*parameters, size=size)
        assert_same(equivalent(Empty(), bumped, *parameters, size=size), expected)
        assert state(bumped) == state(plain)


@pytest.mark.parametrize("parameters", [(0.0, -1.0), (0.0, np.inf), (np.nan, 1.0)])
def test_what_scaled_distributions_do_not_take_leaves_the_stream_alone(parameters):
    made = source(Generator)
    before = state(made)
    with pytest.raises(ValueError, match="scale < 0"):
        made.normal(0.0, -1.0, size=5000)
    equivalent = next(r.equivalent for r in ARENA if r.name == "numpy.random.Generator.normal")
    try:
        got = equivalent(Empty(), made, *parameters, size=5000)
    except ValueError:
        assert state(made) == before
    else:
        assert_same(got, source(Generator).normal(*parameters, size=5000))
