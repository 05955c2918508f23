/* Casts between NumPy's numbers that loops ask for: C's conversions, item by item. */
#ifndef ALLOC_REWRITE_NUMPY_CASTS_H
#define ALLOC_REWRITE_NUMPY_CASTS_H

#include "state.h"

/* From items that lie `by` bytes apart to items without gaps. */
typedef void (*Cast)(const void *from, npy_intp by, void *to, npy_intp n);

/* The cast between two types, or NULL. Both sides are aligned. */
Cast cast_between(int from, int to);

#endif
