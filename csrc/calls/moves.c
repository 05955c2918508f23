/* Arrays made by moving and repeating the items of others: roll, tile, triangles, blocks. */
#include "calls/native.h"
#include "numpy/views.h"

#include <string.h>

#define MOST_BLOCKS 32 /* in a row, and rows */

/* Whether an argument is an array of plain numbers in C order, not empty; with several axes, none
 * of which has length one, as NumPy ranks those in other ways. */
static int
moves_is_plain(PyObject *value)
{
    if (!PyArray_CheckExact(value)) {
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)value;
    const PyArray_Descr *descr = PyArray_DESCR(array);
    int nd = PyArray_NDIM(array);
    for (int i = 0; nd > 1 && i < nd; i++) {
        if (PyArray_DIM(array, i) == 1) {
            return 0;
        }
    }
    return nd > 0 && PyArray_SIZE(array) > 0 && PyArray_IS_C_CONTIGUOUS(array) &&
           PyArray_ISNBO(descr->byteorder) && PyDataType_METADATA(descr) == NULL &&
           (descr->type_num <= NPY_CLONGDOUBLE || descr->type_num == NPY_HALF);
}

static PyArrayObject *
moves_room(Native *self, PyArrayObject *array, int nd, const npy_intp *dims)
{
    npy_intp size = 1;
    for (int i = 0; i < nd; i++) {
        size *= dims[i];
    }
    return slots_array(&self->slots, self->site->state, &self->site->place, self->name,
                       PyArray_DESCR(array), nd, dims, size);
}

/* A view of all of an array, where NumPy's result is one; takes the reference. */
static PyObject *
moves_as_view(PyArrayObject *array)
{
    Extent extent;
    PyObject *view = NULL;
    if (array != NULL && extent_of(array, &extent)) {
        view = view_made(array, &extent);
    }
    Py_XDECREF(array);
    return view;
}

/* A plain int that fits into `npy_intp`; 0 if it is none. */
static int
moves_int(PyObject *given, npy_intp *value)
{
    int overflow;
    if (!PyLong_CheckExact(given)) {
        return 0;
    }
    long long number = PyLong_AsLongLongAndOverflow(given, &overflow);
    *value = (npy_intp)number;
    return !overflow && number < NPY_MAX_INTP / 2 && number > -(NPY_MAX_INTP / 2);
}

/* ------------------------------------------------------------------ roll and tile */

/* roll(x, shift, axis=None) by one number along one axis, or of all items. */
static PyObject *
moves_run_roll(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"shift", "axis", NULL};
    PyObject *given[2] = {n > 1 ? args[1] : NULL, n > 2 ? args[2] : NULL};
    npy_intp shift, axis = 0, outer = 1, inner = 1;
    if (n < 1 || n > 3 || !native_keywords(args + n, names, known, given) || given[0] == NULL ||
        !moves_is_plain(args[0]) || !moves_int(given[0], &shift)) {
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)args[0];
    int nd = PyArray_NDIM(array), whole = given[1] == NULL || given[1] == Py_None;
    npy_intp length = PyArray_SIZE(array);
    if (!whole) {
        if (!moves_int(given[1], &axis) || (axis += axis < 0 ? nd : 0) < 0 || axis >= nd) {
            return NULL;
        }
        length = PyArray_DIM(array, (int)axis);
        for (int i = 0; i < nd; i++) {
            *(i < axis ? &outer : &inner) *= i == axis ? 1 : PyArray_DIM(array, i);
        }
    }
    PyArrayObject *out = moves_room(self, array, nd, PyArray_DIMS(array));
    if (out == NULL) {
        return NULL;
    }
    shift %= length;
    shift += shift < 0 ? length : 0;
    size_t row = (size_t)inner * (size_t)PyArray_ITEMSIZE(array);
    size_t all = (size_t)length * row, moved = (size_t)shift * row;
    const char *from = PyArray_BYTES(array);
    char *to = PyArray_BYTES(out);
    for (npy_intp o = 0; o < outer; o++) {
        memcpy(to + moved, from, all - moved);
        memcpy(to, from + (all - moved), moved);
        from += all;
        to += all;
    }
    return whole ? moves_as_view(out) : (PyObject *)out;
}

/* Write an array from an axis on, with so many repetitions along each; how many bytes it took. */
static size_t
moves_tile(PyArrayObject *array, int axis, const npy_intp *times, const char *from, char *to)
{
    int nd = PyArray_NDIM(array);
    size_t done = 0, step = (size_t)PyArray_STRIDE(array, axis);
    if (axis == nd - 1) {
        done = (size_t)PyArray_DIM(array, axis) * (size_t)PyArray_ITEMSIZE(array);
        memcpy(to, from, done);
    }
    for (npy_intp i = 0; axis < nd - 1 && i < PyArray_DIM(array, axis); i++) {
        done += moves_tile(array, axis + 1, times, from + (size_t)i * step, to + done);
    }
    for (npy_intp i = 1; i < times[axis]; i++) {
        memcpy(to + (size_t)i * done, to, done);
    }
    return done * (size_t)times[axis];
}

