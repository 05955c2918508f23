/* Going over a plan's stages: their axes, block by block, and on several threads. */
#ifndef ALLOC_REWRITE_REGIONS_WALK_H
#define ALLOC_REWRITE_REGIONS_WALK_H

#include "regions/plan.h"
#include "regions/threads.h"

#define WORTH_SHARING 1000000 /* work from which on several threads gain */

/* A scalar as an item of whatever dtype. */
typedef npy_cdouble AnyItem[SCALAR_ROOM / sizeof(npy_cdouble)];

/* What one run of a plan works on; its arrays are the caller's, as large as the plan says. */
typedef struct {
    const Plan *plan;
    char **at;      /* by operand: where its items begin */
    AnyItem *items; /* the scalars */
    char **data;    /* room for the pointers that a loop is called with */
    int *raised_by; /* floating point flags of each node, if the plan tells them apart */
    int raised;     /* those of all */
    Pool *pool;     /* borrowed; NULL if it is for one thread */
} PlanRun;

/* Carry out some stages; -1 with an exception. The caller has filled in where everything is. */
int walk_stages(PlanRun *run, int first, int stop);

#endif
