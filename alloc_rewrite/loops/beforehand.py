"""What a kernel takes from outside its locals: globals, builtins, attributes.

In: names, and where they are. Out: values. Most are known when the kernel is made, and a guard
looks at them whenever it begins; arrays and lists are looked up then.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np

from .code import Code, NotTranslatedError, Value
from .incoming import ALWAYS_THE_SAME, attributes_of, kind_of, reached_kind
from .kinds import Array, Function, Given, Kind, Known, List, Object
from .states import Unit

MOST_FOUND = 32  # attributes and global arrays, as `csrc/loops/kernel.h` has it


class Beforehand:
    """The part of a translator that finds names outside the locals."""

    code: Code
    builtins: dict[str, Any]
    guards: dict[tuple[int, str], tuple[Any, Any]]
    found: dict[tuple[int, str], tuple[tuple[Any, str, Kind], Value]]
    size: int  # of the frame
    n_inputs: int
    values: dict[int, Any]
    _read: Callable[[Kind, int], tuple[Value, int]]

    def looked_up(self, holder: Any, name: str, kind: Kind) -> Value:
        """Return what is looked up when a kernel begins: in an argument, a module, or globals.

        Holders are an argument's number, a module, a dictionary, or None for the globals of the
        code that runs.
        """
        key = (holder if type(holder) is int else id(holder), name)
        found = self.found.get(key)
        if found is None:
            if len(self.found) == MOST_FOUND:
                raise NotTranslatedError("too many attributes and global arrays")
            with self.code.builder.goto_entry_block():
                value, self.size = self._read(kind, self.size)
            found = self.found[key] = ((holder, name, kind), value)
        return found[1]

    def reached(self, holder: Any, name: str, value: Any) -> Value:
        """Return what is looked up likewise and may be any object, whose value now is known."""
        number = self.n_inputs + len(self.found)
        key = (holder if type(holder) is int else id(holder), name)
        if key in self.found:
            return self.found[key][1]
        found = self.looked_up(holder, name, reached_kind(value, number))
        self.values[number] = value
        return found

    def attribute_of(self, owner: Object, name: str) -> Value:
        """Return an attribute of an object that holds another object, or a function."""
        held = attributes_of(self.values[owner.number])
        if name not in held:
            raise NotTranslatedError(f"the attribute {name} of such an object")
        return self.reached(owner.number, name, held[name])

    def callee(self, value: Value) -> tuple[Any, Any]:
        """Return what is called, if that is known; and by what it is looked up."""
        kind = value.kind
        if isinstance(kind, Known):
            return kind.value, kind.value
        if isinstance(kind, Function):
            self.looked_up(kind.number, "__code__", Known(kind.code))
            function = self.values[kind.number]
            self.looked_up(kind.number, "__globals__", Known(function.__globals__))
            return function, kind.number
        if isinstance(kind, Given) and type(self.values[kind.number]) in ALWAYS_THE_SAME:
            found = self.values[kind.number]
            self.looked_up(kind.number, "", Known(found))
            return found, kind.number
        return None, None

    def of_function(self, holder: Any, name: str, value: Any) -> None:
        """Have a guard look at the code or the defaults of a function."""
        if type(holder) is int:
            self.looked_up(holder, name, Known(value))
        else:
            self.guarded(holder, name, value)

    def default_of(self, function: types.FunctionType, holder: Any, at: int) -> Value:
        """Return what a parameter of a function has if it isn't given."""
        defaults = function.__defaults__ or ()
        if type(holder) is int:  # another closure has others
            return self.reached(holder, f"@{len(defaults) - 1 - at}", defaults[at])
        self.guarded(holder, "__defaults__", defaults)
        return self.code.constant(defaults[at])

    def cell_of(self, function: types.FunctionType, holder: Any, name: str) -> Value:
        """Return what a function finds in a cell of another one."""
        at = function.__code__.co_freevars.index(name)
        try:
            content = (function.__closure__ or ())[at].cell_contents
        except ValueError:
            raise NotTranslatedError(f"`{name}` has no value") from None
        return self.reached(holder, str(at), content)

    def method_of(self, owner: Object, name: str) -> Value:
        """Return the function of a method; it has to be the same whenever the kernel begins."""
        function = next(
            (vars(base)[name] for base in owner.type.__mro__ if name in vars(base)), None
        )
        if type(function) is not types.FunctionType:
            raise NotTranslatedError(f"the attribute {name} of such an object")
        self.looked_up(owner.number, name, Known(function))
        return self.code.constant(function)

    def _global(self, holder: Any, name: str, value: Any) -> Value:
        """Return a global, or an attribute of a module."""
        kind = kind_of(value) if type(value) in (np.ndarray, list) else None
        if isinstance(kind, (Array, List)):
            return self.looked_up(holder, name, kind)
        return self.code.constant(self.guarded(holder, name, value))

    def known_global(self, unit: Unit, name: str) -> Value:
        """Return a global or builtin; a guard looks at it when a kernel begins."""
        for names in (unit.globals, self.builtins):
            if name in names:
                return self._global(unit.holder, name, names[name])
        raise NotTranslatedError(f"`{name}` has no value")

    def known_attribute(self, module: types.ModuleType, name: str) -> Value:
        """Return an attribute of a module likewise."""
        if name not in vars(module):
            raise NotTranslatedError(f"the attribute {name} of {module.__name__}")
        return self._global(module, name, vars(module)[name])

    def guarded(self, holder: Any, name: str, value: Any) -> Any:
        self.guards[id(holder), name] = holder, value
        return value
