/* Arrays put together from others in C order and of one dtype: concatenate, stack, where. */
#include "calls/native.h"
#include "numpy/select.h"

#include <string.h>

#define MOST_JOINED 32

/* The arrays of a tuple or list if they have one dtype and rank and are in C order; else 0. */
static Py_ssize_t
joins_collect(PyObject *list, PyArrayObject **arrays)
{
    if (!PyTuple_CheckExact(list) && !PyList_CheckExact(list)) {
        return 0;
    }
    Py_ssize_t n = PySequence_Fast_GET_SIZE(list);
    if (n == 0 || n > MOST_JOINED) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_Fast_GET_ITEM(list, i);
        if (!PyArray_CheckExact(item)) {
            return 0;
        }
        arrays[i] = (PyArrayObject *)item;
        PyArray_Descr *descr = PyArray_DESCR(arrays[i]);
        if (descr != PyArray_DESCR(arrays[0]) || descr->type_num > NPY_CLONGDOUBLE ||
            PyDataType_METADATA(descr) != NULL || !PyArray_ISNBO(descr->byteorder) ||
            PyArray_NDIM(arrays[i]) != PyArray_NDIM(arrays[0]) || PyArray_NDIM(arrays[i]) == 0 ||
            PyArray_NDIM(arrays[i]) >= NPY_MAXDIMS || !PyArray_IS_C_CONTIGUOUS(arrays[i]) ||
            PyArray_SIZE(arrays[i]) == 0) {
            return 0;
        }
    }
    return n;
}

static PyObject *
join(Native *self, PyArrayObject **arrays, Py_ssize_t n, int nd, const npy_intp *dims)
{
    npy_intp size = 1;
    for (int i = 0; i < nd; i++) {
        size *= dims[i];
    }
    PyArrayObject *out = slots_array(&self->slots, self->site->state, &self->site->place,
                                     self->name, PyArray_DESCR(arrays[0]), nd, dims, size);
    if (out != NULL) {
        char *to = PyArray_BYTES(out);
        for (Py_ssize_t i = 0; i < n; i++) {
            memcpy(to, PyArray_BYTES(arrays[i]), (size_t)PyArray_NBYTES(arrays[i]));
            to += PyArray_NBYTES(arrays[i]);
        }
    }
    return (PyObject *)out;
}

/* concatenate(arrays) along the first axis. */
static PyObject *
joins_run_concatenate(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyArrayObject *arrays[MOST_JOINED];
    Py_ssize_t count = n == 1 && names == NULL ? joins_collect(args[0], arrays) : 0;
    if (count == 0) {
        return NULL;
    }
    npy_intp dims[NPY_MAXDIMS];
    int nd = PyArray_NDIM(arrays[0]);
    memcpy(dims, PyArray_DIMS(arrays[0]), (size_t)nd * sizeof(npy_intp));
    for (Py_ssize_t i = 1; i < count; i++) {
        if (!PyArray_CompareLists(dims + 1, PyArray_DIMS(arrays[i]) + 1, nd - 1)) {
            return NULL;
        }
        dims[0] += PyArray_DIM(arrays[i], 0);
    }
    return join(self, arrays, count, nd, dims);
}

/* stack(arrays) along a new first axis. */
static PyObject *
joins_run_stack(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyArrayObject *arrays[MOST_JOINED];
    Py_ssize_t count = n == 1 && names == NULL ? joins_collect(args[0], arrays) : 0;
    if (count == 0) {
        return NULL;
    }
    npy_intp dims[NPY_MAXDIMS + 1];
    int nd = PyArray_NDIM(arrays[0]);
    dims[0] = count;
    memcpy(dims + 1, PyArray_DIMS(arrays[0]), (size_t)nd * sizeof(npy_intp));
    for (Py_ssize_t i = 1; i < count; i++) {
        if (!PyArray_CompareLists(dims + 1, PyArray_DIMS(arrays[i]), nd)) {
            return NULL;
        }
    }
    return join(self, arrays, count, nd + 1, dims);
}

/* ------------------------------------------------------------------ where */

/* where(condition, x, y) with arrays of one shape; x or y may be a Python number. */
static PyObject *
joins_run_where(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n != 3 || names != NULL || !PyArray_CheckExact(args[0])) {
        return NULL;
    }
    PyArrayObject *condition = (PyArrayObject *)args[0], *sides[2] = {NULL, NULL};
    PyArray_Descr *descr = NULL;
    if (PyArray_TYPE(condition) != NPY_BOOL || !PyArray_IS_C_CONTIGUOUS(condition) ||
        PyArray_NDIM(condition) == 0 || PyArray_SIZE(condition) == 0) {
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        if (!PyArray_CheckExact(args[i + 1])) {
            continue;
        }
        PyArrayObject *side = sides[i] = (PyArrayObject *)args[i + 1];
        if (!PyArray_IS_C_CONTIGUOUS(side) || !PyArray_CHKFLAGS(side, NPY_ARRAY_ALIGNED) ||
            PyArray_NDIM(side) != PyArray_NDIM(condition) ||
            !PyArray_CompareLists(PyArray_DIMS(side), PyArray_DIMS(condition),
                                  PyArray_NDIM(side)) ||
            (descr != NULL && PyArray_DESCR(side) != descr)) {
            return NULL;
        }
        descr = PyArray_DESCR(side);
    }
    if (descr == NULL || descr->type_num > NPY_CDOUBLE || descr->type_num == NPY_LONGDOUBLE ||
        PyDataType_METADATA(descr) != NULL || !PyArray_ISNBO(descr->byteorder)) {
        return NULL;
    }
    ItemRoom items[2];
    npy_intp itemsize = PyDataType_ELSIZE(descr);
    npy_intp strides[4] = {1, 0, 0, itemsize};
    char *data[4] = {PyArray_BYTES(condition)};
    for (int i = 0; i < 2; i++) {
        data[i + 1] = sides[i] == NULL ? items[i].bytes : PyArray_BYTES(sides[i]);
        strides[i + 1] = sides[i] == NULL ? 0 : itemsize;
        if (sides[i] != NULL) {
            continue;
        }
        /* a weak number keeps the dtype: a float with inexact ones, an int with all but bool */
        enum leaf_kind kind = leaf_kind_of(args[i + 1]);
        int keeps = (kind == LEAF_FLOAT && !PyTypeNum_ISINTEGER(descr->type_num)) ||
                    kind == LEAF_INT;
        if (!keeps || descr->type_num == NPY_BOOL ||
            !leaf_item(args[i + 1], kind, descr, items[i].bytes)) {
            return NULL;
        }
    }
    npy_intp size = PyArray_SIZE(condition);
    PyArrayObject *out = slots_array(&self->slots, self->site->state, &self->site->place,
                                     self->name, descr, PyArray_NDIM(condition),
                                     PyArray_DIMS(condition), size);
    if (out != NULL) {
        data[3] = PyArray_BYTES(out);
        where_loop(itemsize)(NULL, data, &size, strides, NULL);
    }
    return (PyObject *)out;
}

const NativeRow join_rows[] = {
    {"concatenate", joins_run_concatenate},
    {"stack", joins_run_stack},
    {"where", joins_run_where},
    {NULL, NULL},
};
