"""Machine code for the hot stages of regions, made by llvmlite where that is installed.

In: plans of the native core. Out: kernels that give the bits of NumPy's loops. It must not know
bytecode.
"""
