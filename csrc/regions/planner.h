/* Making a plan: one list of passes (planner.c), and what they work with.
 *
 * The first passes look at the whole program; then each stage in turn goes through the others. A
 * pass returns an outcome; where no plan can be made, it declines, with a reason.
 */
#ifndef ALLOC_REWRITE_REGIONS_PLANNER_H
#define ALLOC_REWRITE_REGIONS_PLANNER_H

#include "regions/plan.h"

typedef enum {
    PASS_DONE,
    PASS_DECLINED, /* the original code has to run for these arrays: see `planner_decline` */
    PASS_FAILED,   /* with an exception */
} Outcome;

#define TRY(pass)                            \
    do {                                     \
        Outcome outcome_of_pass = (pass);    \
        if (outcome_of_pass != PASS_DONE) {  \
            return outcome_of_pass;          \
        }                                    \
    } while (0)

/* How a plan is to be made. */
typedef struct {
    int may_raise; /* for where a report of floating point errors may raise an exception */
    int no_pitch;  /* without loops over what lies between rows */
    npy_intp least_elided; /* as the module's state has it */
} PlanMode;

/* What is known of a node: of one that is an array, or will be. */
typedef struct {
    Extent extent;
    int is_c_order;
    int stage;       /* in which it is computed; or -1 */
    int is_whole;    /* whether another stage needs it */
    int is_needed;   /* whether it has to be an array of its own */
    npy_intp buffer; /* bytes in the scratch memory; or -1 */
} NodeState;

/* What is known of a stage besides what the plan says. */
typedef struct {
    Extent shape;        /* its axes as arrays have them */
    npy_intp itemsize;   /* that the shape's strides are for */
    int is_c_order;
    int is_late;         /* whether it is the effect's own */
    int order[MAX_AXES]; /* of the axes, the innermost in memory first */
    int n_pieces;        /* of scratch memory that blocks take */
} Draft;

typedef struct Memory Memory; /* of a planner, which frees all of it at its end */

typedef struct {
    const Program *program;
    const Typing *typing;
    const Values *values;
    PlanMode mode;
    Plan *plan;
    const char *declined;
    int node; /* that is being looked at: to blame if it declines; or -1 */
    NodeState *nodes;
    Draft *drafts; /* by stage */
    Memory *memory;
    int capacity_roots, capacity_watches, capacity_sources, capacity_items, capacity_outputs,
        capacity_operands, capacity_steps, capacity_stages, capacity_drafts;
} Planner;

/* A plan for values; NULL with an exception. It says itself if there is none (`declined`). A list
 * for a trace gets a tuple for each pass: its name, the stage or None, and the plan so far as
 * `plan_describe` has it. */
Plan *plan_new(const Program *program, const Typing *typing, const Values *values, PlanMode mode,
               PyObject *trace);

/* ------------------------------------------------------------------ the passes, in their order */

Outcome sources_find(Planner *planner);  /* arrays and views that are there; shapes that will be */
Outcome sources_target(Planner *planner); /* the array that is changed */
Outcome sources_reads(Planner *planner);  /* what is read, and how the target lies to that */
Outcome stages_sort(Planner *planner);   /* which stage each step is in */
Outcome stages_needs(Planner *planner);  /* what outlives its stage */
Outcome stages_effect(Planner *planner); /* how the target is changed */
Outcome stages_results(Planner *planner); /* arrays and buffers for what outlives its stage */

Outcome operands_fill(Planner *planner, int stage); /* its steps, with casts, and their operands */
Outcome blocking_axes(Planner *planner, int stage); /* axes that are one in memory become one */
Outcome fusing_fuse(Planner *planner, int stage);   /* steps become one; scalars are repeated */
Outcome blocking_share(Planner *planner, int stage); /* pieces of memory for what is in blocks */
Outcome blocking_choose(Planner *planner, int stage); /* how large blocks are */
Outcome blocking_place(Planner *planner, int stage); /* where that memory is */
Outcome blocking_fetch(Planner *planner, int stage); /* what is fetched ahead of its turn */
Outcome blocking_strides(Planner *planner, int stage); /* of every step, and if it goes by row */

/* ------------------------------------------------------------------ what they share */

/* Work out the shape and layout of a step's result. */
Outcome shapes_step(Planner *planner, int node);
/* Say why there is no plan. */
Outcome planner_decline(Planner *planner, const char *reason);
/* Memory for as long as the planner lives, all zeros; NULL with an exception. */
void *planner_take(Planner *planner, size_t size);
/* Make room for one more element, all zeros; NULL with an exception if there is none. */
void *planner_grow(Planner *planner, void **elements, int *capacity, int n, size_t size);
/* Axes as an extent has them; 0 with an exception. */
int planner_axes(Planner *planner, Axes *axes, const Extent *extent);
/* Whether a node is a step of a stage. */
int planner_is_step(const Planner *planner, int node);
/* The dtype of what a step makes. */
PyArray_Descr *planner_result(const Planner *planner, int node);

#define APPEND(planner, name)                                                            \
    planner_grow((planner), (void **)&(planner)->plan->name, &(planner)->capacity_##name, \
                 (planner)->plan->n_##name, sizeof(*(planner)->plan->name))

/* What must be true of a plan: NULL, or what isn't. */
const char *plan_check(const Plan *plan, const Program *program);

#endif
