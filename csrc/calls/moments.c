/* Variances, standard deviations and norms: sums of squares, by NumPy's loop of sums.
 *
 * They go as NumPy's Python code goes: the mean, rounded to the dtype; the squares of what is left;
 * their sum; that divided by the number of items in double precision, and rounded; its root.
 */
#include "calls/reductions.h"
#include "numpy/fperrors.h"

#include <math.h>
#include <string.h>

#define MOST_CONVERTED NPY_BUFSIZE /* integers that NumPy converts at once */

enum moment { VARIANCE, DEVIATION, NORM };

/* Square what is left of items after their means; those of a row have one mean each, or all of
 * them one. `means` is NULL where nothing is taken away. */
#define MOMENTS_SQUARES(type)                                                                \
    FOR_EACH_PROCESSOR static void                                                           \
    moments_squares_##type(const char *from, npy_intp n, npy_intp by, const type *means,     \
                           npy_intp step, type *to)                                          \
    {                                                                                        \
        if (step == 0 && by == (npy_intp)sizeof(type)) {                                     \
            const type *items = (const type *)from, mean = means == NULL ? 0 : *means;       \
            for (npy_intp i = 0; i < n; i++) { /* x - 0 is x */                              \
                type left = items[i] - mean;                                                 \
                to[i] = left * left;                                                         \
            }                                                                                \
            return;                                                                          \
        }                                                                                    \
        for (npy_intp i = 0; i < n; i++) {                                                   \
            type item = *(const type *)(from + i * by);                                      \
            type left = means == NULL ? item : item - means[i * step];                       \
            to[i] = left * left;                                                             \
        }                                                                                    \
    }
MOMENTS_SQUARES(double)
MOMENTS_SQUARES(float)

/* Divide by a number of items, in double precision. */
#define MOMENTS_DIVIDE(type)                                  \
    static void                                               \
    moments_divide_##type(type *items, npy_intp n, double by) \
    {                                                         \
        for (npy_intp i = 0; i < n; i++) {                    \
            items[i] = (type)((double)items[i] / by);         \
        }                                                     \
    }
MOMENTS_DIVIDE(double)
MOMENTS_DIVIDE(float)

static void
moments_divide(int is_double, char *items, npy_intp n, npy_intp by)
{
    if (is_double) {
        moments_divide_double((double *)items, n, (double)by);
    }
    else {
        moments_divide_float((float *)items, n, (double)by);
    }
}

static void
moments_root(int is_double, char *items, npy_intp n)
{
    for (npy_intp i = 0; i < n; i++) {
        if (is_double) {
            ((double *)items)[i] = sqrt(((double *)items)[i]);
        }
        else {
            ((float *)items)[i] = sqrtf(((float *)items)[i]);
        }
    }
}

/* The squares of a shape, in C order, after the means of what goes (NULL: of the items). */
static void
moments_squares(int is_double, const Shape *shape, const char *means, char *to)
{
    npy_intp size = is_double ? sizeof(double) : sizeof(float);
    int rows = shape->inner > 1;
    npy_intp n = rows ? shape->inner : shape->length;
    npy_intp by = rows ? size : shape->stride, times = rows ? shape->length : 1;
    const char *from = shape->data;
    for (npy_intp o = 0; o < shape->outer; o++) {
        for (npy_intp k = 0; k < times; k++) {
            if (is_double) {
                moments_squares_double(from, n, by, (const double *)means, rows, (double *)to);
            }
            else {
                moments_squares_float(from, n, by, (const float *)means, rows, (float *)to);
            }
            from += n * by;
            to += n * size;
        }
        means = means == NULL ? NULL : means + shape->inner * size;
    }
}

/* Whether nothing has been raised since the flags were cleared that NumPy would report; clears. */
static int
moments_quiet(const State *state)
{
    int raised = status_raised(0);
    if (raised == 0) {
        return 1;
    }
    status_clear(0);
    return fperrors_is_idle(state, raised) == 1;
}

