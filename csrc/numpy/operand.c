#include "numpy/operand.h"

#include "numpy/casts.h"

#include <math.h>

enum leaf_kind
leaf_kind_of(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyArray_Type) {
        return LEAF_ARRAY;
    }
    if (type == &PyFloat_Type) {
        return LEAF_FLOAT;
    }
    if (type == &PyLong_Type) {
        return LEAF_INT;
    }
    if (type == &PyBool_Type) {
        return LEAF_BOOL;
    }
    if (type == &PyComplex_Type) {
        return LEAF_COMPLEX;
    }
    /* NumPy's own numbers; of a subclass written in Python anything can be expected. */
    if (PyArray_IsScalar(object, Number) || PyArray_IsScalar(object, Bool)) {
        return type->tp_flags & Py_TPFLAGS_HEAPTYPE ? LEAF_NONE : LEAF_SCALAR;
    }
    return LEAF_NONE;
}

PyObject *
leaf_descr(PyObject *object, enum leaf_kind kind)
{
    switch (kind) {
    case LEAF_ARRAY:
        return Py_NewRef((PyObject *)PyArray_DESCR((PyArrayObject *)object));
    case LEAF_SCALAR:
        return (PyObject *)PyArray_DescrFromScalar(object);
    case LEAF_BOOL:
        return (PyObject *)PyArray_DescrFromType(NPY_BOOL);
    default:
        return Py_NewRef((PyObject *)Py_TYPE(object));
    }
}

/* Whether it is a NaN without the bit that makes it quiet. */
static int
operand_is_signalling(double value)
{
    npy_uint64 bits;
    memcpy(&bits, &value, sizeof(bits));
    return isnan(value) && !(bits >> 51 & 1);
}

static int
operand_float_item(double value, int type_num, void *item)
{
    switch (type_num) {
    case NPY_DOUBLE:
        *(double *)item = value;
        return 1;
    case NPY_CDOUBLE:
        ((double *)item)[0] = value;
        ((double *)item)[1] = 0.0;
        return 1;
    case NPY_FLOAT:
    case NPY_CFLOAT: {
        if (isfinite(value) && fabs(value) > 3.0e38) {
            return 0; /* it may overflow, of which NumPy warns */
        }
        if (operand_is_signalling(value)) {
            return 0; /* some versions of NumPy warn of that */
        }
        ((float *)item)[0] = (float)value;
        if (type_num == NPY_CFLOAT) {
            ((float *)item)[1] = 0.0f;
        }
        return 1;
    }
    default:
        return 0;
    }
}

#define STORE(type, low, high)                   \
    if (value < (low) || value > (high)) {       \
        return 0;                                \
    }                                            \
    *(type *)item = (type)value;                 \
    return 1

static int
operand_int_item(PyObject *object, int type_num, void *item)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow) {
        return 0; /* NumPy decides what comes of that */
    }
    switch (type_num) {
    case NPY_BOOL:
        return 0;
    case NPY_BYTE:
        STORE(npy_byte, NPY_MIN_BYTE, NPY_MAX_BYTE);
    case NPY_UBYTE:
        STORE(npy_ubyte, 0, NPY_MAX_UBYTE);
    case NPY_SHORT:
        STORE(npy_short, NPY_MIN_SHORT, NPY_MAX_SHORT);
    case NPY_USHORT:
        STORE(npy_ushort, 0, NPY_MAX_USHORT);
    case NPY_INT:
        STORE(npy_int, NPY_MIN_INT, NPY_MAX_INT);
    case NPY_UINT:
        STORE(npy_uint, 0, (long long)NPY_MAX_UINT);
    case NPY_LONG:
        STORE(npy_long, NPY_MIN_LONG, NPY_MAX_LONG);
    case NPY_LONGLONG:
        *(npy_longlong *)item = value;
        return 1;
    case NPY_ULONG:
        if (value < 0 || (unsigned long long)value > NPY_MAX_ULONG) {
            return 0;
        }
        *(npy_ulong *)item = (npy_ulong)value;
        return 1;
    case NPY_ULONGLONG:
        if (value < 0) {
            return 0;
        }
        *(npy_ulonglong *)item = (npy_ulonglong)value;
        return 1;
    default:
        return operand_float_item((double)value, type_num, item);
    }
}

int
leaf_item(PyObject *object, enum leaf_kind kind, PyArray_Descr *descr, void *item)
{
    int type_num = descr->type_num;
    if (!PyArray_ISNBO(descr->byteorder)) {
        return 0;
    }
    switch (kind) {
    case LEAF_FLOAT:
        return operand_float_item(PyFloat_AS_DOUBLE(object), type_num, item);
    case LEAF_INT:
        return operand_int_item(object, type_num, item);
    case LEAF_BOOL:
        if (type_num == NPY_BOOL) {
            *(npy_bool *)item = object == Py_True;
            return 1;
        }
        return operand_int_item(object, type_num, item);
    case LEAF_COMPLEX: {
        Py_complex value = ((PyComplexObject *)object)->cval;
        if (type_num == NPY_CDOUBLE) {
            ((double *)item)[0] = value.real;
            ((double *)item)[1] = value.imag;
            return 1;
        }
        if (type_num != NPY_CFLOAT) {
            return 0;
        }
        return operand_float_item(value.real, NPY_FLOAT, item) &&
               operand_float_item(value.imag, NPY_FLOAT, (float *)item + 1);
    }
    case LEAF_SCALAR: {
        PyArray_Descr *own = PyArray_DescrFromScalar(object);
        if (own == NULL) {
            PyErr_Clear();
            return 0;
        }
        int done = 0;
        if (own->type_num == type_num) {
            PyArray_ScalarAsCtype(object, item);
            done = 1;
        }
        else {
            Loop cast = cast_between(own, descr);
            ItemRoom room;
            if (cast != NULL) {
                PyArray_ScalarAsCtype(object, room.bytes);
                done = cast_item(cast, room.bytes, item);
            }
        }
        Py_DECREF(own);
        return done;
    }
    default:
        return 0;
    }
}
