"""The sites of operators.

In: operands. Out: an array of the arena for the result, which NumPy's ufunc then fills from the
caller's own frame (the *finisher*), or None: "not handled", and the original instructions run.
A power and a subscript by an array return the result itself. It must not know bytecode.
"""

from __future__ import annotations

from sys import getrefcount
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import getweakrefcount

import numpy as np
from numpy import power

from ..errors import BufferFullError
from ..interpreter import STACK_COUNTS
from ..numpy_facts import UFUNCS, power_ufunc
from ..rewrite import Owner, Where, symbol_of
from ..sites.equivalent import Equivalents
from ..sites.errstate import attempt
from ..sites.exceptions import EXPECTED, from_signal_handler
from .blocks import Header
from .equivalents import fancy
from .site import REVIEW_MASK, Site
from .variants import Variant, Variants

if TYPE_CHECKING:
    from .sites import PythonSites

ndarray = np.ndarray

# Scalars whose dtype depends on their type alone.
_FIXED_DTYPE = frozenset({int, float, complex, bool, np.float64, np.float32, np.int64, np.bool_})

# What fills the array that an operator's site returns, in the caller's own frame. (Which ufunc
# a power takes is decided by the exponent.)
FINISHERS = {name: ufunc for name, ufunc in UFUNCS.items() if name != "pow"}
FINISHERS |= {f"i_{name}": ufunc for name, ufunc in FINISHERS.items()}


class OperatorSite(Site):
    """What the sites of operators share: the operator's name."""

    __slots__ = ("name",)

    def __init__(
        self, sites: PythonSites, where: Where, owner: Owner, number: int, name: str
    ) -> None:
        super().__init__(sites, where, owner, number)
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        kind, args = super().__reduce__()
        return kind, (*args, self.name)


class UfuncSite(OperatorSite):
    """What the sites of operators share that are a ufunc of their operands."""

    __slots__ = ("symbol", "ufunc", "variants")

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.symbol = symbol_of(self.name)
        self.ufunc = UFUNCS[self.name.removeprefix("i_")]
        self.variants = Variants(self.ufunc, self.sites.buffer.arena)


class UnarySite(UfuncSite):
    """``-a``, ``+a``, ``~a``."""

    __slots__ = ()

    def call(self, a: Any) -> Any:
        variant = self.variants.find((a,)) if type(a) is ndarray else None
        if variant is None:
            self.missed()
            return None
        return self.room(variant, self.symbol)


class Seen(NamedTuple):
    """The operands of a binary operator that came last, and what was found for them."""

    a_shape: tuple[int, ...] | None
    a_dtype: np.dtype[Any] | None
    a_strides: tuple[int, ...] | None
    b_type: type | None
    b_shape: tuple[int, ...] | None
    b_dtype: np.dtype[Any] | None
    b_strides: tuple[int, ...] | None
    variant: Variant | None


class BinarySite(UfuncSite):
    """``a + b`` and the like, comparisons included."""

    __slots__ = ("seen", "take")

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.take = self.sites.buffer.arena.take
        self.seen = Seen(None, None, None, None, None, None, None, None)

    def call(self, a: Any, b: Any) -> Any:
        """Return an array for the result: a new one, or a dying operand; or None."""
        if type(a) is not ndarray:
            if type(b) is not ndarray:
                self.missed()
                return None
            variant = None if self.is_reflected(b) else self.variants.find((a, b))
        else:
            seen = self.seen  # read once: another thread may replace it
            if (
                a.shape == seen.a_shape
                and a.dtype is seen.a_dtype
                and a.strides == seen.a_strides
                and type(b) is seen.b_type
                and (
                    seen.b_shape is None
                    or (
                        b.shape == seen.b_shape  # type: ignore[attr-defined]
                        and b.dtype is seen.b_dtype  # type: ignore[attr-defined]
                        and b.strides == seen.b_strides  # type: ignore[attr-defined]
                    )
                )
            ):
                variant = seen.variant
            else:
                variant = self.looked_up(a, b)
        if variant is None:
            self.missed()
            return None
        fits = variant.fits
        if fits[0] and getrefcount(a) == _TEMPORARY and _is_dying(a):
            out = a
        elif fits[1] and getrefcount(b) == _TEMPORARY and _is_dying(b):
            out = b
        else:
            try:
                out = self.take(variant.spec)
            except BufferFullError as error:
                raise self.located(error, self.symbol) from None
        hits = self.hits = self.hits + 1
        if not hits & REVIEW_MASK:
            self.review(variant.spec.nbytes)
        return out

    def is_reflected(self, b: ndarray[Any, Any]) -> bool:
        """Whether Python swaps the operands and a warning would name another ufunc."""
        return b.dtype.kind == "c" and self.name in ("lt", "le", "gt", "ge")

    def looked_up(self, a: ndarray[Any, Any], b: Any) -> Variant | None:
        """Find the variant for operands other than the last ones, and remember them."""
        variant = self.variants.find((a, b))
        kind: Any = type(b)
        about_b: tuple[Any, ...]
        if kind is ndarray:
            about_b = (kind, b.shape, b.dtype, b.strides)
        elif kind in _FIXED_DTYPE:
            about_b = (kind, None, None, None)
        else:
            return variant
        self.seen = Seen(a.shape, a.dtype, a.strides, *about_b, variant)  # type: ignore[call-arg]
        return variant


