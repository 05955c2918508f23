#include "kernel.h"

#include <string.h>

#include "iteration.h"
#include "overlap.h"

#define CAST_BLOCK 1024                 /* items turned into another dtype at a time */
#define LARGE 10000                     /* items from which on other threads may run meanwhile */
#define WORTH_OVERWRITING (64 * 1024) /* bytes; below, all of an expression is in the cache */

/* ------------------------------------------------------------------ running */

/* What one run works on. */
typedef struct {
    Variant *variant; /* owned */
    PyArrayObject *arrays[MAX_IN];
    char *data[MAX_OPERANDS];
    npy_intp strides[MAX_OPERANDS]; /* of the innermost axis */
    npy_cdouble items[MAX_IN][SCALAR_ROOM / sizeof(npy_cdouble)];
} Run;

/* Whether the operands that are arrays have one shape and lie in memory in C order without gaps:
 * then a single call of the loop does it. The number of items, or -1. */
ALWAYS_INLINE npy_intp
flat_size(const Run *run, int n, PyArrayObject **shape)
{
    PyArrayObject *first = NULL;
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
        }
        else if (PyArray_NDIM(array) != PyArray_NDIM(first) ||
                 !PyArray_CompareLists(PyArray_DIMS(array), PyArray_DIMS(first),
                                       PyArray_NDIM(first))) {
            return -1;
        }
    }
    *shape = first;
    return first == NULL ? -1 : PyArray_SIZE(first);
}

