"""`bump` and `run`: functions whose arrays come from a buffer.

In: callables of every kind, and a buffer. Out: callables of the same kind, rewritten. It must
not know bytecode, nor what sites do; it puts the parts together.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast, overload

from .buffer import Buffer
from .callables import python_call
from .callees import Policy, refusal_of_names
from .core_sites import ArenaSites, arena_sites
from .cores import switched_off
from .decorated import WRAPPERS, decorator_of, refusal
from .errors import short, warn_the_user
from .rewrite import Gates, gates_of, rewritten_of, with_code

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")


class Bumped(NamedTuple):
    """What a bumped function was made from, and with. The function keeps it as `_KEPT_AS`."""

    original: Any  # a Python function; as the field of a class it would be taken for a method
    sites: ArenaSites
    gates: Gates  # by which its code finds its sites; they live as long as this


_HEAP_TYPE = 1 << 9  # the flag of classes made at run time (Py_TPFLAGS_HEAPTYPE)
_KEPT_AS = "__bumped__"  # the attribute of a bumped function that says what it was made from
_default: list[Buffer] = []  # the buffer of all functions without one of their own


@overload
def bump(target: F, /) -> F: ...
@overload
def bump(
    target: Buffer | int | None = None,
    /,
    *,
    include: Iterable[Any] = ...,
    exclude: Iterable[Any] = ...,
    always: bool = ...,
) -> Callable[[F], F]: ...
def bump(
    target: Any = None,
    /,
    *,
    include: Iterable[Any] = (),
    exclude: Iterable[Any] = (),
    always: bool = False,
) -> Any:
    """Make a function take its arrays from a buffer instead of the heap.

    Parameters
    ----------
    target : Buffer, int or callable, optional
        The buffer; or its size in bytes, for a buffer of its own; or nothing, for a growing
        buffer that all such functions share; or the function itself (``@bump``), likewise.
    include, exclude : iterable of str, module or function
        Modules or packages (or their names) and functions that are entered although the deny
        list names them, and those that are not entered. `exclude` wins. What `include` names is
        rewritten when it is first called, as the user's own code is.
    always : bool
        Whether each call does all that `run` does, for memory that is bounded and known rather
        than for time: all code is rewritten when it is first called, and nothing is switched off.

    Returns
    -------
    callable
        A decorator; with a function as `target`, the bumped function. On a free-threaded build of
        Python it is the function itself (see `core`). Elsewhere it is a function of its
        own, with the name, signature, documentation and source of the original, which stays
        as it is (``__wrapped__``). Methods, static and class methods and properties stay what
        they are; of a class each method is replaced, in place; a `functools.partial` or a
        callable object becomes a function. Bumping a bumped function starts from its original,
        with the new buffer.

    Raises
    ------
    TypeError
        If what is decorated has no Python bytecode, such as the result of `functools.lru_cache` and
        other decorators (put ``@bump`` underneath them), or `target` is none of the above.
    ValueError
        If a size is not positive, or exceeds the machine's memory.

    Warns
    -----
    RewriteWarning
        If a function cannot be rewritten. It runs as it is.

    Notes
    -----
    With ``ALLOC_REWRITE=0`` in the environment, bump returns its argument as it is.

    Results are bit-for-bit identical. Functions that the function calls are rewritten as well,
    when they are first called; the originals stay as they are. Arrays that are returned or
    stored stay valid for ever. The method is that of Alloc.jl [1]_, on CPython's bytecode.

    References
    ----------
    .. [1] Alloc.jl, https://github.com/pepijndevos/Alloc.jl

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> buf = alloc.Buffer(10**6)
    >>> @alloc.bump(buf)
    ... def norms(x):
    ...     return np.sqrt((x * x).sum(axis=1))
    >>> x = np.ones((1000, 4))
    >>> bool((norms(x) == 2).all()), alloc.allocated(norms, x), buf.live
    (True, 0, 0)
    """
    policy = Policy(include, exclude)
    if isinstance(target, Buffer) or target is None:
        return functools.partial(bumped_with, sites_for(target or default_buffer(), policy, always))
    if callable(target) or isinstance(target, _DESCRIPTORS):
        return bumped_with(sites_for(default_buffer(), policy, always), target)
    if hasattr(target, "__index__"):
        return functools.partial(bumped_with, sites_for(Buffer(target), policy, always))
    raise TypeError(f"bump: {short(target)} is not a Buffer, a number of bytes or a function")


def run(f: Callable[P, R], buf: Buffer, /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function once with its arrays taken from a buffer.

    Parameters
    ----------
    f : callable
        What to call, of any kind that `bump` takes.
    buf : Buffer
        Where its arrays come from.
    *args, **kwargs
        What to call it with.

    Returns
    -------
    object
        What `f` returns, bit-for-bit identical. With ``ALLOC_REWRITE=0`` in the environment,
        `f` is called as it is, and its arrays come from the heap.

    Raises
    ------
    BufferFullError
        If the buffer is full and its policy is to raise. What `f` raises passes through.

    Examples
    --------
    >>> import numpy as np
    >>> import alloc_rewrite as alloc
    >>> buf = alloc.Buffer(1024)
    >>> alloc.run(lambda n: np.zeros(n) + 1, buf, 3)
    array([1., 1., 1.])
    """
    if not isinstance(buf, Buffer):
        raise TypeError(f"run: the second argument is {short(buf)}, not a Buffer")
    if switched_off():
        return f(*args, **kwargs)
    # Every array counts here, however small: no site is switched off.
    result: R = bumped_with(sites_for(buf, Policy(), always=True), f)(*args, **kwargs)
    return result


