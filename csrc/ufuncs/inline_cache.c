#include "ufuncs/inline_cache.h"

#include <string.h>

#include "ufuncs/execute.h"
#include "numpy/overlap.h"

#define WORTH_OVERWRITING (64 * 1024) /* bytes; below, all of an expression is in the cache */

/* ------------------------------------------------------------------ running */

/* Whether the operands that are arrays have one shape and lie in memory in C order without gaps:
 * then a single call of the loop does it. The number of items, or -1. */
ALWAYS_INLINE npy_intp
kernel_flat_size(const Run *run, int n, PyArrayObject **shape)
{
    PyArrayObject *first = NULL;
    npy_intp size = 1;
    for (int i = 0; i < n; i++) {
        PyArrayObject *array = run->arrays[i];
        if (array == NULL || PyArray_NDIM(array) == 0) {
            continue;
        }
        if (!PyArray_IS_C_CONTIGUOUS(array)) {
            return -1;
        }
        if (first == NULL) {
            first = array;
            for (int k = 0; k < PyArray_NDIM(array); k++) {
                size *= PyArray_DIM(array, k);
            }
            continue;
        }
        if (PyArray_NDIM(array) != PyArray_NDIM(first)) {
            return -1;
        }
        for (int k = 0; k < PyArray_NDIM(array); k++) {
            if (PyArray_DIM(array, k) != PyArray_DIM(first, k)) {
                return -1;
            }
        }
    }
    *shape = first;
    return first == NULL ? -1 : size;
}

/* Whether a result may be written over an operand: the frame's stack is its only holder. */
static int
kernel_is_dying(PyArrayObject *array, const PyArray_Descr *descr)
{
    if (array == NULL || Py_REFCNT(array) != 1 || PyArray_DESCR(array) != descr ||
        fields(array)->base != NULL || fields(array)->weakreflist != NULL ||
        !PyArray_CHKFLAGS(array, NPY_ARRAY_CARRAY | NPY_ARRAY_OWNDATA)) {
        return 0;
    }
    npy_intp stride = PyArray_ITEMSIZE(array);
    for (int i = PyArray_NDIM(array) - 1; i >= 0; i--) { /* those of axes of length one as well */
        if (PyArray_STRIDE(array, i) != stride) {
            return 0;
        }
        stride *= PyArray_DIM(array, i);
    }
    return is_temporary((PyObject *)array);
}

static PyArrayObject *
kernel_output_for(Kernel *kernel, Run *run, PyArrayObject *shape, npy_intp size, int may_overwrite)
{
    Variant *variant = run->variant;
    PyArray_Descr *descr = variant->descrs[kernel->n_in];
    if (may_overwrite && size * PyDataType_ELSIZE(descr) >= WORTH_OVERWRITING) {
        for (int i = 0; i < kernel->n_in; i++) {
            PyArrayObject *array = run->arrays[i];
            if (kernel_is_dying(array, descr) && PyArray_SIZE(array) == size) {
                return (PyArrayObject *)Py_NewRef((PyObject *)array);
            }
        }
    }
    return slots_array(&variant->slots, kernel->state, &kernel->place, kernel->shown, descr,
                       PyArray_NDIM(shape), PyArray_DIMS(shape), size);
}

/* Whether an existing array can be written while the operands are read, item by item. */
static int
kernel_is_safe_target(const Run *run, int n, PyArrayObject *target)
{
    if (!is_regular(target) || !is_writeable(target) || overlaps_itself(target)) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        PyArrayObject *array = run->arrays[i];
        if (array == NULL || array == target || !overlaps(array, target)) {
            continue;
        }
        return 0;
    }
    return 1;
}

/* Whether the loop runs once over items without gaps. */
static int
kernel_is_gapless(const Run *run, const Nest *nest)
{
    const Variant *variant = run->variant;
    int n = variant->n_leaves;
    for (int i = 0; i < n; i++) {
        if (run->arrays[i] != NULL && PyArray_NDIM(run->arrays[i]) &&
            nest->strides[0][i] != PyArray_ITEMSIZE(run->arrays[i])) {
            return 0;
        }
    }
    return nest->nd == 1 && nest->strides[0][n] == PyDataType_ELSIZE(variant->descrs[n]);
}

/* Whether a loop whose bits depend on strides gets those that NumPy would give it (see
 * `shapes_fit_loop`). */
static int
kernel_gets_numpys_strides(const Run *run, const Layout *layout, const Nest *nest, int has_target)
{
    if (layout->size == 1 || (has_target && nest->strides[0][run->variant->n_leaves] < 0)) {
        return 0;
    }
    return layout->nd == 1 || kernel_is_gapless(run, nest);
}

