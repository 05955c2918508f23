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
    int raised_by[MOST_NODES];        /* of each node, where they are told apart */
    npy_cdouble items[MOST_ITEMS][SCALAR_ROOM / sizeof(npy_cdouble)];
} BlockRun;

/* Carry out some stages; -1 with an exception. The caller has filled in where everything is. */
int blocks_run(BlockRun *run, int first, int stop);

#endif
