/* Products, differences and running sums of vectors and matrices, by NumPy's loops.
 *
 * Where a loop raises flags that NumPy would report, NumPy does it all again: it reports them from
 * its own Python code.
 */
#include "calls/native.h"
#include "numpy/fperrors.h"
#include "numpy/views.h"

#include <string.h>

/* The loops of one call. */
typedef struct {
    const State *state;
    Variant *variant;      /* owned */
    npy_intp size;         /* of an item */
    PyThreadState *others; /* where these run meanwhile */
    int failed;
} Vectors;

/* Find the loop for two operands of one dtype, with results of that dtype, whose bits don't depend
 * on strides; 0 if there is none. */
static int
vectors_find(Native *self, Vectors *work, PyObject *a, PyObject *b)
{
    PyObject *operands[2] = {a, b};
    Variant *variant = variant_find(&self->kernel, operands);
    if (variant == NULL || variant->declined || variant->any_cast || !variant->stride_invariant ||
        !same_type(variant->descrs[0], variant->descrs[2]) ||
        !same_type(variant->descrs[0], variant->descrs[1])) {
        return 0;
    }
    variant->references++;
    work->state = self->site->state;
    work->variant = variant;
    work->size = PyDataType_ELSIZE(variant->descrs[0]);
    work->failed = 0;
    return 1;
}

static void
vectors_begin(Vectors *work, npy_intp items)
{
    work->others = items > LARGE ? PyEval_SaveThread() : NULL;
    status_clear(work->variant->slow_status);
}

static void
vectors_loop(Vectors *work, npy_intp n, const char *a, npy_intp a_by, const char *b, npy_intp b_by,
             char *to, npy_intp to_by)
{
    const CallInfo *call = &work->variant->step.call;
    char *data[3] = {(char *)a, (char *)b, to};
    npy_intp strides[3] = {a_by, b_by, to_by};
    work->failed |= call->loop(call->context, data, &n, strides, call->auxdata) < 0;
}

/* Whether the loops went well; the result is let go of if not. */
static PyObject *
vectors_end(Vectors *work, PyArrayObject *out)
{
    int slow = work->variant->slow_status, raised = status_raised(slow);
    if (raised) {
        status_clear(slow);
    }
    if (work->others != NULL) {
        PyEval_RestoreThread(work->others);
    }
    if (work->failed || (raised && fperrors_is_idle(work->state, raised) != 1)) {
        Py_CLEAR(out);
    }
    variant_release(work->variant);
    return (PyObject *)out;
}

/* An array for the result; without one the loop is let go of. */
static PyArrayObject *
vectors_room(Native *self, Vectors *work, int nd, const npy_intp *dims)
{
    npy_intp size = 1;
    for (int i = 0; i < nd; i++) {
        size *= dims[i];
    }
    PyArrayObject *out = slots_array(&self->slots, work->state, &self->site->place, self->name,
                                     work->variant->descrs[2], nd, dims, size);
    if (out == NULL) {
        variant_release(work->variant);
    }
    return out;
}

/* Whether an argument is an array in C order, aligned and not empty; with several axes, none of
 * which has length one, as NumPy ranks those in other ways. */
static int
vectors_is_plain(PyObject *value)
{
    if (!PyArray_CheckExact(value)) {
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)value;
    int nd = PyArray_NDIM(array);
    for (int i = 0; nd > 1 && i < nd; i++) {
        if (PyArray_DIM(array, i) == 1) {
            return 0;
        }
    }
    return nd > 0 && PyArray_SIZE(array) > 0 && PyArray_IS_C_CONTIGUOUS(array) &&
           PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED);
}

/* An axis of an array, counted from the end if it is negative; -1 if it is none, or not plain. */
static int
vectors_axis(PyObject *given, int nd)
{
    int overflow;
    long axis = PyLong_CheckExact(given) ? PyLong_AsLongAndOverflow(given, &overflow) : nd;
    axis += axis < 0 ? nd : 0;
    return axis < 0 || axis >= nd ? -1 : (int)axis;
}

