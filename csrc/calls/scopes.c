/* What code sees of its own variables when it asks: not the cells that sites live in. */
#include "calls/native.h"

/* Whether a name is one of the cells that the sites live in, which plain code has not. */
static int
scope_is_of_sites(PyObject *name)
{
    return PyUnicode_Check(name) && PyUnicode_GET_LENGTH(name) >= 2 &&
           PyUnicode_READ_CHAR(name, 0) == '@' && PyUnicode_READ_CHAR(name, 1) == 's';
}

/* Take the sites' cells out of a dict of variables, or out of a list of their names. */
static int
scope_without_sites(PyObject *names)
{
    PyObject *all = PySequence_List(names);
    if (all == NULL) {
        return -1;
    }
    int failed = 0;
    for (Py_ssize_t i = PyList_GET_SIZE(all) - 1; i >= 0 && !failed; i--) {
        PyObject *name = PyList_GET_ITEM(all, i);
        if (scope_is_of_sites(name)) {
            failed = PyDict_Check(names) ? PyDict_DelItem(names, name) < 0
                                         : PyList_SetSlice(names, i, i + 1, NULL) < 0;
        }
    }
    Py_DECREF(all);
    return failed ? -1 : 0;
}

/* locals(), vars() and dir(); eval(source) and exec(source), for which `more` is `locals`. */
static PyObject *
scope_run_scope(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    int runs = self->more != NULL && self->more != Py_None;
    self->as_it_is = names != NULL || n != runs;
    if (self->as_it_is) {
        return NULL;
    }
    PyObject *own = PyObject_CallNoArgs(runs ? self->more : self->callee);
    if (own != NULL && scope_without_sites(own) < 0) {
        Py_CLEAR(own);
    }
    if (own == NULL || !runs) {
        return own;
    }
    PyObject *given[] = {args[0], PyEval_GetGlobals(), own};
    PyObject *result = PyObject_Vectorcall(self->callee, given, 3, NULL);
    Py_DECREF(own);
    return result;
}

const NativeRow scope_rows[] = {{"scope", scope_run_scope}, {NULL, NULL}};
