/* Views by slices: what `x[a:b]`, `x[a:b, c:d]` and the like give for plain arrays. */
#ifndef ALLOC_REWRITE_VIEWS_H
#define ALLOC_REWRITE_VIEWS_H

#include "core.h"

/* `array[start:stop]`; NULL without an exception for other bounds than ints and None. */
PyObject *view_of_slice(PyArrayObject *array, PyObject *start, PyObject *stop);
/* `array[index]` for a slice, or a tuple of slices, ints and None; likewise for others. */
PyObject *view_of_index(PyArrayObject *array, PyObject *index);

#endif
