"""`explain`: what bump makes of a function, what it leaves out, and why.

In: a function, bumped or not. Out: an `Explanation`. Nothing of the function runs. It must not
know bytecode.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, cast

from ..bump import Bumped, as_function, bumped
from ..callables import python_call
from ..callees import Policy, refusal_of_names
from ..core_sites import style_of
from ..cores import selected
from ..errors import short
from ..numpy_names import own_names
from ..report import Report
from ..rewrite import NO_CUTS, NO_HELPERS, Rewritten, survey
from ..sites.exceptions import from_signal_handler
from .report import found, report

if TYPE_CHECKING:
    from ..core_sites import ArenaSites
    from ..report.document import Document
    from .parts import Break, Loop, Parts, Region, Site

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Report):
    """What becomes of one function. ``print`` shows it in words, a notebook as a report.

    Attributes
    ----------
    function, filename, line : str, str, int
        The function that is explained.
    core : str
        The core whose sites it has, or would have: ``"native"`` or ``"python"``.
    bumped : bool
        Whether it is bumped. If not, this is what bump would find, and nothing is counted.
    reason : str
        Why it runs unchanged; empty if it is rewritten.
    regions : tuple of Region
        Straight-line code that one site does in one go: ``first``, ``last`` (lines), ``program``
        (what it computes, in words), ``operations`` (their number), ``leaves`` (what it starts
        from), ``delivers`` (the variables and values that it gives), ``ended`` (the `Break` that
        it goes up to, or None), ``hits``, ``misses``, ``given_back`` (whether the site is
        switched off), ``declined`` (why the original code last had to run), ``compiled`` (what of
        the stages of the plan used last is machine code, or why not; empty as long as the region
        isn't hot, and its loops are NumPy's), ``inside`` (the sites
        of its single operations and calls, which serve when it declines), ``plans`` (as
        dictionaries, if `explain` was asked for them) and ``helpers`` (the functions whose code is
        part of it).
    sites : tuple of Site
        Single operations and calls outside regions: ``line``, ``what``, ``note`` (on what is
        called: whether that is entered, and how its trial ended), ``hits``, ``misses``,
        ``given_back``.
    breaks : tuple of Break
        What ends runs of array operations, by line: ``line``, ``reason``.
    heap_fallbacks : int or None
        Number of arrays for which the buffer was too full, from any function; None if the
        function is not bumped.
    callees : tuple of Explanation
        The Python functions that it calls, each once, as far as their names tell; those of NumPy
        and those that bump doesn't enter are left out. Those of a bumped function have figures if
        they were called.
    loops : tuple of Loop
        Loops that may become machine code (see `set_compile`): ``line``, ``kernels`` (for how many
        combinations of kinds of values there is code), ``hits`` and ``misses`` (how often it ran,
        and to no use), ``given_back``, ``reason`` (why there is none) and ``declined`` (why it was
        of no use the last time).
    whole : Loop or None
        The same of a function without loops, which becomes machine code as one piece; None if it
        has loops, or does little.
    """

    function: str
    filename: str
    line: int
    core: str
    bumped: bool
    reason: str
    regions: tuple[Region, ...]
    sites: tuple[Site, ...]
    breaks: tuple[Break, ...]
    heap_fallbacks: int | None
    callees: tuple[Explanation, ...] = ()
    loops: tuple[Loop, ...] = ()
    whole: Loop | None = None

    def __str__(self) -> str:
        return report(self)

    def _title(self) -> str:
        return f"{self.function}: {found(self)}"

    def _document(self) -> Document:
        from .document import document

        return document(self)


def explain(f: Any, /, *, plans: bool = False) -> Explanation:
    """Say what bump makes of a function, what it leaves out, and why. The function does not run.

    Parameters
    ----------
    f : callable
        A Python function, or what leads to one: a method, a static or class method, a property, a
        `functools.partial`, an object with a method ``__call__``. For a bumped function, its
        sites are shown, with how often each handled what it got.
    plans : bool
        Whether to show how the regions of a bumped function go over the arrays that came last: the
        order of operations, which of them share one pass, and the blocks of items. Only the
        native core has such plans.

    Returns
    -------
    Explanation
        Regions with their programs, what ends them at which line, and all other sites.

    Raises
    ------
    TypeError
        If there is no Python bytecode: `f` is compiled code, or a class (give one of its methods).

    Notes
    -----
    Sites count what they do: `hits` are operands handled, or callables swapped; `misses` were left
    to the original code. A site of a call that finds something to swap counts misses from zero
    again, as does one of an operator that NumPy does with the buffer's memory. Sites that gain
    nothing are switched off; their figures stay.

    With ``ALLOC_REWRITE=0`` in the environment no function is bumped, and this is what bump would
    find without it.

    Examples
    --------
    >>> import alloc_rewrite as alloc
    >>> def f(x, y):
    ...     t = x * y + x
    ...     return t.tolist()
    >>> e = alloc.explain(f)
    >>> e.bumped, e.reason, [site.what for site in e.sites][-1]
    (False, '', 'call of `t.tolist`')
    """
    function, known = _function_of(f)
    return explained(function, None if known is None else known.sites, plans=plans)


def explained(
    function: FunctionType,
    sites: ArenaSites | None,
    *,
    plans: bool = False,
    above: frozenset[CodeType] | None = frozenset(),
) -> Explanation:
    """Explain a function as it is written; with the sites that it has, if it is bumped.

    `above` has the code of the functions that call it, which are not explained again; None leaves
    all callees out.
    """
    with own_names():  # loaded now, as a program that explains nothing needs none of it
        from .parts import Parts
    code = function.__code__
    core = selected().name if sites is None else sites.buffer.core
    style = style_of(core) if sites is None else sites.style
    rewritten: Rewritten | None = None
    reason = ""
    if sites is not None:
        rewritten = sites.rewriter.rewritten(code)
        reason = sites.rewriter.reason(code)
    cuts = NO_CUTS if rewritten is None else rewritten.cuts
    helpers = NO_HELPERS if rewritten is None else rewritten.helpers
    surveyed = survey(code, style, from_signal_handler, cuts, helpers)
    policy = Policy() if sites is None else sites.policy
    callees = None if sites is None else sites.callees
    parts = Parts(function, surveyed, rewritten, policy, callees, style, plans)
    return Explanation(
        function.__qualname__,
        code.co_filename,
        code.co_firstlineno,
        core,
        sites is not None,
        refusal_of_names(function) or reason or surveyed.reason,
        parts.regions(),
        parts.others(),
        parts.breaks(),
        None if sites is None else sites.buffer.heap_fallbacks,
        () if above is None else _callees(parts, sites, above | {code}),
        parts.loops(),
        parts.whole(),
    )


def _callees(
    parts: Parts, sites: ArenaSites | None, above: frozenset[CodeType]
) -> tuple[Explanation, ...]:
    """Explain the functions that a function calls, with the sites that they have."""
    out = []
    for callee in parts.callees():
        known = bumped(callee)
        function = callee if known is None else cast(FunctionType, known.original)
        if function.__code__ in above:
            continue
        own = sites if known is None else known.sites
        if own is not None and not own.rewriter.knows(function.__code__):
            own = None
        out.append(explained(function, own, above=above))
    return tuple(out)


def _function_of(given: Any) -> tuple[FunctionType, Bumped | None]:
    """Return the function to explain, as it is written, and what it is bumped with, if anything."""
    target, outer = given, None
    while target is not None:
        if isinstance(target, MethodType | staticmethod | classmethod):
            target = target.__func__
        elif isinstance(target, property):
            target = target.fget
        elif isinstance(target, functools.cached_property | functools.partial):
            target = target.func
        elif not isinstance(target, FunctionType):
            target = python_call(target)
        else:
            known = bumped(target)
            if known is None:
                return target, outer
            if known.original.__globals__ is not as_function.__globals__:
                return known.original, known
            outer = known  # of a partial or a callable object
            target = vars(known.original)["__wrapped__"]
    raise TypeError(
        f"explain: {short(given)} has no Python bytecode to explain; give a Python function or "
        "method"
    )
