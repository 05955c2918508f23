/* An array that is put together from patches of others, as a loop that makes any part of it. */
#ifndef ALLOC_REWRITE_NUMPY_PATCHWORK_H
#define ALLOC_REWRITE_NUMPY_PATCHWORK_H

#include "numpy/loop.h"

#define MOST_PATCHED_AXES 4 /* once axes have been joined */
#define MOST_PATCHES 6      /* along one axis */

/* Positions stand in for memory: the address of item `i` of what is made is this plus `i`. */
#define PATCHWORK_ORIGIN ((char *)4096)

/* A run of items along one axis, and where they come from. */
typedef struct {
    npy_intp low, high; /* the first item, and the first one after the last */
    int from;           /* the operand; of those of all axes the last one counts */
    npy_intp start;     /* along this axis of the operand: the item that the first one is, */
    int step;           /* and how far it is to the next one's: 1, -1, or 0 */
} Patch;

typedef struct {
    NpyAuxData base; /* unused: a loop gets this as its data */
    int nd;
    int n_operands;
    npy_intp itemsize;
    npy_intp dims[MOST_PATCHED_AXES];
    int n_patches[MOST_PATCHED_AXES];
    Patch patches[MOST_PATCHED_AXES][MOST_PATCHES];
    npy_intp strides[STEP_IN][MOST_PATCHED_AXES]; /* of the operands */
} Patchwork;

/* The loop's first argument is a position; then come the operands' first items, and the result.
 * `data` is a `Patchwork`. */
int patchwork_loop(PyArrayMethod_Context *context, char *const *data, const npy_intp *dims,
                   const npy_intp *strides, NpyAuxData *patchwork);

#endif
