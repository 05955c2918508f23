/* Loops of our own, for what is no ufunc: taking items from one array or another, and copying. */
#ifndef ALLOC_REWRITE_NUMPY_SELECT_H
#define ALLOC_REWRITE_NUMPY_SELECT_H

#include "numpy/loop.h"

/* The loop of `where(condition, x, y)` for items of that size, or NULL. */
Loop where_loop(npy_intp itemsize);
/* The loop of a copy, or NULL. */
Loop copy_loop(npy_intp itemsize);

#endif
