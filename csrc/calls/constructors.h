/* What constructors of arrays share. */
#ifndef ALLOC_REWRITE_CALLS_CONSTRUCTORS_H
#define ALLOC_REWRITE_CALLS_CONSTRUCTORS_H

#include "calls/native.h"

/* The dtype that an argument names (NULL and None: `otherwise`); NULL without an exception if it is
 * none that is done here. */
PyArray_Descr *constructor_dtype(PyObject *given, int otherwise);
PyArrayObject *constructor_room(Native *self, PyArray_Descr *descr, int nd, const npy_intp *dims,
                                npy_intp size);
/* A copy of an array in C order; NULL without an exception for others. */
PyObject *constructor_copy(Native *self, PyObject *source);

#endif
