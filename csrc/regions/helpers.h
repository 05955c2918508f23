/* Helpers: Python functions whose code is inlined into a region. */
#ifndef ALLOC_REWRITE_REGIONS_HELPERS_H
#define ALLOC_REWRITE_REGIONS_HELPERS_H

#include "regions/inference.h"

/* Find the value of a node that leads to a helper, or that its code reads; 0 if that fails. */
int helper_value(const Program *program, Values *values, int number);
/* Whether a tool looks at the code that runs, and would miss the frames of helpers. */
int helpers_are_watched(void);

#endif
