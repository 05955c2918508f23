/* Arrays made from shapes and from other arrays. */
#include "calls/constructors.h"

#include <string.h>

static int
constructor_is_number_type(const PyArray_Descr *descr)
{
    int type = descr->type_num;
    return (type <= NPY_CLONGDOUBLE || type == NPY_HALF) && PyArray_ISNBO(descr->byteorder) &&
           PyDataType_METADATA(descr) == NULL;
}

/* Whether a type of scalars stands for several dtypes; NumPy advises against these. */
static int
constructor_is_abstract(PyObject *type)
{
    PyTypeObject *const abstract[] = {
        &PyGenericArrType_Type,         &PyNumberArrType_Type,          &PyIntegerArrType_Type,
        &PySignedIntegerArrType_Type,   &PyUnsignedIntegerArrType_Type, &PyInexactArrType_Type,
        &PyFloatingArrType_Type,        &PyComplexFloatingArrType_Type, &PyFlexibleArrType_Type,
        &PyCharacterArrType_Type,
    };
    for (size_t i = 0; i < sizeof(abstract) / sizeof(abstract[0]); i++) {
        if (type == (PyObject *)abstract[i]) {
            return 1;
        }
    }
    return 0;
}

/* The dtype that an argument names (NULL and None: `otherwise`); NULL without an exception if it is
 * none that is done here. */
