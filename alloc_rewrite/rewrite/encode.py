"""From the intermediate representation, with sites put in, back to a code object.

In: an `IR`, the places found in it, and which of them have a site. Out: a code object whose
free variables end with the sites' cells. It must not know what a site does, only how one is
called:

- a region's site gets copies of the operands and returns the result, or None: "not handled",
  whereupon the original instructions run. Where the core has a *finisher* for the operator,
  the site returns the array for the result instead, and the finisher is called with the
  operands and that array: it is NumPy's ufunc, and what it warns of or raises comes from the
  user's own line;
- a call's site gets the callable and copies of the arguments, and returns a pair: what to
  call instead (often the callable itself), and the result, or None: "not handled",
  whereupon the call is made;
- a cell that holds None has no site any more: the original instructions run.

In the *direct* style a region's site takes the operands over and returns what the operator
gives, whatever that takes, and a call's site only swaps the callable, so that the call itself
stays the original instruction.

In the *observe* style, what the original instructions gave is shown to a second cell of the site
(a call's site then returns a triple; the third is shown beside the result).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from bytecode import Bytecode, Instr
from bytecode import Label as Target

from .ir import IR, Call, Region
from .opcodes import (
    NULL_AND_CALLABLE,
    NULL_FIRST,
    NULL_LOCAL,
    ORIGIN,
    SITE_PREFIX,
    VALUE,
    Emitter,
    Stack,
    plain_attribute_load,
)
from .verify import verify, verify_code

Place = Region | Call


@dataclass(frozen=True, eq=False)
class Style:
    """How the sites of a core are called; compared by identity."""

    finishers: Mapping[str, Any]  # by operator, what fills the array that a site returns
    observe: bool = False  # whether the results of the original instructions are shown
    direct: bool = False  # whether sites take the place of operators, and swap callables
    extras: bool = False  # whether what makes no array data but costs time has sites as well


_ROOM = 6  # stack slots that a site may need beyond its operands


def cell_names(places: list[Place], style: Style) -> list[str]:
    """Return the names of the free variables that a function's sites and finishers live in.

    First the sites, in the order of their places, then their observers, if there are any,
    then the finishers in the order of `used_finishers`, and last a cell that the code does not
    use: what the function was made from.
    """
    names = [f"{SITE_PREFIX}{i}" for i in range(len(places))]
    observers = [_observer(name) for name in names] if style.observe else []
    finishing = [_finisher(name) for name in used_finishers(places, style)]
    return [*names, *observers, *finishing, ORIGIN]


def used_finishers(places: list[Place], style: Style) -> list[str]:
    """Return the operators among the places that have a finisher, each once."""
    operators = (place.operator for place in places if isinstance(place, Region))
    return [name for name in dict.fromkeys(operators) if name in style.finishers]


def encode(
    ir: IR, places: list[Place], style: Style, live: Mapping[int, bool] | None = None
) -> CodeType:
    """Return code with a site at every place (of those that are `live`, if given)."""
    at = {p.start: (i, p) for i, p in enumerate(places) if live is None or live[i]}
    bound = NULL_FIRST or not style.direct  # whether method loads have to give bound methods
    methods = {m for _, p in at.values() if bound and isinstance(p, Call) for m in p.method_loads}
    items = ir.items
    out: list[Any] = []
    i, extra = 0, 0
    while i < len(items):
        found = at.get(i)
        if found is None:
            out += plain_attribute_load(items[i]) if i in methods else [items[i]]
            i += 1
            continue
        number, place = found
        if place.start == place.stop:  # a site before an instruction that stays
            at = {k: v for k, v in at.items() if k != i}
            if not style.direct:
                continue
        original = items[place.start : place.stop]
        name = f"{SITE_PREFIX}{number}"
        emit = Emitter(place.location)
        if style.direct:
            _emit_direct(emit, place, original, name)
        elif isinstance(place, Region):
            _emit_region(emit, place, original, name, style)
        else:
            _emit_call(emit, place, original, name, style.observe)
        _verify_once(place, emit.out, style)
        extra = max(extra, place.size)
        out += emit.out
        i = place.stop
    frame = _framed(ir, out, cell_names(places, style))
    new = code_of(frame, ir.code.co_stacksize + _ROOM + extra)
    verify_code(new, ir.code)
    return new


_verified: set[tuple[Any, ...]] = set()


def _verify_once(place: Place, items: list[Any], style: Style) -> None:
    """Verify what stands at a place; the items depend on nothing but the key's parts."""
    if isinstance(place, Region):
        finish = place.operator in style.finishers
        key: tuple[Any, ...] = (place.size, place.operator in ("getitem", "slice"), finish)
        entry: Stack = (VALUE,) * place.size
    else:
        key = (place.form, place.size, len(place.names))
        below = (VALUE, VALUE) if place.form == "self" else NULL_AND_CALLABLE
        entry = below + (VALUE,) * place.size
    key += (style.direct, style.observe)
    if key not in _verified:
        verify(items, entry, len(entry), _ROOM + place.size)
        _verified.add(key)


