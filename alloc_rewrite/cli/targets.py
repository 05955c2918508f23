"""Functions and arguments, as they are written on the command line.

In: text such as ``model.py:Model.step`` and ``n=3``. Out: the function, and values. It must not
know what is done with them.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np


class TargetError(Exception):
    """What was written doesn't name a function, or isn't an expression."""


@dataclass(frozen=True, slots=True)
class Target:
    """A function, and the module in which its arguments are evaluated."""

    module: ModuleType
    name: str
    function: Any

    def arguments(self, texts: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
        """Evaluate expressions; those that begin with ``name=`` are keyword arguments."""
        args, kwargs = [], {}
        names = {"np": np, **vars(self.module)}
        for text in texts:
            try:
                call = ast.parse(f"_({text})", mode="eval").body
                assert isinstance(call, ast.Call)
                values = eval(f"(lambda *args, **kwargs: (args, kwargs))({text})", names)
            except Exception as error:
                said = error.msg if isinstance(error, SyntaxError) else error
                raise TargetError(
                    f"the argument {text!r}: {type(error).__name__}: {said}"
                ) from None
            args += values[0]
            kwargs.update(values[1])
        return args, kwargs

    def check_arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Refuse arguments that the function doesn't take, as far as that can be known."""
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):
            return
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TargetError(f"{self.name}{signature}: {error}") from None


def target_of(text: str) -> Target:
    """Import the module of ``module:function`` or ``path.py:function``, and find the function."""
    module_name, colon, name = text.rpartition(":")
    if not colon or not name or not module_name:
        raise TargetError(f"{text!r} is not module:function or path.py:function")
    module = _module(module_name)
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise TargetError(f"{module_name} has no {name}") from None
    if not callable(found):
        raise TargetError(f"{text} is an object of type {type(found).__name__}, not a function")
    return Target(module, name, found)


def _module(name: str) -> ModuleType:
    here = os.getcwd()
    if name.endswith(".py"):
        path = os.path.abspath(name)
        sys.path.insert(0, os.path.dirname(path))
        name = os.path.splitext(os.path.basename(path))[0]
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None or not os.path.exists(path):
            raise TargetError(f"there is no file {path}")
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise TargetError(f"{error}; for a file, write its name with .py") from None
