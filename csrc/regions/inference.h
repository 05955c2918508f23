/* What the steps of a region's program are for values of certain kinds: the loops they take. */
#ifndef ALLOC_REWRITE_REGIONS_INFERENCE_H
#define ALLOC_REWRITE_REGIONS_INFERENCE_H

#include <math.h>

#include "calls/native.h"
#include "numpy/feed.h"
#include "numpy/masked.h"
#include "regions/operations.h"
#include "regions/program.h"

/* How arrays are put together from patches, as Python names it. */
#define PATCHINGS(X)          \
    X(ROLLED, "roll")         \
    X(JOINED, "join")         \
    X(STACKED, "stack")       \
    X(BESIDE, "hstack")       \
    X(BELOW, "vstack")        \
    X(GRADIENT, "gradient")     \
    X(PAD_CONSTANT, "constant") \
    X(PAD_EDGE, "edge")       \
    X(PAD_WRAP, "wrap")       \
    X(PAD_REFLECT, "reflect") \
    X(PAD_SYMMETRIC, "symmetric")

#define PATCHING_MEMBER(name, text) PATCH_##name,
enum patching { PATCHINGS(PATCHING_MEMBER) };
#undef PATCHING_MEMBER

#define MOST_ARRAYS 3 /* that a reduction or routine is given */

/* What is done at a node, as Python names it. */
#define ACTIONS(X)                                                          \
    X(NOTHING, "nothing")                                                   \
    X(LOOP, "loop")                                                         \
    X(WHERE, "where")                                                       \
    X(PATCH, "patch")                                                       \
    X(REDUCE, "reduce")                                                     \
    X(ROUTINE, "routine")                                                   \
    X(STORE, "store")

/* Which shape the result of one of NumPy's routines has, as Python names it. */
#define RESULTS(X)          \
    X(PRODUCT, "product")   \
    X(OUTER, "outer")       \
    X(LIKE_FIRST, "first")  \
    X(LIKE_LAST, "last")    \
    X(RUNNING, "running")

#define RESULT_MEMBER(name, text) RESULT_##name,
enum result { RESULTS(RESULT_MEMBER) };
#undef RESULT_MEMBER

#define ACTION_MEMBER(name, text) ACT_##name,
enum action { ACTIONS(ACTION_MEMBER) };
#undef ACTION_MEMBER

typedef struct {
    enum action action;
    PyObject *capsule; /* owned: keeps what the call needs */
    CallInfo call;
    int n_in;
    int operands[STEP_IN];                /* nodes */
    PyArray_Descr *descrs[STEP_OPERANDS]; /* owned: what the loop reads and writes */
    int slow_status;
    int stride_invariant; /* whether items with gaps come out as those without */
    PyObject *ufunc;      /* owned */
    const char *name;     /* borrowed from the ufunc: what reports call it */
    enum operation operation;
    char order;           /* 'C' or 'K' if the result's layout is that of a copy; or 0 */
    char sets;            /* 'n' if the second operand has to be a number, 'i' if it has to have
                           * the result's shape, as then items that a mask takes are set; 'e' if
                           * NumPy takes numbers for operands with a single axis; or 0 */
    int into;             /* the array whose shape the result has to have; or -1 */
    Masked *masked;       /* owned, or NULL: what `call` does where a mask is true */
    enum patching patching;
    int numbers[2];       /* nodes of what says where patches go; or -1 */
    int like;             /* the array whose layout the result has; or -1 */
    PyObject *native;     /* owned: of a reduction or routine, */
    int n_arrays;         /* and the arrays that it is given: nodes */
    int arrays[MOST_ARRAYS];
    enum result result;   /* of a routine */
    FeedKind *feed;       /* owned: how a reduction can be fed block by block; NULL if it can't */
} Typed;

/* What was seen at a node whose value is there before anything is computed. */
typedef struct {
    int node;
    int is_any;    /* whether there only has to be a value */
    int is_object; /* whether it has to be this very object */
    int has_axes;  /* of an array */
    int is_exponent; /* whether its value decides which ufunc a power is, */
    double special;  /* and which of these values it is; or NaN */
    Leaf leaf;     /* owns its identity: a type that is gone may leave its place to another */
} Guard;

struct Plan;

#define MOST_PLANS_KEPT 4

