/* Casts between NumPy's numbers that loops ask for: C's conversions, item by item. */
#ifndef ALLOC_REWRITE_NUMPY_CASTS_H
#define ALLOC_REWRITE_NUMPY_CASTS_H

#include "state.h"

/* From items that lie `by` bytes apart to items without gaps. */
typedef void (*Cast)(const void *from, npy_intp by, void *to, npy_intp n);

/* The cast between two dtypes, or NULL: also if one has another byte order than this machine. Both
 * sides are aligned. */
Cast cast_between(const PyArray_Descr *from, const PyArray_Descr *to);
/* Whether that cast may raise a floating point flag: a signalling NaN becomes a quiet one where an
 * item gets wider. */
int cast_may_raise(const PyArray_Descr *from, const PyArray_Descr *to);

#endif