/* ------------------------------------------------------------------ products */

/* Whether the routines of products take a vector as it is. */
static int
vectors_is_vector(PyArrayObject *array)
{
    return PyArray_NDIM(array) == 1 && PyArray_DIM(array, 0) > 1 && PyArray_STRIDE(array, 0) > 0 &&
           PyArray_STRIDE(array, 0) % PyArray_ITEMSIZE(array) == 0 &&
           PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED);
}

/* Whether an argument is an array of numbers of NumPy's. */
static int
vectors_is_numeric(PyObject *value)
{
    int type = PyArray_CheckExact(value) ? PyArray_TYPE((PyArrayObject *)value) : NPY_NOTYPE;
    return type <= NPY_CLONGDOUBLE || type == NPY_HALF;
}

/* The product of two vectors, by what NumPy calls for a dtype. */
static PyObject *
vectors_scalar_product(const State *state, PyArrayObject *a, PyArrayObject *b)
{
    ItemRoom item;
    status_clear(1);
    PyDataType_GetArrFuncs(PyArray_DESCR(a))
        ->dotfunc(PyArray_DATA(a), PyArray_STRIDE(a, 0), PyArray_DATA(b), PyArray_STRIDE(b, 0),
                  item.bytes, PyArray_DIM(a, 0), a);
    int raised = status_raised(1);
    if (raised) {
        status_clear(1);
        if (fperrors_is_idle(state, raised) != 1) {
            return NULL;
        }
    }
    return PyArray_Scalar(item.bytes, PyArray_DESCR(a), NULL);
}

/* dot(a, b) of vectors and matrices of one dtype; NumPy writes into an array of the arena. */
static PyObject *
vectors_run_dot(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n != 2 || names != NULL || !vectors_is_numeric(args[0]) || !vectors_is_numeric(args[1])) {
        return NULL;
    }
    PyArrayObject *a = (PyArrayObject *)args[0], *b = (PyArrayObject *)args[1];
    PyArray_Descr *descr = PyArray_DESCR(a);
    int na = PyArray_NDIM(a), nb = PyArray_NDIM(b), nd = 0;
    npy_intp dims[2], size = 1;
    if (na < 1 || na > 2 || nb < 1 || nb > 2 || PyArray_DESCR(b) != descr ||
        !PyArray_ISNBO(descr->byteorder) || PyDataType_METADATA(descr) != NULL ||
        PyArray_DIM(a, na - 1) != PyArray_DIM(b, 0)) {
        return NULL;
    }
    if (na + nb == 2) {
        return vectors_is_vector(a) && vectors_is_vector(b) && PyArray_DIM(a, 0) <= LARGE
                   ? vectors_scalar_product(self->site->state, a, b)
                   : NULL;
    }
    if (na == 2) {
        size *= dims[nd++] = PyArray_DIM(a, 0);
    }
    if (nb == 2) {
        size *= dims[nd++] = PyArray_DIM(b, 1);
    }
    if (size == 0 || PyArray_DIM(b, 0) == 0) {
        return NULL;
    }
    PyArrayObject *out = slots_array(&self->slots, self->site->state, &self->site->place,
                                     self->name, descr, nd, dims, size);
    PyObject *result =
        out == NULL ? NULL : PyArray_MatrixProduct2(args[0], args[1], out);
    Py_XDECREF(out);
    return result;
}

/* outer(a, b): the products of all items of one array with those of another. */
static PyObject *
vectors_run_outer(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Vectors work;
    if (n != 2 || names != NULL || !vectors_is_plain(args[0]) || !vectors_is_plain(args[1])) {
        return NULL;
    }
    PyArrayObject *a = (PyArrayObject *)args[0], *b = (PyArrayObject *)args[1], *out;
    npy_intp dims[2] = {PyArray_SIZE(a), PyArray_SIZE(b)};
    if (dims[0] == 1 || dims[1] == 1 || !vectors_find(self, &work, args[0], args[1]) ||
        (out = vectors_room(self, &work, 2, dims)) == NULL) {
        return NULL;
    }
    vectors_begin(&work, dims[0] * dims[1]);
    for (npy_intp i = 0; i < dims[0]; i++) {
        vectors_loop(&work, dims[1], PyArray_BYTES(a) + i * work.size, 0, PyArray_BYTES(b),
                     work.size, PyArray_BYTES(out) + i * dims[1] * work.size, work.size);
    }
    return vectors_end(&work, out);
}

