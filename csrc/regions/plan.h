/* How a region's program goes over arrays of certain shapes and strides: a plan, as data.
 *
 * The program's steps are sorted into *stages*: a stage's steps have one shape, and are all done
 * for a block of items before the next block comes, so that what they hand to each other stays in
 * the cache. What another stage needs as a whole goes into a buffer. The planner makes plans
 * (planner.h); here is what they are, and how one is found to serve again.
 */
#ifndef ALLOC_REWRITE_REGIONS_PLAN_H
#define ALLOC_REWRITE_REGIONS_PLAN_H

#include "numpy/iteration.h"
#include "numpy/patchwork.h"
#include "regions/executor.h"
#include "regions/inference.h"
#include "regions/operations.h"

#define ALIGNMENT 64 /* of pieces of scratch memory, in bytes */
#define MOST_PARTS 3 /* operations that one step does */

/* The bytes that so many take in scratch memory. */
ALWAYS_INLINE npy_intp
scratch_bytes(npy_intp nbytes)
{
    return (nbytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Where an operand's items are. */
enum where {
    IN_SOURCE, /* an array that was there before, or a view of one */
    IN_ITEM,   /* a scalar */
    IN_SPLAT,  /* a scalar, repeated in scratch memory */
    IN_OUTPUT, /* an array that is delivered */
    IN_BUFFER, /* scratch memory for all of it */
    IN_POSITION, /* no memory: the number of each item of an array in patches */
    IN_BLOCK,  /* scratch memory for one block */
    IN_FEED,   /* a reduction that is fed block by block */
};

/* How two sources lie to each other. */
enum overlap {
    APART,
    SAME_ITEMS, /* they have the same items at the same places */
    OVERLAPPING /* in any other way */
};

/* Lengths and strides of axes. */
typedef struct {
    int nd;
    npy_intp *dims;
    npy_intp *strides;
} Axes;

/* An array that a program starts from: what its header was when the plan was made. */
typedef struct {
    int node;
    npy_intp low;  /* the first byte that it covers, from its first item */
    npy_intp high; /* the first byte after its last */
    Axes axes;
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
    int base;        /* the node that it is a view of */
    int root;        /* its number, */
    int owner;       /* and its node, read in each call */
    int is_whole;    /* whether it is the root itself */
    int is_read;     /* whether a step reads it */
    npy_intp offset; /* bytes from the root's data */
    npy_intp itemsize;
    npy_intp low;    /* the first byte that it covers, from its own first item */
    npy_intp high;   /* the first byte after its last */
    Axes axes;
} Source;

/* A number that steps read. */
typedef struct {
    int node;
    int from;             /* the operand where its stage finds it, if it was computed; or -1 */
    PyArray_Descr *descr; /* owned */
} Item;

typedef struct {
    int node;
    PyArray_Descr *descr; /* owned */
    int c_order;
    npy_intp size;
    Axes axes;
    Slots slots;
} Output;

/* An operand of a stage's steps. */
typedef struct {
    enum where where;
    int node;        /* whose value it is */
    int type_num;    /* as what it is read: that of a cast's result differs from the node's */
    int number;      /* among its kind; of one in a block, which piece of scratch memory */
    npy_intp offset; /* bytes in the scratch memory, or from the first item */
    npy_intp itemsize;
    npy_intp repeats;  /* of a scalar in scratch memory */
    int is_taken;      /* whether it is only where items are taken from */
    npy_intp *strides; /* by the stage's axes; of scalars and blocks, zero */
} Operand;

/* One loop over a block; what is read for each block comes first. */
typedef struct {
    Loop loop;
    PyArrayMethod_Context *context; /* borrowed from the typing, */
    NpyAuxData *auxdata;            /* like this */
    int *args;                      /* operands, the result last */
    npy_intp *strides;              /* by argument: from item to item, */
    npy_intp *row_strides;          /* and from row to row */
    int n_args;                     /* at least two */
    unsigned char checks_flags;     /* whether floating point flags that it raises are reported */
    unsigned char slow_status;
    unsigned char by_row;           /* whether it is called for each row of a block */
    unsigned char repeats_items;    /* whether its loop is slow for scalars, which are repeated */
    enum operation operation;
    int node;                       /* the one that flags are reported for */
    enum fusion fusion;
    void *own;            /* what a loop of our own gets as its data; or NULL, */
    size_t own_bytes;     /* and how much that is */
    int n_parts;
    int parts[MOST_PARTS];          /* nodes that it computes: first, second, third */
} PlanStep;

typedef struct Stage {
    const Executor *executor; /* owned */
    int reduction;   /* the node of one, or of a routine, which is all that the stage does; or -1 */
    npy_intp result; /* where that is copied to in the scratch memory, for other stages; or -1 */
    npy_intp result_bytes;
    int result_type;
    npy_intp fed;        /* where a reduction that is fed is, in the scratch memory; or -1 */
    npy_intp fed_length; /* items of each of its results, */
    npy_intp fed_inner;  /* how many of these come by turns, */
    npy_intp n_results;  /* and how many there are; `dims` are those of their array */
    int reports_steps; /* whether its steps' flags are told apart at once, as it changes what it
                        * reads, and can't be done again to see which step raised them */
    int first_operand, n_operands;
    int first_step, n_steps;
    int is_ordered;  /* whether its items have to be gone through one after the other */
    int n_taken;     /* items that were computed in other stages */
    int n_repeated;  /* operands that are repeated scalars */
    int fed_shares;  /* pieces of a single row that threads share, a power of two; or 0 */
    npy_intp fed_rows; /* items of the rows that a reduction is fed with; or 0 */
    int nd;
    npy_intp *dims;  /* innermost first */
    npy_intp length; /* of a block, along the innermost axis; with rows, that axis */
    npy_intp rows;   /* in a block; 0 if blocks are pieces of rows */
    npy_intp pitch;  /* items from one row to the next, in a block */
    npy_intp work;   /* items times what the steps take */
    int n_far;       /* operands whose next block is fetched while this one is done */
    int *far;
    npy_intp line;   /* bytes that are fetched at once */
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

/* A change of an array that others may see: a store, or an operator in place. */
typedef struct {
    int node;
    int value;     /* the node whose value is written: an operator's own */
    int target;    /* the source that is changed */
    int stage;     /* in which that happens */
    int is_direct; /* whether the step that computes the value writes it there; or it is copied */
    int index;     /* the node of the array that says which items of the target are set; or -1 */
} Effect;

/* All that it holds lies in one piece of memory. */
typedef struct Plan {
    int references;
    size_t bytes;         /* that it takes */
    const char *declined; /* why there is none for these shapes; or NULL */
    int fault;            /* the node to blame for that; or -1 */
    int may_raise;        /* whether it is for reports that may raise; -1 if it serves no longer */
    int n_repeatable; /* stages that the original code may follow: it does all of this again */
    int roots_apart;  /* whether what is changed lies apart from all other roots */
    int reads_items;   /* whether items of arrays have been read before */
    int has_pitch;     /* whether loops go over what lies between rows */
    int bound_to_numbers; /* whether it is for these numbers in indices alone */
    int patched;       /* a node whose patches depend on such numbers; or -1 */
    int feeds;         /* for how many threads reductions are fed; 0 if none is */
    int slow_status;   /* whether a step may raise flags in the slower unit */
    npy_intp size;     /* items of the largest stage */
    npy_intp work;     /* of the stage that has most of it */
    npy_intp scratch;  /* bytes */
    npy_intp buffers;  /* bytes of these that buffers take; what blocks take follows */
    int n_nodes;
    int n_roots, n_watches, n_sources, n_effects, n_items, n_outputs, n_operands, n_steps,
        n_stages;
    int most_args;     /* of a step */
    Root *roots;
    Watch *watches;
    Source *sources;
    Effect *effects;
    unsigned char *overlaps; /* by effect and source: how its target lies to that */
    Item *items;
    Output *outputs;
    Operand *operands;
    PlanStep *steps;
    Stage *stages;
    int is_settled;    /* whether stages have the executors that they will keep */
    int is_asked;      /* whether Python was asked for its machine code, */
    PyObject *parts;   /* owned, or NULL: and its answer, by stage */
    npy_intp effort;   /* of one run, in nanoseconds or so */
    npy_intp heat;     /* of all runs so far; as long as nothing was asked */
    int *source_of; /* by node: its source, or -1 */
    int *output_of; /* by node: its output, or -1 */
    unsigned char *is_number; /* by node: whether a step is on numbers, as arrays without axes */
} Plan;

void plan_release(Plan *plan);
/* Let go of what a plan owns, but not of its memory. */
void plan_clear(Plan *plan);
/* Let go of all that tells how it is carried out: what is left says for which arrays it is. */
void plan_strip(Plan *plan);
/* The same plan in memory of its own, as large as it is; NULL with an exception. What the first one
 * owned is the copy's then. */
Plan *plan_packed(const Plan *plan);
/* Whether the arrays and indices are those of the plan; where only numbers among the indices
 * differ, so that the same shapes lie elsewhere, the plan is moved there. */
int plan_fits(Plan *plan, const Program *program, const Values *values);
/* How two sources lie to each other. */
enum overlap plan_overlap(const Values *values, const Source *one, const Source *other);
/* Whether what is changed lies apart from all other roots. */
int plan_roots_are_apart(const Plan *plan, const Values *values);
/* Whether the arrays lie to each other as they did when the plan was made. */
int plan_lies_alike(const Plan *plan, const Values *values);

/* How an effect's target lies to a source. */
ALWAYS_INLINE enum overlap
plan_known_overlap(const Plan *plan, int effect, int source)
{
    return (enum overlap)plan->overlaps[effect * plan->n_sources + source];
}

/* The array whose memory a source is in. */
ALWAYS_INLINE PyArrayObject *
plan_array(const Values *values, const Source *source)
{
    return (PyArrayObject *)values->of[source->owner];
}

/* An extent of axes, without data. */
void axes_extent(const Axes *axes, Extent *extent);
int axes_equal(const Axes *one, const Axes *other);

/* Work out a view of an extent; 0 if NumPy has to make it. */
int view_of_node(const Program *program, const Values *values, int number, const Extent *of,
                 Extent *made);

/* Whether an operand's items are memory that a stage goes through, and not a scalar or a block. */
ALWAYS_INLINE int
operand_moves(const Operand *operand)
{
    return operand->where < IN_BLOCK && operand->where != IN_ITEM && operand->where != IN_SPLAT;
}

#endif
