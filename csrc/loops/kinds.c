#include "loops/kinds.h"

#include "loops/iterator.h"
#include "numpy/views.h"

#include <string.h>

const int KIND_TYPENUMS[KIND_NUMBERS] = {
    -1,        -1,        -1,       NPY_DOUBLE, NPY_FLOAT, NPY_INT64, NPY_INT32,
    NPY_INT16, NPY_INT8, NPY_UINT64, NPY_UINT32, NPY_UINT16, NPY_UINT8, NPY_BOOL,
    NPY_CDOUBLE, NPY_CFLOAT, -1,
};

static PyTypeObject *
kind_type(int kind)
{
    switch (kind) {
    case KIND_INT:
        return &PyLong_Type;
    case KIND_FLOAT:
        return &PyFloat_Type;
    case KIND_BOOL:
        return &PyBool_Type;
    case KIND_F8:
        return &PyFloat64ArrType_Type;
    case KIND_F4:
        return &PyFloat32ArrType_Type;
    case KIND_I8:
        return &PyInt64ArrType_Type;
    case KIND_I4:
        return &PyInt32ArrType_Type;
    case KIND_I2:
        return &PyInt16ArrType_Type;
    case KIND_I1:
        return &PyInt8ArrType_Type;
    case KIND_U8:
        return &PyUInt64ArrType_Type;
    case KIND_U4:
        return &PyUInt32ArrType_Type;
    case KIND_U2:
        return &PyUInt16ArrType_Type;
    case KIND_U1:
        return &PyUInt8ArrType_Type;
    case KIND_C16:
        return &PyComplex128ArrType_Type;
    case KIND_C8:
        return &PyComplex64ArrType_Type;
    case KIND_COMPLEX:
        return &PyComplex_Type;
    default:
        return &PyBoolArrType_Type;
    }
}

/* Whether no two items share memory, as far as shape and strides show that at once. */
static int
kind_has_own_items(PyArrayObject *array)
{
    if (PyArray_IS_C_CONTIGUOUS(array) || PyArray_IS_F_CONTIGUOUS(array)) {
        return 1;
    }
    npy_intp extent = PyArray_ITEMSIZE(array);
    uint64_t seen = 0;
    for (int n = 0; n < PyArray_NDIM(array); n++) { /* from the least stride on */
        int next = -1;
        for (int k = 0; k < PyArray_NDIM(array); k++) {
            if (!(seen >> k & 1) && (next < 0 || Py_ABS(PyArray_STRIDE(array, k)) <
                                                         Py_ABS(PyArray_STRIDE(array, next)))) {
                next = k;
            }
        }
        seen |= (uint64_t)1 << next;
        if (PyArray_DIM(array, next) > 1) {
            npy_intp stride = Py_ABS(PyArray_STRIDE(array, next));
            if (stride < extent) {
                return 0;
            }
            extent += stride * (PyArray_DIM(array, next) - 1);
        }
    }
    return 1;
}

static int
kind_fits_array(const int16_t *kind, PyObject *value)
{
    if (!PyArray_CheckExact(value)) {
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)value;
    const PyArray_Descr *descr = PyArray_DESCR(array);
    int nd = PyArray_NDIM(array);
    int wanted = KIND_TYPENUMS[kind[0]];
    if (nd != kind[1] || descr->type_num != wanted || PyDataType_METADATA(descr) != NULL ||
        !PyArray_ISNBO(descr->byteorder) || !PyArray_ISALIGNED(array)) {
        return 0;
    }
    if ((PyArray_ISWRITEABLE(array) != 0) != kind[2] || is_writeable(array) != kind[2] ||
        (PyArray_STRIDE(array, nd - 1) == PyArray_ITEMSIZE(array)) != kind[3]) {
        return 0;
    }
    if (kind[2] && !kind_has_own_items(array)) {
        return 0;
    }
    npy_intp stride = PyArray_ITEMSIZE(array);
    for (int k = nd; kind[4] && k-- > 0; stride *= kind[5 + k]) {
        if (PyArray_DIM(array, k) != kind[5 + k] || PyArray_STRIDE(array, k) != stride) {
            return 0;
        }
    }
    return 1;
}

