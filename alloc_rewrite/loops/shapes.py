"""What is known of the shapes of arrays from their kinds, and kinds without that.

In: kinds. Out: kinds, and the words of values that are known.
"""

from __future__ import annotations

from .kinds import Array, Enumerate, Items, Kind, Tuple, Zip, strides_of, words


def without_shape(kind: Kind) -> Kind:
    """Return a kind with arrays of any shape."""
    match kind:
        case Array():
            return kind.replaced(shape=None)
        case Items(sequence):
            return kind.replaced(sequence=without_shape(sequence))
        case Enumerate(below):
            return Enumerate(without_shape(below))
        case Zip(iterators):
            return Zip(tuple(map(without_shape, iterators)))
        case _:
            return kind


def fixed_words(kind: Kind) -> dict[int, int]:
    """Return the words of a value that are known from its kind, by their places."""
    below: tuple[Kind, ...] = ()
    at = 0
    match kind:
        case Array(_, ndim, _, is_dense, shape):
            if shape is not None:
                return dict(enumerate((*shape, *strides_of(shape, kind.itemsize)), 2))
            return {1 + 2 * ndim: kind.itemsize} if is_dense else {}
        case Items(one) | Enumerate(one):
            below, at = (one,), 1
        case Zip(several) | Tuple(several):
            below = several
    out: dict[int, int] = {}
    for one in below:
        out |= {at + i: known for i, known in fixed_words(one).items()}
        at += words(one)
    return out
