"""Equivalents of random number generation, legacy and new.

In: a generator and the arguments of one of its methods. Out: an arena array of the numbers that
NumPy would have drawn, the generator's state as NumPy would have left it; or `NotImplemented`.
This module must not know who calls, nor where memory comes from.

Where a method has no `out`, and draws element by element, it is called for chunks of at most 4096
numbers: a scratch of 32 KiB. That keeps the stream bit-for-bit identical. NumPy checks the
arguments before it draws the first number, so an error leaves the stream alone.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy import add, multiply
from numpy.random import Generator, RandomState

from .support import Array, DeclinedError, Dtype, Empty, Equivalent, Row, Shape, as_dtype, as_shape

_CHUNK = 4096
_PARAMETERS = frozenset({int, float, np.float64, np.int64})
_FLOAT64 = np.dtype(np.float64)
_WIDE = frozenset("iu")

# Distributions that draw element by element from scalar parameters, and how many of those.
_COUNTS = {
    "beta": 2, "binomial": 2, "chisquare": 1, "exponential": 1, "f": 2, "gamma": 2, "geometric": 1,
    "gumbel": 2, "hypergeometric": 3, "laplace": 2, "logistic": 2, "lognormal": 2, "logseries": 1,
    "negative_binomial": 2, "noncentral_chisquare": 2, "noncentral_f": 3, "normal": 2, "pareto": 1,
    "poisson": 1, "power": 1, "rayleigh": 1, "standard_cauchy": 0, "standard_t": 1,
    "triangular": 3, "uniform": 2, "vonmises": 2, "wald": 2, "weibull": 1, "zipf": 1,
}  # fmt: skip
_DISCRETE = frozenset(
    {"binomial", "geometric", "hypergeometric", "logseries", "negative_binomial", "poisson", "zipf"}
)
_UNBOUND = ("choice", "multinomial", "multivariate_normal", "permutation", "dirichlet")


def _draw(method: Any, result: Array, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Array:
    """Fill `result` with what `method` draws."""
    size = result.size
    if size <= _CHUNK:
        result.reshape(-1)[...] = method(*args, size=size, **kwargs)
        return result
    numbers = result.reshape(-1)
    for start in range(0, size, _CHUNK):
        stop = min(start + _CHUNK, size)
        numbers[start:stop] = method(*args, size=stop - start, **kwargs)
    return result


def _uniform(source: Any, result: Array, parameters: tuple[Any, ...]) -> bool:
    """Draw from [low, high) as low + (high - low) * u, if that is NumPy's own arithmetic."""
    low, high = _filled(parameters, (0.0, 1.0))
    bits = source._bit_generator if type(source) is RandomState else source.bit_generator
    return _scaled(_generator_over(bits).random, result, low, high - low)


def _normal(source: Any, result: Array, parameters: tuple[Any, ...]) -> bool:
    """Draw as loc + scale * z, if that is NumPy's own arithmetic."""
    loc, scale = _filled(parameters, (0.0, 1.0))
    return _scaled(source.standard_normal, result, loc, scale)


def _filled(parameters: tuple[Any, ...], defaults: tuple[float, float]) -> tuple[float, float]:
    values = [*parameters, *defaults[len(parameters) :]]
    return float(values[0]), float(values[1])


def _scaled(draw: Any, result: Array, shift: float, scale: float) -> bool:
    # Beyond these bounds NumPy may raise, or overflow.
    if not (abs(shift) < _LARGE and 0.0 <= scale < _LARGE and _scales_in_two_steps()):
        return False
    draw(out=result)
    with np.errstate(all="ignore"):
        multiply(result, scale, out=result)
        add(result, shift, out=result)
    return True


@functools.cache
def _scales_in_two_steps() -> bool:
    """Whether NumPy rounds the product and the sum, and not once, as fused operations do."""
    source = Generator(np.random.PCG64(7))
    state = source.bit_generator.state
    for name, standard in (("normal", source.standard_normal), ("uniform", source.random)):
        source.bit_generator.state = state
        expected = getattr(source, name)(0.3, 1.7, 500)  # a fixed scratch of 4 KB
        source.bit_generator.state = state
        scale = 1.7 if name == "normal" else 1.7 - 0.3
        if (standard(500) * scale + 0.3).tobytes() != expected.tobytes():
            return False
    return True


