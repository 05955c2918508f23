"""The Python core: its arena, its sites, and how NumPy's primitives get arena memory.

It serves where there is no extension module, and is frozen: it gets no new rows or kinds of sites.
"""
