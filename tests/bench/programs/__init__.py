"""Real programs on installed libraries, plain against bumped: `python -m tests.bench.programs`.

In: names of programs. Out: ratios of processor time, at first calls and after many, as a table or
as JSON. Unlike the kernels of `tests.bench.regions` these programs spend most of their time in code
that others wrote, and much of it has nothing to gain.
"""
