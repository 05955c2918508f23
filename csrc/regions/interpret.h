/* Carrying out a plan: stage by stage, block by block. */
#ifndef ALLOC_REWRITE_REGIONS_INTERPRET_H
#define ALLOC_REWRITE_REGIONS_INTERPRET_H

#include "regions/plan.h"
#include "regions/threads.h"

/* What one run works on. */
typedef struct {
    const Plan *plan;
    char **at;                        /* by operand: where its items begin */
    Pool *pool;                       /* borrowed; NULL if it is for one thread */
    int raised;                       /* floating point flags, of all steps */
    int is_reported;                  /* whether they are told apart: */
    int raised_by[MOST_NODES];        /* of each node, */
    int raised_in_cast[MOST_NODES];   /* and of the casts of its operands */
    ItemRoom items[MOST_ITEMS];
} BlockRun;

/* Forget what was raised, and say whether it shall be told apart. */
void blocks_expect(BlockRun *run, int is_reported);
/* Carry out some stages; -1 with an exception. The caller has filled in where everything is. */
int blocks_run(BlockRun *run, int first, int stop);

#endif
