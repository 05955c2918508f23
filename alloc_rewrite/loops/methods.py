"""Methods of what is in a loop: `append` of lists, and those of numbers.

In: a `Code`, the object, arguments. Out: values. What `append` adds is taken back, by the log, with
the iteration.
"""

from __future__ import annotations

from collections.abc import Callable

from . import complexes
from .code import Code, NotTranslatedError, Value, described
from .kinds import FLOAT, INT, List, Method, Number


def bound(owner: Value, name: str) -> Value:
    """Return a method of an object."""
    kind = owner.kind
    table = _OF_LISTS if isinstance(kind, List) else _OF_NUMBERS
    is_known = isinstance(kind, (List, Number)) and name in table
    if not is_known or (name == "conj" and isinstance(kind, Number) and kind.is_python):
        raise NotTranslatedError(f"the method {name} of {described(kind)}")
    return Value(Method(name, kind), owner.parts)


def call(code: Code, method: Value, args: list[Value]) -> Value:
    """Return what a method gives."""
    kind = method.kind
    assert isinstance(kind, Method)
    table = _OF_LISTS if isinstance(kind.owner, List) else _OF_NUMBERS
    return table[kind.name](code, Value(kind.owner, method.parts), args)


def _append(code: Code, owner: Value, args: list[Value]) -> Value:
    assert isinstance(owner.kind, List)
    if owner.kind.is_tuple or len(args) != 1:
        raise NotTranslatedError("`append` of anything but one number to a list")
    (item,) = args
    code.append(owner.parts[0], item)
    return code.constant(None)


def _item(code: Code, owner: Value, args: list[Value]) -> Value:
    number = owner.number
    if args or number.is_python or number.is_bool:
        raise NotTranslatedError("`item` with arguments, or of a number of Python")
    if number.is_float:
        word = owner.parts[0]
        wide = word if word.type == code.double else code.builder.fpext(word, code.double)
        return Value(FLOAT, (wide,))
    return Value(INT, (code.widened(owner),))


def _conjugate(code: Code, owner: Value, args: list[Value]) -> Value:
    if complexes.is_complex(owner):
        return complexes.conjugate(code, owner, args)
    if args or owner.number.is_bool:
        raise NotTranslatedError("a method with arguments, or of a truth value")
    return owner


_Make = Callable[[Code, Value, list[Value]], Value]
_OF_LISTS: dict[str, _Make] = {"append": _append}
_OF_NUMBERS: dict[str, _Make] = {"item": _item, "conjugate": _conjugate, "conj": _conjugate}
