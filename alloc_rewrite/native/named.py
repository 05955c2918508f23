"""NumPy's functions and methods that are one loop, or a choice of one, behind their Python code.

In: what is called, with the kinds of its arguments as inference has them. Out: the ufunc that it
comes to, and which arguments that takes. It must not know sites, nor how loops are found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import (
    absolute,
    around,
    clip,
    conjugate,
    copy,
    empty_like,
    full_like,
    maximum,
    minimum,
    nan_to_num,
    ones_like,
    positive,
    rint,
    zeros_like,
)
from numpy import round as round_
from numpy._core import umath

from ..numpy_facts import ABSOLUTE
from ..rewrite import Program
from .loops import OWN_UFUNCS, is_plain, plan_loop

_CLIP = getattr(umath, "clip")  # noqa: B009 - its stub lacks it
_ONES = getattr(umath, "_ones_like")  # noqa: B009 - likewise
_NONE = type(None)
_DECIMALS = range(1, 9)
#: The extension's ufuncs for `nan_to_num`, by what it is given.
_REPLACED = {
    (): "replaced",
    ("nan",): "replaced_nan",
    ("nan", "posinf", "neginf"): "replaced_all",
}


class Named(NamedTuple):
    """A ufunc and the nodes that it takes.

    `kinds` are what it resolves its loop by. The result's `order` is "C" or "K" if its memory
    layout is that of a copy, and empty if it is the ufunc's own.
    """

    ufunc: np.ufunc
    operands: tuple[int, ...]
    kinds: tuple[Any, ...]
    order: str = ""


class _Given(NamedTuple):
    """The arguments of a call: nodes by the names of parameters, with their kinds."""

    program: Program
    nodes: dict[str, int]
    kinds: dict[str, Any]

    def constant(self, name: str, otherwise: Any) -> Any:
        """Return an argument that the code has as a constant; `...` if it has it in another way."""
        if name not in self.nodes:
            return otherwise
        node = self.program.nodes[self.nodes[name]]
        return node.detail if node.kind == "const" else ...


def named_call(program: Program, number: int, kinds: Sequence[Any]) -> Named | None:
    """Return what a call of a function comes to; None if it is none of these."""
    node = program.nodes[number]
    found = _FUNCTIONS.get(kinds[0]) if type(kinds[0]) in _CALLABLES else None
    if found is None:
        return None
    parameters, plan = found
    return _planned(program, node.operands[1:], kinds[1:], node.detail, parameters, plan)


def named_method(program: Program, number: int, kinds: Sequence[Any]) -> Named | None:
    """Return what a call of an array's method comes to; None if it is none of these."""
    node = program.nodes[number]
    name, names = node.detail
    found = _METHODS.get(name)
    if found is None:
        return None
    return _planned(program, node.operands, kinds, names, *found)


def _planned(
    program: Program,
    operands: Sequence[int],
    kinds: Sequence[Any],
    names: tuple[str, ...],
    parameters: tuple[str, ...],
    plan: _Plan,
) -> Named | None:
    plain = len(operands) - len(names)
    bound = (*parameters[:plain], *names)
    if len(bound) != len(operands) or len({*bound}) != len(bound):
        return None
    if not {*bound} <= {*parameters} or not bound or bound[0] != "a":
        return None
    if not isinstance(kinds[0], np.dtype) or not is_plain(kinds[0]):
        return None
    by_name = zip(bound, operands, strict=True), zip(bound, kinds, strict=True)
    return plan(_Given(program, dict(by_name[0]), dict(by_name[1])))


def _absolute(given: _Given) -> Named:
    return _of(given, absolute, "a")


def _of(given: _Given, ufunc: np.ufunc, *names: str) -> Named:
    return Named(ufunc, tuple(given.nodes[n] for n in names), tuple(given.kinds[n] for n in names))


def _clipped(given: _Given) -> Named | None:
    low, high = (_bound(given, *names) for names in (("a_min", "min"), ("a_max", "max")))
    if "out" in given.nodes or low is None or high is None or not (low or high):
        return None
    if low and high:
        return _of(given, _CLIP, "a", low, high)
    return _of(given, maximum, "a", low) if low else _of(given, minimum, "a", high)


def _bound(given: _Given, *names: str) -> str | None:
    """Return the name of a bound that is given; empty if there is none, None if there are two."""
    found = [name for name in names if name in given.nodes]
    if len(found) > 1:
        return None
    return found[0] if found and given.kinds[found[0]] is not _NONE else ""


def _rounded(given: _Given) -> Named | None:
    decimals = given.constant("decimals", 0)
    if given.kinds["a"].char in "fd" and type(decimals) is int and decimals in _DECIMALS:
        return _rounded_to(given)
    if given.kinds["a"].kind != "f" or decimals != 0:
        return None
    return _of(given, rint, "a")