/* All but the plans lies in one piece of memory. */
typedef struct {
    int references; /* one of the site, one of each run */
    int declined;
    int fault;        /* the node that can't be done; or -1 */
    PyObject *reason; /* owned: why, in words; or NULL */
    size_t bytes;   /* that it takes */
    int n_nodes;
    int n_guards;
    int n_reductions;
    npy_intp heat;  /* of all its plans */
    int is_unsure;  /* whether an extreme was a zero or a NaN: see `feed.h` */
    int is_ready;   /* whether there is machine code for which a plan had no time */
    int n_plans;
    struct Plan *plans[MOST_PLANS_KEPT]; /* owned; the one used last comes first */
    Guard *guards;
    PyArray_Descr **results;             /* owned, or NULL: the dtype of each node's array that
                                          * something is computed from */
    Typed typed[];
} Typing;

/* The values of nodes that are there before anything is computed with arrays; of others NULL. */
typedef struct {
    PyObject **of; /* borrowed: room for one of each node, */
    int n_owned;
    PyObject **owned; /* and for those of them that are owned */
    int fault;        /* the node whose value could not be found; or -1; */
    const char *reason; /* and why, if the code is to be planned anew; or NULL */
    int is_changed;   /* whether an array has been changed by then: items are no longer known */
    int reads_items;  /* whether items of arrays have been read: not to be changed and read again */
} Values;

/* Look up the leaves of a program that a call is not given: globals of its caller, and contents of
 * cells; 0 if one has no value. The values own them. */
int values_look_up(const Program *program, PyObject *const *given, PyObject **leaves,
                   Values *values);
/* Look up what the program's nodes name, given its leaves, and compute with numbers; 0 if something
 * about it is not plain, or with an exception. */
int values_find(const Site *site, const Program *program, PyObject *const *args, Values *values);
/* Add the value of a node, which is owned from now on. */
ALWAYS_INLINE void
values_keep(Values *values, int node, PyObject *value)
{
    values->of[node] = values->owned[values->n_owned++] = value;
}

/* Keep the value of a node, if there is one; or 0. */
ALWAYS_INLINE int
value_found(Values *values, int node, PyObject *value)
{
    if (value == NULL) {
        return 0;
    }
    values_keep(values, node, value);
    return 1;
}

ALWAYS_INLINE void
values_release(Values *values)
{
    while (values->n_owned) {
        Py_DECREF(values->owned[--values->n_owned]);
    }
}

/* Take over how a reduction can be fed (`ReductionLoop`, and one of `feeds`); -1 with an
 * exception. */
int feeding_read(Typed *typed, PyObject *loop, PyObject *order);
/* Take over what is done at one node, a record; 0 if it can't be done, or with an exception. */
int typed_read(Typing *typing, const Program *program, int i, PyObject *step, Site *site);

Typing *typing_new(const Program *program, Site *site, const Values *values);
void typing_release(Typing *typing);

/* Whether a node of that action is a step of a stage, which makes an array or changes one. */
ALWAYS_INLINE int
action_is_step(enum action action)
{
    return action == ACT_LOOP || action == ACT_WHERE || action == ACT_PATCH;
}

/* The number itself if a power with it as exponent may be another ufunc; or NaN. */
double exponent_special(PyObject *exponent);

/* Whether a node of that action is carried out by a native, in a stage of its own. */
ALWAYS_INLINE int
action_is_native(enum action action)
{
    return action == ACT_REDUCE || action == ACT_ROUTINE;
}

/* The node whose array a node stands for: an operator in place gives the array that it changes. */
ALWAYS_INLINE int
typing_array(const Typing *typing, const Program *program, int node)
{
    while (program->nodes[node].kind == NODE_IN_PLACE &&
           action_is_step(typing->typed[node].action)) {
        node = program->nodes[node].operands[0];
    }
    return node;
}

ALWAYS_INLINE int
typing_matches(const Typing *typing, const Values *values)
{
    for (int i = 0; i < typing->n_guards; i++) {
        const Guard *guard = &typing->guards[i];
        PyObject *value = values->of[guard->node];
        if (value == NULL) {
            return 0;
        }
        if (guard->is_any) {
            continue;
        }
        if (guard->is_object ? guard->leaf.identity != (void *)value
                             : !leaf_matches(&guard->leaf, value)) {
            return 0;
        }
        if (guard->leaf.kind == LEAF_ARRAY &&
            guard->has_axes != (PyArray_NDIM((PyArrayObject *)value) > 0)) {
            return 0;
        }
        if (guard->is_exponent) {
            double special = exponent_special(value);
            if (isnan(special) ? !isnan(guard->special) : special != guard->special) {
                return 0;
            }
        }
    }
    return 1;
}

#endif
