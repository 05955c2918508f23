/* A loop under a mask: as NumPy does it, for each run of items where the mask is true. */
#ifndef ALLOC_REWRITE_NUMPY_MASKED_H
#define ALLOC_REWRITE_NUMPY_MASKED_H

#include "numpy/loop.h"

typedef struct {
    NpyAuxData base; /* unused: a loop gets this as its data */
    CallInfo call;   /* what is done where the mask is true */
    int n_in;        /* its operands */
    Loop copy;       /* for the items where it isn't */
} Masked;

/* Of the loop's operands the last two are what the result is elsewhere, and the mask. Where the
 * result already is that, in the same memory, nothing is written. `data` is a `Masked`. */
int masked_loop(PyArrayMethod_Context *context, char *const *data, const npy_intp *dims,
                const npy_intp *strides, NpyAuxData *masked);

#endif
