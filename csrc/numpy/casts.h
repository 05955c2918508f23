/* Casts between NumPy's numbers that loops ask for: C's conversions, item by item. */
#ifndef ALLOC_REWRITE_NUMPY_CASTS_H
#define ALLOC_REWRITE_NUMPY_CASTS_H

#include "numpy/loop.h"

/* The cast between two dtypes, or NULL: also if one has another byte order than this machine. Both
 * sides are aligned, and the result has no gaps. */
Loop cast_between(const PyArray_Descr *from, const PyArray_Descr *to);
/* The same for casts that may change values: those to smaller integers, and from floats to float32,
 * int32 and int64. */
Loop cast_of_any_kind(const PyArray_Descr *from, const PyArray_Descr *to);
/* Whether a cast may raise a floating point flag: a signalling NaN becomes a quiet one where an
 * item gets wider, and a number may not fit where it gets smaller. */
int cast_may_raise(const PyArray_Descr *from, const PyArray_Descr *to);

/* Whether items of one dtype are items of the other. */
ALWAYS_INLINE int
same_type(PyArray_Descr *one, PyArray_Descr *other)
{
    return one == other || PyArray_EquivTypes(one, other);
}

/* Turn `n` items that lie `by` bytes apart. */
ALWAYS_INLINE void
cast_items(Loop cast, void *from, npy_intp by, void *to, npy_intp n)
{
    char *data[2] = {from, to};
    npy_intp strides[2] = {by, 0};
    cast(NULL, data, &n, strides, NULL);
}

/* Cast one item; 0 if that raises a flag, which NumPy has to report. */
ALWAYS_INLINE int
cast_item(Loop cast, void *from, void *to)
{
    status_clear(0);
    cast_items(cast, from, 0, to, 1);
    if (UNLIKELY(status_raised(0))) {
        status_clear(0);
        return 0;
    }
    return 1;
}

#endif
