"""From the intermediate representation, with sites put in, back to a code object.

In: an `IR`, the places found in it, and which of them have a site. Out: a code object with a `Hole`
among its constants for each gate of a site. It must not know what a site does, only how one is
called:

- an operation's site gets copies of the operands and returns the result, or None ("not handled"):
  then the original instructions run. Where the core has a *finisher* for the operator,
  the site returns the array for the result instead, and the code calls the finisher with the
  operands and that array: it is NumPy's ufunc, and its warnings and exceptions come from the
  user's own line;
- a call's site gets the callable and copies of the arguments, and returns a pair: what to
  call instead (often the callable itself), and the result, or None ("not handled"): then the
  call is made;
- where a gate is empty there is no site any more: the original instructions run.

In the *direct* style an operation's site takes the operands over and always returns what the
operator gives, and a call's site only swaps the callable, so that the call itself
stays the original instruction.

A *region's* site gets the leaves and returns the outputs (see `Program`), or None ("not
handled"): then the original items run, with the sites of the operations and calls among them.

In the *observe* style the code shows what the original instructions gave to the site's observer
(a call's site then returns a triple; the third is shown with the result).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType
from typing import Any

from bytecode.instr import FreeVar

from .assemble import assembled
from .convention import ROOM, Place, Style, finisher, site_name
from .emit_loop import emit_loop
from .emit_places import emit_call, emit_direct, emit_operation
from .emit_region import Writer
from .emitter import Emitter
from .fused import fuse
from .gates import Hole
from .ir import IR, Call, Operation, Region
from .items import Instr
from .loops import Loop
from .opcodes import (
    NULL_AND_CALLABLE,
    NULL_LOCAL,
    SITE_PREFIX,
    VALUE,
    Stack,
    plain_attribute_load,
)
from .verify import verify, verify_code


def encode(
    ir: IR,
    places: list[Place],
    style: Style,
    live: Mapping[int, bool] | None = None,
    like: CodeType | None = None,
) -> CodeType:
    """Return code with a site at every place (of those that are `live`, if given).

    It fits `like`, another form of the same code: see `fitting`.
    """
    chosen = [(i, p) for i, p in enumerate(places) if live is None or live[i]]
    at = {p.start: (i, p) for i, p in chosen if isinstance(p, (Operation, Call))}
    heads = {p.start: (i, p) for i, p in chosen if isinstance(p, Loop)}
    regions: dict[int, list[tuple[int, Region]]] = {}
    for number, place in chosen:
        if isinstance(place, Region):
            regions.setdefault(place.start, []).append((number, place))
    calls = [p for _, p in at.values() if isinstance(p, Call)]
    methods = {m for call in calls if style.binds for m in call.method_loads}
    writer = Writer()
    items = ir.items
    i, extra = 0, 0
    while i < len(items):
        writer.end_region(i)
        if i in heads:
            number, loop = heads.pop(i)
            writer.out += emit_loop(loop, site_name(number))
            extra = max(extra, len(loop.names) + len(loop.stored) + 2)
        for number, region in regions.pop(i, ()):
            writer.begin_region(region, site_name(number), items)
            extra = max(extra, len(region.loads) + len(region.program.outputs))
        found = at.get(i)
        if found is None:
            writer.out += plain_attribute_load(items[i]) if i in methods else [items[i]]
            i += 1
            continue
        number, place = found
        if place.start == place.stop:  # a site before an instruction that stays
            at = {k: v for k, v in at.items() if k != i}
            if not style.direct:
                continue
        original = items[place.start : place.stop]
        name = site_name(number)
        emit = Emitter(place.location)
        if style.direct:
            emit_direct(emit, place, original, name)
        elif isinstance(place, Operation):
            emit_operation(emit, place, original, name, style)
        else:
            emit_call(emit, place, original, name, style.observe)
        _verify_once(place, emit.out, style)
        extra = max(extra, place.size)
        writer.out += emit.out
        i = place.stop
    out = _with_gates(writer.out, style, () if like is None else like.co_consts)
    out = fuse(out, [*ir.code.co_varnames, NULL_LOCAL])
    stacksize = max(ir.code.co_stacksize + ROOM + extra, 0 if like is None else like.co_stacksize)
    new = assembled(ir.code, out, stacksize, like, (NULL_LOCAL,))
    verify_code(new, ir.code)
    return new


_verified: set[tuple[Any, ...]] = set()


def _verify_once(place: Operation | Call, items: list[Any], style: Style) -> None:
    """Verify what stands at a place; the items depend on nothing but the key's parts."""
    if isinstance(place, Operation):
        finish = place.operator in style.finishers
        key: tuple[Any, ...] = (place.size, place.operator in ("getitem", "slice"), finish)
        entry: Stack = (VALUE,) * place.size
    else:
        key = (place.form, place.size, len(place.names))
        below = (VALUE, VALUE) if place.form == "self" else NULL_AND_CALLABLE
        entry = below + (VALUE,) * place.size
    key += (style.direct, style.observe)
    if key not in _verified:
        verify(items, entry, len(entry), ROOM + place.size)
        _verified.add(key)


def _with_gates(items: list[Any], style: Style, consts: tuple[Any, ...]) -> list[Any]:
    """Return items that load sites from their gates, and finishers as constants.

    Up to this point they are free variables with names of their own. Holes that are among other
    code's constants are used again.
    """
    finishers = {finisher(operator) for operator in style.finishers}
    holes = {hole.name: hole for hole in consts if type(hole) is Hole}  # one of each name
    out: list[Any] = []
    for item in items:
        if (
            type(item) is not Instr
            or type(item.arg) is not FreeVar
            or not item.arg.name.startswith(SITE_PREFIX)
        ):
            out.append(item)
            continue
        name = item.arg.name
        emit = Emitter(item.location)
        hole = holes.get(name)
        if hole is None:
            hole = holes[name] = Hole(name)
        if name in finishers:
            emit.load_constant(hole)
        else:
            emit.load_content(hole, style.attribute)
        out += emit.out
    return out


def code_of(code: CodeType, items: list[Any]) -> CodeType:
    """Encode what `decode.items_of` decoded."""
    return assembled(code, items, code.co_stacksize)
