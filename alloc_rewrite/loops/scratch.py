"""New arrays of a kernel, in scratch memory.

In: dtypes and shapes. Out: arrays, as values. What a block of scratch memory holds is said in
`csrc/loops/scratch.h`; only what locals hold when the kernel commits stays there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from llvmlite import ir

from .code import I64, Code, NotTranslatedError, Value
from .encoding import NUMBER_CODES
from .kinds import SMALL, Array, Number, strides_of

if TYPE_CHECKING:
    from .translate import Translator

FIXED = 2  # words of a block in front of its shape
MOST_BYTES = 1 << 18  # of an array; larger ones are made by the original code


def known_words(words: tuple[Any, ...]) -> tuple[int, ...] | None:
    """Return the numbers that words are, if all are known."""
    if all(isinstance(word, ir.Constant) for word in words):
        return tuple(word.constant for word in words)
    return None


def array_of(
    code: Code,
    number: str,
    place: tuple[Any, Any],
    dims: tuple[Any, ...],
    strides: tuple[Any, ...],
    *,
    writeable: bool = True,
    is_dense: bool = False,
) -> Value:
    """Return an array that has this owner, address, shape and strides."""
    itemsize = int(number[1:])
    shape, steps = known_words(dims), known_words(strides)
    if shape is not None and not (
        0 < math.prod(shape) <= SMALL and steps == strides_of(shape, itemsize)
    ):
        shape = None
    last = strides[-1]
    is_dense = is_dense or (isinstance(last, ir.Constant) and last.constant == itemsize)
    kind = Array(number, len(dims), writeable, is_dense, shape)
    if is_dense:
        strides = (*strides[:-1], code.i64(itemsize))
    return Value(kind, (*place, *dims, *strides))


def product_of(code: Code, words: tuple[Any, ...]) -> Any:
    """Return the product of words, as a constant if they are."""
    known = known_words(words)
    if known is not None:
        return code.i64(math.prod(known))
    out = words[0]
    for word in words[1:]:
        out = code.builder.mul(out, word)
    return out


def c_strides(code: Code, dims: tuple[Any, ...], itemsize: int) -> tuple[Any, ...]:
    """Return the strides of an array in C order."""
    size = code.i64(itemsize)
    return tuple(product_of(code, (size, *dims[i + 1 :])) for i in range(len(dims)))


class Scratch:
    """The scratch memory of one kernel."""

    def __init__(self, translator: Translator) -> None:
        self._t = translator
        self._b = translator.code.builder
        self.position = self._b.alloca(I64, name="scratch")
        self.reload()

    def reload(self) -> None:
        """Go on where the frame says."""
        self._b.store(self._t.word("scratch"), self.position)

    def is_low(self) -> Any:
        """Return whether room is to be made."""
        return self._b.icmp_unsigned(">", self._b.load(self.position), self._t.word("scratch_soft"))

    def new(self, number: Number, dims: tuple[Any, ...]) -> Value:
        """Make an array in C order; leave where it is too large."""
        t, b, code = self._t, self._b, self._t.code
        itemsize = code.itemsize(number)
        for dim in dims:
            if not isinstance(dim, ir.Constant):
                code.leave_if(b.icmp_unsigned(">", dim, code.i64(MOST_BYTES)))
            elif dim.constant < 0:
                raise NotTranslatedError("an array with a negative number of items")
        nbytes = product_of(code, (code.i64(itemsize), *dims))
        if isinstance(nbytes, ir.Constant):
            if nbytes.constant > MOST_BYTES:
                raise NotTranslatedError("a large array")
            padded = code.i64((nbytes.constant + 15) & -16)
        else:
            code.leave_if(b.icmp_unsigned(">", nbytes, code.i64(MOST_BYTES)))
            padded = b.and_(b.add(nbytes, code.i64(15)), code.i64(-16))
        head = 8 * ((FIXED + len(dims) + 1) & ~1)
        total = b.add(padded, code.i64(head))
        block = b.load(self.position)
        after = b.add(block, total)
        out, on = (code.function.append_basic_block() for _ in range(2))
        full = b.icmp_unsigned(">", after, t.word("scratch_end"))
        b.cbranch(full, out, on).set_metadata("prof", code.rarely)
        b.position_at_end(out)
        b.store(total, t.slot("scratch_wanted"))
        b.branch(code.leave)
        b.position_at_end(on)
        b.store(after, self.position)
        entry = b.inttoptr(block, I64.as_pointer())
        words = (total, code.i64(NUMBER_CODES[number.name] + 256 * len(dims)), *dims)
        for i, word in enumerate(words):
            b.store(word, b.gep(entry, [code.i64(i)]))
        place = block, b.add(block, code.i64(head))
        return array_of(code, number.name, place, dims, c_strides(code, dims, itemsize))
