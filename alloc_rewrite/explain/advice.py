"""What to write instead of what ends regions, or of what they decline.

In: a reason, in the words of `explain` and `compare`. Out: advice; empty where there is nothing to
do. The table has a row for each kind of reason.
"""

from __future__ import annotations

import re

_WHOLE = "write it with operations on whole arrays"
_APART = "move it before or after the operations"
_LOCAL = "compute into a local variable, and assign that last"

#: What to write instead, by a pattern of the reason; the first that is found counts.
_ADVICE = (
    (r"^`(range|enumerate|zip|reversed|iter|next)` can't", ""),  # of a loop
    (r"`(np|numpy)\.(vectorize|apply_along_axis|apply_over_axes|frompyfunc|fromiter)`", _WHOLE),
    (
        r"`(np|numpy)\.(append|insert|delete|resize)`",
        "make the array once, with its final size, and assign to its parts",
    ),
    (
        r"reshape",
        "add axes by an index with None, as in `x[:, None]`, or reshape before or after",
    ),
    (r"computes with numbers only", ""),
    (
        r"condition needs|code branches|two branches join",
        "choose by `np.where`, `np.minimum` or `np.maximum` if both sides are cheap",
    ),
    (r"condition in a helper", "call a helper of its own for each case"),
    (r"isn't inlined", "write helpers as straight-line code that ends with one `return`"),
    (
        r"keyword arguments|other keywords|other arguments|`where`, but",
        "give it arrays and numbers; call it otherwise before or after the operations",
    ),
    (r"axis.* that\b|axis or order", "write the axis as a constant"),
    (r"tuple that isn't unpacked", "unpack its result at once, or ask for one axis"),
    (r"list.* made elsewhere", "write the list in the call"),
    (r"`\*args` or", "write the arguments one by one"),
    (r"tuple is built|list is built", "write tuples and lists in the call, or " + _APART[8:]),
    (r"slice or tuple is (assigned|stored)", "write the slice where it is used"),
    (r"maximum length", ""),
    (
        r"two names|has a view of|view of an array|item is used after|array was changed|"
        r"reduces an array after",
        "read what you need of an array before you change it",
    ),
    (
        r"store into an array|changes a part of an array",
        "compute first, and store once at the end",
    ),
    (
        r"of these kinds|such objects|is of the type|no region computes",
        "pass arrays and numbers; no subclasses, lists or arrays of objects",
    ),
    (r"index is a mask", "use `np.where`, or take the items before the operations"),
    (r"(index|indexed).*(array|computed)", "take the items before the operations"),
    (r"out of range", "index by integers, slices and arrays that fit"),
    (r"shapes|change from call to call", "use few shapes and dtypes at one place"),
    (r"floating point", "avoid values that overflow or divide by zero at each call"),
    (r"not plain", "read properties and attributes of the class into local variables before"),
    (r"no value", "assign it before the operations on every path"),
    (r"tuple unpacking", "unpack before or after the operations"),
    (r"attribute `.*` of a value", "read it before or after the operations"),
    (r"attribute|global variable|inner function", _LOCAL),
    (
        r"`del`|`print`|`try`|`with`|`raise`|`assert`|string|dictionary|set is|import|definition|"
        r"`is`|`in`|`yield`|`await`|`match`|exception|comprehension|`super\(\)`",
        _APART,
    ),
    (r"loop (begins|repeats|ends)", "replace the loop by operations on whole arrays if possible"),
    (r"compiled code|not accelerated", "if it can be written with array operations, do so"),
    (r"@|matmul|dot", "nothing: BLAS does the work"),
    (r"deny list", "allow it by `include=` of `bump`"),
    (
        r"can't be part of|is called with|begins before the region|method `.*` of a constant",
        "call it before or after",
    ),
    (r"index has more than", "index in two steps"),
    (r"what is stored", "store arrays, or what is computed from them"),
)


def advice_for(reason: str) -> str:
    """Say what to write instead."""
    if reason:
        for pattern, advice in _ADVICE:
            if re.search(pattern, reason):
                return advice
    return ""
