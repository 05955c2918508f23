"""The table of NumPy's allocating callables, and what stands in for each in the arena.

In: a callable. Out: its row. It must not know sites, buffers or bytecode.

Most of NumPy's API is Python over few primitives, and is covered by rewriting that Python;
a row is needed only where C code allocates. A row without an equivalent says that the result
stays on the heap, and why.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import BuiltinMethodType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from .callables import function_of, is_made_of
from .numpy_names import own_names

if TYPE_CHECKING:
    from .pycore.equivalents import Row

_functions: dict[Any, Row] = {}
_methods: dict[tuple[type, str], Row] = {}
_functions_of_methods: dict[tuple[type, str], Any] = {}  # as the type has them
_registered: list[Any] = []  # keys of the rows that users added
_types: set[type] = set()  # of the functions; hashing others might run foreign code


def _table(key: Any) -> dict[Any, Row]:
    return _methods if type(key) is tuple else _functions


def _add(row: Row, function: Any = None) -> None:
    """Add a row; for a method, also under the function that it is made of."""
    _table(row.function)[row.function] = row
    if type(row.function) is tuple:
        _functions_of_methods[row.function] = function
    else:
        _types.add(type(row.function))


@functools.cache
def _filled() -> type[Row]:
    """Add NumPy's own rows, at first need, and return the type of rows.

    They load `numpy.random`, and a program on the native core can do without them.
    """
    with own_names():
        from .pycore.equivalents import ROWS, Row
    for row in ROWS:
        key = row.function
        _add(row, vars(key[0]).get(key[1]) if type(key) is tuple else None)
    return Row


def find(callee: Any) -> tuple[Row, tuple[Any, ...]] | None:
    """Return a callable's row and what goes before its arguments (the object of a method)."""
    _filled()
    if type(callee) in (BuiltinMethodType, MethodType):
        owner = callee.__self__
        key = (type(owner), callee.__name__)  # finds a possible row: a name is no identity
        row = _methods.get(key)
        if row is not None and _is_of(callee, _functions_of_methods[key]):
            return row, (owner,)
    row = _functions.get(callee) if type(callee) in _types else None
    return None if row is None else (row, ())


def _is_of(callee: Any, function: Any) -> bool:
    """Whether a bound method is made of a function."""
    if type(callee) is MethodType:
        return callee.__func__ is function
    return is_made_of(callee, function)


def find_registered(callee: Any) -> tuple[Row, type | None] | None:
    """Return the row that a user registered for a callable, and the type if it is a method.

    A method is found bound as well as plain.
    """
    for key in _registered:
        row = _table(key)[key]
        if type(key) is not tuple:
            if callee is key:
                return row, None
        elif callee is _functions_of_methods[key]:
            return row, key[0]
    found = find(callee) if _registered else None
    if found is None or found[0].note != "registered":
        return None
    return found[0], type(found[1][0]) if found[1] else None


def rows() -> tuple[Row, ...]:
    """Return all rows, the registered ones last."""
    _filled()
    return (*_methods.values(), *_functions.values())


def register(function: Callable[..., Any], equivalent: Callable[..., Any]) -> None:
    """Say how a function gets its result from the arena.

    Parameters
    ----------
    function : callable
        What rewritten code calls: of any library, written in any language.
    equivalent : callable
        Called as ``equivalent(empty, *args, **kwargs)`` with the arguments of the call, where
        ``empty(shape, dtype, strides=None)`` returns an uninitialised array of the arena
        (`shape` a tuple of int, `dtype` a `numpy.dtype`, `strides` in bytes or None for C
        order). It returns the result, bit-for-bit identical to the function's,
        or ``NotImplemented`` to let the function itself run. An error that it raises (of the types
        that NumPy raises) has the same effect, so it must not change anything before it is sure
        to succeed.

    Raises
    ------
    TypeError
        If one of the two is not callable, or `function` is not hashable.
    ValueError
        If `function` has a row already.

    Examples
    --------
    >>> import math, numpy as np
    >>> import alloc_rewrite as alloc
    >>> def powers(x, n):            # imagine that this is compiled code
    ...     return np.array([x**k for k in range(n)])
    >>> def powers_in_arena(empty, x, n):
    ...     out = empty((n,), np.dtype(np.float64))
    ...     for k in range(n):
    ...         out[k] = x**k
    ...     return out
    >>> alloc.register(powers, powers_in_arena)
    >>> buf = alloc.Buffer(4096)
    >>> alloc.run(lambda: powers(2.0, 4), buf)
    array([1., 2., 4., 8.])
    >>> buf.peak
    64
    """
    for name, value in (("function", function), ("equivalent", equivalent)):
        if not callable(value):
            raise TypeError(f"register: {name} is {value!r}, which is not callable")
    new_row = _filled()
    key = _key(function)
    table = _table(key)
    try:
        known = table.get(key)
    except TypeError:
        raise TypeError(f"register: {function!r} is not hashable, so it cannot be found") from None
    if known is not None:
        raise ValueError(
            f"register: {known.name} has an equivalent already; a function has only one"
        )
    name = f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', function)}"
    _add(new_row(key, name, equivalent, "registered"), function_of(function))
    _registered.append(key)


def _key(function: Any) -> Any:
    """Return the key by which `find` looks up a callable; for a bound method, type and name."""
    owner = getattr(function, "__self__", None)
    if type(function) in (BuiltinMethodType, MethodType) and type(owner) is not ModuleType:
        return type(owner), function.__name__
    return function
