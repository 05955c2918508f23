/* A kernel: a ufunc at one place in the code, with an inline cache of what it has seen there.
 *
 * A *variant* is one combination of operand types, with a program for it. A program is a list of
 * steps, each an inner loop of NumPy's over numbered operands: the leaves first, then the
 * outputs. Today a program has one step and one output.
 */
#ifndef ALLOC_REWRITE_UFUNCS_INLINE_CACHE_H
#define ALLOC_REWRITE_UFUNCS_INLINE_CACHE_H

#include "arena/slots.h"
#include "numpy/casts.h"
#include "numpy/loop.h"
#include "numpy/operand.h"

#define VARIANTS 16
#define MOST_PLANS 256 /* of one kernel; operands of other kinds are NumPy's then */

/* One inner loop, and the numbers of its operands, output last. */
typedef struct {
    PyObject *capsule; /* owned: keeps what the call needs */
    CallInfo call;
    int n_in;
    int operands[MAX_OPERANDS];
} Step;

typedef struct {
    int references; /* one of the cache, one of each run */
    int declined;   /* whether NumPy does these */
    int n_leaves;
    Leaf leaves[MAX_IN]; /* dtypes are owned; the types of numbers live as long as NumPy */
    PyArray_Descr *descrs[MAX_OPERANDS];         /* owned: what the loop reads and writes */
    Loop casts[MAX_OPERANDS];            /* how a leaf of another dtype gets there */
    int any_cast;
    int casts_raise; /* whether a cast may raise flags: then it can't be done in place */
    int slow_status; /* whether it may raise flags in the slower unit, or set an exception */
    int stride_invariant; /* whether items with gaps come out as those without */
    Step step;
    Slots slots;
} Variant;

typedef struct {
    const State *state;
    Place place;       /* owned */
    PyObject *ufunc;   /* owned */
    const char *name;  /* borrowed from the ufunc */
    const char *shown; /* borrowed: what an error calls the operation */
    int n_in;
    int plans;
    int n_variants;
    Variant *variants[VARIANTS]; /* owned */
} Kernel;

int kernel_init(Kernel *kernel, const State *state, const Place *place, PyObject *ufunc,
                const char *shown);
void kernel_clear(Kernel *kernel);
int kernel_traverse(Kernel *kernel, visitproc visit, void *arg);
/* Run it on operands; into `target` if that is given. NULL without an exception: not handled. */
PyObject *kernel_run(Kernel *kernel, PyObject *const *operands, PyArrayObject *target,
                     int may_overwrite);

ALWAYS_INLINE int
variant_matches(const Variant *variant, PyObject *const *operands)
{
    for (int i = 0; i < variant->n_leaves; i++) {
        if (!leaf_matches(&variant->leaves[i], operands[i])) {
            return 0;
        }
    }
    return 1;
}

void variant_release(Variant *variant);
/* The variant for these operands, made if they come for the first time; NULL without an exception
 * if there can be none. */
Variant *variant_find(Kernel *kernel, PyObject *const *operands);

#endif