def _emit_direct(emit: Emitter, place: Place, original: list[Any], name: str) -> None:
    """Let a region's site take the operator's place, or a call's site swap the callable."""
    n = place.size
    absent, done = Target(), Target()
    emit.load_cell(name)
    emit.copy(1)
    emit.jump_if_none(absent)
    if isinstance(place, Region):
        emit.sink(n + 1)  # the first operand is the site's "self"
        emit.call(n - 1)
        emit.jump(done)
        emit.out.append(absent)
        emit.pop()
        emit.out += original
        if place.operator in ("getitem", "slice"):  # may run a Python function
            emit.end_of_call()
        emit.out.append(done)
        return
    depth = n + 2 if NULL_FIRST and place.form != "self" else n + 3  # of the callable
    emit.op("SWAP", depth)
    emit.copy(depth)
    emit.op("SWAP", 2)
    emit.call(0)
    emit.op("SWAP", depth)
    emit.out.append(absent)
    emit.pop()
    emit.out += original
    emit.end_of_call()
    emit.out.append(done)


def _emit_region(
    emit: Emitter, region: Region, original: list[Any], name: str, style: Style
) -> None:
    finish, observe = region.operator in style.finishers, style.observe
    unhandled, done = Target(), Target()
    n = region.size
    emit.load_site(name, unhandled)
    emit.copy(n + 2, n)
    emit.call(n)
    emit.copy(1)
    emit.jump_if_none(unhandled)
    if finish:
        # [operands, array] -> [finisher, operands, array]: the first operand is its "self".
        emit.load_cell(_finisher(region.operator))
        emit.sink(n + 2)
        emit.call(n)
    else:
        emit.op("SWAP", n + 1)
        emit.pop(n)
    emit.jump(done)
    emit.out.append(unhandled)
    emit.pop()
    if observe:  # operands live until the result was seen, as those of a site do
        emit.copy(n, n)
    emit.out += original
    if region.operator in ("getitem", "slice"):  # may run a Python function
        emit.end_of_call()
    if observe:
        emit.load_callable(_observer(name))
        emit.copy(3)
        emit.call(1)
        emit.pop()
        emit.op("SWAP", n + 1)
        emit.pop(n)
    emit.out.append(done)


def _emit_call(emit: Emitter, call: Call, original: list[Any], name: str, observe: bool) -> None:
    unhandled, done = Target(), Target()
    absent = Target() if observe else unhandled
    n = call.size
    has_null = call.form != "self"
    # How deep the callable lies, and how many of the slots above it are arguments.
    depth = n + 1 if has_null and NULL_FIRST else n + 2
    copies = n if has_null else n + 1
    emit.load_site(name, absent)
    emit.copy(depth + 2)
    emit.copy(copies + 3, copies)
    emit.call(copies + 1, call.names)
    emit.op("UNPACK_SEQUENCE", 3 if observe else 2)
    above = 3 if observe else 2  # what to call, the result, and what to observe it with
    emit.op("SWAP", depth + above)
    emit.pop()
    emit.copy(1)
    emit.jump_if_none(unhandled)
    if observe:
        emit.op("SWAP", 2)
        emit.pop()
    _drop_below(emit, call, copies)
    emit.jump(done)
    emit.out.append(unhandled)
    emit.pop()
    if observe:
        emit.sink(n + 3)  # the token moves below the callable
        emit.out += [item.copy() for item in original]
        _emit_observer(emit, name)
        emit.jump(done)
        emit.out.append(absent)
        emit.pop()
    emit.out += original
    emit.end_of_call()
    emit.out.append(done)


def _drop_below(emit: Emitter, call: Call, copies: int) -> None:
    """Leave the result on top as the only one of the call's slots."""
    n = call.size
    if call.form == "self":
        emit.op("SWAP", n + 3)
        emit.pop(n + 2)
    elif NULL_FIRST:
        emit.op("SWAP", n + 3)
        emit.drop_null()
        emit.pop(n + 1)
    else:
        emit.op("SWAP", n + 2)
        emit.drop_null()
        emit.pop(n)
        emit.op("SWAP", 2)
        emit.pop()


def _emit_observer(emit: Emitter, name: str) -> None:
    """Show the token and the result on the stack to the observer, and leave the result."""
    emit.load_callable(_observer(name))
    emit.copy(4, 2)
    emit.call(2)
    emit.pop()
    emit.op("SWAP", 2)
    emit.pop()


def _observer(name: str) -> str:
    return f"{name}!"


def _finisher(operator: str) -> str:
    return f"{SITE_PREFIX}.{operator}"


def _framed(ir: IR, items: list[Any], cells: list[str]) -> Bytecode:
    """Put items into the function's frame, with the sites' cells behind its free variables."""
    new = Bytecode()
    new._copy_attr_from(ir.frame)
    new.freevars = [*ir.frame.freevars, *cells]
    new.argnames = [*ir.frame.argnames, NULL_LOCAL]
    first = next(item for item in items if isinstance(item, Instr))
    take_cells = Instr("COPY_FREE_VARS", len(new.freevars), location=first.location)
    if first.name == "COPY_FREE_VARS":
        items[items.index(first)] = take_cells
    else:
        items.insert(0, take_cells)
    list.extend(new, items)
    return new


def code_of(frame: Bytecode, stacksize: int) -> CodeType:
    """Encode what `decode.bytecode_of` decoded, or what was made of it."""
    return frame.to_code(stacksize=stacksize, compute_exception_stack_depths=False)