/* Take items away from others that lie as far apart. */
#define VECTORS_LESSEN(type)                                                                \
    static void                                                                             \
    vectors_lessen_##type(char *from, npy_intp by, const char *what, npy_intp n)            \
    {                                                                                       \
        for (npy_intp i = 0; i < n; i++) {                                                  \
            *(type *)(from + i * by) = *(type *)(from + i * by) - ((const type *)what)[i];  \
        }                                                                                   \
    }
VECTORS_LESSEN(double)
VECTORS_LESSEN(float)

/* cross(a, b) of vectors of three doubles or singles, or of rows of them. */
static PyObject *
vectors_run_cross(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Vectors work;
    if (n != 2 || names != NULL || !vectors_is_plain(args[0]) || !vectors_is_plain(args[1])) {
        return NULL;
    }
    PyArrayObject *a = (PyArrayObject *)args[0], *b = (PyArrayObject *)args[1];
    int nd = PyArray_NDIM(a), type = PyArray_TYPE(a);
    if (nd != PyArray_NDIM(b) || PyArray_DIM(a, nd - 1) != 3 ||
        !PyArray_CompareLists(PyArray_DIMS(a), PyArray_DIMS(b), nd) ||
        (type != NPY_DOUBLE && type != NPY_FLOAT) || !vectors_find(self, &work, args[0], args[1])) {
        return NULL;
    }
    npy_intp rows = PyArray_SIZE(a) / 3, size = work.size, by = 3 * size;
    PyArrayObject *out = NULL, *product;
    product = slots_array(&self->scratch, work.state, &self->site->place, self->name,
                          work.variant->descrs[2], 1, &rows, rows);
    if (product == NULL) {
        variant_release(work.variant);
        return NULL;
    }
    out = vectors_room(self, &work, nd, PyArray_DIMS(a));
    if (out == NULL) {
        Py_DECREF(product);
        return NULL;
    }
    vectors_begin(&work, rows);
    for (int k = 0; k < 3; k++) {
        int next = (k + 1) % 3, last = (k + 2) % 3;
        char *to = PyArray_BYTES(out) + k * size, *other = PyArray_BYTES(product);
        vectors_loop(&work, rows, PyArray_BYTES(a) + next * size, by,
                     PyArray_BYTES(b) + last * size, by, to, by);
        vectors_loop(&work, rows, PyArray_BYTES(a) + last * size, by,
                     PyArray_BYTES(b) + next * size, by, other, size);
        if (type == NPY_DOUBLE) {
            vectors_lessen_double(to, by, other, rows);
        }
        else {
            vectors_lessen_float(to, by, other, rows);
        }
    }
    PyObject *made = vectors_end(&work, out);
    Py_DECREF(product);
    if (made != NULL) { /* NumPy's result is a view, as it moves an axis */
        Extent extent;
        PyObject *view = extent_of((PyArrayObject *)made, &extent)
                             ? view_made((PyArrayObject *)made, &extent)
                             : NULL;
        Py_SETREF(made, view);
    }
    return made;
}

/* ------------------------------------------------------------------ along an axis */

/* An array in C order, seen as `outer` times `length` times `inner` items. */
typedef struct {
    PyArrayObject *array; /* borrowed */
    int axis;
    npy_intp outer, length, inner;
} Along;

