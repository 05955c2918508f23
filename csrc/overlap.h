/* Which arrays share memory, for outputs that exist already. */
#ifndef ALLOC_REWRITE_OVERLAP_H
#define ALLOC_REWRITE_OVERLAP_H

#include "core.h"

/* Whether the memory that two arrays reach over has bytes in common. */
int overlaps(PyArrayObject *a, PyArrayObject *b);
/* Whether two indices of an array may mean the same item. */
int overlaps_itself(PyArrayObject *array);

#endif
