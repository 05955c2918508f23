"""Expressions and statements over arrays, plain against bumped and against other ways to run them.

`python -m tests.bench.regions` prints the tables. `kernels` says what a kernel is; `elementwise`,
`stencils`, `reductions` and `others` have them; `peers` and the modules that it names have other
ways to run the same; `measure` times one; `tables` and `picture` show the results.
"""
