/* NumPy functions whose Python code only hands its arguments on to compiled code, called without
 * that Python code.
 *
 * `more` is (compiled, kinds, names): the compiled function; a letter for each argument, those
 * after a colon may be missing, and the last may be repeated if a star follows; the names under
 * which arguments may be given. What the compiled function raises, the original raises again, so
 * that the traceback is its own.
 */
#include "calls/native.h"

static int
unwrapped_is_array(PyObject *value)
{
    if (!PyArray_CheckExact(value) || PyArray_NDIM((PyArrayObject *)value) == 0) {
        return 0;
    }
    int type = PyArray_DESCR((PyArrayObject *)value)->type_num;
    return type <= NPY_CLONGDOUBLE || type == NPY_HALF;
}

static int
unwrapped_is_shape(PyObject *value)
{
    if (!PyTuple_CheckExact(value)) {
        return PyLong_CheckExact(value);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); i++) {
        if (!PyLong_CheckExact(PyTuple_GET_ITEM(value, i))) {
            return 0;
        }
    }
    return 1;
}

/* Whether an argument is of a kind: an array of numbers, a real one, a number or such an array, an
 * int or a tuple of them or None, a text. */
static int
unwrapped_suits(char kind, PyObject *value)
{
    switch (kind) {
    case 'a':
        return unwrapped_is_array(value);
    case 'r':
        return unwrapped_is_array(value) &&
               !PyTypeNum_ISCOMPLEX(PyArray_TYPE((PyArrayObject *)value));
    case 'n':
        return PyFloat_CheckExact(value) || PyLong_CheckExact(value) ||
               Py_IS_TYPE(value, &PyDoubleArrType_Type) || unwrapped_is_array(value);
    case 'i':
        return value == Py_None || unwrapped_is_shape(value);
    case 's':
        return PyUnicode_CheckExact(value);
    default:
        return 0;
    }
}

/* Whether positional arguments are of the row's kinds. */
static int
unwrapped_fits(const char *kinds, PyObject *const *args, Py_ssize_t n)
{
    Py_ssize_t i = 0;
    int may_end = 0;
    for (const char *kind = kinds; *kind != '\0'; kind++) {
        if (*kind == ':') {
            may_end = 1;
            continue;
        }
        if (i == n) {
            return may_end;
        }
        do {
            if (!unwrapped_suits(*kind, args[i])) {
                return 0;
            }
            i++;
        } while (kind[1] == '*' && i < n);
        kind += kind[1] == '*';
    }
    return i == n;
}

/* Whether keyword arguments are among those that may be given so, and plain. */
static int
unwrapped_names_fit(PyObject *allowed, PyObject *names, PyObject *const *values)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        int known = 0;
        for (Py_ssize_t k = 0; !known && k < PyTuple_GET_SIZE(allowed); k++) {
            known = PyUnicode_Compare(PyTuple_GET_ITEM(allowed, k),
                                      PyTuple_GET_ITEM(names, i)) == 0;
        }
        if (!known || !(unwrapped_suits('i', values[i]) || unwrapped_suits('s', values[i]))) {
            return 0;
        }
    }
    return 1;
}

static PyObject *
unwrapped_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *more = self->more;
    const char *kinds = PyUnicode_AsUTF8(PyTuple_GET_ITEM(more, 1));
    if (kinds == NULL || !unwrapped_fits(kinds, args, n) ||
        (names != NULL && !unwrapped_names_fit(PyTuple_GET_ITEM(more, 2), names, args + n))) {
        return NULL;
    }
    Site *site = self->site;
    PyObject *compiled = Py_NewRef(PyTuple_GET_ITEM(more, 0)); /* the site may be emptied */
    PyObject *result = site_routed(site, compiled, args, (size_t)n, names);
    Py_DECREF(compiled);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_Exception)) {
        PyErr_Clear();
    }
    return result;
}

const NativeRow unwrapped_rows[] = {{"unwrapped", unwrapped_run}, {NULL, NULL}};
