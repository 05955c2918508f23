/* Making a plan: one list of passes (planner.c), and what they work with.
 *
 * The first passes look at the whole program; then each stage in turn goes through the others. A
 * pass returns an outcome; where no plan can be made, it declines, with a reason.
 */
#ifndef ALLOC_REWRITE_REGIONS_PLANNER_H
#define ALLOC_REWRITE_REGIONS_PLANNER_H

#include "calls/reductions.h"
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
    int feeds_nothing; /* with an array for each reduction */
    int threads;    /* that stages may be shared out to */
    int tells_steps; /* with no steps fused, to see which one raises flags */
    npy_intp least_elided; /* as the module's state has it */
} PlanMode;

/* What is known of a node: of one that is an array, or will be. */
typedef struct {
    Extent extent;
    int is_c_order;
    int stage;       /* in which it is computed; or -1 */
    int is_whole;    /* whether another stage needs it */
    int is_needed;   /* whether it has to be an array of its own */
    int is_reduced;  /* whether it is a reduction whose value other nodes use */
    int is_stored;   /* whether the step writes it into what a store changes */
    int effect;      /* its number, of one that changes an array; or -1 */
    npy_intp buffer; /* bytes in the scratch memory; or -1 */
    Patchwork *patchwork; /* how it is put together, if it is; or NULL */
    int fed_by;      /* of a reduction: the step whose blocks it is fed with; or -1 */
} NodeState;

/* That a step, copy or reduction reads or changes a source. */
typedef struct {
    int node; /* where in the code that is */
    int source;
    int stage;
    int effect; /* the one that changes it; or -1 */
    int is_moved; /* whether its items are read for other places */
} Access;

/* What is known of a stage besides what the plan says. */
typedef struct {
    Extent shape;        /* its axes as arrays have them */
    npy_intp itemsize;   /* that the shape's strides are for */
    int is_c_order;
    int order[MAX_AXES]; /* of the axes, the innermost in memory first */
    int n_pieces;        /* of scratch memory that blocks take */
    int changed_at;      /* operands that there were when it last changed an array */
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
    Access *accesses;
    int n_accesses;
    Memory *memory;
    int capacity_roots, capacity_watches, capacity_sources, capacity_effects, capacity_items,
        capacity_outputs, capacity_operands, capacity_steps, capacity_stages, capacity_drafts,
        capacity_accesses;
} Planner;

/* A plan for values; NULL with an exception. It says itself if there is none (`declined`). A list
 * for a trace gets a tuple for each pass: its name, the stage or None, and the plan so far as
 * `plan_describe` has it. */
Plan *plan_new(const Program *program, const Typing *typing, const Values *values, PlanMode mode,
               PyObject *trace);

/* ------------------------------------------------------------------ the passes, in their order */

Outcome sources_find(Planner *planner);   /* what is there, read and changed; shapes to come */
Outcome sources_reads(Planner *planner);  /* what is read, and how what is changed lies to it */
Outcome effects_items(Planner *planner);  /* that items are used before they are changed */
Outcome stages_sort(Planner *planner);    /* which stage each step and each effect is in */
Outcome delaying_delay(Planner *planner); /* which steps wait for those that use their values */
Outcome feeding_choose(Planner *planner); /* which reductions are fed as blocks are computed */
Outcome stages_needs(Planner *planner);   /* what outlives its stage */
Outcome effects_direct(Planner *planner); /* which steps write into what is changed */
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

/* Put a step into the first stage that it fits in, from one on, and note what it reads. */
Outcome stages_put_step(Planner *planner, int node, int first);
/* Open a stage of a shape, which it goes through in the order of C, or as it lies in memory. */
Outcome stages_open(Planner *planner, const Extent *shape, int is_c_order, npy_intp itemsize);
/* The first stage in which a node's value is there; if it is read with the shape in which it is
 * computed, that may be the same stage. */
int stages_after_maker(const Planner *planner, int node, const Extent *shape);
/* The first stage in which a source can be read, or changed by an effect. What the code does before
 * to the same items has to come before: in the same block, if they lie at the same places, and are
 * not read for others (`is_moved`). */
int stages_after_accesses(const Planner *planner, int source, int effect, int is_moved);
/* Note that a source is read, or changed by an effect. */
Outcome stages_note(Planner *planner, int node, int source, int stage, int effect);
int stages_same_dims(const Extent *one, const Extent *other);
/* Whether a node's items are gone through in the order of a stage. */
int stages_fits(const Planner *planner, int node, int stage);
/* Put an operator in place where it can write into its target; or if it can't, have it compute into
 * memory of its own, from where its result is copied. */
Outcome effects_put_in_place(Planner *planner, Effect *effect);
/* Put the copy that an effect makes, in a stage from `first` on. */
Outcome effects_put_copy(Planner *planner, Effect *effect, int first);
/* Put all copies after everything else. */
Outcome effects_put_last(Planner *planner);
/* Work out the shape and layout of a step's result, or of a reduction's that others use. */
Outcome shapes_step(Planner *planner, int node);
Outcome shapes_reduction(Planner *planner, int node);
Outcome shapes_routine(Planner *planner, int node);
/* Whether a node is an array of whole numbers that stores take for indices. */
int planner_is_index(const Planner *planner, int node);
/* The shape of what an effect changes at once: of a store by an index array, that of the values. */
void planner_changed(const Planner *planner, const Effect *effect, Extent *extent);
/* Work out an array that is put together from patches: its shape, and which these are. */
Outcome patching_plan(Planner *planner, int node);
/* Whether a node is such an array. */
int planner_is_patched(const Planner *planner, int node);
/* Whether each axis, longer than one, has larger strides than the next one. */
int shapes_descends(const Extent *extent);
/* Note what a view's place depends on, or a reduction's shape. */
Outcome sources_watch(Planner *planner, int number);
/* The axis that a reduction is asked for (-1 for all), and whether axes stay with length one; 0 if
 * it is asked for anything else. */
int shapes_axis(const Planner *planner, int node, int nd, int *axis, int *keeps);
/* Take memory for a reduction that is fed. The loop of the step that feeds it. */
void feeding_place(Planner *planner, int node);
Loop feeding_loop(void);
/* Say why there is no plan. */
Outcome planner_decline(Planner *planner, const char *reason);
/* Memory for as long as the planner lives, all zeros; NULL with an exception. */
void *planner_take(Planner *planner, size_t size);
/* Make room for one more element, all zeros; NULL with an exception if there is none. */
void *planner_grow(Planner *planner, void **elements, int *capacity, int n, size_t size);
/* Axes as an extent has them; 0 with an exception. */
int planner_axes(Planner *planner, Axes *axes, const Extent *extent);
/* The step that makes the array which a node is, or is a view of; -1 if it was there before. */
int planner_maker(const Planner *planner, int node);
/* Whether a node is a step of a stage. */
int planner_is_step(const Planner *planner, int node);
/* The dtype of what a step makes. */
PyArray_Descr *planner_result(const Planner *planner, int node);

#define APPEND(planner, name)                                                            \
    planner_grow((planner), (void **)&(planner)->plan->name, &(planner)->capacity_##name, \
                 (planner)->plan->n_##name, sizeof(*(planner)->plan->name))

/* In a call: begin to add up, and make the result. */
void feeding_begin(const Plan *plan, const Stage *stage, const Typed *typed, char *scratch);
PyObject *feeding_result(const Plan *plan, const Stage *stage, Typing *typing, char *scratch);

/* What must be true of a plan: NULL, or what isn't. */
const char *plan_check(const Plan *plan, const Program *program);

#endif
