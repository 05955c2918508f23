/* Medians and quantiles of doubles, by NumPy's partition.
 *
 * They go as NumPy's Python code goes: the same copy is partitioned at the same places, and what is
 * in between is interpolated by the same formula. NaNs are left to it.
 */
#include "calls/reductions.h"
#include "numpy/fperrors.h"

#include <math.h>
#include <string.h>

#define MOST_QUANTILES 16

/* What is asked of: all items of an array, or the rows or columns of a matrix. */
typedef struct {
    PyArrayObject *array; /* borrowed */
    int axis;             /* that goes; -1 for all */
    npy_intp lanes, length;
} Lanes;

/* The arguments (x, axis=None), as an array of doubles in C order: 1 if they are plain. */
static int
orders_parse(PyObject *value, PyObject *axis, Lanes *lanes)
{
    if (!PyArray_CheckExact(value)) {
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)value;
    if (PyArray_TYPE(array) != NPY_DOUBLE || PyArray_NDIM(array) == 0 ||
        PyArray_SIZE(array) == 0 || !PyArray_IS_C_CONTIGUOUS(array) ||
        !PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED) ||
        !PyArray_ISNBO(PyArray_DESCR(array)->byteorder) ||
        PyDataType_METADATA(PyArray_DESCR(array)) != NULL) {
        return 0;
    }
    *lanes = (Lanes){array, -1, 1, PyArray_SIZE(array)};
    if (axis == NULL || axis == Py_None) {
        return 1;
    }
    int overflow, nd = PyArray_NDIM(array);
    long number = PyLong_CheckExact(axis) ? PyLong_AsLongAndOverflow(axis, &overflow) : nd;
    number += number < 0 ? nd : 0;
    if (number < 0 || number >= nd || nd > 2) {
        return 0;
    }
    if (nd == 2) {
        lanes->axis = (int)number;
        lanes->length = PyArray_DIM(array, (int)number);
        lanes->lanes = PyArray_DIM(array, 1 - (int)number);
    }
    return 1;
}

/* Copy lanes, one after the other. */
static void
orders_copy(const Lanes *lanes, double *to)
{
    const double *from = (const double *)PyArray_DATA(lanes->array);
    if (lanes->axis != 0) {
        memcpy(to, from, (size_t)PyArray_NBYTES(lanes->array));
        return;
    }
    for (npy_intp lane = 0; lane < lanes->lanes; lane++) {
        for (npy_intp i = 0; i < lanes->length; i++) {
            *to++ = from[i * lanes->lanes + lane];
        }
    }
}

/* Put items of each lane at their places in a sorted order; the lanes, or NULL, also where there is
 * a NaN: NumPy's sorted order ends with them. */
static PyArrayObject *
orders_partitioned(Native *self, const Lanes *lanes, const npy_intp *places, npy_intp n)
{
    const State *state = self->site->state;
    const Place *place = &self->site->place;
    npy_intp dims[2] = {lanes->lanes, lanes->length};
    PyArray_Descr *intp = PyArray_DescrFromType(NPY_INTP);
    PyArrayObject *copy, *at;
    copy = slots_array(&self->scratch, state, place, self->name, PyArray_DESCR(lanes->array), 2,
                       dims, dims[0] * dims[1]);
    at = copy == NULL ? NULL
                      : slots_array(&self->scratch, state, place, self->name, intp, 1, &n, n);
    Py_DECREF(intp);
    Stretch stretch;
    if (at == NULL || routing_begin(&stretch, state, place) < 0) {
        Py_XDECREF(at);
        Py_XDECREF(copy);
        return NULL;
    }
    orders_copy(lanes, (double *)PyArray_DATA(copy));
    memcpy(PyArray_BYTES(at), places, (size_t)n * sizeof(npy_intp));
    int failed = PyArray_Partition(copy, at, 1, NPY_INTROSELECT);
    PyObject *done = routing_end(&stretch, state, place, self->callee,
                                 failed < 0 ? NULL : Py_NewRef(Py_None));
    Py_DECREF(at);
    int any_nan = done == NULL;
    Py_XDECREF(done);
    const double *last = (const double *)PyArray_DATA(copy) + lanes->length - 1;
    for (npy_intp lane = 0; lane < lanes->lanes; lane++) {
        any_nan |= isnan(last[lane * lanes->length]) != 0;
    }
    if (any_nan) {
        Py_CLEAR(copy);
    }
    return copy;
}

