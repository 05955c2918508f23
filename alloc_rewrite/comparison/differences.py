"""What differs between two values, in words; nothing if they are bit-for-bit identical.

In: two values of any kind. Out: a line for each difference, which says where it is. It must not
know where the values come from. Arrays differ if their type, dtype, shape, strides, flags or bits
do; other objects if what pickling them would keep does.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

MOST = 20  # differences that are looked for
ADDRESS = re.compile("0x[0-9a-f]+")
_FLAGS = ("c_contiguous", "f_contiguous", "writeable", "aligned", "writebackifcopy")
_PADDED = np.finfo(np.longdouble).nmant == 63  # 80 bits of a long double mean something


def differences(expected: Any, got: Any, name: str = "the result") -> list[str]:
    """Say how `got` differs from `expected`."""
    search = _Search()
    search.values(name, expected, got)
    return search.found


class _Search:
    def __init__(self) -> None:
        self.found: list[str] = []
        self._open: set[tuple[int, int]] = set()  # pairs being compared, as objects may form cycles

    def values(self, name: str, expected: Any, got: Any) -> None:
        """Compare two values, by what they are."""
        pair = (id(expected), id(got))
        if expected is got or len(self.found) >= MOST or pair in self._open:
            return
        if type(expected) is not type(got):
            self._note(f"{name} is of type {_type(got)}, not {_type(expected)}")
            return
        self._open.add(pair)
        try:
            for kind, compare in _KINDS:
                if isinstance(expected, kind):
                    compare(self, name, expected, got)
                    return
            self._objects(name, expected, got)
        finally:
            self._open.discard(pair)

    def _note(self, text: str) -> None:
        self.found.append(ADDRESS.sub("0x...", text))

    def _equal(self, name: str, expected: Any, got: Any, what: str = "") -> bool:
        if expected == got:
            return True
        self._note(f"{what and f'{what} of '}{name} is {_short(got)}, not {_short(expected)}")
        return False

    # ------------------------------------------------------------------ by kind

    def _numbers(self, name: str, expected: Any, got: Any) -> None:
        if _bits_of_number(expected) != _bits_of_number(got):
            self._note(f"{name} is {_short(got)}, not {_short(expected)}")

    def _named(self, name: str, expected: Any, got: Any) -> None:
        """Functions and the like: those made by different calls have one name."""
        self._equal(name, _name(expected), _name(got))

    def _sequences(self, name: str, expected: Any, got: Any) -> None:
        if self._equal(name, len(expected), len(got), "the length"):
            for i, (one, other) in enumerate(zip(expected, got, strict=True)):
                self.values(f"{name}[{i}]", one, other)
            self._attributes(name, expected, got)

    def _mappings(self, name: str, expected: Any, got: Any) -> None:
        before = len(self.found)
        self.values(f"list({name})", list(expected), list(got))
        if len(self.found) == before:
            for key, one, other in zip(expected, expected.values(), got.values(), strict=True):
                self.values(f"{name}[{_short(key)}]", one, other)
            self._attributes(name, expected, got)

    def _arrays(self, name: str, expected: Any, got: Any) -> None:
        one, other = (np.ndarray.view(x, np.ndarray) for x in (expected, got))
        alike = (
            self._equal(name, _about(one.dtype), _about(other.dtype), "the dtype")
            and self._equal(name, one.shape, other.shape, "the shape")
            and self._equal(name, one.strides, other.strides, "the strides")
            and self._equal(name, _flags(expected), _flags(got), "the flags")
        )
        if alike:
            self._items(name, one, other)
            self._attributes(name, expected, got)

    def _scalars(self, name: str, expected: Any, got: Any) -> None:
        if self._equal(name, _about(expected.dtype), _about(got.dtype), "the dtype"):
            self._items(name, np.asarray(expected), np.asarray(got))
            self._attributes(name, expected, got)

    def _items(self, name: str, expected: Any, got: Any) -> None:
        dtype = expected.dtype
        if dtype.names is not None:
            for field in dtype.names:
                self._items(f"{name}[{field!r}]", expected[field], got[field])
        elif dtype.hasobject or dtype.kind == "T":
            for i, (one, other) in enumerate(
                zip(expected.ravel().tolist(), got.ravel().tolist(), strict=True)
            ):
                self.values(f"{name}.flat[{i}]", one, other)
        elif expected.size and dtype.itemsize:
            different = (_bytes_of(expected) != _bytes_of(got)).any(axis=-1)
            if different.any():
                at = np.unravel_index(int(different.argmax()), expected.shape)
                first = ", ".join(map(str, at))
                self._note(
                    f"{int(different.sum())} of {expected.size} items of {name} differ, first "
                    f"[{first}]: {_short(got[at])}, not {_short(expected[at])}"
                )

    def _attributes(self, name: str, expected: Any, got: Any) -> None:
        for key, value in getattr(expected, "__dict__", {}).items():
            if key not in got.__dict__:
                self._note(f"{name} has no attribute {key}")
            else:
                self.values(f"{name}.{key}", value, got.__dict__[key])
        for key in getattr(got, "__dict__", {}):
            if key not in expected.__dict__:
                self._note(f"{name} has an attribute {key} more")

    def _objects(self, name: str, expected: Any, got: Any) -> None:
        """Compare what pickling keeps; objects that don't pickle have only their type compared."""
        before = len(self.found)
        self._attributes(name, expected, got)
        if len(self.found) > before:
            return
        try:
            one, other = expected.__reduce_ex__(4), got.__reduce_ex__(4)
        except Exception:
            return
        if isinstance(one, str):
            self._equal(name, one, other)
            return
        for what, a, b in zip(("", "", "state of ", "items of ", "items of "), one, other):  # noqa: B905
            if what == "items of " and a is not None and b is not None:
                a, b = list(a), list(b)
            self.values(f"the {what}{name}" if what else name, a, b)


