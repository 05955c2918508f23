/* NumPy's inner loops, called by kernels. */
#ifndef ALLOC_REWRITE_LOOPS_INNER_H
#define ALLOC_REWRITE_LOOPS_INNER_H

#include "state.h"

/* inner_loop(capsule): the address of what `inner_call` is to be given, which lives as long as the
 * capsule; None if the loop is not to be called by kernels. */
PyObject *inner_loop(PyObject *module, PyObject *capsule);
/* The address of what kernels call: (loop, data, dims, strides), all addresses. Zero, or one if the
 * original code has to do it. There is another one for loops that fail by raising a flag. */
PyObject *inner_caller(int is_flagged);

#endif
