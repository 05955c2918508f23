"""The Python core: what runs at the places of a bumped function.

In: operands, or a callable with its arguments. Out: the result in arena memory, or None:
"not handled", and the original instructions run. A site never raises (but for
`BufferFullError`) and never warns; it writes only to memory that nobody else can see. It must
not know bytecode.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from ..buffer import Buffer
from ..callees import Callees, Policy
from ..equivalents import fancy, power_ufunc
from ..errors import BufferFullError
from ..registry import find
from ..rewrite import Call, Owner, Place, Region, Rewriter, Where
from .floating import enter, leave, strict
from .variants import Variant, Variants

ndarray = np.ndarray
ufunc_type = np.ufunc

#: Bytes an array must have, in the mean over a function's sites, for the Python core to pay.
BREAK_EVEN = 16 * 1024
_TRIAL = 64  # arrays at the break-even that a site may fall behind before it is reviewed
_MISSES = 16  # operands it may fail to handle, having handled none

# Scalars whose dtype is a matter of their type alone.
_FIXED = frozenset({int, float, complex, bool, np.float64, np.float32, np.int64, np.bool_})

_UFUNC_OF = {
    "add": np.add, "and_": np.bitwise_and, "floordiv": np.floor_divide, "lshift": np.left_shift,
    "matmul": np.matmul, "mul": np.multiply, "mod": np.remainder, "or_": np.bitwise_or,
    "pow": np.power, "rshift": np.right_shift, "sub": np.subtract, "truediv": np.true_divide,
    "xor": np.bitwise_xor, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "ne": np.not_equal, "gt": np.greater, "ge": np.greater_equal, "neg": np.negative,
    "pos": np.positive, "invert": np.invert, "getitem": np.positive,
}  # fmt: skip
SYMBOLS = {
    "add": "+", "and_": "&", "floordiv": "//", "lshift": "<<", "matmul": "@", "mul": "*",
    "mod": "%", "or_": "|", "pow": "**", "rshift": ">>", "sub": "-", "truediv": "/", "xor": "^",
    "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "neg": "-", "pos": "+",
    "invert": "~", "getitem": "[]",
}  # fmt: skip


class _Kept(Owner):
    """The owner of a site that nobody takes out."""

    sites = ()

    def give_back(self, number: int) -> None:
        pass

    def __reduce__(self) -> str:
        return "KEPT"


KEPT = _Kept()


class Unhandled(Exception):
    """An array that has to come from the heap; the original code makes it."""


class PythonSites:
    """Makes the sites of functions bumped into one buffer."""

    observe = False

    def __init__(self, buffer: Buffer, policy: Policy, break_even: int = BREAK_EVEN) -> None:
        self.buffer = buffer
        self.policy = policy
        self.break_even = break_even
        self.rewriter = Rewriter(self)
        self.callees = Callees(self.rewriter, policy)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.buffer, self.policy, self.break_even)

    def make(self, place: Place, where: Where, owner: Owner, number: int) -> list[Any]:
        """Return the site of a place: see `encode` for how it is called."""
        base = (self, where, owner, number)
        if isinstance(place, Call):
            site = CallSite(*base)
            return [site.spread if place.form == "spread" else site.call]
        return [_region_site(place)(*base, place.operator).call]


def _region_site(region: Region) -> type[OperatorSite]:
    name = region.operator
    if name == "getitem":
        return SubscriptSite
    if name == "pow":
        return PowerSite
    if region.operands == 1:
        return UnarySite
    return InPlaceSite if name.startswith("i_") else BinarySite


class Site:
    """What all sites share: where they are, and whether they pay."""

    __slots__ = ("balance", "floor", "misses", "number", "owner", "sites", "where")

    def __init__(self, sites: PythonSites, where: Where, owner: Owner, number: int) -> None:
        self.sites = sites
        self.where = where
        self.owner = owner
        self.number = number
        self.balance = 0  # bytes served beyond the break-even
        self.floor = -_TRIAL * sites.break_even
        self.misses = 0

    def __reduce__(self) -> tuple[Any, ...]:
        # In another process the site is made anew; there it stays for good.
        return type(self), (self.sites, self.where, KEPT, self.number)

    def missed(self) -> None:
        """Count operands that were not handled; give back a site that handles none."""
        self.misses += 1
        if self.balance == 0 and self.misses >= _MISSES:
            self.owner.give_back(self.number)

    def review(self) -> None:
        """Give the site back if it serves too little and its function as a whole does too.

        The cost of a site does not matter beside the work of a large array in the same
        function, so small arrays there stay in the arena.
        """
        together = sum(site.__self__.balance for site in self.owner.sites)
        if together < 0:
            self.owner.give_back(self.number)
        else:
            self.floor *= 2

    def located(self, error: BufferFullError, what: str) -> BufferFullError:
        """Say in a full buffer's error which line and operation asked."""
        where = self.where
        return BufferFullError(
            f"{where.filename}:{where.line}, in {where.function}, {what}: {error}",
            error.nbytes,
            error.suggested_nbytes,
        )

    def attempt(self, variant: Variant, ufunc: np.ufunc, operands: tuple[Any, ...]) -> Any:
        """Run a ufunc into a new arena array; None if it fails or would warn."""
        try:
            out = self.sites.buffer.take(variant.spec)
        except BufferFullError as error:
            raise self.located(error, ufunc.__name__) from None
        if out is None:
            return None
        try:
            if variant.quiet:
                ufunc(*operands, out)
            else:
                token = enter(strict())
                try:
                    ufunc(*operands, out)
                finally:
                    leave(token)
        except Exception:
            return None
        balance = self.balance = self.balance + variant.gain
        if balance < self.floor:
            self.review()
        return out


