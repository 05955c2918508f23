/* What a region does, as its site is told: numbered nodes, each made from earlier ones. */
#ifndef ALLOC_REWRITE_REGIONS_PROGRAM_H
#define ALLOC_REWRITE_REGIONS_PROGRAM_H

#include "regions/numbers.h"

#define MOST_NODES 1000  /* so that what a call works with fits on the stack */
#define MOST_OPERANDS 6 /* of one node */

enum node_kind {
    NODE_LEAF,
    NODE_CONST,
    NODE_ATTRIBUTE,
    NODE_SLICE,
    NODE_TUPLE,
    NODE_INDEX,
    NODE_CHOICE, /* a number, or another value where it is zero */
    NODE_GUARD, /* what later code needs to be harmless, or harmless to call */
    NODE_BOUND, /* the function of an object's method, */
    NODE_FUNCTION, /* a function whose code is inlined, if it still has that, */
    NODE_NAMED, /* and what this code reads through it: a global or builtin, */
    NODE_HELD, /* what a cell holds, */
    NODE_DEFAULT, /* a parameter's default; */
    NODE_PINNED, /* what has to be a certain object, */
    NODE_SOMETHING, /* or anything but None, so that its conditions are as they were */
    NODE_AGAIN, /* where the code computes an earlier node once more */
    NODE_OPERATION,
    NODE_CALL,
    NODE_METHOD,
    NODE_IN_PLACE,
    NODE_STORE,
};

enum part { PART_NONE, PART_REAL, PART_IMAG };

typedef struct {
    enum node_kind kind;
    int n;
    int operands[MOST_OPERANDS];
    int leaf;                 /* of a leaf: its number */
    int line;                 /* in the source; 0 if that is unknown */
    int helper;               /* the function in whose code it is; or -1 */
    PyObject *detail;         /* owned: see `Node` in Python */
    const Operator *operator; /* of an operation */
    int is_temporary;         /* of a leaf: whether the code holds it nowhere else */
    int is_transposed;        /* whether it is `.T` */
    enum part part;           /* which part of complex numbers an attribute is */
    int is_called;            /* of a guard: whether it asks about being called, or which it is */
    int length;               /* of an index: into how many items the container is unpacked; or 0 */
    int is_argument;          /* of a tuple: whether it is an argument, and no index */
    int is_index;             /* whether it is an index only, and nothing else */
    int is_put_back;          /* of an index: whether it has to be a view of the container */
    NumberCall *call;         /* owned, of a call: what it was seen to do with numbers */
} Node;

/* A leaf of which a call is not given the value. */
typedef struct {
    PyObject *global; /* owned: the name of a global that the site looks up, interned; or NULL: */
    int is_cell;      /* whether a call is given the cell that holds it */
} Lookup;

typedef struct {
    int n_nodes;
    int n_leaves;
    int n_given;      /* values and cells that a call is given */
    int has_lookups;  /* whether it is given anything else than the value of each leaf */
    Lookup *lookups;  /* owned: one of each leaf */
    int n_outputs;
    int is_packed;   /* whether outputs are delivered in a tuple */
    int n_effects;   /* nodes that change what others may see */
    int n_helpers;   /* functions whose code is inlined */
    PyObject *source; /* owned: the `Program` that it was made from */
    size_t bytes;     /* that it takes */
    int *outputs;     /* in the same memory, after the nodes */
    Node nodes[];
} Program;

/* Read a `Program`; NULL with an exception if it is none, or too large. */
Program *program_new(PyObject *source);
void program_delete(Program *program);
int program_traverse(const Program *program, visitproc visit, void *arg);
/* Forget what calls were seen to do with numbers, which cycles may go through. */
void program_forget_calls(Program *program);

/* The node that an array's memory belongs to: a view's is that of what it is a view of. */
int program_owner(const Program *program, int node);

/* Whether nodes of this kind change what others may see. */
ALWAYS_INLINE int
is_effect(enum node_kind kind)
{
    return kind >= NODE_IN_PLACE;
}

/* Whether nodes of this kind compute. */
ALWAYS_INLINE int
is_computing(enum node_kind kind)
{
    return kind >= NODE_OPERATION;
}

#endif
