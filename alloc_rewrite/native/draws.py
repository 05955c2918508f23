"""Methods of numpy.random's generators whose C functions NumPy exports: what natives draw with.

In: a method. Out: what the native `draw` needs, once a trial has shown that the C
function draws the same numbers and leaves the same state; else None. It must not know sites.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any, NamedTuple

try:
    import ctypes
except ImportError:  # then NumPy draws
    ctypes = None  # type: ignore[assignment]


class Draw(NamedTuple):
    """A method: its C function, what that draws, its parameters, and the last ones' defaults.

    It draws a double (`d`), an integer (`i`), or an integer between bounds, which the method
    returns as NumPy's (`b`) or, from the older generators, as Python's (`l`). Parameters are finite
    (`f`), not negative (`n`), positive (`p`), moderate (`m`), an upper bound of which the function
    gets the distance from the lower one (`r`), integer bounds (`b`), or the size (`#`).
    """

    function: str
    kinds: str
    defaults: tuple[float, ...] = ()
    result: str = "d"


_UNIT = (0.0, 1.0)
_GENERATOR = {
    "random": Draw("random_standard_uniform", "#"),
    "standard_normal": Draw("random_standard_normal", "#"),
    "standard_exponential": Draw("random_standard_exponential", "#"),
    "standard_gamma": Draw("random_standard_gamma", "n#"),
    "normal": Draw("random_normal", "fn#", _UNIT),
    "lognormal": Draw("random_lognormal", "fn#", _UNIT),
    "laplace": Draw("random_laplace", "fn#", _UNIT),
    "uniform": Draw("random_uniform", "fr#", _UNIT),
    "exponential": Draw("random_exponential", "n#", (1.0,)),
    "gamma": Draw("random_gamma", "nn#", (1.0,)),
    "beta": Draw("random_beta", "pp#"),
    "poisson": Draw("random_poisson", "m#", (1.0,), "i"),
    "integers": Draw("random_bounded_uint64_fill", "bb#", (), "b"),
}
_STATE = {
    "random_sample": Draw("random_standard_uniform", "#"),
    "random": Draw("random_standard_uniform", "#"),
    "rand": Draw("random_standard_uniform", ""),
    "uniform": Draw("random_uniform", "fr#", _UNIT),
    "randint": Draw("random_bounded_uint64_fill", "bb#", (), "l"),
}
_NAMES = ("_bit_generator", "capsule", "lock", "acquire", "release")
_SOURCES = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
_BOUNDS = ((0, 7), (-5, 2**31), (-(2**40), 2**61))
_NUMBERS = (0.0, 0.7, 40.0)
_EACH = 3  # draws of one number, and numbers in one draw


def draw_of(function: Any) -> tuple[Any, ...] | None:
    """Return what the native needs for a method of a generator; None for anything else."""
    random = sys.modules.get("numpy.random")
    if ctypes is None or random is None:
        return None
    for kind, rows in ((random.Generator, _GENERATOR), (random.RandomState, _STATE)):
        for name, draw in rows.items():
            if vars(kind).get(name) is function:
                return _tried(random, kind, name, draw)
    return None


@cache
def _tried(random: Any, kind: Any, name: str, draw: Draw) -> tuple[Any, ...] | None:
    """Return what the native needs, if its function does what the method does."""
    try:
        library = ctypes.CDLL(random._generator.__file__)  # each has functions of its own
        function = _typed(getattr(library, draw.function), draw)
        for given in _trials(draw):
            if not _is_same(function, [kind(random.PCG64(1)) for _ in range(2)], name, draw, given):
                return None
    except (AttributeError, OSError, TypeError, ValueError):
        return None  # NumPy exports no such function, or another one
    sources = tuple(getattr(random, source) for source in _SOURCES)
    address = ctypes.cast(function, ctypes.c_void_p).value
    return address, draw.result, draw.kinds, draw.defaults, kind, sources, _NAMES


def _typed(function: Any, draw: Draw) -> Any:
    """Tell ctypes which types a function takes and returns."""
    parameters = draw.kinds.strip("#")
    if draw.result in "di":
        function.argtypes = [ctypes.c_void_p, *[ctypes.c_double] * len(parameters)]
        function.restype = ctypes.c_double if draw.result == "d" else ctypes.c_int64
    else:
        integers = [ctypes.c_uint64, ctypes.c_uint64, ctypes.c_ssize_t, ctypes.c_bool]
        function.argtypes = [ctypes.c_void_p, *integers, ctypes.POINTER(ctypes.c_int64)]
        function.restype = None
    return function


def _trials(draw: Draw) -> Iterator[tuple[Any, ...]]:
    """Go over arguments that the native leaves to no one else."""
    parameters = draw.kinds.strip("#")
    if "b" in parameters:
        yield from _BOUNDS
        return
    for numbers in product(_NUMBERS, repeat=len(parameters)):
        good = [n > 0 for n, kind in zip(numbers, parameters, strict=True) if kind == "p"]
        if all(good) and (parameters != "fr" or numbers[0] <= numbers[1]):
            yield numbers


def _is_same(function: Any, pair: list[Any], name: str, draw: Draw, given: Any) -> bool:
    """Whether the function draws what the method draws, and leaves the same state."""
    method, bits = getattr(pair[1], name), pair[0]._bit_generator.ctypes.bit_generator
    expected = [method(*given) for _ in range(_EACH)]
    if "#" in draw.kinds:
        expected += method(*given, _EACH).tolist()
    drawn = [_drawn(function, bits, draw, given) for _ in expected]
    states = [each._bit_generator.state for each in pair]
    return drawn == expected and states[0] == states[1]


def _drawn(function: Any, bits: Any, draw: Draw, given: Any) -> Any:
    """Call the function as the native does."""
    if draw.result in "di":
        if "r" in draw.kinds:
            given = given[0], given[1] - given[0]
        return function(bits, *given)
    low, high = given
    to = ctypes.c_int64()
    function(bits, low % 2**64, high - 1 - low, 1, draw.result == "l", to)
    return to.value
