/* The operands of a stage's steps, and the steps, as they are added. */
#ifndef ALLOC_REWRITE_REGIONS_OPERANDS_H
#define ALLOC_REWRITE_REGIONS_OPERANDS_H

#include "regions/planner.h"

/* An extent's strides over the stage's axes. */
void operands_lie(const Draft *draft, const Extent *extent, Operand *operand);
/* Add an operand of a node, with items of a dtype. */
Outcome operands_add(Planner *planner, int stage, enum where where, int node,
                     PyArray_Descr *descr, int *at);
/* The operand of an array that is not computed in this stage. */
Outcome operands_add_array(Planner *planner, int stage, int node, PyArray_Descr *descr, int *at);
/* The operand for what a step reads, as items of a dtype: added if it is new, with a cast for that
 * step. */
Outcome operands_read(Planner *planner, int stage, int reader, int node, PyArray_Descr *descr,
                      int *at);
/* The target of an effect. */
Outcome operands_change(Planner *planner, int stage, int node, int target, PyArray_Descr *descr,
                        int *at);
/* The operand that a step writes to. */
Outcome operands_write(Planner *planner, int stage, int node, PyArray_Descr *descr, int *at);
/* Add a step with its arguments, the result last; NULL with an exception. */
PlanStep *operands_add_step(Planner *planner, int stage, int node, Loop loop, const int *args,
                            int n);

/* What puts an array together from patches: where it is, and where these begin. */
Outcome moving_add_patchwork(Planner *planner, int stage, int node);
/* What sets the items of an effect's target that an array of indices names, to those of an
 * operand. */
Outcome moving_add_scatter(Planner *planner, int stage, const Effect *effect, int from);

#endif
