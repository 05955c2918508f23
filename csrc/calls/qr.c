/* qr(matrix): a matrix of doubles in orthogonal and triangular factors, by the loops of the two
 * ufuncs that numpy.linalg calls one after the other.
 *
 * `more` is (ufuncs, ufunc, form): the first step, for matrices with at least as many columns as
 * rows and for others if there are two; the second; and the type of the result.
 */
#include "calls/gufuncs.h"

#include <string.h>

static PyArrayObject *
qr_room(Native *self, Slots *slots, PyArray_Descr *descr, int nd, npy_intp rows, npy_intp columns)
{
    npy_intp dims[2] = {rows, columns};
    return slots_array(slots, self->site->state, &self->site->place, self->name, descr, nd, dims,
                       nd == 2 ? rows * columns : rows);
}

/* The loop of a ufunc for doubles, or -1. */
static int
qr_type(const PyUFuncObject *ufunc)
{
    for (int i = 0; i < ufunc->ntypes; i++) {
        if (ufunc->types[i * ufunc->nargs] == NPY_DOUBLE) {
            return i;
        }
    }
    return -1;
}

/* Factor a copy of the matrix, in C order: q is written, and r in the copy's upper triangle. */
static int
qr_compute(const PyUFuncObject *first, const PyUFuncObject *second, PyArrayObject *copy,
           PyArrayObject *tau, PyArrayObject *q)
{
    npy_intp m = PyArray_DIM(copy, 0), n = PyArray_DIM(copy, 1), k = m < n ? m : n;
    npy_intp size = sizeof(double), row = n * size;
    int shared = (double)m * (double)n * (double)k > WORTH_SHARING;
    char *data[3] = {PyArray_BYTES(copy), PyArray_BYTES(tau), PyArray_BYTES(q)};
    npy_intp lengths[4] = {1, m, n, k}, again[4] = {1, m, n, k};
    npy_intp raw_strides[5] = {0, 0, row, size, size};
    npy_intp strides[8] = {0, 0, 0, row, size, size, k * size, size};
    return gufunc_loop(first, qr_type(first), data, lengths, raw_strides, shared) &&
           gufunc_loop(second, qr_type(second), data, again, strides, shared);
}

/* Copy the upper triangle, and write zeros below it. */
static void
qr_triangle(PyArrayObject *copy, PyArrayObject *r)
{
    npy_intp n = PyArray_DIM(r, 1);
    const double *from = PyArray_DATA(copy);
    double *to = PyArray_DATA(r);
    for (npy_intp i = 0; i < PyArray_DIM(r, 0); i++, from += n, to += n) {
        npy_intp below = i < n ? i : n;
        memset(to, 0, (size_t)below * sizeof(double));
        memcpy(to + below, from + below, (size_t)(n - below) * sizeof(double));
    }
}

static PyObject *
qr_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n != 1 || names != NULL || !PyArray_CheckExact(args[0])) {
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)args[0], *copy, *tau, *q, *r;
    PyArray_Descr *descr = PyArray_DESCR(array);
    if (PyArray_NDIM(array) != 2 || descr->type_num != NPY_DOUBLE ||
        !PyArray_ISNBO(descr->byteorder) || PyDataType_METADATA(descr) != NULL ||
        !PyArray_IS_C_CONTIGUOUS(array) || PyArray_DIM(array, 0) < 2 ||
        PyArray_DIM(array, 1) < 2) { /* of other orders NumPy's factors have other layouts */
        return NULL;
    }
    PyObject *firsts = PyTuple_GET_ITEM(self->more, 0), *result = NULL;
    npy_intp rows = PyArray_DIM(array, 0), columns = PyArray_DIM(array, 1);
    npy_intp k = rows < columns ? rows : columns;
    Py_ssize_t which = rows <= columns ? 0 : PyTuple_GET_SIZE(firsts) - 1;
    PyObject *first = Py_NewRef(PyTuple_GET_ITEM(firsts, which));
    PyObject *second = Py_NewRef(PyTuple_GET_ITEM(self->more, 1));
    PyObject *form = Py_NewRef(PyTuple_GET_ITEM(self->more, 2));
    copy = qr_room(self, &self->scratch, descr, 2, rows, columns);
    tau = copy == NULL ? NULL : qr_room(self, &self->scratch, descr, 1, k, 1);
    q = tau == NULL ? NULL : qr_room(self, &self->slots, descr, 2, rows, k);
    r = q == NULL ? NULL : qr_room(self, &self->slots, descr, 2, k, columns);
    if (r != NULL) {
        memcpy(PyArray_BYTES(copy), PyArray_BYTES(array), (size_t)PyArray_NBYTES(array));
        if (qr_compute((PyUFuncObject *)first, (PyUFuncObject *)second, copy, tau, q)) {
            qr_triangle(copy, r);
            PyObject *const both[2] = {Py_NewRef((PyObject *)q), Py_NewRef((PyObject *)r)};
            result = gufunc_tuple(form, both, 2);
        }
    }
    Py_XDECREF(copy);
    Py_XDECREF(tau);
    Py_XDECREF(q);
    Py_XDECREF(r);
    Py_DECREF(first);
    Py_DECREF(second);
    Py_DECREF(form);
    return result;
}

const NativeRow qr_rows[] = {{"qr", qr_run}, {NULL, NULL}};
