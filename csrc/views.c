#include "views.h"

/* A view in the making; the axes of the array are used up one by one. */
typedef struct {
    PyArrayObject *array;
    int axis; /* of the array: the next */
    int nd;   /* of the view, so far */
    char *data;
    npy_intp dims[NPY_MAXDIMS];
    npy_intp strides[NPY_MAXDIMS];
} View;

static int
bound(PyObject *given, npy_intp otherwise, npy_intp *value)
{
    if (given == Py_None) {
        *value = otherwise;
        return 1;
    }
    if (!PyLong_CheckExact(given)) {
        return 0;
    }
    *value = PyLong_AsSsize_t(given);
    if (*value == -1 && PyErr_Occurred()) {
        PyErr_Clear();
        return 0;
    }
    return 1;
}

/* Take a slice of the next axis. */
static int
add_slice(View *view, PyObject *from, PyObject *to, PyObject *by)
{
    npy_intp start, stop, step;
    if (view->axis >= PyArray_NDIM(view->array) || !bound(by, 1, &step) || step == 0 ||
        step < -NPY_MAX_INTP || !bound(from, step < 0 ? NPY_MAX_INTP : 0, &start) ||
        !bound(to, step < 0 ? NPY_MIN_INTP : NPY_MAX_INTP, &stop)) {
        return 0;
    }
    npy_intp stride = PyArray_STRIDE(view->array, view->axis);
    npy_intp n = PySlice_AdjustIndices(PyArray_DIM(view->array, view->axis), &start, &stop, step);
    if (n <= 0) { /* as NumPy has it: such a view begins where its array does */
        n = start = 0;
        step = 1;
    }
    view->data += start * stride;
    view->dims[view->nd] = n;
    view->strides[view->nd++] = stride * step;
    view->axis++;
    return 1;
}

/* Take one index of the next axis, which goes. */
static int
add_index(View *view, PyObject *given)
{
    npy_intp at;
    if (view->axis >= PyArray_NDIM(view->array) || !bound(given, 0, &at)) {
        return 0;
    }
    npy_intp length = PyArray_DIM(view->array, view->axis);
    at += at < 0 ? length : 0;
    if (at < 0 || at >= length) {
        return 0; /* NumPy says so */
    }
    view->data += at * PyArray_STRIDE(view->array, view->axis++);
    return 1;
}

static PyObject *
finished(View *view)
{
    PyArrayObject *array = view->array;
    while (view->axis < PyArray_NDIM(array)) {
        if (view->nd == NPY_MAXDIMS) {
            return NULL;
        }
        view->dims[view->nd] = PyArray_DIM(array, view->axis);
        view->strides[view->nd++] = PyArray_STRIDE(array, view->axis++);
    }
    Py_INCREF(PyArray_DESCR(array));
    PyObject *made =
        PyArray_NewFromDescr(&PyArray_Type, PyArray_DESCR(array), view->nd, view->dims,
                             view->strides, view->data, PyArray_FLAGS(array), NULL);
    if (made == NULL) {
        return NULL;
    }
    Py_INCREF(array);
    if (PyArray_SetBaseObject((PyArrayObject *)made, (PyObject *)array) < 0) {
        Py_CLEAR(made);
    }
    return made;
}

static int
is_sliceable(PyArrayObject *array)
{
    return PyArray_NDIM(array) > 0 && !PyArray_CHKFLAGS(array, NPY_ARRAY_WRITEBACKIFCOPY);
}

PyObject *
view_of_slice(PyArrayObject *array, PyObject *start, PyObject *stop)
{
    View view;
    view.array = array;
    view.data = PyArray_BYTES(array);
    view.axis = view.nd = 0;
    return is_sliceable(array) && add_slice(&view, start, stop, Py_None) ? finished(&view) : NULL;
}

PyObject *
view_of_index(PyArrayObject *array, PyObject *index)
{
    View view;
    PyObject **items = &index;
    Py_ssize_t n = 1;
    int slices = 0;
    if (PyTuple_CheckExact(index)) {
        items = PySequence_Fast_ITEMS(index);
        n = PyTuple_GET_SIZE(index);
    }
    if (!is_sliceable(array) || n > NPY_MAXDIMS - PyArray_NDIM(array)) {
        return NULL;
    }
    view.array = array;
    view.data = PyArray_BYTES(array);
    view.axis = view.nd = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (PySlice_Check(items[i])) {
            PySliceObject *slice = (PySliceObject *)items[i];
            if (!add_slice(&view, slice->start, slice->stop, slice->step)) {
                return NULL;
            }
            slices++;
        }
        else if (items[i] == Py_None) {
            view.dims[view.nd] = 1;
            view.strides[view.nd++] = 0;
            slices++;
        }
        else if (!PyLong_CheckExact(items[i]) || !add_index(&view, items[i])) {
            return NULL;
        }
    }
    return slices ? finished(&view) : NULL;
}
