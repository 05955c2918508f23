/* Arrays made from lists of plain numbers. */
#include "calls/constructors.h"

/* The dtype that NumPy finds for plain numbers: bool, int or double; NPY_NOTYPE for any others. */
static int
lists_number_type(PyObject *const *items, Py_ssize_t n)
{
    int ints = 0, floats = 0, bools = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyTypeObject *type = Py_TYPE(items[i]);
        if (type == &PyFloat_Type || type == &PyDoubleArrType_Type) {
            floats++;
        }
        else if (type == &PyLong_Type) {
            int overflow;
            (void)PyLong_AsLongLongAndOverflow(items[i], &overflow);
            if (overflow) {
                return NPY_NOTYPE;
            }
            ints++;
        }
        else if (type == &PyBool_Type) {
            bools++;
        }
        else {
            return NPY_NOTYPE;
        }
    }
    if (bools && (ints || floats)) {
        return NPY_NOTYPE;
    }
    return floats ? NPY_DOUBLE : ints ? NPY_LONG : bools ? NPY_BOOL : NPY_NOTYPE;
}

static void
lists_store(PyObject *const *items, Py_ssize_t n, int type, char *data)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = items[i];
        if (type == NPY_DOUBLE) {
            /* NumPy's double is Python's with another type */
            ((double *)data)[i] = PyFloat_Check(item) ? PyFloat_AS_DOUBLE(item)
                                                      : PyLong_AsDouble(item);
        }
        else if (type == NPY_LONG) {
            ((npy_long *)data)[i] = PyLong_AsLong(item);
        }
        else {
            ((npy_bool *)data)[i] = item == Py_True;
        }
    }
}

/* Measure a list of numbers, or of lists of numbers of one length: its shape and the dtype that
 * NumPy finds for it; NPY_NOTYPE for any others. */
static int
lists_measure(PyObject *list, int *nd, npy_intp *dims)
{
    PyObject **rows = PySequence_Fast_ITEMS(list);
    dims[0] = PySequence_Fast_GET_SIZE(list);
    if (dims[0] == 0 || (!PyList_CheckExact(rows[0]) && !PyTuple_CheckExact(rows[0]))) {
        *nd = 1;
        return lists_number_type(rows, dims[0]);
    }
    int type = NPY_NOTYPE;
    *nd = 2;
    dims[1] = PySequence_Fast_GET_SIZE(rows[0]);
    for (npy_intp i = 0; i < dims[0]; i++) {
        if ((!PyList_CheckExact(rows[i]) && !PyTuple_CheckExact(rows[i])) ||
            PySequence_Fast_GET_SIZE(rows[i]) != dims[1]) {
            return NPY_NOTYPE;
        }
        int own = lists_number_type(PySequence_Fast_ITEMS(rows[i]), dims[1]);
        if (own == NPY_NOTYPE || (i && (own == NPY_BOOL) != (type == NPY_BOOL))) {
            return NPY_NOTYPE;
        }
        type = type == NPY_DOUBLE ? type : own;
    }
    return type;
}

/* array([numbers]), array([[numbers], ...]), with dtype=float; array(x) of an array copies. */
static PyObject *
lists_run_array(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"dtype", NULL};
    PyObject *given[1] = {n > 1 ? args[1] : NULL}, *list = n ? args[0] : NULL;
    if (n < 1 || n > 2 || !native_keywords(args + n, names, known, given)) {
        return NULL;
    }
    if (PyArray_CheckExact(list)) {
        return given[0] == NULL || given[0] == Py_None ? constructor_copy(self, list) : NULL;
    }
    if ((!PyList_CheckExact(list) && !PyTuple_CheckExact(list)) || NPY_LONG != NPY_INTP) {
        return NULL;
    }
    int as_double = given[0] == (PyObject *)&PyFloat_Type ||
                    given[0] == (PyObject *)&PyDoubleArrType_Type;
    if (given[0] != NULL && given[0] != Py_None && !as_double) {
        return NULL;
    }
    int nd;
    npy_intp dims[2] = {0, 1};
    int type = lists_measure(list, &nd, dims);
    if (type == NPY_NOTYPE || (as_double && type == NPY_BOOL)) {
        return NULL;
    }
    type = as_double ? NPY_DOUBLE : type;
    PyArray_Descr *descr = PyArray_DescrFromType(type);
    PyArrayObject *array = constructor_room(self, descr, nd, dims, dims[0] * dims[1]);
    Py_DECREF(descr);
    PyObject **rows = PySequence_Fast_ITEMS(list);
    if (array != NULL && nd == 1) {
        lists_store(rows, dims[0], type, PyArray_BYTES(array));
    }
    for (npy_intp i = 0; array != NULL && nd == 2 && i < dims[0]; i++) {
        lists_store(PySequence_Fast_ITEMS(rows[i]), dims[1], type,
                    PyArray_BYTES(array) + i * PyArray_STRIDE(array, 0));
    }
    return (PyObject *)array;
}

/* asarray(x) of an array is that array. */
static PyObject *
lists_run_asarray(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"dtype", NULL};
    PyObject *given[1] = {n > 1 ? args[1] : NULL};
    if (n < 1 || n > 2 || !native_keywords(args + n, names, known, given)) {
        return NULL;
    }
    if (!PyArray_CheckExact(args[0])) {
        return lists_run_array(self, args, n, names);
    }
    if (given[0] != NULL && given[0] != Py_None) {
        PyArray_Descr *descr = constructor_dtype(given[0], NPY_DOUBLE);
        int same = descr == PyArray_DESCR((PyArrayObject *)args[0]);
        Py_XDECREF(descr);
        if (!same) {
            return NULL;
        }
    }
    return Py_NewRef(args[0]);
}

const NativeRow list_rows[] = {
    {"array", lists_run_array},
    {"asarray", lists_run_asarray},
    {NULL, NULL},
};
