"""What of a stage is compiled: pieces, each some steps that follow each other.

In: a plan, as the extension describes it. Out: for each stage its pieces, or why it has none. A
`Piece` says what is computed, and nothing of sizes or addresses: it is the kernel's fingerprint.
It must not know LLVM.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from . import rules

Described = dict[str, Any]

LEAST = 2  # operations of a piece: NumPy's loop for one is as good
MOST = 200  # operations of a piece, so that no compilation takes long


class Access(NamedTuple):
    """Memory that a piece reads or writes: items of a type, and how they lie in a row."""

    type: str  # NumPy's character
    lies: str  # "contiguous", "strided", "repeated" in a row, "scalar" for all rows


class Operation(NamedTuple):
    """An operation on values: those that are read come first, then the operations' results."""

    name: str
    arguments: tuple[int, ...]
    type: str  # of the result


class Piece(NamedTuple):
    """A computation over rows of items."""

    reads: tuple[Access, ...]
    operations: tuple[Operation, ...]
    writes: tuple[Access, ...]
    written: tuple[int, ...]  # the values, by write
    is_aliased: bool  # whether a write may lie over a read, item on item


class Part(NamedTuple):
    """A piece at its place in a stage: which steps it does, and on which operands."""

    piece: Piece
    first: int
    stop: int
    operands: tuple[int, ...]  # of the stage, by read, then by write
    is_repeatable: bool  # whether its steps can be done again once the array that they change is
    # as it was


def parts_of_stage(stage: Described) -> list[Part] | str:
    """Return what of a stage can be compiled, in the order of its steps; or why nothing can."""
    if stage["reduction"] is not None:
        return "it is part of a reduction"
    expanded = [_expanded(stage, step) for step in stage["steps"]]
    parts: list[Part] = []
    first = 0
    while first < len(expanded):
        stop = first
        while stop < len(expanded) and expanded[stop] and _fits(stage, expanded, first, stop):
            stop += 1
        if stop > first and sum(len(one or ()) for one in expanded[first:stop]) >= LEAST:
            parts.append(_part(stage, expanded, first, stop))
        first = max(stop, first + 1)
    if parts:
        return parts
    unknown = [step for step, one in zip(stage["steps"], expanded, strict=True) if not one]
    if unknown and len(unknown) < len(expanded):
        return f"{_name(unknown[0])} comes between single operations"
    return f"there is no code for {_name(unknown[0])}" if unknown else "it is a single operation"


def _name(step: Described) -> str:
    part = step["parts"][-1]
    return str(part["ufunc"].__name__ if part["ufunc"] else step["operation"].lower())


# ---------------------------------------------------------------------- one step

#: An operation on operands of the stage; a negative number is an earlier result of the same step.
_Expanded = list[tuple[str, tuple[int, ...], str]]


def _expanded(stage: Described, step: Described) -> _Expanded | None:
    """Return the operations that a step does; None if there is no code for one of them."""
    *read, made = step["arguments"]
    types = {number: stage["operands"][number]["dtype"].char for number in (*read, made)}
    kind, parts = step["operation"], [part["ufunc"] for part in step["parts"]]
    result = types[made]
    changes = stage["operands"][made]["where"] == "source"
    if changes and step is not stage["steps"][-1]:
        return None  # later steps may read what it has changed
    if not set(types.values()) <= set(rules.TYPES):
        return None
    if kind == "FUSED":
        return _fused(step["fusion"], parts, read, types[read[0]])
    if kind == "WHERE":
        return [("select", tuple(read), result)]
    if kind in ("PATCHWORK", "SCATTER"):
        return None
    if kind in ("CAST", "COPY"):
        return [("cast", tuple(read), result)] if rules.casts(types[read[0]], result) else None
    if kind == "FEED" or parts[0].nin != len(read):
        return None  # a loop under a mask, or what a reduction does with a block
    name = rules.operation_of(parts[0], "".join(types[number] for number in (*read, made)))
    if name == "clip" and result in rules.FLOATS and _are_scalars(stage, read[1:]):
        name = "clip_between"  # NumPy's loop compares in another order then
    if name in rules.OF_DENSE and result in rules.COMPLEX and _have_gaps(stage, read):
        return None
    return None if name is None else [(name, tuple(read), result)]


