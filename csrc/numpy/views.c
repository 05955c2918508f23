#include "numpy/views.h"

static int
views_bound(PyObject *given, npy_intp otherwise, npy_intp *value)
{
    if (given == Py_None) {
        *value = otherwise;
        return 1;
    }
    if (!PyLong_CheckExact(given)) {
        return 0;
    }
    if (LIKELY(int_of_one_digit(given, value))) {
        return 1;
    }
    *value = PyLong_AsSsize_t(given);
    if (*value == -1 && PyErr_Occurred()) {
        PyErr_Clear();
        return 0;
    }
    return 1;
}

void
view_begin(View *view, const Extent *of, Extent *made)
{
    view->of = of;
    view->axis = 0;
    view->made = made;
    made->data = of->data;
    made->nd = 0;
}

/* Take a slice of the next axis. */
int
view_add_slice(View *view, PyObject *from, PyObject *to, PyObject *by)
{
    npy_intp start, stop, step;
    Extent *made = view->made;
    if (view->axis >= view->of->nd || made->nd == MAX_AXES || !views_bound(by, 1, &step) ||
        step == 0 || step < -NPY_MAX_INTP ||
        !views_bound(from, step < 0 ? NPY_MAX_INTP : 0, &start) ||
        !views_bound(to, step < 0 ? NPY_MIN_INTP : NPY_MAX_INTP, &stop)) {
        return 0;
    }
    npy_intp stride = view->of->strides[view->axis];
    npy_intp length = view->of->dims[view->axis], n;
    if (LIKELY(step == 1)) { /* PySlice_AdjustIndices, without a call */
        start += start < 0 ? length : 0;
        stop += stop < 0 ? length : 0;
        start = start < 0 ? 0 : start > length ? length : start;
        stop = stop < 0 ? 0 : stop > length ? length : stop;
        n = stop - start;
    }
    else {
        n = PySlice_AdjustIndices(length, &start, &stop, step);
    }
    if (n <= 0) { /* as NumPy has it: such a view begins where its array does */
        n = start = 0;
        step = 1;
    }
    made->data += start * stride;
    made->dims[made->nd] = n;
    made->strides[made->nd++] = stride * step;
    view->axis++;
    return 1;
}

/* Take one index of the next axis, which goes. */
static int
views_add_index(View *view, PyObject *given)
{
    npy_intp at;
    if (view->axis >= view->of->nd || !views_bound(given, 0, &at)) {
        return 0;
    }
    npy_intp length = view->of->dims[view->axis];
    at += at < 0 ? length : 0;
    if (at < 0 || at >= length) {
        return 0; /* NumPy says so */
    }
    view->made->data += at * view->of->strides[view->axis++];
    return 1;
}

int
view_add(View *view, PyObject *item)
{
    if (PySlice_Check(item)) {
        PySliceObject *slice = (PySliceObject *)item;
        return view_add_slice(view, slice->start, slice->stop, slice->step);
    }
    if (item == Py_None) {
        if (view->made->nd == MAX_AXES) {
            return 0;
        }
        view->made->dims[view->made->nd] = 1;
        view->made->strides[view->made->nd++] = 0;
        return 1;
    }
    return PyLong_CheckExact(item) && views_add_index(view, item);
}

int
view_end(View *view)
{
    const Extent *of = view->of;
    Extent *made = view->made;
    while (view->axis < of->nd) {
        if (made->nd == MAX_AXES) {
            return 0;
        }
        made->dims[made->nd] = of->dims[view->axis];
        made->strides[made->nd++] = of->strides[view->axis++];
    }
    return 1;
}

int
extent_of(PyArrayObject *array, Extent *extent)
{
    if (PyArray_NDIM(array) > MAX_AXES) {
        return 0;
    }
    extent->data = PyArray_BYTES(array);
    extent->nd = PyArray_NDIM(array);
    for (int i = 0; i < extent->nd; i++) { /* one or two axes mostly: no call for them */
        extent->dims[i] = PyArray_DIM(array, i);
        extent->strides[i] = PyArray_STRIDE(array, i);
    }
    return 1;
}

int
extent_is_c(const Extent *extent, npy_intp itemsize)
{
    for (int i = extent->nd - 1; i >= 0; i--) {
        if (extent->dims[i] != 1 && extent->strides[i] != itemsize) {
            return 0;
        }
        itemsize *= extent->dims[i];
    }
    return 1;
}

int
extent_is_fortran(const Extent *extent, npy_intp itemsize)
{
    for (int i = 0; i < extent->nd; i++) {
        if (extent->dims[i] != 1 && extent->strides[i] != itemsize) {
            return 0;
        }
        itemsize *= extent->dims[i];
    }
    return 1;
}

PyObject *
view_made(PyArrayObject *array, const Extent *extent)
{
    Py_INCREF(PyArray_DESCR(array));
    PyObject *made =
        PyArray_NewFromDescr(&PyArray_Type, PyArray_DESCR(array), extent->nd, extent->dims,
                             extent->strides, extent->data, PyArray_FLAGS(array), NULL);
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
views_is_sliceable(PyArrayObject *array)
{
    return PyArray_NDIM(array) > 0 && !PyArray_CHKFLAGS(array, NPY_ARRAY_WRITEBACKIFCOPY);
}

PyObject *
view_of_slice(PyArrayObject *array, PyObject *start, PyObject *stop)
{
    View view;
    Extent of, made;
    if (!views_is_sliceable(array) || !extent_of(array, &of)) {
        return NULL;
    }
    view_begin(&view, &of, &made);
    return view_add_slice(&view, start, stop, Py_None) && view_end(&view)
               ? view_made(array, &made)
               : NULL;
}

PyObject *
view_of_index(PyArrayObject *array, PyObject *index)
{
    View view;
    Extent of, made;
    PyObject **items = &index;
    Py_ssize_t n = 1;
    if (PyTuple_CheckExact(index)) {
        items = PySequence_Fast_ITEMS(index);
        n = PyTuple_GET_SIZE(index);
    }
    if (!views_is_sliceable(array)) {
        return NULL;
    }
    int views = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        views |= !PyLong_CheckExact(items[i]);
    }
    if (!views) {
        return NULL; /* an element, or an array without one of its axes */
    }
    if (!extent_of(array, &of)) {
        return NULL;
    }
    view_begin(&view, &of, &made);
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!view_add(&view, items[i])) {
            return NULL;
        }
    }
    return view_end(&view) ? view_made(array, &made) : NULL;
}
