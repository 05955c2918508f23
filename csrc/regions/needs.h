/* What the plan of a program depends on: which facts about which values. */
#ifndef ALLOC_REWRITE_REGIONS_NEEDS_H
#define ALLOC_REWRITE_REGIONS_NEEDS_H

#include "regions/inference.h"

/* What is asked about a node's value. With `NEED_VALUE`, only whether it is there. */
enum need { NEED_NOTHING, NEED_VALUE, NEED_KIND, NEED_EXPONENT, NEED_OBJECT };

/* What is asked about each node's value: by those that compute with arrays, and by guards. */
void needs_find(const Program *program, const Values *values, enum need *needs);

#endif