def _are_scalars(stage: Described, operands: Sequence[int]) -> bool:
    return all(stage["operands"][number]["where"].endswith("scalar") for number in operands)


def _have_gaps(stage: Described, operands: Sequence[int]) -> bool:
    return any(stage["operands"][number]["access"] == "strided" for number in operands)


def _fused(fusion: str, parts: list[Any], read: list[int], own: str) -> _Expanded | None:
    """Return the operations of a step that was put together: the last of them is the step's own."""
    if fusion == "choice":
        name = rules.operation_of(parts[0], own + own + "?")
        made: list[tuple[str | None, tuple[int, ...], str]] = [
            (name, (read[0], read[1]), "?"),
            ("select", (-1, read[2], read[3]), own),
        ]
    else:
        names = [rules.operation_of(part, own * 3) for part in parts]
        made = [(names[0], (read[0], read[1]), own)]
        if fusion == "both":
            made += [(names[2], (read[2], read[3]), own), (names[1], (-1, -2), own)]
        else:
            rest = (-1, read[2]) if fusion == "left" else (read[2], -1)
            made.append((names[1], rest, own))
    if any(name is None for name, _, _ in made):
        return None
    return [(str(name), arguments, kind) for name, arguments, kind in made]


# ---------------------------------------------------------------------- several steps

_Steps = Sequence[_Expanded | None]


def _fits(stage: Described, steps: _Steps, first: int, step: int) -> bool:
    """Whether a step can join those from `first` on: a block that it makes must not lie over one
    of another item size that they read, and they must not become too many."""
    if sum(len(one or ()) for one in steps[first : step + 1]) > MOST:
        return False
    operands = stage["operands"]
    made = {s["arguments"][-1] for s in stage["steps"][first : step + 1]}
    blocks: dict[int, int] = {}
    for one in stage["steps"][first : step + 1]:
        for number in one["arguments"]:
            operand = operands[number]
            if operand["where"] != "block":
                continue
            if number in made and not _is_read_after(stage, number, step + 1):
                continue
            size = operand["dtype"].itemsize
            if blocks.setdefault(operand["number"], size) != size:
                return False
    return True


def _is_read_after(stage: Described, number: int, step: int) -> bool:
    return any(number in later["arguments"][:-1] for later in stage["steps"][step:])


def _part(stage: Described, steps: _Steps, first: int, stop: int) -> Part:
    operands = stage["operands"]
    value_of: dict[int, int] = {}
    read: list[int] = []
    for step in stage["steps"][first:stop]:  # reads are numbered first
        *arguments, made = step["arguments"]
        read += [n for n in arguments if n not in value_of and n not in read]
        value_of[made] = -1
    value_of = {number: i for i, number in enumerate(read)}
    operations: list[Operation] = []
    known: dict[Operation, int] = {}
    written: dict[int, int] = {}
    for step, expanded in zip(stage["steps"][first:stop], steps[first:stop], strict=True):
        results: list[int] = []
        for name, arguments, kind in expanded or ():
            values = tuple(value_of[n] if n >= 0 else results[-n - 1] for n in arguments)
            operation = Operation(name, values, kind)
            if operation not in known:
                known[operation] = len(read) + len(operations)
                operations.append(operation)
            results.append(known[operation])
        made = step["arguments"][-1]
        value_of[made] = results[-1]
        if operands[made]["where"] != "block" or _is_read_after(stage, made, stop):
            written[made] = results[-1]
    over = {operands[n]["number"] for n in written if operands[n]["where"] == "block"}
    lies_over = any(operands[n]["where"] == "block" and operands[n]["number"] in over for n in read)
    changes = any(operands[n]["where"] == "source" for n in written)
    piece = Piece(
        tuple(_access(operands[n]) for n in read),
        tuple(operations),
        tuple(_access(operands[n]) for n in written),
        tuple(written.values()),
        lies_over or changes,
    )
    return Part(piece, first, stop, (*read, *written), not lies_over)


def _access(operand: Described) -> Access:
    return Access(np.dtype(operand["dtype"]).char, operand["access"])
