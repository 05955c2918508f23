"""Counts the bytes of array data that NumPy takes from the heap.

It is a memory handler (NEP 49) that passes everything on to the C library, and is put in force
where NumPy's own would be. Buffers of the native core have handlers of their own, whose memory is
not the heap's; tracemalloc is told of that memory as well, and so cannot tell.
"""

import contextlib
import ctypes

import numpy as np

_SET_HANDLER = 304  # its place in NumPy's table of functions for extensions


class _Allocator(ctypes.Structure):
    _fields_ = [("context", ctypes.c_void_p)] + [
        (name, ctypes.c_void_p) for name in ("malloc", "calloc", "realloc", "free")
    ]


class _Handler(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("allocator", _Allocator),
    ]


_size, _pointer = ctypes.c_size_t, ctypes.c_void_p
_malloc_type = ctypes.PYFUNCTYPE(_pointer, _pointer, _size)
_calloc_type = ctypes.PYFUNCTYPE(_pointer, _pointer, _size, _size)
_realloc_type = ctypes.PYFUNCTYPE(_pointer, _pointer, _pointer, _size)
_free_type = ctypes.PYFUNCTYPE(None, _pointer, _pointer, _size)
_libc = ctypes.CDLL(None)
_libc.malloc.restype = _libc.calloc.restype = _libc.realloc.restype = _pointer
_libc.malloc.argtypes = [_size]
_libc.calloc.argtypes = [_size, _size]
_libc.realloc.argtypes = [_pointer, _size]
_libc.free.argtypes = [_pointer]


class Heap:
    """How many bytes live, and the most of them that lived at a time."""

    def __init__(self):
        self.sizes = {}
        self.now = self.peak = 0

    def _taken(self, block, size):
        if block:
            self.sizes[block] = size
            self.now += size
            self.peak = max(self.peak, self.now)
        return block

    def _given(self, block):
        self.now -= self.sizes.pop(block, 0)

    def malloc(self, _, size):
        return self._taken(_libc.malloc(size), size)

    def calloc(self, _, n, size):
        return self._taken(_libc.calloc(n, size), n * size)

    def realloc(self, _, block, size):
        new = _libc.realloc(block, size)
        if new:
            self._given(block)
            self._taken(new, size)
        return new

    def free(self, _, block, size):
        self._given(block)
        _libc.free(block)


def _capsule(heap):
    """Return the handler as NumPy wants it; it lives for ever, as arrays may."""
    functions = (
        _malloc_type(heap.malloc),
        _calloc_type(heap.calloc),
        _realloc_type(heap.realloc),
        _free_type(heap.free),
    )
    addresses = (ctypes.cast(function, _pointer) for function in functions)
    handler = _Handler(b"heap", 1, _Allocator(None, *addresses))
    _kept.append((functions, handler))
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [_pointer, ctypes.c_char_p, _pointer]
    return new(ctypes.addressof(handler), _NAME, None)


def _set_handler():
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = _pointer, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(
        pointer(np._core._multiarray_umath._ARRAY_API, None), ctypes.POINTER(_pointer)
    )
    return ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(table[_SET_HANDLER])


_NAME = b"mem_handler"  # NumPy compares capsules' names; this one has to live as long as they
_kept = []
_heap = Heap()
_installed = _capsule(_heap)


@contextlib.contextmanager
def counted():
    """Count what is taken in a block of code; gives a function that returns the peak so far."""
    set_handler = _set_handler()
    former = set_handler(_installed)
    before = _heap.peak = _heap.now
    try:
        yield lambda: _heap.peak - before
    finally:
        set_handler(former)