_KINDS: tuple[tuple[Any, Callable[[_Search, str, Any, Any], object]], ...] = (
    (np.ndarray, _Search._arrays),
    (np.generic, _Search._scalars),
    ((float, complex), _Search._numbers),
    ((int, str, bytes, bytearray, type(None), slice, set, frozenset), _Search._equal),
    ((tuple, list), _Search._sequences),
    (dict, _Search._mappings),
    (np.dtype, lambda search, name, a, b: search._equal(name, _about(a), _about(b))),
    ((type, FunctionType, BuiltinFunctionType, ModuleType, np.ufunc), _Search._named),
)


def _about(dtype: np.dtype[Any]) -> Any:
    fields = dtype.fields and [(n, _about(f[0]), *f[1:]) for n, f in dtype.fields.items()]
    text = dtype.str if dtype.metadata is None else f"{dtype.str} with {dict(dtype.metadata)}"
    return (text, fields) if fields else text


def _flags(array: Any) -> dict[str, bool]:
    return {name: bool(getattr(array.flags, name)) for name in _FLAGS}


def _bytes_of(array: Any) -> Any:
    """Return the bytes that mean something, a row for each item in C order."""
    flat = np.ascontiguousarray(array).reshape(-1)
    raw = flat.view(np.uint8).reshape(flat.size, array.dtype.itemsize)
    if _PADDED and array.dtype.char in "gG":
        raw = raw.reshape(flat.size, -1, np.dtype(np.longdouble).itemsize)[..., :10]
        raw = raw.reshape(flat.size, -1)
    return raw


def _bits_of_number(number: Any) -> bytes:
    number = complex(number) if isinstance(number, complex) else float(number)
    return struct.pack("dd", number.real, number.imag)


def _name(value: Any) -> str:
    return str(getattr(value, "__qualname__", getattr(value, "__name__", value)))


def _type(value: Any) -> str:
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