class OperatorSite(Site):
    """What the sites of operators share: the operator's name and its ufunc's variants."""

    __slots__ = ("name", "ufunc", "variants")

    def __init__(
        self, sites: PythonSites, where: Where, owner: Owner, number: int, name: str
    ) -> None:
        super().__init__(sites, where, owner, number)
        self.name = name
        self.ufunc = _UFUNC_OF[name.removeprefix("i_")]
        self.variants = Variants(self.ufunc, sites.buffer, sites.break_even)

    def __reduce__(self) -> tuple[Any, ...]:
        kind, args = super().__reduce__()
        return kind, (*args, self.name)

    def call(self, *operands: Any) -> Any:
        """Return the result in a new array of the arena, or None."""
        raise NotImplementedError


class UnarySite(OperatorSite):
    """``-a``, ``+a``, ``~a``."""

    __slots__ = ()

    def call(self, a: Any) -> Any:
        variant = self.variants.find((a,)) if type(a) is ndarray else None
        if variant is None:
            self.missed()
            return None
        return self.attempt(variant, self.ufunc, (a,))


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


class BinarySite(OperatorSite):
    """``a + b`` and the like, comparisons included."""

    __slots__ = ("seen", "take")

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.take = self.sites.buffer.take
        self.seen = Seen(None, None, None, None, None, None, None, None)

    def call(self, a: Any, b: Any) -> Any:
        if type(a) is not ndarray:
            if type(b) is not ndarray:
                self.missed()
                return None
            variant = self.variants.find((a, b))
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
                        b.shape == seen.b_shape
                        and b.dtype is seen.b_dtype
                        and b.strides == seen.b_strides
                    )
                )
            ):
                variant = seen.variant
            else:
                variant = self.looked_up(a, b)
        if variant is None:
            self.missed()
            return None
        try:
            out = self.take(variant.spec)
        except BufferFullError as error:
            raise self.located(error, self.ufunc.__name__) from None
        if out is None:
            return None
        try:
            if variant.quiet:
                self.ufunc(a, b, out)
            else:
                token = enter(strict())
                try:
                    self.ufunc(a, b, out)
                finally:
                    leave(token)
        except Exception:
            return None
        balance = self.balance = self.balance + variant.gain
        if balance < self.floor:
            self.review()
        return out

    def looked_up(self, a: ndarray[Any, Any], b: Any) -> Variant | None:
        """Find the variant for operands other than the last ones, and remember them."""
        variant = self.variants.find((a, b))
        kind = type(b)
        if kind is ndarray:
            about_b = (kind, b.shape, b.dtype, b.strides)
        elif kind in _FIXED:
            about_b = (kind, None, None, None)
        else:
            return variant
        self.seen = Seen(a.shape, a.dtype, a.strides, *about_b, variant)
        return variant


class InPlaceSite(BinarySite):
    """``a += b``: makes an array only where `a` is not one."""

    __slots__ = ()

    def call(self, a: Any, b: Any) -> Any:
        if type(a) is ndarray:
            self.balance += a.nbytes - self.sites.break_even
            if self.balance < self.floor:
                self.review()
            return None
        return super().call(a, b)


