/* How a loop goes over its operands: broadcast, axes ordered as NumPy orders them, and joined. */
#ifndef ALLOC_REWRITE_NUMPY_ITERATION_H
#define ALLOC_REWRITE_NUMPY_ITERATION_H

#include "numpy/views.h"

/* The result's shape and layout. */
typedef struct {
    int nd;
    npy_intp size;
    npy_intp dims[MAX_AXES];
    npy_intp strides[MAX_AXES];
    int c_order; /* whether the strides are those of C order */
} Layout;

/* A nest of loops, the innermost axis first; strides by axis, then by operand, output last. */
typedef struct {
    int nd;
    npy_intp dims[MAX_AXES];
    npy_intp strides[MAX_AXES][MAX_OPERANDS];
} Nest;

/* An operand as far as iterating goes; that of a scalar has no extent. */
typedef struct {
    const Extent *extent;
    npy_intp itemsize;
} Iterated;

/* Work out the layout of a result for operands and an output of that item size; `target` is the
 * output if it exists already, `casts` whether an operand has to be turned into another dtype.
 * Return 0 where NumPy has rules that are not followed here. The nest may be NULL. */
int iteration_plan(int n, const Iterated *operands, const Extent *target, int casts,
                   npy_intp itemsize, Layout *layout, Nest *nest);

#endif
