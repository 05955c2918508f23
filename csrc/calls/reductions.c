/* Sums, products, extremes, any and all, and means of arrays in C order, by NumPy's own loops.
 *
 * They go as NumPy's reduction goes: the result starts as the identity, or as a copy of the first
 * items, and the loop is called along the innermost axis in memory.
 */
#include "calls/native.h"
#include "numpy/record.h"
#include "numpy/short_rows.h"

#include <string.h>

#define MOST_DTYPES 6 /* that one place keeps plans for */

/* What is known of one dtype; the one used last comes first. */
typedef struct Reduction {
    struct Reduction *next; /* owned */
    PyArray_Descr *descr; /* owned */
    PyObject *capsule;    /* owned, or NULL: NumPy does arrays of this dtype */
    CallInfo call;
    int slow_status;
    int cuts_rows; /* whether NumPy cuts long rows at the size of its buffer, so that bits differ */
    int has_initial;
    ItemRoom initial;
    RowSums row_sums; /* of short rows; NULL if the loop does them */
} Reduction;

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
        (strcmp(self->name, "sum") == 0 || strcmp(self->name, "mean") == 0)) {
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

/* The array seen as `outer` times `length` times `inner` items, of which `length` goes. */
typedef struct {
    char *data;
    npy_intp outer, length, inner;
    npy_intp stride; /* along `length`, in bytes */
} Shape;

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

/* Reduce; -1 with an exception, 1 if NumPy would report something, from its own Python code. */
static int
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

/* What is asked for. */
typedef struct {
    PyArrayObject *array; /* borrowed */
    int axis;             /* -1 for all */
    int keeps;            /* whether axes that go stay, with length one */
} Request;

/* The arguments (x, axis=None, *, keepdims=False): 1 if they are these and plain. */
static int
reduction_parse(PyObject *const *args, Py_ssize_t n, PyObject *names, Request *request)
{
    static const char *const known[] = {"axis", "keepdims", NULL};
    PyObject *given[2] = {n > 1 ? args[1] : NULL, NULL};
    if (n < 1 || n > 2 || !PyArray_CheckExact(args[0]) ||
        (names != NULL && !native_keywords(args + n, names, known, given)) ||
        (given[1] != NULL && !PyBool_Check(given[1]))) {
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)args[0];
    int nd = PyArray_NDIM(array);
    if (nd == 0 || PyArray_SIZE(array) == 0 || !PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED)) {
        return 0;
    }
    *request = (Request){array, -1, given[1] == Py_True};
    if (given[0] == NULL || given[0] == Py_None) {
        return 1;
    }
    if (!PyLong_CheckExact(given[0])) {
        return 0;
    }
    int overflow;
    long number = PyLong_AsLongAndOverflow(given[0], &overflow);
    number += number < 0 ? nd : 0;
    if (overflow || number < 0 || number >= nd) {
        return 0;
    }
    request->axis = nd == 1 ? -1 : (int)number;
    return 1;
}

/* The loops over the array; 0 if NumPy has to do it. */
static int
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

/* Whether the result is a scalar. */
static int
reduction_is_scalar(const Request *request)
{
    return request->axis < 0 && !request->keeps;
}

/* An array for the result. */
static PyArrayObject *
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

/* What is done to sums of doubles: divide them by the number of items. Returns whether NumPy has
 * something to report. */
static int
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

static PyObject *
reduction_reduced(Native *self, const Request *request, int is_mean)
{
    Shape shape;
    if (!reduction_shape_of(request, &shape)) {
        return NULL;
    }
    Reduction *reduction = reduction_for(self, PyArray_DESCR(request->array));
    if (reduction == NULL || reduction->capsule == NULL) {
        return NULL;
    }
    if (reduction->cuts_rows && shape.inner == 1 && shape.length > NPY_BUFSIZE) {
        return NULL;
    }
    Reduction now = *reduction; /* another thread may plan for another dtype meanwhile */
    ItemRoom item;
    PyArrayObject *out = NULL;
    PyObject *result = NULL;
    Py_INCREF(now.descr);
    Py_INCREF(now.capsule);
    if (reduction_is_scalar(request) ||
        (out = reduction_result_for(self, request, now.descr)) != NULL) {
        char *to = out == NULL ? item.bytes : PyArray_BYTES(out);
        if (reduction_computed(&now, &shape, to) == 0 &&
            !(is_mean && reduction_divide((double *)to, shape.outer * shape.inner, shape.length))) {
            result = out == NULL ? PyArray_Scalar(item.bytes, now.descr, NULL) : Py_NewRef(out);
        }
    }
    Py_XDECREF(out);
    Py_DECREF(now.descr);
    Py_DECREF(now.capsule);
    return result;
}

static PyObject *
reduction_run_reduction(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Request request;
    return reduction_parse(args, n, names, &request) ? reduction_reduced(self, &request, 0) : NULL;
}

/* The mean of an array of doubles: sums, divided by the number of items. */
static PyObject *
reduction_run_mean(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Request request;
    return reduction_parse(args, n, names, &request) && PyArray_TYPE(request.array) == NPY_DOUBLE
               ? reduction_reduced(self, &request, 1)
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
    {NULL, NULL},
};