/* An array for one number of each lane, or of a list of so many. */
static PyArrayObject *
orders_room(Native *self, const Lanes *lanes, npy_intp n)
{
    return slots_array(&self->slots, self->site->state, &self->site->place, self->name,
                       PyArray_DESCR(lanes->array), 1, &n, n);
}

/* Whether nothing was raised that NumPy would report; clears. */
static int
orders_quiet(const State *state)
{
    int raised = status_raised(0);
    if (raised == 0) {
        return 1;
    }
    status_clear(0);
    return fperrors_is_idle(state, raised) == 1;
}

/* One number as a double of NumPy's, others as an array; NULL if they raised something. */
static PyObject *
orders_delivered(Native *self, const Lanes *lanes, int is_scalar, const double *values,
                 PyArrayObject *out)
{
    int quiet = orders_quiet(self->site->state);
    if (!quiet) {
        Py_XDECREF(out);
        return NULL;
    }
    return is_scalar ? PyArray_Scalar((void *)values, PyArray_DESCR(lanes->array), NULL)
                     : (PyObject *)out;
}

/* What NumPy's sums of doubles start from: the sign of this zero differs between its versions. */
static int
orders_sums_start(Native *self, PyArray_Descr *descr, double *start)
{
    const Shape shape = {NULL, 1, 1, 1, 0};
    Reduction add;
    if (!reduction_find(self, descr, &shape, &add)) {
        return 0;
    }
    memcpy(start, add.initial.bytes, sizeof(double));
    reduction_release(&add);
    return add.has_initial;
}

/* median(x, axis=None): the mean of the items in the middle. */
static PyObject *
orders_run_median(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"axis", NULL};
    PyObject *given[1] = {n > 1 ? args[1] : NULL};
    Lanes lanes;
    if (n < 1 || n > 2 || !native_keywords(args + n, names, known, given) ||
        !orders_parse(args[0], given[0], &lanes)) {
        return NULL;
    }
    npy_intp length = lanes.length, half = length / 2, places[3] = {half - 1, half, -1};
    int odd = length % 2;
    double median, start, *to = &median;
    if (!orders_sums_start(self, PyArray_DESCR(lanes.array), &start)) {
        return NULL;
    }
    PyArrayObject *sorted = orders_partitioned(self, &lanes, places + odd, 3 - odd), *out = NULL;
    if (sorted == NULL ||
        (lanes.axis >= 0 && (out = orders_room(self, &lanes, lanes.lanes)) == NULL)) {
        Py_XDECREF(sorted);
        return NULL;
    }
    if (out != NULL) {
        to = (double *)PyArray_DATA(out);
    }
    const double *items = (const double *)PyArray_DATA(sorted);
    status_clear(0);
    for (npy_intp lane = 0; lane < lanes.lanes; lane++, items += length) {
        double sum = odd ? start + items[half] : start + items[half - 1] + items[half];
        to[lane] = sum / (odd ? 1.0 : 2.0);
    }
    Py_DECREF(sorted);
    return orders_delivered(self, &lanes, out == NULL, &median, out);
}

/* ------------------------------------------------------------------ quantiles */

/* What is asked for: parts of one, and whether they stand in a list. */
typedef struct {
    npy_intp n;
    int is_list;
    double parts[MOST_QUANTILES];
} Quantiles;

/* Read numbers, at least one of them a float unless ints will do. */
static int
orders_numbers(Quantiles *asked, PyObject *given, int ints_will_do)
{
    PyObject *const *items = &given;
    int floats = 0;
    asked->n = 1;
    asked->is_list = PyList_CheckExact(given) || PyTuple_CheckExact(given);
    if (asked->is_list) {
        asked->n = PySequence_Fast_GET_SIZE(given);
        items = PySequence_Fast_ITEMS(given);
    }
    if (asked->n == 0 || asked->n > MOST_QUANTILES) {
        return 0;
    }
    for (npy_intp i = 0; i < asked->n; i++) {
        if (PyFloat_CheckExact(items[i])) {
            asked->parts[i] = PyFloat_AS_DOUBLE(items[i]);
            floats++;
            continue;
        }
        int overflow = 1;
        long number = PyLong_CheckExact(items[i])
                          ? PyLong_AsLongAndOverflow(items[i], &overflow)
                          : 0;
        if (overflow) {
            return 0;
        }
        asked->parts[i] = (double)number;
    }
    return floats || ints_will_do;
}