/* Compute into `to`; 0 if NumPy has to do it, or with an exception. `left` is room for the squares
 * and, after them, the means. */
static int
moments_compute(const State *state, const Reduction *add, const Shape *shape, enum moment moment,
                npy_intp ddof, char *left, char *to)
{
    int is_double = add->descr->type_num == NPY_DOUBLE;
    npy_intp results = shape->outer * shape->inner, n = results * shape->length;
    npy_intp size = is_double ? sizeof(double) : sizeof(float);
    char *means = moment == NORM ? NULL : left + n * size;
    if (means != NULL) {
        if (reduction_computed(add, shape, means) != 0) {
            return 0;
        }
        status_clear(0);
        moments_divide(is_double, means, results, shape->length);
    }
    else {
        status_clear(0);
    }
    PyThreadState *others = n > LARGE ? PyEval_SaveThread() : NULL;
    moments_squares(is_double, shape, means, left);
    if (others != NULL) {
        PyEval_RestoreThread(others);
    }
    Shape squares = *shape;
    squares.data = left;
    squares.stride = shape->inner * size;
    if (!moments_quiet(state) || reduction_computed(add, &squares, to) != 0) {
        return 0;
    }
    status_clear(0);
    if (moment != NORM) {
        moments_divide(is_double, to, results, shape->length - ddof);
    }
    if (moment != VARIANCE) {
        moments_root(is_double, to, results);
    }
    return moments_quiet(state);
}

/* Turn a row of integers into doubles that stand at its place; 0 if NumPy does it in pieces. */
static int
moments_convert(Native *self, PyArray_Descr *from, PyArray_Descr *to, Shape *shape,
                PyArrayObject **converted)
{
    Loop cast = cast_between(from, to);
    npy_intp n = shape->length;
    if (cast == NULL || shape->outer != 1 || shape->inner != 1 || n > MOST_CONVERTED) {
        return 0;
    }
    *converted = slots_array(&self->scratch, self->site->state, &self->site->place, self->name, to,
                             1, &n, n);
    if (*converted == NULL) {
        return 0;
    }
    cast_items(cast, shape->data, shape->stride, PyArray_BYTES(*converted), n);
    shape->data = PyArray_BYTES(*converted);
    shape->stride = sizeof(double);
    return 1;
}

static PyObject *
moments_made(Native *self, const Request *request, enum moment moment, npy_intp ddof)
{
    Shape shape;
    Reduction add;
    ItemRoom item;
    PyArray_Descr *descr = PyArray_DESCR(request->array);
    PyArrayObject *out = NULL, *left = NULL, *converted = NULL;
    PyObject *result = NULL;
    int whole = PyTypeNum_ISINTEGER(descr->type_num) && moment != NORM;
    if ((!whole && descr->type_num != NPY_DOUBLE && descr->type_num != NPY_FLOAT) ||
        !PyArray_ISNBO(descr->byteorder) || !reduction_shape_of(request, &shape) ||
        shape.length <= ddof) {
        return NULL;
    }
    descr = whole ? PyArray_DescrFromType(NPY_DOUBLE)
                  : (PyArray_Descr *)Py_NewRef((PyObject *)descr);
    if ((whole && !moments_convert(self, PyArray_DESCR(request->array), descr, &shape,
                                   &converted)) ||
        !reduction_find(self, descr, &shape, &add)) {
        Py_XDECREF(converted);
        Py_DECREF(descr);
        return NULL;
    }
    npy_intp room = shape.outer * shape.inner * (shape.length + (moment != NORM));
    left = slots_array(&self->scratch, self->site->state, &self->site->place, self->name, descr, 1,
                       &room, room);
    if (left != NULL && (reduction_is_scalar(request) ||
                         (out = reduction_result_for(self, request, descr)) != NULL)) {
        char *to = out == NULL ? item.bytes : PyArray_BYTES(out);
        if (moments_compute(self->site->state, &add, &shape, moment, ddof, PyArray_BYTES(left),
                            to)) {
            result = out == NULL ? PyArray_Scalar(item.bytes, descr, NULL) : Py_NewRef(out);
        }
    }
    Py_XDECREF(out);
    Py_XDECREF(left);
    Py_XDECREF(converted);
    Py_DECREF(descr);
    reduction_release(&add);
    return result;
}

