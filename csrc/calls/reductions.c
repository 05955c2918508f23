/* Sums, products, extremes, any and all, and means of arrays in C order, by NumPy's own loops.
 *
 * They go as NumPy's reduction goes: the result starts as the identity, or as a copy of the first
 * items, and the loop is called along the innermost axis in memory.
 */
#include "calls/reductions.h"
#include "numpy/record.h"

#include <string.h>

#define MOST_DTYPES 6 /* that one place keeps plans for */

static void
reduction_delete(void *own)
{
    for (Reduction *reduction = own, *next; reduction != NULL; reduction = next) {
        next = reduction->next;
        Py_XDECREF(reduction->descr);
        Py_XDECREF(reduction->capsule);
        PyMem_Free(reduction);
    }
}

/* Take the plan for a dtype out of the list and put it first; or drop the last of too many. */
static Reduction *
reduction_found_again(Native *self, PyArray_Descr *descr)
{
    Reduction **link = (Reduction **)&self->own;
    for (int n = 0; *link != NULL; link = &(*link)->next, n++) {
        Reduction *reduction = *link;
        if (reduction->descr == descr) {
            *link = reduction->next;
            reduction->next = self->own;
            self->own = reduction;
            return reduction;
        }
        if (n == MOST_DTYPES - 1) {
            *link = NULL;
            reduction_delete(reduction);
            return NULL;
        }
    }
    return NULL;
}

/* Take over what is said of a dtype: a `ReductionLoop`, or None; -1 with an exception. */
static int
reductions_fill(Native *self, Reduction *reduction, PyObject *plan)
{
    PyObject *capsule, *initial;
    Field fields[] = {{"capsule", &capsule, NULL},
                      {"slow_status", NULL, &reduction->slow_status},
                      {"cuts_rows", NULL, &reduction->cuts_rows},
                      {"initial", &initial, NULL},
                      {NULL, NULL, NULL}};
    int usable;
    if (plan == Py_None) {
        return 0;
    }
    if (record_read(plan, fields) < 0 || (usable = loop_read(capsule, &reduction->call)) < 0) {
        return -1;
    }
    if (usable) {
        reduction->capsule = Py_NewRef(capsule);
    }
    if (PyBytes_Check(initial) && PyBytes_GET_SIZE(initial) <= SCALAR_ROOM) {
        reduction->has_initial = 1;
        memcpy(reduction->initial.bytes, PyBytes_AS_STRING(initial),
               (size_t)PyBytes_GET_SIZE(initial));
    }
    if (usable && reduction->has_initial &&
        strcmp(self->kernel.name, "add") == 0) { /* the kernel's ufunc is NumPy's own */
        reduction->row_sums =
            row_sums(reduction->descr->type_num, &reduction->call, reduction->initial.bytes);
    }
    return 0;
}

/* What is known of a dtype; asked for, if it is new. */
static NOINLINE Reduction *
reduction_for(Native *self, PyArray_Descr *descr)
{
    Reduction *reduction = self->own;
    if (reduction != NULL && reduction->descr == descr) {
        return reduction;
    }
    reduction = reduction_found_again(self, descr);
    if (reduction != NULL) {
        return reduction;
    }
    PyObject *plan = PyObject_CallFunctionObjArgs(self->site->state->plan_reduction, self->more,
                                                  (PyObject *)descr, NULL);
    if (plan == NULL) {
        return NULL;
    }
    reduction = PyMem_Calloc(1, sizeof(Reduction));
    if (reduction == NULL) {
        Py_DECREF(plan);
        PyErr_NoMemory();
        return NULL;
    }
    reduction->descr = (PyArray_Descr *)Py_NewRef((PyObject *)descr);
    if (reductions_fill(self, reduction, plan) < 0) {
        Py_DECREF(plan);
        reduction_delete(reduction);
        return NULL;
    }
    Py_DECREF(plan);
    reduction->next = self->own;
    self->own = reduction;
    self->free_own = reduction_delete;
    return reduction;
}

static int
reduction_call(const Reduction *reduction, char *to, char *from, npy_intp n, npy_intp by,
               npy_intp stride)
{
    char *data[3] = {to, from, to};
    npy_intp strides[3] = {by, stride, by};
    if (n == 0) {
        return 0;
    }
    return reduction->call.loop(reduction->call.context, data, &n, strides,
                                reduction->call.auxdata);
}