int
kind_fits(Kinds *kind, PyObject *value)
{
    Kinds array;
    int code = *(*kind)++;
    switch (code) {
    case KIND_ARRAY:
        array = *kind;
        *kind += kind_array_length(array);
        return kind_fits_array(array, value);
    case KIND_TUPLE: {
        int n = *(*kind)++;
        if (!PyTuple_CheckExact(value) || PyTuple_GET_SIZE(value) != n) {
            return 0;
        }
        for (int i = 0; i < n; i++) {
            if (!kind_fits(kind, PyTuple_GET_ITEM(value, i))) {
                return 0;
            }
        }
        return 1;
    }
    case KIND_NONE:
        return value == Py_None;
    case KIND_UNBOUND:
        return 1;
    case KIND_GIVEN:
        (*kind)++;
        return 1;
    case KIND_LIST:
        return PyList_CheckExact(value);
    case KIND_LONG_TUPLE:
        return PyTuple_CheckExact(value);
    case KIND_STEPS:
    case KIND_ITEMS:
    case KIND_ENUMERATE:
    case KIND_ZIP:
        (*kind)--;
        return iterator_fits(kind, value);
    case KIND_INT: {
        int overflow = 0;
        if (!PyLong_CheckExact(value)) {
            return 0;
        }
        (void)PyLong_AsLongLongAndOverflow(value, &overflow);
        return !overflow;
    }
    default:
        return Py_IS_TYPE(value, kind_type(code));
    }
}

/* Put the words of a complex number into the frame. */
static void
kind_parts(int kind, PyObject *value, int64_t *at)
{
    if (kind == KIND_C8) {
        npy_cfloat given = PyArrayScalar_VAL(value, Complex64);
        float parts[2];
        memcpy(parts, &given, sizeof(parts));
        at[0] = at[1] = 0;
        memcpy(at, parts, sizeof(float));
        memcpy(at + 1, parts + 1, sizeof(float));
    }
    else if (kind == KIND_C16) {
        memcpy(at, &PyArrayScalar_VAL(value, Complex128), 16);
    }
    else {
        Py_complex given = PyComplex_AsCComplex(value);
        memcpy(at, &given.real, sizeof(double));
        memcpy(at + 1, &given.imag, sizeof(double));
    }
}

static int64_t
kind_word(int kind, PyObject *value)
{
    int64_t word = 0;
    switch (kind) {
    case KIND_INT:
        return PyLong_AsLongLong(value);
    case KIND_FLOAT: {
        double real = PyFloat_AS_DOUBLE(value);
        memcpy(&word, &real, sizeof(real));
        return word;
    }
    case KIND_BOOL:
        return value == Py_True;
    case KIND_I4:
        return PyArrayScalar_VAL(value, Int32);
    case KIND_I2:
        return PyArrayScalar_VAL(value, Int16);
    case KIND_I1:
        return PyArrayScalar_VAL(value, Int8);
    case KIND_U4:
        return PyArrayScalar_VAL(value, UInt32);
    case KIND_U2:
        return PyArrayScalar_VAL(value, UInt16);
    case KIND_U1:
        return PyArrayScalar_VAL(value, UInt8);
    case KIND_I8:
        return PyArrayScalar_VAL(value, Int64);
    case KIND_U8:
        return (int64_t)PyArrayScalar_VAL(value, UInt64);
    case KIND_F8:
        memcpy(&word, &PyArrayScalar_VAL(value, Float64), 8);
        return word;
    case KIND_F4:
        memcpy(&word, &PyArrayScalar_VAL(value, Float32), 4);
        return word;
    default:
        return PyArrayScalar_VAL(value, Bool) != 0;
    }
}

static void
kind_fill_number(int kind, PyObject *value, int64_t **at)
{
    int n = kind_n_words(kind);
    if (n == 1) {
        **at = kind_word(kind, value);
    }
    else {
        kind_parts(kind, value, *at);
    }
    *at += n;
}