/* Where a quantile lies: the places before and after it, and how far it is from the first. */
typedef struct {
    npy_intp before, after;
    double part;
} Between;

static void
orders_find(double quantile, npy_intp size, Between *found)
{
    double at = (double)(size - 1) * quantile, before = floor(at), after = before + 1.0;
    if (at >= (double)(size - 1)) {
        before = after = -1.0;
    }
    found->part = at - before;
    found->before = (npy_intp)before;
    found->after = (npy_intp)after;
}

static double
orders_interpolated(const double *sorted, npy_intp size, const Between *found)
{
    double a = sorted[found->before < 0 ? size - 1 : found->before];
    double b = sorted[found->after < 0 ? size - 1 : found->after];
    double distance = b - a;
    volatile double value = a + distance * found->part; /* for its flags, used or not */
    return found->part >= 0.5 ? b - distance * (1.0 - found->part) : value;
}

static PyObject *
orders_quantiles(Native *self, const Lanes *lanes, const Quantiles *asked)
{
    npy_intp length = lanes->length, places[2 + 2 * MOST_QUANTILES] = {0, -1}, n = 2;
    double value, *to = &value;
    Between found[MOST_QUANTILES];
    if (asked->is_list && lanes->axis >= 0) {
        return NULL;
    }
    for (npy_intp i = 0; i < asked->n; i++) {
        if (!(asked->parts[i] >= 0.0 && asked->parts[i] <= 1.0)) {
            return NULL;
        }
        orders_find(asked->parts[i], length, &found[i]);
        npy_intp wanted[2] = {found[i].before, found[i].after};
        for (int w = 0; w < 2; w++) { /* each place once */
            npy_intp k = 0;
            while (k < n && places[k] != wanted[w]) {
                k++;
            }
            places[k] = wanted[w];
            n += k == n;
        }
    }
    PyArrayObject *sorted = orders_partitioned(self, lanes, places, n), *out = NULL;
    int is_scalar = !asked->is_list && lanes->axis < 0;
    if (sorted == NULL ||
        (!is_scalar && (out = orders_room(self, lanes, lanes->lanes * asked->n)) == NULL)) {
        Py_XDECREF(sorted);
        return NULL;
    }
    if (out != NULL) {
        to = (double *)PyArray_DATA(out);
    }
    const double *items = (const double *)PyArray_DATA(sorted);
    status_clear(0);
    for (npy_intp lane = 0; lane < lanes->lanes; lane++, items += length) {
        for (npy_intp i = 0; i < asked->n; i++) {
            *to++ = orders_interpolated(items, length, &found[i]);
        }
    }
    Py_DECREF(sorted);
    return orders_delivered(self, lanes, is_scalar, &value, out);
}

/* quantile(x, q, axis=None), percentile(x, q, axis=None): q is a number or a list of numbers. */
static PyObject *
orders_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names, int percent)
{
    static const char *const known[] = {"q", "axis", NULL};
    PyObject *given[2] = {n > 1 ? args[1] : NULL, n > 2 ? args[2] : NULL};
    Lanes lanes;
    Quantiles asked;
    if (n < 1 || n > 3 || !native_keywords(args + n, names, known, given) || given[0] == NULL ||
        !orders_parse(args[0], given[1], &lanes) || !orders_numbers(&asked, given[0], percent)) {
        return NULL;
    }
    for (npy_intp i = 0; percent && i < asked.n; i++) {
        asked.parts[i] /= 100.0;
    }
    return orders_quantiles(self, &lanes, &asked);
}

static PyObject *
orders_run_quantile(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return orders_run(self, args, n, names, 0);
}

static PyObject *
orders_run_percentile(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return orders_run(self, args, n, names, 1);
}

const NativeRow order_rows[] = {
    {"median", orders_run_median},
    {"quantile", orders_run_quantile},
    {"percentile", orders_run_percentile},
    {NULL, NULL},
};