PyArray_Descr *
constructor_dtype(PyObject *given, int otherwise)
{
    PyArray_Descr *descr = NULL;
    if (given == NULL || given == Py_None) {
        return PyArray_DescrFromType(otherwise);
    }
    if (PyArray_DescrCheck(given)) {
        descr = (PyArray_Descr *)Py_NewRef(given);
    }
    else if (given == (PyObject *)&PyFloat_Type) {
        descr = PyArray_DescrFromType(NPY_DOUBLE);
    }
    else if (given == (PyObject *)&PyLong_Type) {
        descr = PyArray_DescrFromType(NPY_INTP);
    }
    else if (given == (PyObject *)&PyBool_Type) {
        descr = PyArray_DescrFromType(NPY_BOOL);
    }
    else if (PyType_Check(given) &&
             PyType_IsSubtype((PyTypeObject *)given, &PyGenericArrType_Type) &&
             !constructor_is_abstract(given) &&
             !(((PyTypeObject *)given)->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        descr = PyArray_DescrFromTypeObject(given);
        if (descr == NULL) {
            PyErr_Clear();
        }
    }
    if (descr != NULL && !constructor_is_number_type(descr)) {
        Py_CLEAR(descr);
    }
    return descr;
}

PyArrayObject *
constructor_room(Native *self, PyArray_Descr *descr, int nd, const npy_intp *dims, npy_intp size)
{
    return slots_array(&self->slots, self->site->state, &self->site->place, self->name, descr, nd,
                       dims, size);
}

/* A shape: a plain int, or a tuple of them, without zeros (empty arrays have no data). */
static int
constructor_shape_from(PyObject *given, npy_intp *dims, npy_intp *size)
{
    int nd = 1;
    PyObject *const *items = &given;
    if (PyTuple_CheckExact(given)) {
        nd = (int)PyTuple_GET_SIZE(given);
        items = PySequence_Fast_ITEMS(given);
        if (nd > NPY_MAXDIMS || nd == 0) {
            return 0;
        }
    }
    *size = 1;
    for (int i = 0; i < nd; i++) {
        int overflow;
        if (!PyLong_CheckExact(items[i])) {
            return 0;
        }
        long long length = PyLong_AsLongLongAndOverflow(items[i], &overflow);
        if (overflow || length <= 0 || length > NPY_MAX_INTP / 64 / *size) {
            return 0;
        }
        dims[i] = (npy_intp)length;
        *size *= dims[i];
    }
    return nd;
}

/* Fill an array with its first item. */
static void
constructor_spread(PyArrayObject *array, npy_intp size)
{
    char *data = PyArray_BYTES(array);
    size_t done = (size_t)PyArray_ITEMSIZE(array), all = done * (size_t)size;
    while (done < all) {
        size_t more = done < all - done ? done : all - done;
        memcpy(data + done, data, more);
        done += more;
    }
}

static int
constructor_fill(PyArrayObject *array, npy_intp size, PyObject *value)
{
    if (!leaf_item(value, leaf_kind_of(value), PyArray_DESCR(array), PyArray_BYTES(array))) {
        return 0;
    }
    constructor_spread(array, size);
    return 1;
}

/* Room with all bytes zero if `value` is False: large memory is not written to. */
ALWAYS_INLINE PyArrayObject *
constructor_room_for(Native *self, PyArray_Descr *descr, int nd, const npy_intp *dims,
                     npy_intp size, PyObject *value)
{
    if (value == Py_False && size * PyDataType_ELSIZE(descr) > LARGEST_SLOT) {
        return array_zeros(self->site->state, &self->site->place, self->name, descr, nd, dims);
    }
    PyArrayObject *array = constructor_room(self, descr, nd, dims, size);
    if (array != NULL && value == Py_False) {
        memset(PyArray_BYTES(array), 0, (size_t)PyArray_NBYTES(array));
    }
    return array;
}

/* Write a value to all items; NULL and False leave what is there. */
ALWAYS_INLINE PyObject *
constructor_filled(PyArrayObject *array, PyObject *value)
{
    if (array != NULL && value != NULL && value != Py_False &&
        !constructor_fill(array, PyArray_SIZE(array), value)) {
        Py_CLEAR(array);
    }
    return (PyObject *)array;
}

/* empty(shape, dtype), zeros(shape, dtype), ones(shape, dtype): `value` NULL leaves it as it is. */
static PyObject *
constructor_of_shape(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names,
                     PyObject *value)
{
    static const char *const known[] = {"dtype", NULL};
    PyObject *given[1] = {n > 1 ? args[1] : NULL};
    npy_intp dims[NPY_MAXDIMS], size;
    if (n < 1 || n > 2 || !native_keywords(args + n, names, known, given)) {
        return NULL;
    }
    int nd = constructor_shape_from(args[0], dims, &size);
    PyArray_Descr *descr = nd ? constructor_dtype(given[0], NPY_DOUBLE) : NULL;
    if (descr == NULL) {
        return NULL;
    }
    PyArrayObject *array = constructor_room_for(self, descr, nd, dims, size, value);
    Py_DECREF(descr);
    return constructor_filled(array, value);
}

static PyObject *
constructor_run_empty(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return constructor_of_shape(self, args, n, names, NULL);
}

static PyObject *
constructor_run_zeros(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return constructor_of_shape(self, args, n, names, Py_False);
}

static PyObject *
constructor_run_ones(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return constructor_of_shape(self, args, n, names, Py_True);
}

/* full(shape, number, dtype) */
static PyObject *
constructor_run_full(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"dtype", NULL};
    PyObject *given[1] = {n > 2 ? args[2] : NULL};
    npy_intp dims[NPY_MAXDIMS], size;
    if (n < 2 || n > 3 || !native_keywords(args + n, names, known, given)) {
        return NULL;
    }
    enum leaf_kind kind = leaf_kind_of(args[1]);
    int otherwise = kind == LEAF_FLOAT ? NPY_DOUBLE : kind == LEAF_INT ? NPY_LONG : NPY_NOTYPE;
    int nd = constructor_shape_from(args[0], dims, &size);
    if (!nd || otherwise == NPY_NOTYPE || NPY_LONG != NPY_INTP) {
        return NULL;
    }
    PyArray_Descr *descr = constructor_dtype(given[0], otherwise);
    if (descr == NULL) {
        return NULL;
    }
    PyArrayObject *array = constructor_room(self, descr, nd, dims, size);
    Py_DECREF(descr);
    if (array != NULL && !constructor_fill(array, size, args[1])) {
        Py_CLEAR(array);
    }
    return (PyObject *)array;
}

/* An array of the shape and dtype of one in C order; NULL without an exception for others. */
static PyArrayObject *
constructor_alike(Native *self, PyObject *like, PyArray_Descr *descr, PyObject *value)
{
    if (!PyArray_CheckExact(like)) {
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)like;
    if (PyArray_NDIM(array) == 0 || !PyArray_IS_C_CONTIGUOUS(array) || PyArray_SIZE(array) == 0) {
        return NULL;
    }
    if (descr == NULL) {
        descr = PyArray_DESCR(array);
        if (!constructor_is_number_type(descr)) {
            return NULL;
        }
    }
    return constructor_room_for(self, descr, PyArray_NDIM(array), PyArray_DIMS(array),
                                PyArray_SIZE(array), value);
}

