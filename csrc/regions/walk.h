/* Going over the stages of a plan, block by block, and on several threads. */
#ifndef ALLOC_REWRITE_REGIONS_WALK_H
#define ALLOC_REWRITE_REGIONS_WALK_H

#include "regions/plan.h"
#include "regions/threads.h"

#define WORTH_SHARING 1000000 /* work from which several threads gain */

/* What one run of a plan works on; its arrays are the caller's, as large as the plan says. */
typedef struct {
    const Plan *plan;
    char **at;      /* by operand: where its items begin */
    ItemRoom *items; /* the scalars */
    char **data;     /* room for the pointers that a loop is called with */
    int raised;      /* floating point flags */
    Raised *raised_by; /* by node, where they are told apart; or NULL */
    Pool *pool;      /* borrowed; NULL if it is for one thread */
} PlanRun;

/* Carry out some stages; -1 with an exception. The caller has filled in where everything is. */
int walk_stages(PlanRun *run, int first, int stop);

#endif
