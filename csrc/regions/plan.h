/* How a region's program goes over arrays of certain shapes and strides.
 *
 * The program's steps are sorted into *stages*: a stage's steps have one shape, and are all done
 * for a block of items before the next block comes, so that what they hand to each other stays in
 * the cache. What another stage needs as a whole goes into a buffer.
 */
#ifndef ALLOC_REWRITE_REGIONS_PLAN_H
#define ALLOC_REWRITE_REGIONS_PLAN_H

#include "regions/fused_kernels.h"
#include "numpy/iteration.h"
#include "regions/inference.h"

#define ALIGNMENT 64 /* of pieces of scratch memory, in bytes */
#define WORTH_SHARING 1000000 /* work from which on several threads gain */
#define SLOW_STEP 32          /* work for an item, where a step of plain arithmetic is one */
#define MOST_BYTES (NPY_MAX_INTP >> 16) /* of an array; sums of these don't overflow */
#define MOST_STAGES 16
#define MOST_FAR 12
#define MOST_ITEMS 64         /* scalars of all stages */
#define MOST_ALL_OPERANDS 320 /* operands of all stages */
#define MOST_ARGS FUSED_ARGS /* of a step, with its result */

/* Where an operand's items are. */
enum where {
    IN_SOURCE, /* an array that was there before, or a view of one */
    IN_ITEM,   /* a scalar */
    IN_SPLAT,  /* a scalar, repeated in scratch memory */
    IN_OUTPUT, /* an array that is delivered */
    IN_BUFFER, /* scratch memory for all of it */
    IN_BLOCK,  /* scratch memory for one block */
};

/* An array that a program starts from: what its header was when the plan was made. */
typedef struct {
    int node;
    int nd;
    npy_intp dims[MAX_AXES];
    npy_intp strides[MAX_AXES];
} Root;

/* Something that an index is made of: a number, or an object that never changes. */
typedef struct {
    int node;
    PyObject *object; /* owned, or NULL: a number */
    npy_intp number;
} Watch;

/* A root or a view of one. */
typedef struct {
    int node;
    int root;         /* its number */
    int is_whole;     /* whether it is the root itself */
    int is_read;      /* whether a step reads it */
    npy_intp offset;  /* bytes from the root's data */
    npy_intp low;     /* the first byte that it covers, from its own first item */
    npy_intp high;    /* the byte behind the last */
    Extent extent;    /* without data */
} Source;

typedef struct {
    int node;
    PyArray_Descr *descr; /* owned */
} Item;

typedef struct {
    int node;
    PyArray_Descr *descr; /* owned */
    int c_order;
    npy_intp size;
    Extent extent; /* without data */
    Slots slots;
} Output;

/* An operand of a stage's steps. */
typedef struct {
    enum where where;
    int node;        /* whose value it is */
    int type_num;    /* as what it is read: that of a cast's result differs from the node's */
    int number;      /* among its kind; of a block, which one */
    npy_intp offset; /* bytes in the scratch memory, or from the first item */
    npy_intp itemsize;
    npy_intp repeats; /* of a scalar in scratch memory */
    npy_intp strides[MAX_AXES]; /* by the stage's axes */
} Operand;

typedef struct {
    PyArrayMethod_StridedLoop *loop;
    PyArrayMethod_Context *context;
    NpyAuxData *auxdata;
    int node;
    int n_args;
    int args[MOST_ARGS]; /* operands */
    npy_intp strides[MOST_ARGS];
    npy_intp row_strides[MOST_ARGS];
    unsigned char is_checked; /* whether flags that it raises are reported */
    unsigned char slow_status;
    Cast cast;                /* what is done instead of a loop; or NULL */
    Fused fused;              /* likewise */
    unsigned char wants_items; /* whether its loop is slow for scalars, and they are repeated */
    unsigned char by_row; /* whether it is called for each row of a block */
} PlanStep;

typedef struct {
    int first_operand, n_operands;
    int first_step, n_steps;
    int nd;
    npy_intp dims[MAX_AXES]; /* innermost first */
    npy_intp length;         /* of a block, along the innermost axis; with rows, that axis */
    npy_intp rows;           /* in a block; 0 if blocks are pieces of rows */
    int n_far;               /* operands whose next block is fetched while this one is done */
    int far[MOST_FAR];
    npy_intp work;           /* items times what the steps take */
    npy_intp pitch;          /* items from one row to the next, in a block */
} Stage;