static PyObject *
constructor_of_array(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names,
                     PyObject *value)
{
    static const char *const known[] = {"dtype", NULL};
    PyObject *given[1] = {n > 1 ? args[1] : NULL};
    if (n < 1 || n > 2 || !native_keywords(args + n, names, known, given)) {
        return NULL;
    }
    PyArray_Descr *descr = NULL;
    if (given[0] != NULL && given[0] != Py_None) {
        descr = constructor_dtype(given[0], NPY_DOUBLE);
        if (descr == NULL) {
            return NULL;
        }
    }
    PyArrayObject *array = constructor_alike(self, args[0], descr, value);
    Py_XDECREF(descr);
    return constructor_filled(array, value);
}

static PyObject *
constructor_run_empty_like(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return constructor_of_array(self, args, n, names, NULL);
}

static PyObject *
constructor_run_zeros_like(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return constructor_of_array(self, args, n, names, Py_False);
}

static PyObject *
constructor_run_ones_like(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return constructor_of_array(self, args, n, names, Py_True);
}

/* full_like(array, number) */
static PyObject *
constructor_run_full_like(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n != 2 || names != NULL || leaf_kind_of(args[1]) == LEAF_NONE ||
        leaf_kind_of(args[1]) == LEAF_ARRAY) {
        return NULL;
    }
    PyArrayObject *array = constructor_alike(self, args[0], NULL, NULL);
    if (array != NULL && !constructor_fill(array, PyArray_SIZE(array), args[1])) {
        Py_CLEAR(array);
    }
    return (PyObject *)array;
}

PyObject *
constructor_copy(Native *self, PyObject *source)
{
    PyArrayObject *array = constructor_alike(self, source, NULL, NULL);
    if (array != NULL) {
        memcpy(PyArray_BYTES(array), PyArray_BYTES((PyArrayObject *)source),
               (size_t)PyArray_NBYTES(array));
    }
    return (PyObject *)array;
}

static PyObject *
constructor_run_copy(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return n == 1 && names == NULL ? constructor_copy(self, args[0]) : NULL;
}

/* x.astype(dtype) of an array in C order: NumPy converts. */
static PyObject *
constructor_run_astype(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n != 2 || names != NULL || args[1] == Py_None || !PyArray_CheckExact(args[0]) ||
        !constructor_is_number_type(PyArray_DESCR((PyArrayObject *)args[0]))) {
        return NULL;
    }
    PyArray_Descr *descr = constructor_dtype(args[1], NPY_DOUBLE);
    if (descr == NULL || (PyTypeNum_ISCOMPLEX(PyArray_TYPE((PyArrayObject *)args[0])) &&
                          !PyTypeNum_ISCOMPLEX(descr->type_num))) {
        Py_XDECREF(descr);
        return NULL; /* NumPy warns of what is lost */
    }
    PyArrayObject *source = (PyArrayObject *)args[0], *array;
    array = constructor_alike(self, args[0], descr, NULL);
    Py_DECREF(descr);
    if (array == NULL) {
        return NULL;
    }
    if (PyArray_DESCR(array) == PyArray_DESCR(source)) {
        memcpy(PyArray_BYTES(array), PyArray_BYTES(source), (size_t)PyArray_NBYTES(array));
    }
    else if (PyArray_CopyInto(array, source) < 0) {
        Py_CLEAR(array);
    }
    return (PyObject *)array;
}

const NativeRow constructor_rows[] = {
    {"empty", constructor_run_empty},
    {"zeros", constructor_run_zeros},
    {"ones", constructor_run_ones},
    {"full", constructor_run_full},
    {"empty_like", constructor_run_empty_like},
    {"zeros_like", constructor_run_zeros_like},
    {"ones_like", constructor_run_ones_like},
    {"full_like", constructor_run_full_like},
    {"copy", constructor_run_copy},
    {"astype", constructor_run_astype},
    {NULL, NULL},
};
