/* Matrix products of two arrays of one dtype, by the inner loop of NumPy's matmul. */
#ifndef ALLOC_REWRITE_UFUNCS_PRODUCT_H
#define ALLOC_REWRITE_UFUNCS_PRODUCT_H

#include "ufuncs/inline_cache.h"

#define MOST_PRODUCTS 4 /* dtypes that one place keeps plans for */

typedef struct {
    PyArray_Descr *descr; /* owned, or NULL */
    PyObject *capsule;    /* owned, or NULL: NumPy does arrays of this dtype */
    CallInfo call;
} ProductPlan;

typedef struct {
    ProductPlan plans[MOST_PRODUCTS];
    int next; /* the one to be replaced next */
    Slots slots;
} Product;

void product_clear(Product *product);
/* NULL without an exception: not handled. What floating point flags say is reported, or, if it may
 * not be (`reports`), not handled. */
PyObject *product_run(Product *product, const State *state, const Place *place, PyObject *a,
                      PyObject *b, int reports);

#endif