/* tile(x, reps) with as many repetitions as axes, or fewer. */
static PyObject *
moves_run_tile(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n != 2 || names != NULL || !moves_is_plain(args[0])) {
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)args[0];
    int nd = PyArray_NDIM(array), given = 1, all_one = 1;
    PyObject *const *reps = &args[1];
    npy_intp times[NPY_MAXDIMS], dims[NPY_MAXDIMS], size = PyArray_NBYTES(array);
    if (PyTuple_CheckExact(args[1])) {
        given = (int)PyTuple_GET_SIZE(args[1]);
        reps = PySequence_Fast_ITEMS(args[1]);
    }
    if (given == 0 || given > nd) {
        return NULL;
    }
    for (int i = 0; i < nd; i++) {
        times[i] = 1;
        if (i >= nd - given &&
            (!moves_int(reps[i - (nd - given)], &times[i]) || times[i] < 1 ||
             times[i] > NPY_MAX_INTP / 64 / size)) {
            return NULL;
        }
        size *= times[i];
        all_one &= times[i] == 1;
        dims[i] = PyArray_DIM(array, i) * times[i];
    }
    if (all_one) {
        return NULL; /* a copy, whose layout goes by other rules */
    }
    PyArrayObject *out = moves_room(self, array, nd, dims);
    if (out != NULL) {
        moves_tile(array, 0, times, PyArray_BYTES(array), PyArray_BYTES(out));
    }
    return moves_as_view(out);
}

/* ------------------------------------------------------------------ triangles */

/* triu(x, k=0) and tril(x, k=0): copies of the upper or lower triangles, and zeros. */
static PyObject *
moves_triangle(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names, int upper)
{
    static const char *const known[] = {"k", NULL};
    PyObject *given[1] = {n > 1 ? args[1] : NULL};
    npy_intp k = 0;
    if (n < 1 || n > 2 || !native_keywords(args + n, names, known, given) ||
        !moves_is_plain(args[0]) || PyArray_NDIM((PyArrayObject *)args[0]) < 2 ||
        (given[0] != NULL && !moves_int(given[0], &k))) {
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)args[0];
    int nd = PyArray_NDIM(array);
    npy_intp rows = PyArray_DIM(array, nd - 2), columns = PyArray_DIM(array, nd - 1);
    size_t size = (size_t)PyArray_ITEMSIZE(array), all = (size_t)columns * size;
    PyArrayObject *out = moves_room(self, array, nd, PyArray_DIMS(array));
    if (out == NULL) {
        return NULL;
    }
    const char *from = PyArray_BYTES(array);
    char *to = PyArray_BYTES(out);
    for (npy_intp left = PyArray_SIZE(array) / columns; left > 0;) {
        for (npy_intp i = 0; i < rows; i++, left--) {
            npy_intp edge = i + k + !upper; /* columns before the upper triangle begins */
            edge = edge < 0 ? 0 : edge > columns ? columns : edge;
            size_t cut = (size_t)edge * size;
            if (upper) {
                memset(to, 0, cut);
                memcpy(to + cut, from + cut, all - cut);
            }
            else {
                memcpy(to, from, cut);
                memset(to + cut, 0, all - cut);
            }
            from += all;
            to += all;
        }
    }
    return (PyObject *)out;
}

static PyObject *
moves_run_triu(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return moves_triangle(self, args, n, names, 1);
}

static PyObject *
moves_run_tril(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return moves_triangle(self, args, n, names, 0);
}

/* ------------------------------------------------------------------ blocks */

/* Measure lists of matrices of one dtype that fit together; 0 if they are anything else. */
static int
moves_measure_blocks(PyObject *rows, npy_intp *dims)
{
    Py_ssize_t n = PyList_CheckExact(rows) ? PyList_GET_SIZE(rows) : 0;
    const PyArray_Descr *descr = NULL;
    dims[0] = 0;
    if (n > MOST_BLOCKS) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *row = PyList_GET_ITEM(rows, i);
        Py_ssize_t m = PyList_CheckExact(row) ? PyList_GET_SIZE(row) : 0;
        npy_intp width = 0, height = 0;
        if (m == 0 || m > MOST_BLOCKS) {
            return 0;
        }
        for (Py_ssize_t k = 0; k < m; k++) {
            PyArrayObject *array = (PyArrayObject *)PyList_GET_ITEM(row, k);
            if (!moves_is_plain((PyObject *)array) || PyArray_NDIM(array) != 2 ||
                (descr != NULL && PyArray_DESCR(array) != descr) ||
                (k && PyArray_DIM(array, 0) != height)) {
                return 0;
            }
            descr = PyArray_DESCR(array);
            height = PyArray_DIM(array, 0);
            width += PyArray_DIM(array, 1);
        }
        if (i && width != dims[1]) {
            return 0;
        }
        dims[0] += height;
        dims[1] = width;
    }
    return n > 0;
}

/* block([[a, b], [c, d]]) of matrices. */
static PyObject *
moves_run_block(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    npy_intp dims[2];
    if (n != 1 || names != NULL || !moves_measure_blocks(args[0], dims)) {
        return NULL;
    }
    PyObject *first = PyList_GET_ITEM(PyList_GET_ITEM(args[0], 0), 0);
    PyArrayObject *out = moves_room(self, (PyArrayObject *)first, 2, dims);
    if (out == NULL) {
        return NULL;
    }
    char *to = PyArray_BYTES(out);
    npy_intp by = PyArray_STRIDE(out, 0);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(args[0]); i++) {
        PyObject *row = PyList_GET_ITEM(args[0], i);
        npy_intp column = 0, height = 0;
        for (Py_ssize_t k = 0; k < PyList_GET_SIZE(row); k++) {
            PyArrayObject *array = (PyArrayObject *)PyList_GET_ITEM(row, k);
            npy_intp width = PyArray_STRIDE(array, 0);
            height = PyArray_DIM(array, 0);
            for (npy_intp r = 0; r < height; r++) {
                memcpy(to + r * by + column, PyArray_BYTES(array) + r * width, (size_t)width);
            }
            column += width;
        }
        to += height * by;
    }
    return (PyObject *)out;
}

const NativeRow move_rows[] = {
    {"roll", moves_run_roll}, {"tile", moves_run_tile},   {"triu", moves_run_triu},
    {"tril", moves_run_tril}, {"block", moves_run_block}, {NULL, NULL},
};
