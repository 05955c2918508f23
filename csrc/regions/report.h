/* The floating point errors of a region's steps, reported as NumPy does. */
#ifndef ALLOC_REWRITE_REGIONS_REPORT_H
#define ALLOC_REWRITE_REGIONS_REPORT_H

#include "regions/region.h"

/* Report what each step before a node raised, in the order of the code, and forget it; -1 with an
 * exception. */
int report_steps(const Call *call, int stop);
/* Whether NumPy would report none of the flags; if it would, the original code does it: 1, 0, or -1
 * with an exception. */
int report_is_quiet(Call *call);

#endif
