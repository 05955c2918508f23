"""The introduction of the coverage page, and the classes that its tables use."""

from __future__ import annotations

ARENA, RECURSION, HEAP, NOTHING = "arena", "by recursion", "heap", "allocates nothing"
CLASSES = (ARENA, RECURSION, HEAP, NOTHING)


def introduction(version: str) -> str:
    """Return the text, for the version of NumPy with which the page is made."""
    return f"""\
# Coverage

This page shows how every public callable of NumPy uses the arena.
`python docs/make_coverage.py --write` makes it; it was made with {version}.

The class and the note apply to the Python core, which looks callables up in its registry:

| class | meaning |
|---|---|
| {ARENA} | its array comes out of the buffer, through a row of the registry or as a ufunc |
| {RECURSION} | rewritten Python code; what it allocates depends on the rows that it reaches |
| {HEAP} | runs unchanged, and its array comes from the heap |
| {NOTHING} | it returns views, scalars or other objects, or changes existing arrays |

The note of an arena row names the arguments for which it works. For other arguments the original
runs, and the result comes from the heap. Arrays without elements, arrays of objects and of
variable-width strings, subclasses of `numpy.ndarray`, and results that NumPy gives as scalars
always come from the heap. The note of a function by recursion names the rows that stayed on the
heap in the call shown.

On the native core NumPy's compiled code allocates from the arena, with or without a row: see
[the memory model](../explanation/memory-model.md). What stays on the heap there is mostly this:
copies made by `reshape`, the class `numpy.ndarray`, ufuncs of `numpy.strings`, subscripts with a
tuple of arrays, and `divmod`, `pow`, `sum` and `functools.reduce`, which call operators themselves.

The last columns come from one call: bytes of array data from the heap, plain and bumped (from the
third call on, with sites that are never switched off), on either core. They don't include work
space inside compiled code (LAPACK, sorting). In the calls `a` is a 64 x 64 array of float64, `v` a
vector of 4096, `i` one of integers, `b` a 64 x 64 array of bool, `c` one of complex128, `s` one
that is symmetric and positive definite, `t` an array of strings, `t2` one of dates, and `u` one of
4096 bytes.
"""
