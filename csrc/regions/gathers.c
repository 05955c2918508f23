#include "regions/gathers.h"

#include <string.h>

/* Whether it is an array of numbers in this machine's form. */
static int
gathers_is_plain(PyArrayObject *array)
{
    int type_num = PyArray_TYPE(array);
    return (PyTypeNum_ISNUMBER(type_num) || type_num == NPY_BOOL) && PyArray_ISALIGNED(array) &&
           PyArray_ISNOTSWAPPED(array) && !PyArray_CHKFLAGS(array, NPY_ARRAY_WRITEBACKIFCOPY);
}

/* Something whose sign is set if an index is out of range: compilers make vector code of that. */
static npy_uintp
gathers_signs(const char *at, npy_intp by, npy_intp n, npy_intp length)
{
    npy_uintp signs = 0, size = (npy_uintp)length;
    if (by == sizeof(npy_uintp)) {
        const npy_uintp *numbers = (const npy_uintp *)at;
        for (npy_intp i = 0; i < n; i++) {
            signs |= (numbers[i] + size) | (size - 1 - numbers[i]);
        }
        return signs;
    }
    for (npy_intp i = 0; i < n; i++) {
        npy_uintp number = *(const npy_uintp *)(at + i * by);
        signs |= (number + size) | (size - 1 - number);
    }
    return signs;
}

/* The number of items that an index takes; -1 if one is out of range. */
static npy_intp
gathers_count(PyArrayObject *index, npy_intp length)
{
    npy_intp n = PyArray_DIM(index, 0), by = PyArray_STRIDE(index, 0);
    const char *at = PyArray_BYTES(index);
    if (PyArray_TYPE(index) == NPY_BOOL) {
        npy_intp count = 0;
        for (npy_intp i = 0; i < n; i++) {
            count += at[i * by] != 0;
        }
        return n == length ? count : -1;
    }
    return gathers_signs(at, by, n, length) >> (8 * sizeof(npy_uintp) - 1) ? -1 : n;
}

int
index_is_array(PyObject *value)
{
    if (value == NULL || !PyArray_CheckExact(value)) {
        return 0;
    }
    PyArrayObject *index = (PyArrayObject *)value;
    return PyArray_NDIM(index) == 1 && PyArray_DESCR(index)->kind == 'i' &&
           PyArray_ITEMSIZE(index) == sizeof(npy_intp) && gathers_is_plain(index);
}

int
index_is_in_range(PyArrayObject *index, npy_intp length)
{
    return gathers_count(index, length) >= 0;
}

PyObject *
index_of_list(const Site *site, PyObject *list)
{
    npy_intp n = PyList_GET_SIZE(list);
    PyArray_Descr *descr = PyArray_DescrFromType(NPY_INTP);
    PyArrayObject *made = NULL;
    int is_plain = n > 0;
    for (npy_intp i = 0; i < n && is_plain; i++) {
        is_plain = PyLong_CheckExact(PyList_GET_ITEM(list, i));
    }
    if (is_plain) {
        made = array_new(site->state, &site->place, "a region", descr, 1, &n, NULL);
    }
    if (is_plain && made == NULL) {
        site->place.arena->arena->refused = 0;
    }
    for (npy_intp i = 0; made != NULL && i < n; i++) {
        npy_intp number = PyLong_AsSsize_t(PyList_GET_ITEM(list, i));
        ((npy_intp *)PyArray_BYTES(made))[i] = number;
        if (number == -1 && PyErr_Occurred()) {
            Py_CLEAR(made);
        }
    }
    PyErr_Clear(); /* the original code says what is wrong */
    Py_DECREF(descr);
    return (PyObject *)made;
}

/* Copy blocks of `size` bytes, for each index in turn. */
ALWAYS_INLINE void
gathers_copy(PyArrayObject *array, PyArrayObject *index, char *to, size_t size)
{
    npy_intp n = PyArray_DIM(index, 0), by = PyArray_STRIDE(index, 0);
    npy_intp length = PyArray_DIM(array, 0), step = PyArray_STRIDE(array, 0);
    const char *from = PyArray_BYTES(array), *at = PyArray_BYTES(index);
    if (PyArray_TYPE(index) == NPY_BOOL) {
        for (npy_intp i = 0; i < n; i++) {
            if (at[i * by]) {
                memcpy(to, from + i * step, size);
                to += size;
            }
        }
        return;
    }
    for (npy_intp i = 0; i < n; i++, to += size) {
        npy_intp number = *(const npy_intp *)(at + i * by);
        memcpy(to, from + (number < 0 ? number + length : number) * step, size);
    }
}

/* The bytes of what one index takes; 0 if these have gaps. */
static size_t
gathers_block(PyArrayObject *array)
{
    npy_intp size = PyArray_ITEMSIZE(array);
    for (int i = PyArray_NDIM(array) - 1; i > 0; i--) {
        if (PyArray_STRIDE(array, i) != size) {
            return 0;
        }
        size *= PyArray_DIM(array, i);
    }
    return PyArray_NDIM(array) == 1 || PyArray_STRIDE(array, 0) == size ? (size_t)size : 0;
}

PyObject *
gather(const Site *site, PyArrayObject *array, PyArrayObject *index)
{
    int type_num = PyArray_TYPE(index), nd = PyArray_NDIM(array);
    npy_intp dims[NPY_MAXDIMS];
    if (PyArray_NDIM(index) != 1 || nd == 0 || !gathers_is_plain(array) ||
        !gathers_is_plain(index) ||
        (type_num != NPY_BOOL && PyArray_DESCR(index)->kind != 'i') ||
        (type_num != NPY_BOOL && PyArray_ITEMSIZE(index) != sizeof(npy_intp))) {
        return NULL;
    }
    size_t block = gathers_block(array);
    npy_intp n = block ? gathers_count(index, PyArray_DIM(array, 0)) : -1;
    if (n < 0) {
        return NULL;
    }
    memcpy(dims, PyArray_DIMS(array), (size_t)nd * sizeof(npy_intp));
    dims[0] = n;
    PyArrayObject *made = array_new(site->state, &site->place, "a region", PyArray_DESCR(array),
                                    nd, dims, NULL);
    if (made == NULL) {
        PyErr_Clear(); /* the original code needs as much, and says for what */
        site->place.arena->arena->refused = 0;
        return NULL;
    }
    char *to = PyArray_BYTES(made);
    switch (block) {
    case 8:
        gathers_copy(array, index, to, 8);
        break;
    case 4:
        gathers_copy(array, index, to, 4);
        break;
    default:
        gathers_copy(array, index, to, block);
    }
    return (PyObject *)made;
}