_LARGE = 1e100
_SCALED: dict[tuple[type, str], Any] = {
    (Generator, "normal"): _normal,
    (Generator, "uniform"): _uniform,
    (RandomState, "uniform"): _uniform,
}


def _distribution(owner: type, name: str, count: int) -> Equivalent:
    """The equivalent of a method of `owner` with `count` parameters and then a size."""
    method = getattr(owner, name)
    scale = _SCALED.get((owner, name))

    def equivalent(new: Empty, source: Any, *args: Any, size: Any = None, **kwargs: Any) -> Any:
        if len(args) == count + 1:
            if size is not None:
                return NotImplemented
            size, args = args[count], args[:count]
        if size is None or type(source) is not owner or len(args) > count:
            return NotImplemented
        for value in args:
            if type(value) not in _PARAMETERS:
                return NotImplemented
        for value in kwargs.values():
            if type(value) not in _PARAMETERS:
                return NotImplemented
        result = new(
            as_shape(size), _dtype_of(owner is RandomState, name) if name in _DISCRETE else _FLOAT64
        )
        if (
            scale is not None
            and result.size > _CHUNK
            and not kwargs
            and scale(source, result, args)
        ):
            return result
        return _draw(functools.partial(method, source), result, args, kwargs)

    equivalent.__doc__ = f"{owner.__name__}.{name} of scalar parameters."
    return equivalent


@functools.cache
def _dtype_of(legacy: bool, name: str) -> Dtype:
    """The dtype that a discrete distribution draws, from drawing nothing out of a new generator."""
    source = RandomState(0) if legacy else Generator(np.random.PCG64(0))
    values = {"binomial": (1, 0.5), "negative_binomial": (1, 0.5), "hypergeometric": (1, 1, 1),
              "zipf": (2.0,)}  # fmt: skip
    drawn: Array = getattr(source, name)(*values.get(name, (0.5,)), size=0)
    return drawn.dtype


@functools.lru_cache(maxsize=8)
def _generator_over(bits: Any) -> Generator:
    """A generator of the new kind over the bits of a legacy one; both then share one stream."""
    return Generator(bits)


def _legacy_random(new: Empty, source: Any, shape: Shape) -> Any:
    if type(source) is not RandomState:
        return NotImplemented
    result = new(shape, _FLOAT64)
    _generator_over(source._bit_generator).random(out=result)
    return result


def random_sample(new: Empty, source: Any, size: Any = None) -> Any:
    """RandomState.random_sample and RandomState.random."""
    return NotImplemented if size is None else _legacy_random(new, source, as_shape(size))


def _module_random(new: Empty, *args: Any, **kwargs: Any) -> Any:
    """numpy.random.ranf and numpy.random.sample."""
    return random_sample(new, np.random.rand.__self__, *args, **kwargs)  # type: ignore[attr-defined]


def rand(new: Empty, source: Any, *shape: Any) -> Any:
    """RandomState.rand."""
    return _legacy_random(new, source, as_shape(shape)) if shape else NotImplemented


def randn(new: Empty, source: Any, *shape: Any) -> Any:
    """RandomState.randn."""
    if not shape or type(source) is not RandomState:
        return NotImplemented
    return _draw(source.standard_normal, new(as_shape(shape), _FLOAT64), (), {})


def _legacy_standard(name: str) -> Equivalent:
    def equivalent(new: Empty, source: Any, size: Any = None) -> Any:
        if size is None or type(source) is not RandomState:
            return NotImplemented
        return _draw(getattr(source, name), new(as_shape(size), _FLOAT64), (), {})

    equivalent.__doc__ = f"RandomState.{name}."
    return equivalent


def legacy_gamma(new: Empty, source: Any, shape: Any, size: Any = None) -> Any:
    """RandomState.standard_gamma of a scalar shape."""
    if size is None or type(source) is not RandomState or type(shape) not in _PARAMETERS:
        return NotImplemented
    return _draw(source.standard_gamma, new(as_shape(size), _FLOAT64), (shape,), {})


def randint(
    new: Empty, source: Any, low: Any, high: Any = None, size: Any = None, dtype: Any = int
) -> Any:
    """RandomState.randint of 32 and 64 bits: narrower ones share bits within one call."""
    if size is None or type(source) is not RandomState or not _is_int(low, high):
        return NotImplemented
    wanted = as_dtype(np.long if dtype is int else dtype)
    if wanted.kind not in _WIDE or wanted.itemsize < 4 or not wanted.isnative:
        return NotImplemented
    return _draw(source.randint, new(as_shape(size), wanted), (low, high), {"dtype": dtype})