static void
vectors_look_along(PyArrayObject *array, int axis, Along *along)
{
    *along = (Along){array, axis, 1, PyArray_DIM(array, axis), 1};
    for (int i = 0; i < PyArray_NDIM(array); i++) {
        *(i < axis ? &along->outer : &along->inner) *= i == axis ? 1 : PyArray_DIM(array, i);
    }
}

/* diff(x, axis=-1): differences of neighbours. */
static PyObject *
vectors_run_diff(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"axis", NULL};
    PyObject *given[1] = {NULL};
    Vectors work;
    Along along;
    PyArrayObject *out;
    npy_intp dims[NPY_MAXDIMS];
    if (n != 1 || !native_keywords(args + 1, names, known, given) || !vectors_is_plain(args[0])) {
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)args[0];
    int nd = PyArray_NDIM(array), axis = given[0] == NULL ? nd - 1 : vectors_axis(given[0], nd);
    if (axis < 0 || PyArray_DIM(array, axis) < 2) {
        return NULL;
    }
    vectors_look_along(array, axis, &along);
    memcpy(dims, PyArray_DIMS(array), (size_t)nd * sizeof(npy_intp));
    dims[axis]--;
    if (!vectors_find(self, &work, args[0], args[0]) ||
        (out = vectors_room(self, &work, nd, dims)) == NULL) {
        return NULL;
    }
    npy_intp size = work.size, items = (along.length - 1) * along.inner;
    const char *from = PyArray_BYTES(array);
    char *to = PyArray_BYTES(out);
    vectors_begin(&work, along.outer * items);
    for (npy_intp o = 0; o < along.outer; o++) {
        vectors_loop(&work, items, from + along.inner * size, size, from, size, to, size);
        from += along.length * along.inner * size;
        to += items * size;
    }
    return vectors_end(&work, out);
}

/* cumsum(x, axis=None), cumprod(x, axis=None) of dtypes that stay as they are. */
static PyObject *
vectors_run_running(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"axis", NULL};
    PyObject *given[1] = {n == 2 ? args[1] : NULL};
    Vectors work;
    if (n < 1 || n > 2 || !native_keywords(args + n, names, known, given) ||
        !vectors_is_plain(args[0])) {
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)args[0], *out;
    int nd = PyArray_NDIM(array), whole = given[0] == NULL || given[0] == Py_None;
    int axis = whole ? 0 : vectors_axis(given[0], nd);
    if (axis < 0 || (PyArray_TYPE(array) < NPY_FLOAT &&
                     PyArray_ITEMSIZE(array) < (int)sizeof(npy_long))) {
        return NULL; /* NumPy adds up small integers and truths as larger ones */
    }
    Along along = {array, 0, 1, PyArray_SIZE(array), 1};
    if (!whole) {
        vectors_look_along(array, axis, &along);
    }
    if (!vectors_find(self, &work, args[0], args[0]) ||
        (out = vectors_room(self, &work, whole ? 1 : nd,
                            whole ? &along.length : PyArray_DIMS(array))) == NULL) {
        return NULL;
    }
    npy_intp size = work.size, row = along.inner * size;
    const char *from = PyArray_BYTES(array);
    char *to = PyArray_BYTES(out);
    vectors_begin(&work, PyArray_SIZE(array));
    for (npy_intp o = 0; o < along.outer; o++) {
        memcpy(to, from, (size_t)row);
        if (along.inner == 1 && along.length > 1) {
            vectors_loop(&work, along.length - 1, to, size, from + size, size, to + size, size);
        }
        for (npy_intp k = 1; along.inner > 1 && k < along.length; k++) {
            vectors_loop(&work, along.inner, to + (k - 1) * row, size, from + k * row, size,
                         to + k * row, size);
        }
        from += along.length * row;
        to += along.length * row;
    }
    return vectors_end(&work, out);
}

const NativeRow vector_rows[] = {
    {"dot", vectors_run_dot},         {"outer", vectors_run_outer},
    {"cross", vectors_run_cross},     {"diff", vectors_run_diff},
    {"cumsum", vectors_run_running},  {"cumprod", vectors_run_running},
    {NULL, NULL},
};
