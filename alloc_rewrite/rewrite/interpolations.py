"""The arguments of BUILD_INTERPOLATION, which makes a part of a template string (since 3.14).

In: concrete instructions, and what the `bytecode` library decoded them to. Out: nothing; it
corrects arguments in place. An argument has three parts: whether there is a format, a bit that is
always set, and the conversion. The library, up to 0.19.1, takes the last two for a conversion,
raises for most of them, and encodes none. So it decodes an argument without a conversion, and
encodes the whole as a plain number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bytecode import Instr

_INTERPOLATION, _NO_CONVERSION = "BUILD_INTERPOLATION", 2


def hide_interpolations(items: Iterable[Any]) -> list[int]:
    """Take the conversions out of concrete instructions; return the arguments as they were."""
    args = []
    for item in items:
        if item.name == _INTERPOLATION:
            args.append(item.arg)
            item.arg = _NO_CONVERSION | item.arg & 1
    return args


def show_interpolations(items: Iterable[Any], args: list[int]) -> None:
    """Put arguments back into the instructions that were made of the concrete ones."""
    if not args:
        return
    found = (i for i in items if isinstance(i, Instr) and i.name == _INTERPOLATION)
    for item, arg in zip(found, args, strict=True):
        item._arg = arg  # which the library encodes as it is