/* Whether the innermost axis of an operand is not its innermost in memory. */
static int
kernel_is_strided(const Run *run, const Nest *nest)
{
    for (int i = 0; i < run->variant->n_leaves; i++) {
        npy_intp stride = Py_ABS(nest->strides[0][i]);
        if (run->arrays[i] != NULL && stride > 4 * PyArray_ITEMSIZE(run->arrays[i])) {
            return 1;
        }
    }
    return 0;
}

/* Work out the loops over the operands; 0 where NumPy has to do it. */
static int
kernel_find_nest(Kernel *kernel, Run *run, PyArrayObject *target, Layout *layout, Nest *nest)
{
    int n = kernel->n_in;
    Variant *variant = run->variant;
    PyArray_Descr *descr = variant->descrs[n];
    int casts = 0; /* of arrays with axes */
    for (int i = 0; i < n; i++) {
        casts |= variant->casts[i] != NULL && run->arrays[i] != NULL &&
                 PyArray_NDIM(run->arrays[i]);
    }
    Iterated operands[MAX_IN];
    Extent extents[MAX_OPERANDS];
    for (int i = 0; i < n; i++) {
        PyArrayObject *array = run->arrays[i];
        operands[i].extent = array == NULL ? NULL : &extents[i];
        operands[i].itemsize = array == NULL ? 0 : PyArray_ITEMSIZE(array);
        if (array != NULL && !extent_of(array, &extents[i])) {
            return 0;
        }
    }
    if (target != NULL && !extent_of(target, &extents[n])) {
        return 0;
    }
    if (!iteration_plan(n, operands, target == NULL ? NULL : &extents[n], casts,
                        PyDataType_ELSIZE(descr), layout, nest) ||
        layout->nd == 0 || (nest->nd > 1 && variant->any_cast)) {
        return 0;
    }
    if (!variant->stride_invariant &&
        !kernel_gets_numpys_strides(run, layout, nest, target != NULL)) {
        return 0;
    }
    if (nest->nd > 1 && target == NULL && layout->size > LARGE && kernel_is_strided(run, nest)) {
        return 0; /* NumPy copies into its buffer, which is faster */
    }
    for (int i = 0; variant->any_cast && i < n; i++) {
        if (variant->casts[i] == NULL || run->arrays[i] == NULL || !PyArray_NDIM(run->arrays[i])) {
            continue;
        }
        if (PyArray_SIZE(run->arrays[i]) == 1) {
            nest->strides[0][i] = 0; /* turned already */
        }
        else if (nest->strides[0][i] != PyArray_ITEMSIZE(run->arrays[i])) {
            return 0; /* casts go over items without gaps */
        }
    }
    return 1;
}

/* Everything but the plainest case: broadcasting, gaps, other orders than C, existing outputs. */
static NOINLINE PyObject *
kernel_run_general(Kernel *kernel, Run *run, PyArrayObject *target)
{
    int n = kernel->n_in;
    Variant *variant = run->variant;
    PyArray_Descr *descr = variant->descrs[n];
    Layout layout;
    Nest nest;
    if (!kernel_find_nest(kernel, run, target, &layout, &nest)) {
        return NULL;
    }
    PyArrayObject *out;
    if (target != NULL) {
        out = (PyArrayObject *)Py_NewRef((PyObject *)target);
    }
    else if (layout.c_order) {
        out = slots_array(&variant->slots, kernel->state, &kernel->place, kernel->shown, descr,
                          layout.nd, layout.dims, layout.size);
    }
    else {
        out = array_new(kernel->state, &kernel->place, kernel->shown, descr, layout.nd,
                        layout.dims, layout.strides);
    }
    if (out == NULL) {
        return NULL;
    }
    run->data[n] = PyArray_BYTES(out);
    int failed;
    if (variant->any_cast) {
        memcpy(run->strides, nest.strides[0], sizeof(run->strides));
        failed = execute(kernel, run, nest.dims[0], NULL);
    }
    else {
        failed = execute(kernel, run, layout.size, &nest);
    }
    if (failed < 0) {
        Py_DECREF(out);
        return NULL;
    }
    return (PyObject *)out;
}