def _rounded_to(given: _Given) -> Named | None:
    """Round to decimals: the product with a power of ten is rounded, and divided by it."""
    return Named(
        OWN_UFUNCS["rounded"], (given.nodes["a"], given.nodes["decimals"]), (given.kinds["a"], int),
        "C",
    )  # fmt: skip


def _replaced(given: _Given) -> Named | None:
    """Replace NaN and infinities."""
    if given.constant("copy", True) is not True:
        return None
    if given.kinds["a"].kind in "iu":
        return _copied(given, "K")
    told = [name for name in ("nan", "posinf", "neginf") if given.kinds.get(name, _NONE) != _NONE]
    ours = _REPLACED.get(tuple(told))
    if ours is None or any(given.kinds[name] not in (int, float) for name in told):
        return None
    return _ours(given, ours, *told)


def _filled(given: _Given, ours: str) -> Named | None:
    names = ["fill_value"] if ours == "filled" else []
    if any(given.kinds.get(name) not in (int, float, complex) for name in names):
        return None
    return _ours(given, ours, *names)


def _ours(given: _Given, name: str, *names: str) -> Named | None:
    """Return a ufunc of our own, if its result has the first argument's dtype."""
    named = _of(given, OWN_UFUNCS[name], "a", *names)
    loop = plan_loop(named.ufunc, named.kinds)
    is_own = loop is not None and loop.dtypes[-1] == given.kinds["a"]
    return named._replace(order="K") if is_own else None


def _conjugated(given: _Given) -> Named | None:
    return _of(given, conjugate, "a") if given.kinds["a"].kind == "c" else None


def _copied(given: _Given, order: str) -> Named | None:
    dtype = given.kinds["a"]
    if dtype.kind not in "iufc" or (order == "C" and given.constant("order", "C") != "C"):
        return None
    return Named(positive, (given.nodes["a"],), (dtype,), order)


def _cast(given: _Given) -> Named | None:
    if given.nodes.keys() - {"a", "dtype", "copy"}:
        return None
    wanted = given.constant("dtype", None)
    if wanted is ...:
        wanted = given.kinds["dtype"]
    if not isinstance(wanted, str) and wanted not in _CLASSES:
        return None
    try:
        dtype = np.dtype(wanted)
    except TypeError:
        return None
    source = given.kinds["a"]
    if not is_plain(dtype) or not (np.can_cast(source, dtype) or _narrows(source, dtype)):
        return None
    if dtype.kind not in "iufc":
        return None
    copies = given.constant("copy", True)
    if copies is not True and (copies is not False or source == dtype):
        return None
    return Named(positive, (given.nodes["a"],), (dtype,), "K")


def _narrows(source: np.dtype[Any], dtype: np.dtype[Any]) -> bool:
    """Whether the extension has code for a cast that may change values."""
    if dtype.kind in "iu":
        return source.kind in "iub" or (source.char in "fd" and dtype.char in "il")
    return source.char == "d" and dtype.char == "f"


_Plan = Callable[[_Given], Named | None]
_CALLABLES = frozenset({type(np.sum), type(ABSOLUTE)})
_CLASSES = frozenset({int, float, complex}) | {
    value for value in vars(np).values() if isinstance(value, type) and issubclass(value, np.number)
}
_FUNCTIONS: dict[Any, tuple[tuple[str, ...], _Plan]] = {
    ABSOLUTE: (("a",), _absolute),
    clip: (("a", "a_min", "a_max", "out", "min", "max"), _clipped),
    around: (("a", "decimals"), _rounded),
    round_: (("a", "decimals"), _rounded),
    copy: (("a",), lambda given: _copied(given, "K")),
    nan_to_num: (("a", "copy", "nan", "posinf", "neginf"), _replaced),
    zeros_like: (("a",), lambda given: _filled(given, "zeros")),
    empty_like: (("a",), lambda given: _filled(given, "zeros")),
    full_like: (("a", "fill_value"), lambda given: _filled(given, "filled")),
    ones_like: (("a",), lambda given: _of(given, _ONES, "a")._replace(order="K")),
}
_METHODS: dict[str, tuple[tuple[str, ...], _Plan]] = {
    "clip": (("a", "min", "max"), _clipped),
    "round": (("a", "decimals"), _rounded),
    "conj": (("a",), _conjugated),
    "conjugate": (("a",), _conjugated),
    "copy": (("a", "order"), lambda given: _copied(given, "C")),
    "astype": (("a", "dtype", "order", "casting", "subok", "copy"), _cast),
}
#: The names by which code calls these.
FUNCTION_NAMES = frozenset({"abs", *(value.__name__ for value in _FUNCTIONS)})
METHOD_NAMES = frozenset(_METHODS)
FILLS = frozenset({"zeros_like", "ones_like", "full_like", "empty_like"})
#: Those that only make an array: it's better made outside if the code changes it afterwards.
COPIES = FILLS | {"copy"}