def default_buffer() -> Buffer:
    """Return the growing buffer that functions without a buffer of their own share."""
    if not _default:
        _default.append(Buffer())
    return _default[0]


def bumped(function: Any) -> Bumped | None:
    """Return what a bumped function was made from; None for any other object.

    Other tools, such as reloaders, may have given it other code since, or a bumped function's.
    """
    gates = gates_of(function.__code__) if type(function) is FunctionType else None
    if gates is None:
        return None
    origin = vars(function).get(_KEPT_AS)
    if isinstance(origin, Bumped) and origin.gates is gates:
        return origin
    rewritten = rewritten_of(gates)
    code = None if rewritten is None else rewritten.original
    if rewritten is None or code is None:
        return None
    original = with_code(function, code)
    functools.update_wrapper(original, function)
    return Bumped(original, cast(ArenaSites, rewritten.made_by), gates)


def sites_for(buffer: Buffer, policy: Policy, always: bool = False) -> ArenaSites:
    """Return the sites of a buffer: one set for each policy, so code is rewritten once."""
    key = (policy, always)
    sites: ArenaSites | None = buffer.companions.get(key)
    if sites is None:
        sites = buffer.companions.setdefault(key, arena_sites(buffer, policy, not always))
    assert sites is not None
    return sites


def bumped_with(sites: ArenaSites, target: Any) -> Any:
    """Bump what a decorator may find, and return the same kind of thing."""
    if switched_off():
        _check(target)
        return target
    if isinstance(target, FunctionType):
        return _bump_function(sites, target)
    if isinstance(target, staticmethod | classmethod):
        return type(target)(bumped_with(sites, target.__func__))
    if isinstance(target, property):
        parts = (target.fget, target.fset, target.fdel)
        made = [part and bumped_with(sites, part) for part in parts]
        return type(target)(*made, target.__doc__)  # type: ignore[call-arg]
    if isinstance(target, MethodType):
        return MethodType(bumped_with(sites, target.__func__), target.__self__)
    if isinstance(target, type):
        return _bump_class(sites, target)
    function = as_function(target)
    if function is not None:
        return _bump_function(sites, function, target)
    raise refusal(target)