/* Reduce along `length`, item by item or row by row. */
static int
reduction_reduce(const Reduction *reduction, const Shape *shape, char *to)
{
    size_t size = (size_t)PyDataType_ELSIZE(reduction->descr);
    int skip = !reduction->has_initial;
    if (reduction->row_sums != NULL && shape->inner == 1 && shape->outer > 1 &&
        shape->length < SHORT_ROW) {
        reduction->row_sums(to, shape->data, shape->outer, shape->length,
                            reduction->initial.bytes);
        return 0;
    }
    for (npy_intp o = 0; o < shape->outer; o++) {
        char *from = shape->data + o * shape->length * shape->stride;
        char *row = to + o * shape->inner * (npy_intp)size;
        if (skip) {
            memcpy(row, from, size * (size_t)shape->inner);
        }
        else {
            for (npy_intp i = 0; i < shape->inner; i++) {
                memcpy(row + i * (npy_intp)size, reduction->initial.bytes, size);
            }
        }
        if (shape->inner == 1) {
            if (reduction_call(reduction, row, from + skip * shape->stride, shape->length - skip, 0,
                               shape->stride) < 0) {
                return -1;
            }
            continue;
        }
        for (npy_intp k = skip; k < shape->length; k++) {
            if (reduction_call(reduction, row, from + k * shape->stride, shape->inner,
                               (npy_intp)size,
                               (npy_intp)size) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

int
reduction_computed(const Reduction *reduction, const Shape *shape, char *to)
{
    int failed, raised, slow = reduction->slow_status;
    int large = shape->outer * shape->length * shape->inner > LARGE;
    PyThreadState *others = large ? PyEval_SaveThread() : NULL;
    status_clear(slow);
    failed = reduction_reduce(reduction, shape, to);
    raised = reduction->call.raises_nothing ? 0 : status_raised(slow);
    if (raised) {
        status_clear(slow);
    }
    if (others != NULL) {
        PyEval_RestoreThread(others);
    }
    return loop_failed(failed, slow) ? -1 : raised != 0;
}

int
reduction_take_axis(Request *request, PyObject *axis)
{
    int nd = PyArray_NDIM(request->array), overflow;
    if (!PyLong_CheckExact(axis)) {
        return 0;
    }
    long number = PyLong_AsLongAndOverflow(axis, &overflow);
    number += number < 0 ? nd : 0;
    if (overflow || number < 0 || number >= nd) {
        return 0;
    }
    request->axis = nd == 1 ? -1 : (int)number;
    return 1;
}

int
reduction_parse(PyObject *const *args, Py_ssize_t n, PyObject *names, Request *request,
                PyObject **ddof)
{
    const char *const known[] = {"axis", "keepdims", ddof == NULL ? NULL : "ddof", NULL};
    PyObject *given[3] = {n > 1 ? args[1] : NULL, NULL, NULL};
    if (n < 1 || n > 2 || !PyArray_CheckExact(args[0]) ||
        (names != NULL && !native_keywords(args + n, names, known, given)) ||
        (given[1] != NULL && !PyBool_Check(given[1]))) {
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)args[0];
    if (PyArray_NDIM(array) == 0 || PyArray_SIZE(array) == 0 ||
        !PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED)) {
        return 0;
    }
    if (ddof != NULL) {
        *ddof = given[2];
    }
    *request = (Request){array, -1, given[1] == Py_True};
    return given[0] == NULL || given[0] == Py_None || reduction_take_axis(request, given[0]);
}

int
reduction_shape_of(const Request *request, Shape *shape)
{
    PyArrayObject *array = request->array;
    int axis = request->axis;
    int nd = PyArray_NDIM(array);
    npy_intp size = PyArray_ITEMSIZE(array);
    shape->data = PyArray_BYTES(array);
    shape->outer = shape->inner = 1;
    if (axis < 0) {
        shape->length = PyArray_SIZE(array);
        shape->stride = size;
        if (nd == 1) {
            shape->stride = PyArray_STRIDE(array, 0);
            return shape->length == 1 || shape->stride > 0;
        }
        return PyArray_IS_C_CONTIGUOUS(array);
    }
    if (!PyArray_IS_C_CONTIGUOUS(array) || (axis != 0 && axis != nd - 1)) {
        return 0;
    }
    for (int i = 0; i < nd; i++) {
        if (PyArray_DIM(array, i) == 1) {
            return 0; /* NumPy ranks axes of length one in other ways */
        }
    }
    shape->length = PyArray_DIM(array, axis);
    *(axis ? &shape->outer : &shape->inner) = PyArray_SIZE(array) / shape->length;
    shape->stride = size * shape->inner;
    return 1;
}

int
reduction_is_scalar(const Request *request)
{
    return request->axis < 0 && !request->keeps;
}

PyArrayObject *
reduction_result_for(Native *self, const Request *request, PyArray_Descr *descr)
{
    npy_intp dims[NPY_MAXDIMS], size = 1;
    int n = 0;
    for (int i = 0; i < PyArray_NDIM(request->array); i++) {
        int goes = request->axis < 0 || i == request->axis;
        if (!goes || request->keeps) {
            size *= dims[n++] = goes ? 1 : PyArray_DIM(request->array, i);
        }
    }
    return slots_array(&self->slots, self->site->state, &self->site->place, self->name, descr, n,
                       dims, size);
}

int
reduction_divide(double *sums, npy_intp n, npy_intp items)
{
    status_clear(0);
    for (npy_intp i = 0; i < n; i++) {
        sums[i] /= (double)items;
    }
    int raised = status_raised(0);
    if (raised) {
        status_clear(0);
    }
    return raised;
}

int
reduction_find(Native *self, PyArray_Descr *descr, const Shape *shape, Reduction *found)
{
    const Reduction *reduction = reduction_for(self, descr);
    if (reduction == NULL || reduction->capsule == NULL ||
        (reduction->cuts_rows && shape->inner == 1 && shape->length > NPY_BUFSIZE)) {
        return 0;
    }
    *found = *reduction; /* another thread may plan for another dtype meanwhile */
    Py_INCREF(found->descr);
    Py_INCREF(found->capsule);
    return 1;
}

void
reduction_release(Reduction *found)
{
    Py_DECREF(found->descr);
    Py_DECREF(found->capsule);
}

static PyObject *
reduction_reduced(Native *self, const Request *request, const Shape *shape, int is_mean)
{
    Reduction now;
    ItemRoom item;
    PyArrayObject *out = NULL;
    PyObject *result = NULL;
    if (!reduction_find(self, PyArray_DESCR(request->array), shape, &now)) {
        return NULL;
    }
    if (reduction_is_scalar(request) ||
        (out = reduction_result_for(self, request, now.descr)) != NULL) {
        char *to = out == NULL ? item.bytes : PyArray_BYTES(out);
        if (reduction_computed(&now, shape, to) == 0 &&
            !(is_mean &&
              reduction_divide((double *)to, shape->outer * shape->inner, shape->length))) {
            result = out == NULL ? PyArray_Scalar(item.bytes, now.descr, NULL) : Py_NewRef(out);
        }
    }
    Py_XDECREF(out);
    reduction_release(&now);
    return result;
}

static PyObject *
reduction_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names, int is_mean)
{
    Request request;
    Shape shape;
    return reduction_parse(args, n, names, &request, NULL) &&
                   (!is_mean || PyArray_TYPE(request.array) == NPY_DOUBLE) &&
                   reduction_shape_of(&request, &shape)
               ? reduction_reduced(self, &request, &shape, is_mean)
               : NULL;
}

static PyObject *
reduction_run_reduction(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return reduction_run(self, args, n, names, 0);
}

/* The mean of an array of doubles: sums, divided by the number of items. */
static PyObject *
reduction_run_mean(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return reduction_run(self, args, n, names, 1);
}

/* trace(matrix): the sum of its diagonal. */
static PyObject *
reduction_run_trace(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Request request;
    if (n != 1 || !reduction_parse(args, n, names, &request, NULL) || names != NULL ||
        PyArray_NDIM(request.array) != 2) {
        return NULL;
    }
    const npy_intp *dims = PyArray_DIMS(request.array), *by = PyArray_STRIDES(request.array);
    Shape shape = {PyArray_BYTES(request.array), 1, dims[dims[0] > dims[1]], 1, by[0] + by[1]};
    return shape.length == 1 || shape.stride > 0 ? reduction_reduced(self, &request, &shape, 0)
                                                 : NULL;
}

const NativeRow reduction_rows[] = {
    {"sum", reduction_run_reduction},
    {"prod", reduction_run_reduction},
    {"max", reduction_run_reduction},
    {"min", reduction_run_reduction},
    {"any", reduction_run_reduction},
    {"all", reduction_run_reduction},
    {"mean", reduction_run_mean},
    {"trace", reduction_run_trace},
    {NULL, NULL},
};
