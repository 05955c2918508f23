/* A plan as plain Python data: for people, for tests, and for what compiles stages. */
#ifndef ALLOC_REWRITE_REGIONS_DESCRIBE_H
#define ALLOC_REWRITE_REGIONS_DESCRIBE_H

#include "regions/plan.h"

/* Dictionaries, lists, numbers, strings, dtypes and ufuncs; also of a plan that is not finished. */
PyObject *plan_describe(const Plan *plan, const Program *program, const Typing *typing);

#endif