void
kind_fill(Kinds *kind, PyObject *value, int64_t **at)
{
    int code = *(*kind)++;
    if (code < KIND_NUMBERS) {
        kind_fill_number(code, value, at);
        return;
    }
    switch (code) {
    case KIND_TUPLE: {
        int n = *(*kind)++;
        for (int i = 0; i < n; i++) {
            kind_fill_number(*(*kind)++, PyTuple_GET_ITEM(value, i), at);
        }
        return;
    }
    case KIND_ARRAY: {
        PyArrayObject *array = (PyArrayObject *)value;
        int nd = (*kind)[1];
        *(*at)++ = (int64_t)(intptr_t)value;
        *(*at)++ = (int64_t)(intptr_t)PyArray_DATA(array);
        for (int i = 0; i < nd; i++) {
            *(*at)++ = PyArray_DIM(array, i);
        }
        for (int i = 0; i < nd; i++) {
            *(*at)++ = PyArray_STRIDE(array, i);
        }
        *kind += kind_array_length(*kind);
        return;
    }
    case KIND_LIST:
    case KIND_LONG_TUPLE:
        *(*at)++ = (int64_t)(intptr_t)value;
        return;
    case KIND_GIVEN:
        (*kind)++;
        return;
    case KIND_NONE:
    case KIND_UNBOUND:
        return;
    default:
        (*kind)--;
        iterator_fill(kind, value, at);
    }
}

PyObject *
kind_number(int kind, const int64_t *words)
{
    int64_t word = words[0];
    if (kind == KIND_INT) {
        return PyLong_FromLongLong(word);
    }
    if (kind == KIND_FLOAT) {
        double real;
        memcpy(&real, &word, sizeof(real));
        return PyFloat_FromDouble(real);
    }
    if (kind == KIND_BOOL) {
        return PyBool_FromLong(word & 1);
    }
    if (kind == KIND_B1) {
        return Py_NewRef(word & 1 ? PyArrayScalar_True : PyArrayScalar_False);
    }
    if (kind == KIND_COMPLEX) {
        double parts[2];
        memcpy(parts, words, sizeof(parts));
        return PyComplex_FromDoubles(parts[0], parts[1]);
    }
    PyArray_Descr *descr = PyArray_DescrFromType(KIND_TYPENUMS[kind]);
    if (descr == NULL) {
        return NULL;
    }
    int64_t both[2] = {word, kind == KIND_C16 ? words[1] : 0};
    if (kind == KIND_C8) {
        memcpy((char *)both + sizeof(float), words + 1, sizeof(float));
    }
    PyObject *made = PyArray_Scalar(both, descr, NULL); /* the lowest bytes come first */
    Py_DECREF(descr);
    return made;
}

int64_t
kind_append(PyObject *list, int64_t kind, int64_t word, int64_t second)
{
    int64_t words[2] = {word, second};
    PyObject *number = kind_number((int)kind, words);
    int failed = number == NULL || PyList_Append(list, number) < 0;
    Py_XDECREF(number);
    PyErr_Clear(); /* the original code tries again */
    return failed;
}

PyObject *
kind_put(PyObject *list, int64_t index, int64_t kind, int64_t word, int64_t second)
{
    int64_t words[2] = {word, second};
    PyObject *before = PyList_GET_ITEM(list, index);
    int is_scalar = (PyArray_IsScalar(before, Number) || PyArray_IsScalar(before, Bool)) &&
                    !PyType_HasFeature(Py_TYPE(before), Py_TPFLAGS_HEAPTYPE);
    if (!PyLong_CheckExact(before) && !PyFloat_CheckExact(before) && !PyBool_Check(before) &&
        !PyComplex_CheckExact(before) && before != Py_None && !is_scalar) {
        return NULL; /* the kernel may still use it, or letting go of it may run code */
    }
    PyObject *number = kind_number((int)kind, words);
    if (number == NULL) {
        PyErr_Clear(); /* the original code tries again */
        return NULL;
    }
    PyList_SET_ITEM(list, index, number);
    return before;
}