def _is_dying(array: ndarray[Any, Any]) -> bool:
    """Whether an operand that only the caller's stack holds is the last over its memory.

    NumPy overwrites such temporaries as well, if they own their memory.
    """
    header = array.base
    return (
        (
            array.flags.owndata
            if header is None
            else type(header) is Header and getrefcount(header) == _LAST_OF_BLOCK
        )
        and array.flags.writeable
        and not getweakrefcount(array)
    )


def _references() -> tuple[int, int]:
    """Count the references that a site sees to an operand which one place besides it holds,
    and to the header of a block with a single array.

    Where the count leaves references out, no operand ever matches.
    """

    def operand_and_header(a: Any) -> tuple[int, int]:
        header = a.base
        return getrefcount(a), getrefcount(header)

    headers = [Header(1)]
    stack = [headers[0].view(ndarray)]
    return operand_and_header(stack[0]) if STACK_COUNTS else (-1, -1)


_TEMPORARY, _LAST_OF_BLOCK = _references()


class InPlaceSite(BinarySite):
    """``a += b``: makes an array only where `a` is not one."""

    __slots__ = ()

    def call(self, a: Any, b: Any) -> Any:
        if type(a) is ndarray:
            hits = self.hits = self.hits + 1
            if not hits & REVIEW_MASK:
                self.review(a.nbytes)
            return None
        return super().call(a, b)


class PowerSite(UfuncSite):
    """``a ** b``, for which NumPy chooses another ufunc for some scalar exponents."""

    __slots__ = ("chosen", "seen")

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.chosen: dict[np.ufunc, Variants] = {self.ufunc: self.variants}
        # The last array and plain exponent: shape, dtype, strides, exponent, its type, what for.
        self.seen: tuple[Any, ...] = (None,) * 6

    def call(self, a: Any, b: Any) -> Any:
        """Return the result in an array of the arena, or None."""
        seen = self.seen  # read once: another thread may replace it
        if (
            type(a) is ndarray
            and type(b) is seen[4]
            and b == seen[3]
            and a.shape == seen[0]
            and a.dtype is seen[1]
            and a.strides == seen[2]
        ):
            ufunc, variant = seen[5]
        else:
            ufunc, variant = self.looked_up(a, b)
        if variant is None:
            self.missed()
            return None
        out = self.room(variant, self.symbol)
        if out is None:
            return None
        try:
            return attempt(ufunc, a, b, out) if ufunc.nin == 2 else attempt(ufunc, a, out)
        except EXPECTED as error:
            if from_signal_handler(error):
                raise
            return None

    def looked_up(self, a: Any, b: Any) -> tuple[Any, Variant | None]:
        """Find the ufunc for operands other than the last ones, and its variant."""
        ufunc: np.ufunc | None = None
        if type(a) is ndarray:
            if self.name == "i_pow":
                pass  # in place: no array is made
            elif type(b) is ndarray and b.ndim:
                ufunc = power
            else:
                ufunc = power_ufunc(a.dtype, b)
        elif type(b) is ndarray and b.ndim:
            ufunc = power
        if ufunc is None:
            return None, None
        variant = self.variants_of(ufunc).find((a, b) if ufunc.nin == 2 else (a,))
        if type(a) is ndarray and type(b) in (int, float):
            self.seen = (a.shape, a.dtype, a.strides, b, type(b), (ufunc, variant))
        return ufunc, variant

    def variants_of(self, ufunc: np.ufunc) -> Variants:
        """Return the variants of one of the ufuncs that a power may take."""
        variants = self.chosen.get(ufunc)
        if variants is None:
            variants = self.chosen[ufunc] = Variants(ufunc, self.sites.buffer.arena)
        return variants


class SubscriptSite(OperatorSite):
    """``a[i]`` where the index is an array."""

    __slots__ = ("equivalents",)

    weight = 2.5

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.equivalents = Equivalents(self, "fancy indexing")

    def call(self, a: Any, index: Any) -> Any:
        if type(a) is ndarray and type(index) is ndarray:
            out = self.equivalents.run(fancy, (a, index), {})
            if out is not None:
                return out
        self.missed()
        return None


def operator_site(operator: str, operands: int) -> type[Any]:
    """Return the class of site for an operator (named as `opcodes.operator_of` does)."""
    if operator == "getitem":
        return SubscriptSite
    if operator in ("pow", "i_pow"):
        return PowerSite
    if operands == 1:
        return UnarySite
    return InPlaceSite if operator.startswith("i_") else BinarySite
