/* Patches in the making: what functions that put arrays together take from where. */
#ifndef ALLOC_REWRITE_REGIONS_PATCHING_H
#define ALLOC_REWRITE_REGIONS_PATCHING_H

#include "regions/planner.h"

#define PATCHED_BYTES (NPY_MAX_INTP >> 16) /* of a result; sums of these don't overflow */

/* A patchwork in the making, with all axes of the result. */
typedef struct {
    int nd;
    npy_intp dims[MAX_AXES];
    int n_patches[MAX_AXES];
    Patch patches[MAX_AXES][MOST_PATCHES];
    npy_intp strides[STEP_IN][MAX_AXES];
} Patching;

/* The extent of an operand; that of a number has no axes. */
const Extent *patching_extent(const Planner *planner, const Typed *typed, int i);
/* Find the patches of a node, with all axes of the result; NULL, or why there are none. */
const char *patches_find(const Planner *planner, const Typed *typed, Patching *made);

#endif
