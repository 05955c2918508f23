/* What functions of numpy.linalg share. */
#ifndef ALLOC_REWRITE_CALLS_GUFUNCS_H
#define ALLOC_REWRITE_CALLS_GUFUNCS_H

#include "calls/native.h"

#define WORTH_SHARING 100000.0 /* cubes of lengths from which other threads may run meanwhile */

/* Call a loop of a ufunc; 0 if NumPy has to say what went wrong. */
int gufunc_loop(const PyUFuncObject *ufunc, int type, char **data, npy_intp *lengths,
                npy_intp *strides, int shared);
/* A named tuple of results, which it takes; NULL with an exception. */
PyObject *gufunc_tuple(PyObject *form, PyObject *const *results, int n);

#endif
