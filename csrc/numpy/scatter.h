/* Setting the items that an array of indices names, as a loop. */
#ifndef ALLOC_REWRITE_NUMPY_SCATTER_H
#define ALLOC_REWRITE_NUMPY_SCATTER_H

#include "numpy/loop.h"

typedef struct {
    NpyAuxData base; /* unused: a loop gets this as its data */
    npy_intp length; /* of the axis that the indices are of, */
    npy_intp stride; /* and from one of its items to the next */
    npy_intp itemsize;
    Loop copy; /* of such items */
} Scatter;

/* The arguments are values, indices, and the array, from its first item on; its stride is that
 * along another axis. Items are set in order, so the last one for an index stays. `data` is a
 * `Scatter`. */
int scatter_loop(PyArrayMethod_Context *context, char *const *data, const npy_intp *dims,
                 const npy_intp *strides, NpyAuxData *scatter);

#endif