def integers(
    new: Empty,
    source: Any,
    low: Any,
    high: Any = None,
    size: Any = None,
    dtype: Any = np.int64,
    endpoint: Any = False,
) -> Any:
    """Generator.integers of 32 and 64 bits: narrower ones share bits within one call."""
    if size is None or type(source) is not Generator or not _is_int(low, high):
        return NotImplemented
    wanted = as_dtype(np.int64 if dtype is int else dtype)
    if wanted.kind not in _WIDE or wanted.itemsize < 4 or not wanted.isnative:
        return NotImplemented
    if type(endpoint) is not bool:
        return NotImplemented
    kwargs = {"dtype": dtype, "endpoint": endpoint}
    return _draw(source.integers, new(as_shape(size), wanted), (low, high), kwargs)


def _is_int(low: Any, high: Any) -> bool:
    return type(low) is int and (high is None or type(high) is int)


def _new_kind(name: str) -> Equivalent:
    """A method of Generator with size, dtype and out."""
    method = getattr(Generator, name)

    def equivalent(
        new: Empty, source: Any, size: Any = None, dtype: Any = np.float64, **kwargs: Any
    ) -> Any:
        if size is None or type(source) is not Generator or not kwargs.keys() <= {"method"}:
            return NotImplemented
        result = new(as_shape(size), _real(dtype))
        method(source, dtype=dtype, out=result, **kwargs)
        return result

    equivalent.__doc__ = f"Generator.{name}."
    return equivalent


def standard_gamma(
    new: Empty, source: Any, shape: Any, size: Any = None, dtype: Any = np.float64, out: Any = None
) -> Any:
    """Generator.standard_gamma of a scalar shape."""
    if size is None or out is not None or type(source) is not Generator:
        return NotImplemented
    if type(shape) not in _PARAMETERS:
        return NotImplemented
    result = new(as_shape(size), _real(dtype))
    source.standard_gamma(shape, dtype=dtype, out=result)
    return result


def _real(dtype: Any) -> Dtype:
    wanted = as_dtype(dtype)
    if wanted.char not in "fd" or not wanted.isnative:
        raise DeclinedError
    return wanted


def _rows() -> tuple[Row, ...]:
    rows = []
    for owner in (RandomState, Generator):
        prefix = f"numpy.random.{owner.__name__}"
        for name, count in _COUNTS.items():
            equivalent = _distribution(owner, name, count)
            rows.append(Row((owner, name), f"{prefix}.{name}", equivalent, "of scalar parameters"))
        for name in _UNBOUND:
            note = "draws for its elements together"
            rows.append(Row((owner, name), f"{prefix}.{name}", None, note))
    for name in ("tomaxint", "random_integers"):
        row = Row((RandomState, name), f"numpy.random.RandomState.{name}", None, "rarely used")
        rows.append(row)
    for name in ("permuted", "multivariate_hypergeometric"):
        note = "draws for its elements together"
        rows.append(Row((Generator, name), f"numpy.random.Generator.{name}", None, note))
    return tuple(rows)


_BITS = "of 32 and 64 bits"

ROWS = (
    Row((RandomState, "rand"), "numpy.random.RandomState.rand", rand),
    Row((RandomState, "randn"), "numpy.random.RandomState.randn", randn),
    Row(np.random.ranf, "numpy.random.ranf", _module_random),
    Row(np.random.sample, "numpy.random.sample", _module_random),
    Row((RandomState, "random"), "numpy.random.RandomState.random", random_sample),
    Row((RandomState, "random_sample"), "numpy.random.RandomState.random_sample", random_sample),
    *[
        Row((RandomState, name), f"numpy.random.RandomState.{name}", _legacy_standard(name))
        for name in ("standard_normal", "standard_exponential")
    ],
    Row((RandomState, "standard_gamma"), "numpy.random.RandomState.standard_gamma", legacy_gamma),
    Row((RandomState, "randint"), "numpy.random.RandomState.randint", randint, _BITS),
    *[
        Row((Generator, name), f"numpy.random.Generator.{name}", _new_kind(name))
        for name in ("random", "standard_normal", "standard_exponential")
    ],
    Row((Generator, "standard_gamma"), "numpy.random.Generator.standard_gamma", standard_gamma),
    Row((Generator, "integers"), "numpy.random.Generator.integers", integers, _BITS),
    *_rows(),
)
