"""The native core: makes the sites of bumped functions out of the extension's types.

In: the places of a function, and a buffer. Out: what runs there. It must not know bytecode. What
a site does is decided in `loops` and `resolve`, once for each kind of operands or callee; the
extension does it.
"""

from __future__ import annotations

import warnings
from types import FunctionType
from typing import Any, NoReturn

from ..buffer import Buffer
from ..callees import Callees, Policy
from ..compiled.available import COMPILES
from ..compiled.kernels import workshop
from ..cores import native
from ..errors import buffer_full
from ..interpreter import VERSION
from ..judging import Judging, verdict
from ..loops import plan_kernel
from ..numpy_facts import UFUNCS, elides_dying_operands, elides_for_scalars, power_ufunc
from ..rewrite import (
    KEPT,
    Call,
    Loop,
    Owner,
    Place,
    Program,
    Region,
    Rewriter,
    Style,
    Where,
    located,
    symbol_of,
)
from ..rewrite.gates import KINDS
from ..sites.errstate import error_modes, error_state
from ..sites.exceptions import from_signal_handler
from ..sizes import block_size
from .inference import plan_number, plan_program
from .loops import plan_loop, plan_product, plan_reduction
from .resolve import plan_callback, plan_callee, plan_callers
from .vocabulary import VOCABULARY

# On 3.11 a site at a loop's head would cause line events that plain code has not.
LOOPS = COMPILES and VERSION >= (3, 12)
# A gate's attribute is read without a call.
_GATES: dict[str, Any] = (
    {} if native is None else {"make_gates": native.Gates, "attribute": "content", "retries": True}
)
if native is not None:
    KINDS.add(native.Gate)


class NativeSites:
    """Makes the sites of functions bumped into one buffer.

    With `frugal`, calls for which the memory handler costs more than it saves are left to the heap.
    """

    style = Style({}, direct=True, extras=True, vocabulary=VOCABULARY, loops=LOOPS, **_GATES)

    def __init__(self, buffer: Buffer, policy: Policy, frugal: bool = True) -> None:
        self.buffer = buffer
        self.policy = policy
        self.frugal = frugal
        self.rewriter = Rewriter(self)
        judging = None
        if frugal and native is not None:
            judging = Judging(native.Judge, routes=not buffer.may_raise)
        self.callees = Callees(self.rewriter, policy, judging, enters_others=not frugal)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.buffer, self.policy, self.frugal)

    def is_foreign(self, error: Exception) -> bool:
        """Whether something other than the rewriter raised an exception during rewriting."""
        return from_signal_handler(error)

    def may_inline(self, function: FunctionType) -> bool:
        """Whether a function's code may become part of its caller's regions."""
        return self.callees.inlines(function)

    def make(self, place: Place, where: Where, owner: Owner, number: int) -> list[Any]:
        """Return the site of a place: see `encode` for how it is called."""
        if isinstance(place, Call):
            site = self.site((self, where), owner, number)
            return [getattr(site, self.style.entry(place))]
        if isinstance(place, Region):
            return [self.site((self, where, place.program), owner, number).call]
        if isinstance(place, Loop):
            return [self.site((self, where, place), owner, number)]
        return [self.site((self, where, place.operator, place.length), owner, number).call]

    def site(self, spec: tuple[Any, ...], owner: Owner, number: int) -> Any:
        """Return the site of a call, or of the operator or program that `spec` has."""
        assert native is not None
        common = (spec, owner, number, self.buffer.arena, self.frugal)
        if len(spec) == 2:
            return native.ResolveSite(*common)
        if isinstance(spec[2], Program):
            return native.RegionSite(*common, spec[2])
        if isinstance(spec[2], Loop):
            return native.LoopSite(*common, spec[2].is_whole)
        name = spec[2]
        shown = "fancy indexing" if name == "getitem" else symbol_of(name)
        ufunc = UFUNCS.get(name.removeprefix("i_"))
        return native.OperatorSite(*common, name, shown, ufunc, spec[3])


def remake(*spec: Any) -> Any:
    """Make a site anew in another process, where it is never switched off."""
    return spec[0].site(spec, KEPT, 0)


def raise_full(
    arena: Any, where: Where, what: Any, shape: Any, dtype: Any, nbytes: int
) -> NoReturn:
    """Raise `BufferFullError` for an array that does not fit into an arena of the native core."""
    wanted = "an array" if shape is None else f"an array of shape {shape} and dtype {dtype}"
    error = buffer_full(
        wanted,
        nbytes=nbytes,
        block=block_size(nbytes),
        held=arena.used,
        arrays=arena.live,
        capacity=arena.capacity,
        limit=arena.limit or None,
    )
    name = what if isinstance(what, str) else getattr(what, "__name__", str(what))
    raise (error if where is None else located(where, name, error)) from None


def configure() -> None:
    """Tell the extension which functions it may ask."""
    assert native is not None
    native.configure(
        plan_loop=plan_loop,
        plan_reduction=plan_reduction,
        plan_product=plan_product,
        plan_callee=plan_callee,
        plan_kernel=plan_kernel,
        plan_callback=plan_callback,
        plan_callers=plan_callers,
        verdict=verdict,
        power_ufunc=power_ufunc,
        raise_full=raise_full,
        remake=remake,
        plan_program=plan_program,
        compile_plan=workshop.compile_plan,
        plan_number=plan_number,
        error_modes=error_modes,
        error_state=error_state,
        warnings=vars(warnings),
    )
    native.learn_elision(elides_dying_operands(), elides_for_scalars())
    native.learn_handler(native.Arena(0, 2, 0, 0))  # which is gone after that