class PowerSite(OperatorSite):
    """``a ** b``, for which NumPy chooses another ufunc for some scalar exponents."""

    __slots__ = ("chosen",)

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.chosen: dict[np.ufunc, Variants] = {self.ufunc: self.variants}

    def call(self, a: Any, b: Any) -> Any:
        ufunc: np.ufunc | None = None
        if type(a) is ndarray:
            ufunc = np.power if type(b) is ndarray and b.ndim else power_ufunc(a.dtype, b)
        elif type(b) is ndarray and b.ndim:
            ufunc = np.power
        if ufunc is not None:
            operands = (a, b) if ufunc.nin == 2 else (a,)
            variants = self.chosen.get(ufunc)
            if variants is None:
                variants = Variants(ufunc, self.sites.buffer, self.sites.break_even)
                self.chosen[ufunc] = variants
            variant = variants.find(operands)
            if variant is not None:
                return self.attempt(variant, ufunc, operands)
        self.missed()
        return None


class Rows:
    """Runs the equivalents of registry rows for one site."""

    __slots__ = ("site", "what")

    def __init__(self, site: Site, what: str) -> None:
        self.site = site
        self.what = what

    def empty(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], strides: tuple[int, ...] | None = None
    ) -> ndarray[Any, Any]:
        """Return a new array of the arena, for an equivalent."""
        buffer = self.site.sites.buffer
        spec = buffer.spec(shape, dtype, strides)
        out = None if spec is None else buffer.take(spec)
        if out is None:
            raise Unhandled
        return out

    def run(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run an equivalent; None if it fails, would warn or declines."""
        site = self.site
        token = enter(strict())
        try:
            out = function(self.empty, *args, **kwargs)
        except BufferFullError as error:
            raise site.located(error, self.what) from None
        except Exception:
            return None
        finally:
            leave(token)
        if out is NotImplemented:
            return None
        site.balance += getattr(out, "nbytes", 0) - site.sites.break_even
        if site.balance < site.floor:
            site.review()
        return out


class SubscriptSite(OperatorSite):
    """``a[i]`` where the index is an array."""

    __slots__ = ("rows",)

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.rows = Rows(self, "fancy indexing")

    def call(self, a: Any, index: Any) -> Any:
        if type(a) is ndarray and type(index) is ndarray:
            out = self.rows.run(fancy, (a, index), {})
            if out is not None:
                return out
        self.missed()
        return None


class CallSite(Site):
    """A call of anything."""

    __slots__ = ("rows", "variants")

    def __init__(self, *base: Any) -> None:
        super().__init__(*base)
        self.rows = Rows(self, "")
        self.variants: dict[np.ufunc, Variants] = {}

    def call(self, callee: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return what to call instead of `callee`, and the result if there is one already."""
        try:
            kind = type(callee)
            if kind is ufunc_type and not kwargs and callee.signature is None:
                result = self.ufunc(callee, args)
            elif callee is abs:
                array = len(args) == 1 and type(args[0]) is ndarray
                result = self.ufunc(np.absolute, args) if array and not kwargs else None
            else:
                result = self.row(callee, args, kwargs)
            if result is not None:
                return callee, result
            instead = self.sites.callees.enter(callee, args, kwargs)
        except BufferFullError:
            raise
        except Exception:  # a fault of this library must not become the caller's
            instead = None
        if instead is not None:
            self.misses = 0  # it leads to other sites
            return instead, None
        self.missed()
        return callee, None

    def spread(self, callee: Any, args: Any, kwargs: Any = None) -> tuple[Any, Any]:
        """Do the same for a call with ``*args`` and ``**kwargs``."""
        if type(args) is tuple and (kwargs is None or type(kwargs) is dict):
            if not kwargs or all(type(name) is str for name in kwargs):
                return self.call(callee, *args, **(kwargs or {}))
        return callee, None

    def ufunc(self, ufunc: np.ufunc, args: tuple[Any, ...]) -> Any:
        """Call a ufunc with its inputs only."""
        if len(args) != ufunc.nin:
            return None
        variants = self.variants.get(ufunc)
        if variants is None:
            variants = Variants(ufunc, self.sites.buffer, self.sites.break_even)
            self.variants[ufunc] = variants
        variant = variants.find(args)
        return None if variant is None else self.attempt(variant, ufunc, args)

    def row(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the equivalent of the callee's registry row, if it has one."""
        found = find(callee)
        if found is None:
            return None
        row, before = found
        if row.equivalent is None:
            return None
        self.rows.what = row.name
        return self.rows.run(row.equivalent, before + args, kwargs)
