/* Which arrays share memory, for outputs that exist already. */
#ifndef ALLOC_REWRITE_NUMPY_OVERLAP_H
#define ALLOC_REWRITE_NUMPY_OVERLAP_H

#include "numpy/views.h"

/* Whether the memory that two arrays reach over has bytes in common. */
int overlaps(PyArrayObject *a, PyArrayObject *b);
/* Whether two indices of an array may mean the same item. */
int overlaps_itself(PyArrayObject *array);
int extent_overlaps_itself(const Extent *extent, npy_intp itemsize);

#endif
