/* The executor that every stage begins with: it calls one loop after another. */
#ifndef ALLOC_REWRITE_REGIONS_INTERPRET_H
#define ALLOC_REWRITE_REGIONS_INTERPRET_H

#include "regions/executor.h"

extern const Executor interpreter;
int interpret_block(const Executor *executor, StageRun *run, char *const *at, npy_intp n,
                    npy_intp rows);
/* Do only some of the stage's steps, by their numbers in it. */
int interpret_steps(StageRun *run, char *const *at, npy_intp n, npy_intp rows, int first, int stop);

#endif
