/* Casts between NumPy's numbers that loops ask for: C's conversions, item by item. */
#ifndef ALLOC_REWRITE_CASTS_H
#define ALLOC_REWRITE_CASTS_H

#include "core.h"

typedef void (*Cast)(const void *from, void *to, npy_intp n);

/* The cast between two types, or NULL. Both sides are aligned and without gaps. */
Cast cast_between(int from, int to);

#endif
