/* A stage in the making: which operands its steps have, and where these are. */
#ifndef ALLOC_REWRITE_REGIONS_STAGES_H
#define ALLOC_REWRITE_REGIONS_STAGES_H

#include "regions/plan.h"

/* The shape that a stage has, and the order in which its axes lie in memory. */
typedef struct {
    Extent extent;
    npy_intp itemsize; /* that the strides are for */
    int is_c_order;
    int is_late; /* whether it is the effect's own */
} Shape;

/* What is known of a stage while it is laid out. */
typedef struct {
    Planner *planner;
    Stage *stage;
    const Shape *shape;
    int order[MAX_AXES]; /* of the axes, the innermost first */
    int n_blocks;        /* operands in blocks so far */
} Layouting;

/* Add the steps of a stage, with the casts that they need; -1 with an exception, 0 in vain. */
int stage_fill(Layouting *now, const int *nodes, int n);
/* Put steps together; the axes are joined by then. */
void stage_fuse(Layouting *now);
/* Join axes, and choose the blocks; then place the operands that are in blocks. */
int stage_lay_out(Layouting *now);

#endif
