"""Attributes of what is in a loop: modules, objects, arrays, numbers; and stores into objects.

In: the translator, an owner, a name. Out: values. An attribute that is stored becomes a local of
its own, with a name that no other has; the object gets its value when the kernel ends.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, cast

from ..interpreter import VERSION
from ..rewrite.items import Instr
from ..rewrite.opcodes import attribute_name, is_method_load
from . import complexes, elements, lazy, making, methods
from .code import NotTranslatedError, Value, described
from .kinds import Array, Complex, Known, Number, Object, Tuple, is_of_numbers
from .states import MOST_STORED, NULL, State

if TYPE_CHECKING:
    from .translate import Translator


def load(t: Translator, item: Instr, state: State) -> None:
    """Push an attribute, or a method and its object."""
    owner, name = state.stack.pop(), attribute_name(item)
    if isinstance(owner.kind, Object):
        in_class = name not in dict(owner.kind.attributes) and any(
            name in vars(base) for base in owner.kind.type.__mro__
        )
        if in_class and is_method_load(item):
            state.stack.extend([t.method_of(owner.kind, name), owner])
            return
        value = _of_object(t, owner.kind, name, state)
    elif isinstance(owner.kind, Known) and isinstance(owner.kind.value, types.ModuleType):
        value = t.known_attribute(owner.kind.value, name)
    elif isinstance(owner.kind, Known) and making.is_own_ufunc(owner.kind.value):
        value = Value(Known(making.ufunc_method(owner.kind.value, name)))
    elif isinstance(owner.kind, Complex) and not is_method_load(item):
        value = complexes.attribute(owner, name)
    elif is_method_load(item) and not lazy.is_array(owner):
        value = methods.bound(owner, name)
    else:
        value = elements.attribute(t.code, lazy.materialised(t, owner), name)
    pair = [value]
    if is_method_load(item):
        pair.insert(0 if VERSION < (3, 13) else 1, NULL)
    state.stack.extend(pair)


def _hidden(owner: Object, name: str) -> str:
    return f"@{owner.number}.{name}"


def _of_object(t: Translator, owner: Object, name: str, state: State) -> Value:
    stored = state.outermost.locals.get(_hidden(owner, name))
    if stored is not None:
        return stored
    kinds = dict(owner.attributes)
    if name in kinds:
        return t.looked_up(owner.number, name, kinds[name])
    return t.attribute_of(owner, name)


def store(t: Translator, item: Instr, state: State) -> None:
    """Store an attribute that the object has already."""
    owner, value = state.stack.pop(), state.stack.pop()
    name, value = cast(str, item.arg), lazy.materialised(t, value)
    if not isinstance(owner.kind, Object):
        raise NotTranslatedError(f"an attribute of {described(owner.kind)} is stored")
    kinds = dict(owner.kind.attributes)
    if name not in kinds:
        raise NotTranslatedError(f"the attribute {name}, which the object hasn't got, is stored")
    kind = value.kind
    if isinstance(kind, Tuple) and not is_of_numbers(kind):
        raise NotTranslatedError(f"the attribute {name} gets a tuple of other things than numbers")
    if not isinstance(kind, (Number, Array, Tuple)) and kind != Known(None):
        raise NotTranslatedError(f"the attribute {name} gets {described(kind)}")
    t.looked_up(owner.kind.number, name, kinds[name])
    hidden = _hidden(owner.kind, name)
    if hidden not in t.kept:
        if len(t.attributes) == MOST_STORED:
            raise NotTranslatedError("too many attributes are stored")
        t.attributes.append((owner.kind.number, name))
        t.kept.append(hidden)
    state.outermost.locals[hidden] = value
