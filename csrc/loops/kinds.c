#include "loops/kinds.h"

#include "loops/iterator.h"

#include <string.h>

static const int TYPENUMS[KIND_NUMBERS] = {
    -1,        -1,        -1,       NPY_DOUBLE, NPY_FLOAT, NPY_INT64, NPY_INT32,
    NPY_INT16, NPY_INT8, NPY_UINT64, NPY_UINT32, NPY_UINT16, NPY_UINT8, NPY_BOOL,
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
    default:
        return &PyBoolArrType_Type;
    }
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
    int wanted = TYPENUMS[kind[0]];
    if (nd != kind[1] || (descr->type_num != wanted &&
                          !PyArray_EquivTypenums(descr->type_num, wanted)) ||
        !PyArray_ISNBO(descr->byteorder) || !PyArray_ISALIGNED(array)) {
        return 0;
    }
    return (PyArray_ISWRITEABLE(array) != 0) == kind[2] &&
           (PyArray_STRIDE(array, nd - 1) == PyArray_ITEMSIZE(array)) == kind[3];
}

int
kind_fits(Kinds *kind, PyObject *value)
{
    int code = *(*kind)++;
    switch (code) {
    case KIND_ARRAY:
        *kind += 4;
        return kind_fits_array(*kind - 4, value);
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

void
kind_fill(Kinds *kind, PyObject *value, int number, int64_t **at)
{
    int code = *(*kind)++;
    if (code < KIND_NUMBERS) {
        *(*at)++ = kind_word(code, value);
        return;
    }
    switch (code) {
    case KIND_TUPLE: {
        int n = *(*kind)++;
        for (int i = 0; i < n; i++) {
            *(*at)++ = kind_word(*(*kind)++, PyTuple_GET_ITEM(value, i));
        }
        return;
    }
    case KIND_ARRAY: {
        PyArrayObject *array = (PyArrayObject *)value;
        int nd = (*kind)[1];
        *(*at)++ = number;
        *(*at)++ = (int64_t)(intptr_t)PyArray_DATA(array);
        for (int i = 0; i < nd; i++) {
            *(*at)++ = PyArray_DIM(array, i);
        }
        for (int i = 0; i < nd; i++) {
            *(*at)++ = PyArray_STRIDE(array, i);
        }
        *kind += 4;
        return;
    }
    case KIND_LIST:
    case KIND_LONG_TUPLE:
        *(*at)++ = number;
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
kind_number(int kind, int64_t word)
{
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
    PyArray_Descr *descr = PyArray_DescrFromType(TYPENUMS[kind]);
    if (descr == NULL) {
        return NULL;
    }
    PyObject *made = PyArray_Scalar(&word, descr, NULL); /* the lowest bytes come first */
    Py_DECREF(descr);
    return made;
}

PyObject *
kind_value(Kinds kind, const int64_t *words, PyObject *const *args)
{
    switch (kind[0]) {
    case KIND_NONE:
        return Py_NewRef(Py_None);
    case KIND_UNBOUND:
        return NULL;
    case KIND_GIVEN:
        return Py_NewRef(args[kind[1]]);
    case KIND_ARRAY:
    case KIND_LIST:
    case KIND_LONG_TUPLE:
        return words[0] < 0 ? NULL : Py_NewRef(args[words[0]]);
    case KIND_TUPLE: {
        PyObject *made = PyTuple_New(kind[1]);
        for (int i = 0; made != NULL && i < kind[1]; i++) {
            PyObject *item = kind_number(kind[2 + i], words[i]);
            if (item == NULL) {
                Py_CLEAR(made);
                break;
            }
            PyTuple_SET_ITEM(made, i, item);
        }
        return made;
    }
    default:
        return kind_number(kind[0], words[0]);
    }
}

int64_t
kind_append(PyObject *list, int64_t kind, int64_t word)
{
    PyObject *number = kind_number((int)kind, word);
    int failed = number == NULL || PyList_Append(list, number) < 0;
    Py_XDECREF(number);
    PyErr_Clear(); /* the original code tries again */
    return failed;
}
