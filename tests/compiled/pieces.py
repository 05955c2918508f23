"""Pieces for tests: one operation, and what it takes."""

from alloc_rewrite.compiled import rules
from alloc_rewrite.compiled.pieces import Access, Operation, Piece


def operations():
    """Return (name, types of the operands, type of the result) for all that there is code for."""
    found = {("select", ("?", one, one), one) for one in rules.TYPES}
    for own in rules.TYPES:
        for ufunc in {ufunc for ufunc, _ in rules.LOOPS}:
            for made in {own, "?"}:
                name = rules.operation_of(ufunc, own * ufunc.nin + made)
                if name is not None:
                    found.add((name, (own,) * ufunc.nin, made))
        for made in rules.TYPES:
            if made != own and rules.casts(own, made):
                found.add(("cast", (own,), made))
    return sorted(found)


def single(name, types, made, lies="contiguous", written="contiguous"):
    """Return the piece of one operation on operands that lie in that way."""
    reads = tuple(Access(kind, lies) for kind in types)
    operation = Operation(name, tuple(range(len(types))), made)
    return Piece(reads, (operation,), (Access(made, written),), (len(types),), False)
