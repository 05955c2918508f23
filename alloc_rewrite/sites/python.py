"""The Python core: what runs at the places of a bumped function.

In: operands, or a callable with its arguments. Out: the result in arena memory, or None:
"not handled", and the original instructions run. A site never raises (but for
`BufferFullError`) and never warns; it writes only to memory that nobody else can see. It must
not know bytecode.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from sys import getrefcount
from typing import Any, NamedTuple
from weakref import getweakrefcount

import numpy as np

from ..buffer import Buffer, Chunk
from ..callees import Callees, Policy
from ..equivalents import fancy, power_ufunc
from ..errors import BufferFullError
from ..registry import find
from ..rewrite import Call, Owner, Place, Region, Rewriter, Where
from . import economy
from .floating import enter, leave, strict
from .variants import Variant, Variants

ndarray = np.ndarray
ufunc_type = np.ufunc
_REVIEW_MASK = economy.REVIEW - 1

# Scalars whose dtype is a matter of their type alone.
_FIXED = frozenset({int, float, complex, bool, np.float64, np.float32, np.int64, np.bool_})

_UFUNC_OF = {
    "add": np.add, "and_": np.bitwise_and, "floordiv": np.floor_divide, "lshift": np.left_shift,
    "matmul": np.matmul, "mul": np.multiply, "mod": np.remainder, "or_": np.bitwise_or,
    "pow": np.power, "rshift": np.right_shift, "sub": np.subtract, "truediv": np.true_divide,
    "xor": np.bitwise_xor, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "ne": np.not_equal, "gt": np.greater, "ge": np.greater_equal, "neg": np.negative,
    "pos": np.positive, "invert": np.invert,
}  # fmt: skip
# What fills the array that an operator's site returns, in the caller's own frame. (Which ufunc
# a power takes is decided by the exponent.)
_FINISHERS = {name: ufunc for name, ufunc in _UFUNC_OF.items() if name != "pow"}
_FINISHERS |= {f"i_{name}": ufunc for name, ufunc in _FINISHERS.items()}

SYMBOLS = {
    "add": "+", "and_": "&", "floordiv": "//", "lshift": "<<", "matmul": "@", "mul": "*",
    "mod": "%", "or_": "|", "pow": "**", "rshift": ">>", "sub": "-", "truediv": "/", "xor": "^",
    "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "neg": "-", "pos": "+",
    "invert": "~", "getitem": "[]",
}  # fmt: skip


class _Kept(Owner):
    """The owner of a site that nobody takes out."""

    def living(self) -> list[Any]:
        return []

    def give_back(self, number: int) -> None:
        pass

    def __reduce__(self) -> str:
        return "KEPT"


KEPT = _Kept()


class Unhandled(Exception):
    """An array that has to come from the heap; the original code makes it."""


class PythonSites:
    """Makes the sites of functions bumped into one buffer.

    With `frugal`, sites that cost more than they may are given back (see `economy`).
    """

    observe = False
    finishers = _FINISHERS

    def __init__(self, buffer: Buffer, policy: Policy, frugal: bool = True) -> None:
        self.buffer = buffer
        self.policy = policy
        self.frugal = frugal
        self.rewriter = Rewriter(self)
        self.callees = Callees(self.rewriter, policy)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.buffer, self.policy, self.frugal)

    def make(self, place: Place, where: Where, owner: Owner, number: int) -> list[Any]:
        """Return the site of a place: see `encode` for how it is called."""
        base = (self, where, owner, number)
        if isinstance(place, Call):
            site = CallSite(*base)
            return [site.spread if place.form == "spread" else site.call]
        if place.operator == "getitem":
            return [SubscriptSite(*base).call]
        return [_operator_site(place)(*base, place.operator).call]


def _operator_site(region: Region) -> type[OperatorSite]:
    name = region.operator
    if name in ("pow", "i_pow"):
        return PowerSite
    if region.operands == 1:
        return UnarySite
    return InPlaceSite if name.startswith("i_") else BinarySite


class Site:
    """What all sites share: where they are, and whether they pay."""

    __slots__ = ("hits", "misses", "number", "owner", "period", "since", "sites", "where")

    def __init__(self, sites: PythonSites, where: Where, owner: Owner, number: int) -> None:
        self.sites = sites
        self.where = where
        self.owner = owner
        self.number = number
        self.hits = 0
        self.misses = 0
        self.since = economy.clock()
        self.period = 0.0  # seconds between two hits, at the last review

    def __reduce__(self) -> tuple[Any, ...]:
        # In another process the site is made anew; there it stays for good.
        return type(self), (self.sites, self.where, KEPT, self.number)

    def missed(self) -> None:
        """Count operands that were not handled; give back a site that handles none."""
        self.misses += 1
        if self.misses >= economy.MISSES and not self.hits:
            self.owner.give_back(self.number)

    def review(self, nbytes: int) -> None:
        """Note how often the site is executed; give back what its function can't afford."""
        now = economy.clock()
        self.period = (now - self.since) / economy.REVIEW
        self.since = now
        if not self.sites.frugal:
            return
        sites = {site.__self__.number: site.__self__ for site in self.owner.living()}
        periods = {number: site.period for number, site in sites.items()}
        gone = economy.expendable(periods, economy.overhead(*_calibration()))
        if gone and not economy.heap_faults(nbytes, min(len(gone), 4)):
            for number in gone:
                self.owner.give_back(number)

    def located(self, error: BufferFullError, what: str) -> BufferFullError:
        """Say in a full buffer's error which line and operation asked."""
        where = self.where
        return BufferFullError(
            f"{where.filename}:{where.line}, in {where.function}, {what}: {error}",
            error.nbytes,
            error.suggested_nbytes,
        )

    def room(self, variant: Variant, what: str) -> Any:
        """Return an array for a result; None if it has to come from the heap."""
        try:
            out = self.sites.buffer.take(variant.spec)
        except BufferFullError as error:
            raise self.located(error, what) from None
        hits = self.hits = self.hits + 1
        if not hits % economy.REVIEW:
            self.review(variant.spec.nbytes)
        return out


