/* What every file of the native core shares: the module's state, and the words used everywhere.
 *
 * Conventions. A function that returns a PyObject * returns a new reference, or NULL. NULL with
 * no exception set means "not handled": the caller goes on with the original operation. Struct
 * members say whether they own what they point to. Everything runs with the GIL held, except
 * where a comment says otherwise.
 */
#ifndef ALLOC_REWRITE_STATE_H
#define ALLOC_REWRITE_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL alloc_rewrite_ARRAY_API
#define PY_UFUNC_UNIQUE_SYMBOL alloc_rewrite_UFUNC_API
#ifndef ALLOC_REWRITE_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#define NO_IMPORT_UFUNC
#endif
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <numpy/dtype_api.h>
#include <numpy/ufuncobject.h>

#include "compat.h"
#include "questions.h"

#define LARGE 10000    /* items from which other threads may run meanwhile */
#define MAX_IN 3       /* operands of an operation */
#define MAX_OPERANDS 4 /* with its output */
#define STEP_IN 5      /* operands of a region's step: also what it has instead, and a mask */
#define STEP_OPERANDS 6

/* The context variable of NumPy's memory handler (see arena/handler.h). */
typedef struct HandlerVariable HandlerVariable;

/* The threads of regions (see regions/threads.h). */
typedef struct Pool Pool;

#define OWNED_QUESTION(name) PyObject *name;

/* The code of functions that have been lent to other code (see calls/lending.h). */
typedef struct {
    PyObject *code;       /* owned: weak reference */
    PyObject *current;    /* owned: the cell of its rewritten code */
    struct Judge *judge;  /* owned, or NULL */
    const void *sites;    /* borrowed: for whom it is lent; to be compared only */
    unsigned int calls;   /* so far, */
    unsigned int due;     /* after how many its callers are looked at; 0: never */
} Lease;

#define LEASES 64

/* The module's state. */
typedef struct {
    QUESTIONS(OWNED_QUESTION)    /* owned: see questions.h */
    PyTypeObject *arena_type;    /* owned */
    PyTypeObject *operator_type; /* owned */
    PyTypeObject *resolve_type;  /* owned */
    PyTypeObject *native_type;   /* owned */
    PyTypeObject *bound_type;    /* owned */
    PyTypeObject *judge_type;    /* owned */
    PyTypeObject *judged_type;   /* owned */
    PyTypeObject *region_type;   /* owned */
    PyTypeObject *loop_type;     /* owned */
    PyTypeObject *gate_type;     /* owned */
    PyTypeObject *gates_type;    /* owned */
    PyObject *filters_name;      /* owned: of what is looked up there at each effect */
    PyObject *shown_name;        /* owned */
    PyObject *init_name;         /* owned: "__init__" */
    PyObject *original_name;     /* owned */
    PyObject *modes_of;          /* owned: the value of that variable when it was asked last */
    long modes;                  /* and the answer */
    PyObject *limbo;             /* owned: arrays that are about to be let go (see arena/slots.h) */
    HandlerVariable *handler_variable; /* owned, or NULL if its cache can't be used */
    npy_intp least_elided;       /* bytes from which on NumPy writes over dying operands here. It
                                    goes by who calls its operators, and may never do so: in some
                                    builds of the interpreter, and where the C library can't tell */
    int elides_for_scalars;      /* whether it does so where a NumPy scalar stands on the left */
    int64_t *loop_log;           /* owned, or NULL: of kernels of loops (see loops/log.h) */
    size_t loop_log_entries;
    void *loop_scratch;          /* owned, or NULL: where kernels make arrays (loops/scratch.h) */
    size_t loop_scratch_size;    /* bytes of each of its halves */
    int compiles;                /* when regions are compiled: see `enum compiles` */
    PyTypeObject *code_type;     /* owned */
    int threads;                 /* that a region may use */
    Pool *pool;                  /* owned; NULL until they are needed */
    size_t stretches;            /* under handlers, that have not ended yet */
    int distrusted;              /* stretches in which the cache is not relied on */
    unsigned int unsettled;      /* calls so far that met something new, or something on trial */
    unsigned int warming;        /* calls so far of functions that may become machine code */
    unsigned int trials;         /* calls of rewritten forms on trial that go on */
    PyObject *clock;             /* owned, or NULL: what tells the time in tests */
    Lease leases[LEASES];        /* by the addresses of code */
    struct Site *sites;          /* borrowed: the first of those alive */
    size_t gone_hits;            /* of sites that are gone */
    size_t gone_misses;          /* likewise */
} State;

#undef OWNED_QUESTION

/* Note that a call met something new, so that the time it takes says nothing. */
ALWAYS_INLINE void
state_unsettle(const State *state)
{
    ((State *)state)->unsettled++;
}

State *state_of(PyTypeObject *type);
extern struct PyModuleDef alloc_rewrite_module;

#endif
