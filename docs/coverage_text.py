"""What stands above the tables of the coverage page, and the classes that they use."""

from __future__ import annotations

ARENA, RECURSION, HEAP, NOTHING = "arena", "by recursion", "heap", "allocates nothing"
CLASSES = (ARENA, RECURSION, HEAP, NOTHING)


def introduction(version: str) -> str:
    """The text, for the version of NumPy that the page is made with."""
    return f"""\
# Coverage

What every public callable of NumPy does to the arena. This page is made by
`python docs/make_coverage.py --write`; it was made with {version}.

The class and the note are those of the Python core, which asks its registry:

| class | meaning |
|---|---|
| {ARENA} | its array comes out of the buffer, by a row of the registry or as a ufunc |
| {RECURSION} | Python code that is rewritten; what it allocates is up to the rows it reaches |
| {HEAP} | runs as it is, and its array comes from the heap |
| {NOTHING} | it returns views, scalars or other objects, or changes what is there |

The note of an arena row says for which arguments. Other arguments have the original run, and
the result comes from the heap. Always on the heap are arrays without elements, arrays of objects
and of variable-width strings, subclasses of `numpy.ndarray`, and results that NumPy gives as
scalars. The note of a function by recursion names the rows that stayed on the heap in the call
shown.

The native core has NumPy's compiled code allocate from the arena, with or without a row: see
[the memory model](../explanation/memory-model.md). What is left on the heap there is mostly
this: copies made by `reshape`, the class `numpy.ndarray`, ufuncs of `numpy.strings`, subscripts
with a tuple of arrays, and `divmod`, `pow`, `sum` and `functools.reduce`, which call operators
themselves.

The last columns are from one call: bytes of array data from the heap, plain and bumped (from the
third call on, with sites that are never given back), in either core. Work space inside compiled
code (LAPACK, sorting) isn't counted. In the calls `a` is a 64 x 64 array of float64, `v` a vector
of 4096, `i` one of integers, `b` a 64 x 64 array of bool, `c` one of complex128, `s` one that is
symmetric and positive definite, `t` an array of strings, `t2` one of dates, and `u` one of 4096
bytes.
"""