def _calibration() -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return an operation as a site does it, and as the plain code does it."""
    operand = np.ones(3)
    buffer = Buffer(4096)
    site = BinarySite(PythonSites(buffer, Policy(), frugal=False), Where("", 0, ""), KEPT, 0, "add")

    def run() -> Any:
        return np.add(operand, operand, site.call(operand, operand))

    def plain() -> Any:
        return operand + operand

    return run, plain


class OperatorSite(Site):
    """What the sites of operators share: the operator's name and its ufunc's variants."""

    __slots__ = ("name", "ufunc", "variants")

    def __init__(
        self, sites: PythonSites, where: Where, owner: Owner, number: int, name: str
    ) -> None:
        super().__init__(sites, where, owner, number)
        self.name = name
        self.ufunc = _UFUNC_OF[name.removeprefix("i_")]
        self.variants = Variants(self.ufunc, sites.buffer)

    def __reduce__(self) -> tuple[Any, ...]:
        kind, args = super().__reduce__()
        return kind, (*args, self.name)

    def call(self, *operands: Any) -> Any:
        """Return an array of the arena with, or for, the result; or None."""
        raise NotImplementedError


class UnarySite(OperatorSite):
    """``-a``, ``+a``, ``~a``."""

    __slots__ = ()

    def call(self, a: Any) -> Any:
        variant = self.variants.find((a,)) if type(a) is ndarray else None
        if variant is None:
            self.missed()
            return None
        return self.room(variant, SYMBOLS[self.name])


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
        fits = variant.fits
        if fits[0] and getrefcount(a) == _TEMPORARY and _is_dying(a):
            out = a
        elif fits[1] and getrefcount(b) == _TEMPORARY and _is_dying(b):
            out = b
        else:
            try:
                out = self.take(variant.spec)
            except BufferFullError as error:
                raise self.located(error, SYMBOLS[self.name.removeprefix("i_")]) from None
        hits = self.hits = self.hits + 1
        if not hits & _REVIEW_MASK:
            self.review(variant.spec.nbytes)
        return out

    def is_reflected(self, b: ndarray[Any, Any]) -> bool:
        """Whether Python turns the comparison round and a warning would name another ufunc."""
        return b.dtype.kind == "c" and self.name in ("lt", "le", "gt", "ge")

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


def _is_dying(array: ndarray[Any, Any]) -> bool:
    """Whether an operand that only the caller's stack holds is the last over its arena block.

    NumPy overwrites such temporaries as well, if they own their memory.
    """
    header = array.base
    return (
        header is not None
        and getrefcount(header) == _LAST_OF_BLOCK
        and type(header.base) is Chunk
        and array.flags.writeable
        and not getweakrefcount(array)
    )


def _references() -> tuple[int, int]:
    """Count the references that a site sees to an operand which one place besides it holds,
    and to the header of a block with a single array.

    Since 3.14 a stack may hold an operand without counting; there no operand ever matches.
    """

    def operand_and_header(a: Any) -> tuple[int, int]:
        header = a.base
        return getrefcount(a), getrefcount(header)

    headers = [np.ndarray(1, np.uint8, _chunk := np.ndarray.__new__(Chunk, 1, np.uint8))]
    stack = [headers[0].view()]
    return operand_and_header(stack[0]) if sys.version_info < (3, 14) else (-1, -1)


_TEMPORARY, _LAST_OF_BLOCK = _references()


class InPlaceSite(BinarySite):
    """``a += b``: makes an array only where `a` is not one."""

    __slots__ = ()

    def call(self, a: Any, b: Any) -> Any:
        if type(a) is ndarray:
            hits = self.hits = self.hits + 1
            if not hits & _REVIEW_MASK:
                self.review(a.nbytes)
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
            if self.name == "i_pow":
                pass  # in place: no array is made
            elif type(b) is ndarray and b.ndim:
                ufunc = np.power
            else:
                ufunc = power_ufunc(a.dtype, b)
        elif type(b) is ndarray and b.ndim:
            ufunc = np.power
        operands = (a, b) if ufunc is None or ufunc.nin == 2 else (a,)
        variant = None if ufunc is None else self.variants_of(ufunc).find(operands)
        if ufunc is None or variant is None:
            self.missed()
            return None
        out = self.room(variant, SYMBOLS["pow"])
        if out is None:
            return None
        token = enter(strict())
        try:
            return ufunc(*operands, out)
        except Exception:
            return None
        finally:
            leave(token)

    def variants_of(self, ufunc: np.ufunc) -> Variants:
        """Return the variants of one of the ufuncs that a power may take."""
        variants = self.chosen.get(ufunc)
        if variants is None:
            variants = self.chosen[ufunc] = Variants(ufunc, self.sites.buffer)
        return variants


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
        site.hits += 1
        if not site.hits & _REVIEW_MASK:
            site.review(getattr(out, "nbytes", 0))
        return out


class SubscriptSite(Site):
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
            if type(callee) is ufunc_type and callee.signature is None:
                instead = self.ufunc(callee, args, kwargs)
            elif callee is abs:
                instead = self.ufunc(np.absolute, args, kwargs) if _is_array(args) else None
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
            self.misses = 0  # if no array comes of it here, it leads to other sites
            return instead, None
        self.missed()
        return callee, None

    def spread(self, callee: Any, args: Any, kwargs: Any = None) -> tuple[Any, Any]:
        """Do the same for a call with ``*args`` and ``**kwargs``."""
        if type(args) is tuple and (kwargs is None or type(kwargs) is dict):
            if not kwargs or all(type(name) is str for name in kwargs):
                return self.call(callee, *args, **(kwargs or {}))
        return callee, None

    def ufunc(self, ufunc: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return a ufunc with an array for its result; None if it needs none, or several."""
        if len(args) != ufunc.nin or (kwargs and not _makes_an_array(kwargs)):
            return None
        variants = self.variants.get(ufunc)
        if variants is None:
            variants = self.variants[ufunc] = Variants(ufunc, self.sites.buffer)
        variant = variants.find(args)
        if variant is None:
            return None
        out = self.room(variant, ufunc.__name__)
        return None if out is None else functools.partial(ufunc, out=out)

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


def _is_array(args: tuple[Any, ...]) -> bool:
    return len(args) == 1 and type(args[0]) is ndarray


def _makes_an_array(kwargs: dict[str, Any]) -> bool:
    """Whether a ufunc called with these keywords does no more than without them.

    ``out=...`` asks for an array where a scalar would do; only arrays are made here.
    """
    return kwargs.keys() == {"out"} and (
        kwargs["out"] is None or (kwargs["out"] is ... and _OUT_MAY_BE_ELLIPSIS)
    )


def _accepts_ellipsis() -> bool:
    try:
        np.positive(1.0, out=...)  # type: ignore[call-overload]
    except TypeError:
        return False
    return True


_OUT_MAY_BE_ELLIPSIS = _accepts_ellipsis()
