"""Equality to the bit: what a call returned, raised, warned, printed and changed.

In: a function and its arguments. Out: an `Outcome`, made of nested tuples that compare with
``==``. Left out are the documented differences of arena arrays: `flags.owndata` and `base`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import struct
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

import alloc_rewrite

SEED = 20240229
NOTHING_TO_DO = ".*it has no operators or calls"  # said of cases that only index, or only raise
_ADDRESS = re.compile("0x[0-9a-f]+")
_FLAGS = ("c_contiguous", "f_contiguous", "writeable", "aligned", "writebackifcopy")
_HIDDEN = (
    os.path.dirname(alloc_rewrite.__file__) + os.sep,
    __file__,
    os.path.join(os.path.dirname(__file__), "conftest.py"),
)
_LONG_DOUBLE = np.dtype(np.longdouble)
_PADDED_LONG_DOUBLE = np.finfo(np.longdouble).nmant == 63  # 80 bits in 12 or 16 bytes


@dataclass(frozen=True)
class Outcome:
    """Everything about a call that its caller can see."""

    result: Any
    error: Any
    warnings: Any
    printed: str
    arguments: Any  # as the call left them
    aliases: Any  # which results are, or share memory with, which arguments and results
    errstate: Any
    stream: Any  # the state of np.random

    def differences(self, other: Outcome) -> list[str]:
        """Name the fields that differ, with both values."""
        out = []
        for field in fields(self):
            here, there = getattr(self, field.name), getattr(other, field.name)
            if here != there:
                out.append(f"{field.name}:\n    expected {here!r}\n    got      {there!r}")
        return out


def observe(call: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Outcome, Any]:
    """Call, and return what could be seen of it, and the result itself."""
    np.random.seed(SEED)
    printed = io.StringIO()
    result, error = None, None
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", NOTHING_TO_DO, alloc_rewrite.RewriteWarning)
        try:
            result = call(*args)
        except Exception as raised:
            error = _described(raised)
    outcome = Outcome(
        fingerprint(result),
        error,
        [(w.category, _ADDRESS.sub("0x", str(w.message)), w.filename, w.lineno) for w in caught],
        printed.getvalue(),
        fingerprint(args),
        _aliases(result, args),
        (np.geterr(), np.geterrcall(), np.getbufsize()),
        fingerprint(np.random.get_state()),
    )
    return outcome, result


def fingerprint(value: Any) -> Any:
    """Return nested tuples that are equal if, and only if, values are the same to the bit."""
    kind = type(value)
    if value is np.ma.masked:
        return "masked"
    if isinstance(value, np.ndarray):
        return _of_array(value)
    if isinstance(value, np.generic):
        own = vars(value) if hasattr(value, "__dict__") else {}
        return (kind, _of_dtype(value.dtype), _bits(np.asarray(value)), fingerprint(own))
    if kind is float:
        return (kind, struct.pack("d", value))
    if kind is complex:
        return (kind, struct.pack("dd", value.real, value.imag))
    if kind in (int, bool, str, bytes, bytearray, type(None)):
        return (kind, bytes(value) if kind is bytearray else value)
    if isinstance(value, tuple | list):
        return (kind, *map(fingerprint, value))
    if isinstance(value, dict | types.MappingProxyType):
        return (kind, *((fingerprint(k), fingerprint(v)) for k, v in value.items()))
    if isinstance(value, set | frozenset):
        return (kind, *sorted(map(repr, value)))
    if isinstance(value, slice):
        return (kind, *map(fingerprint, (value.start, value.stop, value.step)))
    if isinstance(value, np.dtype):
        return (kind, *_of_dtype(value))
    if isinstance(value, np.random.Generator):
        return (kind, fingerprint(value.bit_generator.state))
    if isinstance(value, np.random.RandomState):
        return (kind, fingerprint(value.get_state()))
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType | np.ufunc):
        return (kind, getattr(value, "__qualname__", value.__name__))
    return (kind, fingerprint(dict(vars(value))) if hasattr(value, "__dict__") else None)


def _of_array(array: np.ndarray) -> Any:
    if isinstance(array, np.ma.MaskedArray):
        own = (fingerprint(array.mask), fingerprint(array.fill_value), fingerprint(array.hardmask))
        data = fingerprint(array.data)
    else:
        own = fingerprint(dict(vars(array))) if hasattr(array, "__dict__") else None
        data = _bits(array)
    flags = tuple(bool(getattr(array.flags, name)) for name in _FLAGS)
    return (type(array), _of_dtype(array.dtype), array.shape, array.strides, flags, data, own)


def _of_dtype(dtype: np.dtype) -> Any:
    fields = dtype.fields and [_of_dtype(field[0]) for field in dtype.fields.values()]
    metadata = fingerprint(dtype.metadata)
    return (dtype, dtype.str, dtype.num, dtype.alignment, dtype.isalignedstruct, metadata, fields)


def _bits(array: np.ndarray) -> Any:
    """The bytes that mean something, in C order."""
    plain = np.ndarray.view(array, np.ndarray)
    dtype = plain.dtype
    if dtype.names is not None:
        return tuple(_bits(plain[name]) for name in dtype.names)
    if dtype.hasobject or dtype.kind == "T":
        return tuple(fingerprint(one) for one in plain.ravel().tolist())
    if _PADDED_LONG_DOUBLE and dtype.char in "gG":
        raw = np.frombuffer(plain.tobytes(), np.uint8).reshape(-1, _LONG_DOUBLE.itemsize)
        return raw[:, :10].tobytes()
    return plain.tobytes()


def _described(error: BaseException) -> Any:
    """The type, text, notes and traceback of an exception and of those it came out of."""
    chain = []
    link: BaseException | None = error
    while link is not None:
        notes = tuple(getattr(link, "__notes__", ()))
        text = _ADDRESS.sub("0x", str(link))
        chain.append((type(link), text, notes, tuple(_frames(link.__traceback__))))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return tuple(chain)


def _frames(tb: types.TracebackType | None) -> Iterator[Any]:
    """File, function, line and columns of each frame outside the library and its tests' tools."""
    while tb is not None:
        code = tb.tb_frame.f_code
        if not code.co_filename.startswith(_HIDDEN):
            line, _, start, stop = list(code.co_positions())[tb.tb_lasti // 2]
            yield (code.co_filename, code.co_qualname, tb.tb_lineno, line, start, stop)
        tb = tb.tb_next


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _arrays(one)


def _aliases(result: Any, args: tuple[Any, ...]) -> Any:
    results, given = list(_arrays(result)), list(_arrays(args))
    out = []
    for i, one in enumerate(results):
        others = results[:i] + given
        shared = [k for k, other in enumerate(others) if np.may_share_memory(one, other)]
        out.append(([k for k, other in enumerate(others) if one is other], shared))
    return out
