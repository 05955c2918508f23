"""Random numbers: the same ones, and the same stream afterwards."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from .inputs import INPUTS

SIZES = [None, 3, (2, 3), (), 0, (0, 2), 1, 1500, (3, 700), np.int64(4), [2, 2]]
LEGACY = [
    "rand(3, 2)", "rand()", "randn(2, 3)", "randn()", "randn(1500)", "random(5)",
    "random_sample((2, 2))",
    "ranf(3)", "sample(3)", "randint(10)", "randint(0, 10, 5)",
    "randint(3, size=(2, 3), dtype=np.uint8)",
    "randint(0, 2**40, 7)", "randint(0, 9, 1500)", "randint(0, 9, 3, dtype='i4')",
    "randint(0, [3, 5, 7])",
    "randint(5, 3)", "choice(5, 3)", "choice([1.5, 2.5], 4)", "choice(5, 3, replace=False)",
    "permutation(6)",
    "permutation([1, 2, 3])", "normal(0, 1, 5)", "normal([0, 1], 2)", "normal(0, -1, 3)",
    "uniform(-1, 1, (2, 2))",
    "uniform(size=1500)", "standard_normal(4)", "standard_exponential(5)", "exponential(2.0, 5)",
    "gamma(2.0, 1.0, 4)",
    "standard_gamma(0.5, 4)", "beta(1, 2, 3)", "poisson(3.0, 5)", "poisson(100, (2, 2))",
    "binomial(10, 0.3, 5)",
    "chisquare(3, 4)", "f(2, 3, 4)", "geometric(0.3, 5)", "gumbel(0, 1, 3)",
    "hypergeometric(5, 4, 3, 6)",
    "laplace(size=3)", "logistic(0, 1, 3)", "lognormal(0, 1, 3)", "logseries(0.5, 4)",
    "multinomial(5, [0.2, 0.8], 3)",
    "multivariate_normal([0, 1], [[1, 0.2], [0.2, 2]], 3)", "negative_binomial(3, 0.4, 4)",
    "pareto(2.0, 3)",
    "power(2.0, 3)", "rayleigh(1.5, 3)", "standard_cauchy(3)", "standard_t(4, 3)",
    "triangular(0, 1, 3, 4)",
    "vonmises(0, 1, 3)", "wald(1, 2, 3)", "weibull(2.0, 3)", "zipf(2.5, 4)",
    "noncentral_chisquare(2, 1, 3)",
    "noncentral_f(2, 3, 1, 3)", "dirichlet([1, 2, 3], 2)", "bytes(4)", "tomaxint(3)",
    "binomial([1, 5], 0.5)",
    "normal(loc=1, scale=2, size=3)", "normal(size=None)", "normal('x', 1, 3)", "rand(-1)",
    "normal(0, 1, -3)",
    "exponential(size=(2, 3))", "get_state()[2]", "shuffle(np.arange(5))", "rand('x')",
    "randn(2.0)",
]  # fmt: skip
NEW = [
    "random(5)", "random((2, 3), np.float32)", "random(out=np.empty(3))", "random()",
    "random(1500)", "random(3, dtype='f8')",
    "integers(10)", "integers(0, 10, 5)", "integers(3, size=(2, 3), dtype=np.uint8)",
    "integers(0, 9, 1500)",
    "integers(0, 5, 4, endpoint=True)", "integers(0, 2**40, 7)", "integers(0, 9, 5, np.int32)",
    "integers([3, 5, 7])",
    "integers(0, 9, 5, np.int16)", "integers(0, 9, 5, bool)", "integers(5, 3)",
    "standard_normal(5)",
    "standard_normal((2, 3), np.float32)", "standard_normal(1500)", "standard_exponential(4)",
    "standard_exponential(4, method='inv')", "standard_exponential(4, np.float32, 'inv')",
    "standard_gamma(2.0, 4)",
    "standard_gamma(2.0, 4, np.float32)", "standard_gamma([1, 2])", "normal(0, 1, 5)",
    "normal([0, 1], 2)",
    "uniform(-1, 1, (2, 2))", "exponential(2.0, 5)", "gamma(2.0, 1.0, 4)", "beta(1, 2, 3)",
    "poisson(3.0, 5)",
    "binomial(10, 0.3, 5)", "binomial(10, 0.3, 1500)", "chisquare(3, 4)", "f(2, 3, 4)",
    "geometric(0.3, 5)", "hypergeometric(5, 4, 3, 6)",
    "laplace(size=3)", "lognormal(0, 1, 3)", "logseries(0.5, 4)", "multinomial(5, [0.2, 0.8], 3)",
    "multivariate_normal([0, 1], [[1, 0.2], [0.2, 2]], 3)",
    "multivariate_hypergeometric([3, 2], 2, 2)",
    "negative_binomial(3, 0.4, 4)", "pareto(2.0, 3)", "power(2.0, 3)", "rayleigh(1.5, 3)",
    "standard_cauchy(3)",
    "standard_t(4, 3)", "triangular(0, 1, 3, 4)", "vonmises(0, 1, 3)", "wald(1, 2, 3)",
    "weibull(2.0, 3)",
    "zipf(2.5, 4)", "dirichlet([1, 2, 3], 2)", "choice(5, 3)",
    "choice(np.arange(6).reshape(3, 2), 2, axis=1)",
    "permutation(6)", "permuted(np.arange(6).reshape(2, 3), axis=1)", "shuffle(np.arange(5))",
    "bytes(4)",
    "spawn(2)[1].random(2)", "random(3, dtype=int)", "normal(0, -1, 3)", "random(-1)",
    "random(out=np.empty(3, 'f4'))",
]  # fmt: skip


@pytest.mark.parametrize("call", LEGACY)
def test_legacy(same, call):
    same.text(f"np.random.{call}, np.random.random(2), np.random.randint(0, 9, 3)")
    same.text(f"(mt.{call}, mt.rand(2), mt.randn(1))")


@pytest.mark.parametrize("call", NEW)
def test_generator(same, call):
    same.text(f"(rng.{call}, rng.random(2), rng.standard_normal(1))")


@pytest.mark.parametrize(
    "kind", ["random", "standard_normal", "normal", "uniform", "poisson", "exponential"]
)
def test_sizes(same, kind):
    namespace: dict = {"__name__": "cases"}
    exec(
        f"def f(source, size):\n    return source.{kind}(size=size), source.{kind}(size=size)",
        namespace,
    )
    rows = [(INPUTS[s], lambda size=size: size) for s in ("rng", "mt") for size in SIZES]
    same.each(namespace["f"], rows)


@pytest.mark.parametrize("bits", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_bit_generators(same, bits):
    def f(source):
        x = source.random(5)
        y = source.integers(0, 100, 5, dtype=np.int32)  # leaves half of 64 bits behind
        z = source.standard_normal((2, 3), dtype=np.float32)
        return x, y, z, source.integers(0, 5, 3, dtype=np.int32), source.random(1, np.float32)

    same(f, lambda: np.random.Generator(getattr(np.random, bits)(3)))


def test_half_of_a_pair_of_normal_numbers_is_kept(same):
    def f(source):
        return (
            source.randn(3),
            source.rand(2),
            source.randn(4),
            source.normal(size=1),
            source.get_state(),
        )

    same(f, INPUTS["mt"])


def test_seeds(same):
    def f():
        np.random.seed(3)
        x = np.random.rand(4)
        state = np.random.get_state()
        y = np.random.rand(4)
        np.random.set_state(state)
        rng = np.random.default_rng([1, 2])
        return x, y, np.random.rand(4), rng.random(3), np.random.RandomState(4).rand(3)

    same(f)


def test_a_walk(same):
    def f(rng, n):
        x = np.zeros(4)
        for _ in range(n):
            x += rng.normal(0, 0.1, 4) * np.sqrt(rng.random(4))
        return x, x @ x

    same(f, INPUTS["rng"], 30)


def test_subclasses_of_generators(same):
    class Loud(np.random.Generator):
        def random(self, size=None, dtype=np.float64, out=None):
            return super().random(size) + 1

    same(lambda source: (source.random(3), source.normal(size=2)), lambda: Loud(np.random.PCG64(1)))


NUMBERS = [0.0, 0.5, 3, np.float64(2.5), np.float32(1.5), -0.0, -1.0, np.nan, np.inf, 2**60, True]
BOUNDS = [0, 1, 7, -3, 2**31, 2**40, 2**63 - 1, 2**64, np.int64(4), 2.5, None]
METHODS = {
    "": ["random", "standard_normal", "standard_exponential", "rand", "random_sample"],
    "f": ["exponential", "standard_gamma", "poisson"],
    "ff": ["normal", "uniform", "lognormal", "laplace", "gamma", "beta"],
    "bb": ["integers", "randint"],
}
KINDS = [(name, parameters) for parameters, names in METHODS.items() for name in names]


@pytest.mark.parametrize(("name", "parameters"), KINDS)
def test_parameters(same, name, parameters):
    namespace: dict = {"__name__": "cases"}
    exec(
        "def f(source, *args):\n"
        f"    return [source.{name}(*args) for _ in range(2)], source.bytes(3)\n"
        "def sized(source, *args):\n"
        f"    return source.{name}(*args, size=2), source.{name}(*args, (2, 1)), source.bytes(3)",
        namespace,
    )
    given: list[tuple] = [()]
    if parameters:
        values = NUMBERS if parameters[0] == "f" else BOUNDS
        given = [(value,) for value in values]
        for apart in range(3) if len(parameters) == 2 else ():
            given += zip(values, values[apart:] + values[:apart])
    kinds = [s for s in ("rng", "mt") if hasattr(INPUTS[s](), name)]
    for f in (namespace["f"], namespace["sized"]):
        same.each(f, [(INPUTS[s], *(lambda v=v: v for v in row)) for s in kinds for row in given])


def test_another_bit_generator(same):
    def f(source, other):
        x = source.normal(), source.random(2)
        source.__init__(other)
        return x, source.normal(), source.random(2), other.random_raw()

    same(f, lambda: np.random.default_rng(1), lambda: np.random.Philox(2))


@pytest.mark.skipif(
    not isinstance(np.random.default_rng().bit_generator.lock, type(threading.RLock())),
    reason="this NumPy's lock can't be taken twice: plain code waits for ever",
)
def test_a_lock_that_is_held(same):
    def drawn(source):
        with source.bit_generator.lock:
            return source.random(), source.normal(0.0, 1.0), source.random(2)

    same(drawn, lambda: np.random.default_rng(1))