/* Whether a result may be written over an operand: the frame's stack is its only holder. */
static int
is_dying(PyArrayObject *array, const PyArray_Descr *descr)
{
    if (!STACK_COUNTS || array == NULL || Py_REFCNT(array) != 1 || PyArray_DESCR(array) != descr ||
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
    return 1;
}

static PyArrayObject *
output_for(Kernel *kernel, Run *run, PyArrayObject *shape, npy_intp size, int may_overwrite)
{
    Variant *variant = run->variant;
    PyArray_Descr *descr = variant->descrs[kernel->n_in];
    if (may_overwrite && size * PyDataType_ELSIZE(descr) >= WORTH_OVERWRITING) {
        for (int i = 0; i < kernel->n_in; i++) {
            PyArrayObject *array = run->arrays[i];
            if (is_dying(array, descr) && PyArray_SIZE(array) == size) {
                return (PyArrayObject *)Py_NewRef((PyObject *)array);
            }
        }
    }
    return slots_array(&variant->slots, kernel->state, &kernel->place, kernel->shown, descr,
                       PyArray_NDIM(shape), PyArray_DIMS(shape), size);
}

/* Call the loop once, turning what has another dtype block by block. */
static int
call_with_casts(const Run *run, char *const *data, npy_intp n, const npy_intp *strides)
{
    const Variant *variant = run->variant;
    const Step *step = &variant->step;
    npy_cdouble room[MAX_IN][CAST_BLOCK];
    for (npy_intp done = 0; done < n; done += CAST_BLOCK) {
        npy_intp block = n - done < CAST_BLOCK ? n - done : CAST_BLOCK;
        char *at[MAX_OPERANDS];
        npy_intp by[MAX_OPERANDS];
        for (int i = 0; i <= step->n_in; i++) {
            at[i] = data[i] + done * strides[i];
            by[i] = strides[i];
            if (variant->casts[i] == NULL || run->arrays[i] == NULL || strides[i] == 0) {
                continue; /* scalars and 0-d arrays were turned before */
            }
            variant->casts[i](at[i], room[i], block);
            at[i] = (char *)room[i];
            by[i] = PyDataType_ELSIZE(variant->descrs[i]);
        }
        if (step->call.loop(step->call.context, at, &block, by, step->call.auxdata) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
call_nest(const Run *run, const Nest *nest, int axis, char *const *data)
{
    const Step *step = &run->variant->step;
    if (axis == 0) {
        return step->call.loop(step->call.context, data, &nest->dims[0], nest->strides[0],
                               step->call.auxdata);
    }
    char *at[MAX_OPERANDS];
    memcpy(at, data, sizeof(at));
    for (npy_intp i = 0; i < nest->dims[axis]; i++) {
        if (call_nest(run, nest, axis - 1, at) < 0) {
            return -1;
        }
        for (int k = 0; k <= step->n_in; k++) {
            at[k] += nest->strides[axis][k];
        }
    }
    return 0;
}

static NOINLINE int
report(Kernel *kernel, int found, int slow_status)
{
    int errors = 0;
    status_clear(slow_status);
    errors |= found & FE_DIVBYZERO ? NPY_FPE_DIVIDEBYZERO : 0;
    errors |= found & FE_OVERFLOW ? NPY_FPE_OVERFLOW : 0;
    errors |= found & FE_UNDERFLOW ? NPY_FPE_UNDERFLOW : 0;
    errors |= found & FE_INVALID ? NPY_FPE_INVALID : 0;
    return PyUFunc_GiveFloatingpointErrors(kernel->name, errors);
}

/* Run the loop and report as NumPy does what it raised. */
ALWAYS_INLINE int
compute(Kernel *kernel, const Run *run, npy_intp size, const Nest *nest)
{
    const Variant *variant = run->variant;
    const Step *step = &variant->step;
    int failed, checked = !step->call.raises_nothing;
    PyThreadState *others = size > LARGE ? PyEval_SaveThread() : NULL;
    if (checked) {
        status_clear(variant->slow_status);
    }
    if (LIKELY(nest == NULL && !variant->any_cast)) {
        failed = step->call.loop(step->call.context, run->data, &size, run->strides,
                                 step->call.auxdata);
    }
    else if (nest == NULL) {
        failed = call_with_casts(run, run->data, size, run->strides);
    }
    else {
        failed = call_nest(run, nest, nest->nd - 1, run->data);
    }
    int raised = checked ? status_raised(variant->slow_status) : 0;
    if (others != NULL) {
        PyEval_RestoreThread(others);
    }
    if (UNLIKELY(failed)) {
        return -1;
    }
    return UNLIKELY(raised) ? report(kernel, raised, variant->slow_status) : 0;
}

/* Whether an existing array can be written while the operands are read, item by item. */
static int
is_safe_target(const Run *run, int n, PyArrayObject *target)
{
    if (!PyArray_CHKFLAGS(target, NPY_ARRAY_BEHAVED) || overlaps_itself(target)) {
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

/* Whether a loop gives the same bits for items with gaps and without: NumPy copies operands that
 * need a nest of loops into a buffer first. Complex products may differ in the signs of NaN. */
static int
is_indifferent(const Variant *variant)
{
    return !variant->slow_status &&
           !PyTypeNum_ISCOMPLEX(variant->descrs[variant->n_leaves]->type_num);
}

/* Everything but the plainest case: broadcasting, gaps, other orders than C, existing outputs. */
static NOINLINE PyObject *
run_general(Kernel *kernel, Run *run, PyArrayObject *target)
{
    int n = kernel->n_in;
    Variant *variant = run->variant;
    PyArray_Descr *descr = variant->descrs[n];
    Layout layout;
    Nest nest;
    int casts = 0; /* of arrays with axes */
    for (int i = 0; i < n; i++) {
        casts |= variant->casts[i] != NULL && run->arrays[i] != NULL &&
                 PyArray_NDIM(run->arrays[i]);
    }
    if (!iteration_plan(n, run->arrays, target, casts, PyDataType_ELSIZE(descr),
                        &layout, &nest) ||
        layout.nd == 0 || (nest.nd > 1 && (variant->any_cast || !is_indifferent(variant)))) {
        return NULL;
    }
    for (int i = 0; variant->any_cast && i < n; i++) {
        if (variant->casts[i] == NULL || run->arrays[i] == NULL || !PyArray_NDIM(run->arrays[i])) {
            continue;
        }
        if (nest.strides[0][i] == 0) {
            variant->casts[i](run->data[i], run->items[i], 1);
            run->data[i] = (char *)run->items[i];
        }
        else if (nest.strides[0][i] != PyArray_ITEMSIZE(run->arrays[i])) {
            return NULL; /* casts go over items without gaps */
        }
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
        failed = compute(kernel, run, nest.dims[0], NULL);
    }
    else {
        failed = compute(kernel, run, layout.size, &nest);
    }
    if (failed < 0) {
        Py_DECREF(out);
        return NULL;
    }
    return (PyObject *)out;
}

/* Turn the scalars into items; 0 if one does not fit. */
ALWAYS_INLINE int
prepare(Run *run, int n, PyObject *const *operands)
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
            if (UNLIKELY(PyArray_NDIM(array) == 0 && variant->casts[i] != NULL)) {
                variant->casts[i](run->data[i], run->items[i], 1);
                run->data[i] = (char *)run->items[i];
            }
            continue;
        }
        if (!leaf_item(operands[i], variant->leaves[i].kind, descr, run->items[i])) {
            return 0;
        }
        run->arrays[i] = NULL;
        run->data[i] = (char *)run->items[i];
        run->strides[i] = 0;
    }
    return 1;
}

static PyObject *
run_variant(Kernel *kernel, Run *run, PyArrayObject *target, int may_overwrite)
{
    int n = kernel->n_in;
    Variant *variant = run->variant;
    PyArray_Descr *descr = variant->descrs[n];
    if (target != NULL) {
        if (PyArray_DESCR(target) != descr || !is_safe_target(run, n, target)) {
            return NULL;
        }
    }
    PyArrayObject *shape = NULL;
    npy_intp size = flat_size(run, n, &shape);
    if (size <= 0 || (target != NULL && shape != target)) {
        return size == 0 ? NULL : run_general(kernel, run, target);
    }
    PyArrayObject *out = target;
    if (target == NULL) {
        out = output_for(kernel, run, shape, size, may_overwrite);
        if (out == NULL) {
            return NULL;
        }
    }
    else {
        Py_INCREF(out);
    }
    run->data[n] = PyArray_BYTES(out);
    run->strides[n] = PyDataType_ELSIZE(descr);
    if (compute(kernel, run, size, NULL) < 0) {
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
    if (!prepare(&run, kernel->n_in, operands)) {
        return NULL;
    }
    variant->references++;
    PyObject *result = run_variant(kernel, &run, target, may_overwrite);
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