static PyObject *
moments_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names, enum moment moment)
{
    Request request;
    PyObject *given;
    npy_intp ddof = 0;
    if (!reduction_parse(args, n, names, &request, &given)) {
        return NULL;
    }
    if (given != NULL) {
        int overflow;
        if (!PyLong_CheckExact(given)) {
            return NULL;
        }
        ddof = PyLong_AsLongAndOverflow(given, &overflow);
        if (overflow || ddof < 0) {
            return NULL;
        }
    }
    return moments_made(self, &request, moment, ddof);
}

static PyObject *
moments_run_var(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return moments_run(self, args, n, names, VARIANCE);
}

static PyObject *
moments_run_std(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return moments_run(self, args, n, names, DEVIATION);
}

/* The norm of all items: the root of their product with themselves. */
static PyObject *
moments_norm_of_all(PyArrayObject *array)
{
    PyArray_Descr *descr = PyArray_DESCR(array);
    npy_intp n = PyArray_SIZE(array), by = PyArray_ITEMSIZE(array);
    ItemRoom item;
    if (n < 2 || !(PyArray_CHKFLAGS(array, NPY_ARRAY_C_CONTIGUOUS) ||
                   PyArray_CHKFLAGS(array, NPY_ARRAY_F_CONTIGUOUS))) {
        return NULL;
    }
    status_clear(1);
    PyDataType_GetArrFuncs(descr)->dotfunc(PyArray_DATA(array), by, PyArray_DATA(array), by,
                                           item.bytes, n, array);
    moments_root(descr->type_num == NPY_DOUBLE, item.bytes, 1);
    if (status_raised(1)) {
        status_clear(1); /* of the product NumPy says nothing, but of the root */
        return NULL;
    }
    return PyArray_Scalar(item.bytes, descr, NULL);
}

/* norm(x, ord=None, axis=None): the root of a sum of squares. */
static PyObject *
moments_run_norm(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"ord", "axis", "keepdims", NULL};
    PyObject *given[3] = {n > 1 ? args[1] : NULL, n > 2 ? args[2] : NULL, NULL};
    if (n < 1 || n > 3 || !PyArray_CheckExact(args[0]) ||
        (names != NULL && !native_keywords(args + n, names, known, given)) ||
        (given[2] != NULL && !PyBool_Check(given[2]))) {
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)args[0];
    int type = PyArray_TYPE(array), of_all = given[1] == NULL || given[1] == Py_None;
    Request request = {array, -1, given[2] == Py_True};
    if (PyArray_NDIM(array) == 0 || PyArray_SIZE(array) == 0 ||
        (type != NPY_DOUBLE && type != NPY_FLOAT) ||
        !PyArray_ISNBO(PyArray_DESCR(array)->byteorder) ||
        !PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED)) {
        return NULL;
    }
    if (given[0] != NULL && given[0] != Py_None) { /* a norm of vectors, and the root */
        if (!PyLong_CheckExact(given[0]) || PyLong_AsLong(given[0]) != 2 ||
            (of_all && PyArray_NDIM(array) != 1)) {
            PyErr_Clear();
            return NULL;
        }
    }
    if (of_all) {
        return request.keeps ? NULL : moments_norm_of_all(array);
    }
    return reduction_take_axis(&request, given[1]) ? moments_made(self, &request, NORM, 0) : NULL;
}

const NativeRow moment_rows[] = {
    {"var", moments_run_var},
    {"std", moments_run_std},
    {"norm", moments_run_norm},
    {NULL, NULL},
};