ALWAYS_INLINE npy_intp
stage_items(const Stage *stage)
{
    npy_intp items = 1;
    for (int i = 0; i < stage->nd; i++) {
        items *= stage->dims[i];
    }
    return items;
}

/* How the array is changed that somebody else may see. */
enum effect {
    NO_EFFECT,
    DIRECT_EFFECT, /* in the last step of its stage */
    LATE_EFFECT,   /* in a stage of its own, when all else has gone well */
};

typedef struct Plan {
    int references;
    int declined;
    int is_careful; /* for where a report may raise */
    int overlap;    /* what `plan_overlap` said */
    int is_reported; /* whether flags are reported step by step, as nothing can be done again */
    int has_pitch;
    int is_fixed;    /* whether it is for these numbers in indices alone */
    enum effect effect;
    int target; /* the source that is changed; -1 */
    int slow_status; /* whether a step may raise flags in the slower unit */
    npy_intp size; /* items of the largest stage */
    npy_intp work; /* of the stage that has most of it */
    npy_intp scratch; /* bytes */
    npy_intp blocks;  /* where in these the blocks begin */
    int n_roots, n_watches, n_sources, n_items, n_outputs, n_operands, n_steps, n_stages;
    Root *roots;
    Watch *watches;
    Source *sources;
    Item *items;
    Output *outputs;
    Operand *operands;
    PlanStep *steps;
    Stage stages[MOST_STAGES];
    signed char source_of[MOST_NODES]; /* by node: its source, or -1 */
    signed char output_of[MOST_NODES]; /* by node: its output, or -1 */
} Plan;

/* How it is to be made: see the members of these names. */
typedef struct {
    int is_careful;
    int overlap;
    int no_pitch;
} PlanMode;

/* A plan for values; NULL with an exception. It says so itself if it has none (`declined`). */
Plan *plan_new(const Program *program, const Typing *typing, const Values *values,
               PlanMode mode);
void plan_release(Plan *plan);
/* Whether the arrays and indices are those of the plan; where only numbers among the indices
 * differ, so that the same shapes lie elsewhere, the plan is moved there. */
int plan_fits(Plan *plan, const Program *program, const Values *values);
/* How the target lies to the other arrays: 0 apart, 1 where others have the same items at the same
 * places, 2 if it overlaps one in any other way. */
int plan_overlap(const Plan *plan, const Values *values);
/* Work out a view of an extent; 0 if it is none of the plain ones. */
int plan_view(const Program *program, const Values *values, int number, const Extent *of,
              Extent *made);
/* Sort the steps into stages, and lay those out; 0 if that cannot be done. */
typedef struct Planner Planner;
int plan_stages(Planner *planner);

/* What is worked with while a plan is made. */
struct Planner {
    const Program *program;
    const Typing *typing;
    const Values *values;
    Plan *plan;
    Extent *extents;             /* of nodes that are arrays, or will be */
    int stage_of[MOST_NODES];    /* -1 if it isn't computed in any */
    int is_whole[MOST_NODES];    /* whether another stage needs it */
    int is_needed[MOST_NODES];   /* whether it has to be an array of its own */
    npy_intp buffer_of[MOST_NODES]; /* bytes in the scratch memory, or -1 */
    int no_pitch;
    int is_c_order[MOST_NODES];
    int capacity_roots, capacity_watches, capacity_sources, capacity_items, capacity_outputs,
        capacity_operands, capacity_steps;
};

/* Find all arrays and views, and the shapes of what will be computed; 0 if in vain. */
int plan_find(Planner *planner);
/* Make room for one more element; NULL with an exception if there is none. */
void *plan_grow(void **elements, int *capacity, int n, size_t size);

/* Whether an array's memory can be gone through as it is. */
ALWAYS_INLINE int
is_regular(PyArrayObject *array)
{
    return (PyArray_FLAGS(array) & (NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEBACKIFCOPY)) ==
           NPY_ARRAY_ALIGNED;
}

#define APPEND(planner, name) \
    plan_grow((void **)&(planner)->plan->name, &(planner)->capacity_##name, \
              (planner)->plan->n_##name, sizeof(*(planner)->plan->name))

int plan_same_type(PyArray_Descr *one, PyArray_Descr *other);
/* The node that an array's memory belongs to: a view's is that of what it is a view of. */
int plan_owner(const Program *program, int node);
/* Whether a node is a step of a stage. */
int plan_is_step(const Planner *planner, int node);

#endif
