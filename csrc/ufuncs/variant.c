#include "ufuncs/inline_cache.h"

#include "numpy/record.h"
#include "recent.h"

void
variant_release(Variant *variant)
{
    if (--variant->references) {
        return;
    }
    slots_clear(&variant->slots);
    for (int i = 0; i < variant->n_leaves; i++) {
        if (variant->leaves[i].kind == LEAF_ARRAY) {
            Py_DECREF((PyObject *)variant->leaves[i].identity);
        }
    }
    for (int i = 0; i < MAX_OPERANDS; i++) {
        Py_XDECREF(variant->descrs[i]);
    }
    Py_XDECREF(variant->step.capsule);
    PyMem_Free(variant);
}

/* How a leaf's items become the loop's; -1 if they can't here. */
static int
variant_find_cast(Variant *variant, int i, PyObject *operand, enum leaf_kind kind)
{
    if (kind != LEAF_ARRAY) {
        return 0; /* scalars are turned one by one */
    }
    PyArray_Descr *from = PyArray_DESCR((PyArrayObject *)operand), *to = variant->descrs[i];
    if (same_type(from, to)) {
        return 0;
    }
    variant->casts[i] = cast_between(from, to);
    if (variant->casts[i] == NULL) {
        return -1;
    }
    variant->any_cast = 1;
    variant->casts_raise |= cast_may_raise(from, to);
    return 0;
}

/* Fill in what `plan_loop` says: a `Loop`, or None. Return -1 with an exception. */
static int
variant_fill(Variant *variant, PyObject *plan, PyObject *const *operands)
{
    PyObject *capsule, *dtypes;
    if (plan == Py_None) {
        variant->declined = 1;
        return 0;
    }
    Field fields[] = {{"capsule", &capsule, NULL},
                      {"dtypes", &dtypes, NULL},
                      {"slow_status", NULL, &variant->slow_status},
                      {"stride_invariant", NULL, &variant->stride_invariant},
                      {NULL, NULL, NULL}};
    int n = variant->n_leaves, usable;
    if (record_read(plan, fields) < 0 ||
        (usable = loop_read(capsule, &variant->step.call)) < 0) {
        return -1;
    }
    variant->step.capsule = Py_NewRef(capsule);
    variant->step.n_in = n;
    variant->declined = !usable || !PyTuple_Check(dtypes) || PyTuple_GET_SIZE(dtypes) != n + 1;
    for (int i = 0; i <= n && !variant->declined; i++) {
        variant->step.operands[i] = i;
        variant->descrs[i] = (PyArray_Descr *)Py_NewRef(PyTuple_GET_ITEM(dtypes, i));
        if (i < n && variant_find_cast(variant, i, operands[i], variant->leaves[i].kind) < 0) {
            variant->declined = 1;
        }
    }
    return 0;
}

/* Make the variant for operands not seen before; NULL without an exception if there are no variants
 * for operands of these kinds. */
static NOINLINE Variant *
variant_new(Kernel *kernel, PyObject *const *operands)
{
    int n = kernel->n_in;
    if (kernel->plans == MOST_PLANS) {
        return NULL;
    }
    kernel->plans++;
    PyObject *kinds = PyTuple_New(n), *plan = NULL;
    Variant *variant = PyMem_Calloc(1, sizeof(Variant));
    if (kinds == NULL || variant == NULL) {
        goto error;
    }
    variant->references = 1;
    for (int i = 0; i < n; i++) {
        enum leaf_kind kind = leaf_kind_of(operands[i]);
        PyObject *descr = kind == LEAF_NONE ? NULL : leaf_descr(operands[i], kind);
        if (descr == NULL) {
            goto error;
        }
        variant->leaves[i].kind = kind;
        variant->leaves[i].identity = Py_TYPE(operands[i]);
        variant->n_leaves = i + 1;
        if (kind == LEAF_ARRAY) {
            variant->leaves[i].identity = Py_NewRef(descr);
        }
        PyTuple_SET_ITEM(kinds, i, descr);
    }
    plan = PyObject_CallFunctionObjArgs(kernel->state->plan_loop, kernel->ufunc, kinds, NULL);
    if (plan == NULL || variant_fill(variant, plan, operands) < 0) {
        goto error;
    }
    Py_DECREF(plan);
    Py_DECREF(kinds);
    Variant *last = recent_add(kernel->variants, &kernel->n_variants, VARIANTS, variant);
    if (last != NULL) {
        variant_release(last);
    }
    return variant;

error:
    Py_XDECREF(plan);
    Py_XDECREF(kinds);
    if (variant != NULL) {
        variant->references = 1;
        variant_release(variant);
    }
    return NULL;
}

Variant *
variant_find(Kernel *kernel, PyObject *const *operands)
{
    for (int k = 0; k < kernel->n_variants; k++) {
        Variant *variant = kernel->variants[k];
        if (variant_matches(variant, operands)) {
            recent_touch(kernel->variants, k);
            return variant;
        }
    }
    return variant_new(kernel, operands);
}
