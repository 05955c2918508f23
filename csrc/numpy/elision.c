#include "numpy/elision.h"

#include "numpy/operand.h"
#include "arena/memory.h"

/* That of the array which NumPy would make of a Python integer. */
static int
elision_type_of_int(PyObject *number)
{
    int overflow;
    long as_long = PyLong_AsLongAndOverflow(number, &overflow);
    (void)as_long;
    if (!overflow) {
        return NPY_LONG;
    }
    long long wider = PyLong_AsLongLongAndOverflow(number, &overflow);
    (void)wider;
    if (!overflow) {
        return NPY_LONGLONG;
    }
    if (overflow > 0) {
        PyLong_AsUnsignedLongLong(number);
        if (!PyErr_Occurred()) {
            return NPY_ULONGLONG;
        }
        PyErr_Clear();
    }
    return NPY_OBJECT;
}

/* The type number by which NumPy asks whether the other operand fits into a dying one. */
static int
elision_type_of(PyObject *operand)
{
    switch (leaf_kind_of(operand)) {
    case LEAF_ARRAY:
        return PyArray_TYPE((PyArrayObject *)operand);
    case LEAF_BOOL:
        return NPY_BOOL;
    case LEAF_INT:
        return elision_type_of_int(operand);
    case LEAF_FLOAT:
        return NPY_DOUBLE;
    case LEAF_COMPLEX:
        return NPY_CDOUBLE;
    case LEAF_SCALAR: {
        PyArray_Descr *descr = PyArray_DescrFromScalar(operand);
        int type = descr == NULL ? NPY_NOTYPE : descr->type_num;
        PyErr_Clear();
        Py_XDECREF(descr);
        return type;
    }
    default:
        return NPY_NOTYPE;
    }
}

int
elision_suits(const State *state, enum elision elision, PyObject *operand, PyObject *other)
{
    PyArrayObject *array = (PyArrayObject *)operand;
    if (!PyArray_CheckExact(operand) || !PyArray_ISNUMBER(array) ||
        !PyArray_CHKFLAGS(array, NPY_ARRAY_OWNDATA) || !PyArray_ISWRITEABLE(array) ||
        PyArray_CHKFLAGS(array, NPY_ARRAY_WRITEBACKIFCOPY) ||
        fields(array)->weakreflist != NULL || PyArray_NBYTES(array) < state->least_elided) {
        return 0;
    }
    if (elision == LEFT_IF_INEXACT && !PyArray_ISFLOAT(array) &&
        !PyArray_ISCOMPLEX(array)) {
        return 0;
    }
    if (other == NULL) {
        return 1;
    }
    if (PyArray_CheckExact(other) && PyArray_NDIM((PyArrayObject *)other) != 0 &&
        !PyArray_SAMESHAPE(array, (PyArrayObject *)other)) {
        return 0;
    }
    int type = elision_type_of(other);
    return type != NPY_NOTYPE && PyArray_CanCastSafely(type, PyArray_TYPE(array));
}
