"""Operators of numbers: of complex ones by `complexes`, of others by `arithmetic`.

In: a `Code`, numbers. Out: numbers.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, cast

from . import arithmetic, complexes
from .code import Code, Value


def _rules(*values: Value) -> ModuleType:
    return complexes if complexes.is_complex(*values) else arithmetic


def binary(code: Code, name: str, x: Value, y: Value) -> Value:
    """Return what an operator gives for two numbers; `name` as module `operator` has it."""
    return cast(Value, _rules(x, y).binary(code, name, x, y))


def unary(code: Code, name: str, x: Value) -> Value:
    """Return what an operator gives for one number."""
    return cast(Value, _rules(x).unary(code, name, x))


def compare(code: Code, name: str, x: Value, y: Value) -> Value:
    """Return what a comparison of two numbers gives."""
    return cast(Value, _rules(x, y).compare(code, name, x, y))


def truth(code: Code, x: Value) -> Any:
    """Return whether a number is true, as a bit."""
    return _rules(x).truth(code, x)
