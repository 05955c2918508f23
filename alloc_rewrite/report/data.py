"""Reports as plain data: dictionaries, lists, text and numbers, as JSON has them.

In: dataclasses. Out: the same as dictionaries, with the properties that they compute. It must not
know what they mean.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

LEFT_OUT = frozenset({"result"})  # what users computed is theirs


def plain(value: Any) -> Any:
    """Return a value made of types that JSON has."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in LEFT_OUT]
        names += [
            name
            for kind in type(value).__mro__
            for name, member in vars(kind).items()
            if isinstance(member, property) and not name.startswith("_")
        ]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