/* Turn the scalars into items; 0 if one does not fit. */
ALWAYS_INLINE int
kernel_prepare(Run *run, int n, PyObject *const *operands)
{
    const Variant *variant = run->variant;
    for (int i = 0; i < n; i++) {
        PyArray_Descr *descr = variant->descrs[i];
        if (LIKELY(variant->leaves[i].kind == LEAF_ARRAY)) {
            PyArrayObject *array = (PyArrayObject *)operands[i];
            if (!PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED)) {
                return 0;
            }
            run->arrays[i] = array;
            run->data[i] = PyArray_BYTES(array);
            run->strides[i] = PyArray_NDIM(array) == 1   ? PyArray_STRIDE(array, 0)
                              : PyArray_NDIM(array) == 0 ? 0
                                                         : PyArray_ITEMSIZE(array);
            if (UNLIKELY(variant->casts[i] != NULL && PyArray_SIZE(array) == 1)) {
                if (!cast_item(variant->casts[i], run->data[i], run->items[i].bytes)) {
                    return 0;
                }
                run->data[i] = run->items[i].bytes;
                run->strides[i] = PyArray_NDIM(array) ? PyDataType_ELSIZE(descr) : 0;
            }
            continue;
        }
        if (!leaf_item(operands[i], variant->leaves[i].kind, descr, run->items[i].bytes)) {
            return 0;
        }
        run->arrays[i] = NULL;
        run->data[i] = run->items[i].bytes;
        run->strides[i] = 0;
    }
    return 1;
}

static PyObject *
kernel_run_variant(Kernel *kernel, Run *run, PyArrayObject *target, int may_overwrite)
{
    int n = kernel->n_in;
    Variant *variant = run->variant;
    PyArray_Descr *descr = variant->descrs[n];
    if (target != NULL) {
        if (PyArray_DESCR(target) != descr || variant->casts_raise ||
            !kernel_is_safe_target(run, n, target) ||
            (!variant->stride_invariant && PyArray_SIZE(target) == 1)) {
            return NULL; /* of one item in place NumPy makes a reduction */
        }
    }
    PyArrayObject *shape = NULL;
    npy_intp size = kernel_flat_size(run, n, &shape);
    if (size <= 0 || (target != NULL && shape != target)) {
        return size == 0 ? NULL : kernel_run_general(kernel, run, target);
    }
    PyArrayObject *out = target;
    if (target == NULL) {
        out = kernel_output_for(kernel, run, shape, size, may_overwrite);
        if (out == NULL) {
            return NULL;
        }
    }
    else {
        Py_INCREF(out);
    }
    run->data[n] = PyArray_BYTES(out);
    run->strides[n] = PyDataType_ELSIZE(descr);
    if (execute_flat(kernel, run, size) < 0) {
        Py_DECREF(out);
        return NULL;
    }
    return (PyObject *)out;
}

PyObject *
kernel_run(Kernel *kernel, PyObject *const *operands, PyArrayObject *target, int may_overwrite)
{
    Run run;
    if (kernel->n_in < 0) {
        return NULL; /* more operands than there is room for */
    }
    Variant *variant = kernel->n_variants ? kernel->variants[0] : NULL;
    if (UNLIKELY(variant == NULL || !variant_matches(variant, operands))) {
        variant = variant_find(kernel, operands);
        if (variant == NULL) {
            return NULL;
        }
    }
    if (variant->declined) {
        return NULL;
    }
    run.variant = variant;
    if (!kernel_prepare(&run, kernel->n_in, operands)) {
        return NULL;
    }
    variant->references++;
    PyObject *result = kernel_run_variant(kernel, &run, target, may_overwrite);
    variant_release(variant);
    return result;
}

/* ------------------------------------------------------------------ kernels */

int
kernel_init(Kernel *kernel, const State *state, const Place *place, PyObject *ufunc,
            const char *shown)
{
    memset(kernel, 0, sizeof(*kernel));
    if (!PyObject_TypeCheck(ufunc, &PyUFunc_Type)) {
        PyErr_Format(PyExc_TypeError, "%R is not a ufunc", ufunc);
        return -1;
    }
    PyUFuncObject *inside = (PyUFuncObject *)ufunc;
    kernel->state = state;
    kernel->place.arena = (ArenaObject *)Py_NewRef((PyObject *)place->arena);
    kernel->place.where = Py_NewRef(place->where);
    kernel->ufunc = Py_NewRef(ufunc);
    kernel->name = inside->name ? inside->name : "<unnamed ufunc>";
    kernel->shown = shown ? shown : kernel->name;
    kernel->n_in = inside->nin <= MAX_IN && inside->nout == 1 ? inside->nin : -1;
    return 0;
}

void
kernel_clear(Kernel *kernel)
{
    while (kernel->n_variants) {
        variant_release(kernel->variants[--kernel->n_variants]);
    }
    Py_CLEAR(kernel->ufunc);
    Py_CLEAR(kernel->place.arena);
    Py_CLEAR(kernel->place.where);
}

int
kernel_traverse(Kernel *kernel, visitproc visit, void *arg)
{
    Py_VISIT(kernel->ufunc);
    Py_VISIT(kernel->place.where);
    return 0;
}
