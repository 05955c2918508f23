/* What the steps of a region's program are for values of certain kinds: the loops they take. */
#ifndef ALLOC_REWRITE_REGIONS_INFERENCE_H
#define ALLOC_REWRITE_REGIONS_INFERENCE_H

#include "calls/native.h"
#include "regions/fused_kernels.h"
#include "regions/program.h"

enum action {
    ACT_NOTHING,
    ACT_LOOP,
    ACT_WHERE,
    ACT_NUMBER, /* of Python numbers another one */
    ACT_SCALAR, /* of float64 scalars, and Python numbers, another one */
    ACT_REDUCE,
    ACT_STORE,
};

/* What is done at a node. */
typedef struct {
    enum action action;
    PyObject *capsule; /* owned: keeps what the call needs */
    CallInfo call;
    int n_in;
    int operands[MAX_IN];                /* nodes */
    PyArray_Descr *descrs[MAX_OPERANDS]; /* owned: what the loop reads and writes */
    int slow_status;
    int is_even;
    PyObject *ufunc;  /* owned */
    const char *name; /* borrowed from the ufunc: what reports call it */
    enum known known; /* which ufunc it is */
    PyObject *native; /* owned: of a reduction */
} Typed;

/* What was seen at a node whose value is there before anything is computed. */
typedef struct {
    int node;
    int is_object; /* whether it has to be this very object */
    Leaf leaf;
} Key;

struct Plan;

#define MOST_PLANS_KEPT 4

typedef struct {
    int references; /* one of the site, one of each run */
    int declined;
    int n_nodes;
    int n_keys;
    int n_numbers; /* nodes that are numbers or scalars */
    Key keys[MOST_NODES];
    int numbers[MOST_NODES];             /* these nodes, in order */
    PyArray_Descr *results[MOST_NODES];  /* owned, or NULL: the dtype of each node's array */
    Typed typed[MOST_NODES];
    int n_plans;
    struct Plan *plans[MOST_PLANS_KEPT]; /* owned; the one used last comes first */
} Typing;

/* The values of nodes that are there before anything is computed; of all others NULL. */
typedef struct {
    PyObject *of[MOST_NODES];
    int n_owned;
    PyObject *owned[MOST_NODES];
} Values;

/* Look up what the program's nodes name; 0 if something about it is not plain. */
int values_find(const Program *program, PyObject *const *args, Values *values);
/* Whether there is code here for an operator on float64 scalars. */
int scalar_known(const Operator *operator);
/* Work out the numbers among the nodes; 0 if that fails. */
int values_count(const Program *program, const Typing *typing, Values *values);
ALWAYS_INLINE void
values_release(Values *values)
{
    while (values->n_owned) {
        Py_DECREF(values->owned[--values->n_owned]);
    }
}

Typing *typing_new(const Program *program, Site *site, const Values *values);
void typing_release(Typing *typing);

ALWAYS_INLINE int
typing_matches(const Typing *typing, const Values *values)
{
    for (int i = 0; i < typing->n_keys; i++) {
        const Key *key = &typing->keys[i];
        PyObject *value = values->of[key->node];
        if (value == NULL) {
            return 0;
        }
        if (key->is_object ? key->leaf.identity != (void *)value
                           : !leaf_matches(&key->leaf, value)) {
            return 0;
        }
    }
    return 1;
}

#endif