def _check(target: Any) -> None:
    """Raise TypeError for what `bump` would not take."""
    if isinstance(target, type):
        _check_class(target)
    elif isinstance(target, staticmethod | classmethod | MethodType):
        _check(target.__func__)
    elif isinstance(target, property):
        for part in (target.fget, target.fset, target.fdel):
            if part is not None:
                _check(part)
    elif not isinstance(target, FunctionType) and as_function(target) is None:
        raise refusal(target)


def as_function(target: Any) -> FunctionType | None:
    """Return a Python function that calls a partial or callable object; None if there is none."""
    if decorator_of(target) is not None:
        return None
    if isinstance(target, functools.partial):
        inside: Any = target.func
    else:
        inside = python_call(target)
        if inside is None:
            return None
    if isinstance(inside, BuiltinFunctionType | type):
        return None

    def bumped_call(*args: Any, **kwargs: Any) -> Any:
        return target(*args, **kwargs)

    if inspect.iscoroutinefunction(inside) and hasattr(inspect, "markcoroutinefunction"):
        inspect.markcoroutinefunction(bumped_call)
    named = target if hasattr(target, "__name__") else inside
    functools.update_wrapper(bumped_call, named)
    bumped_call.__wrapped__ = target  # type: ignore[attr-defined]
    return cast(FunctionType, bumped_call)


def _bump_function(sites: ArenaSites, function: FunctionType, source: Any = None) -> FunctionType:
    known = bumped(function)
    if known is not None:
        if known.sites is sites:
            return function
        function = _original_of(function, known)
    new = _rewritten(sites, function)
    if source is not None:
        new.__wrapped__ = source  # type: ignore[attr-defined]
    return new


def _original_of(function: FunctionType, known: Bumped) -> FunctionType:
    """Return what a bumped function was made from, with the defaults that it has by now."""
    original = cast(FunctionType, known.original)
    if (
        function.__defaults__ is original.__defaults__
        and function.__kwdefaults__ is original.__kwdefaults__
    ):
        return original
    new = with_code(function, original.__code__)
    functools.update_wrapper(new, original)
    return new


def _rewritten(sites: ArenaSites, function: FunctionType) -> FunctionType:
    """Return a function like `function` that runs rewritten code, or a warning says why not."""
    reason = refusal_of_names(function) or WRAPPERS.get(function.__code__, "")
    rewritten = None if reason else sites.rewriter.rewritten(function.__code__)
    if rewritten is not None:
        sites.callees.owns(function)
        new = rewritten.instance(function)
        rewritten.follow(new)
        functools.update_wrapper(new, function)
        vars(new)[_KEPT_AS] = Bumped(function, sites, rewritten.gates)
        vars(new)["__numba__"] = "__wrapped__"  # Numba compiles what this attribute leads to
        return new
    reason = reason or sites.rewriter.reason(function.__code__)
    if reason:
        warn_the_user(
            f"{function.__qualname__} ({function.__code__.co_filename}:"
            f"{function.__code__.co_firstlineno}) runs as it is: {reason}"
        )
    new = with_code(function, function.__code__)
    functools.update_wrapper(new, function)
    return new


def _bump_class(sites: ArenaSites, cls: type) -> type:
    _check_class(cls)
    kinds = (FunctionType, staticmethod, classmethod, property)
    for name, value in list(vars(cls).items()):
        if type(value) is functools.cached_property and isinstance(value.func, FunctionType):
            cached = functools.cached_property(bumped_with(sites, value.func))
            cached.__set_name__(cls, name)
            setattr(cls, name, cached)
        inner = getattr(value, "__func__", value)
        if not isinstance(value, kinds) or bumped(inner) is not None:
            continue
        try:
            new = bumped_with(sites, value)
        except TypeError:  # a static or class method of something without bytecode
            continue
        setattr(cls, name, new)
    return cls


def _check_class(cls: type) -> None:
    if not cls.__flags__ & _HEAP_TYPE:
        raise TypeError(f"bump: the class {cls.__qualname__} is not written in Python")


_DESCRIPTORS = (
    staticmethod,
    classmethod,
    property,
    functools.cached_property,
    functools.partialmethod,
    functools.singledispatchmethod,
)
