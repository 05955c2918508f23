/* Rows of callees that lead to Python functions: dispatchers of NumPy's, and classes. */
#include "calls/judge.h"
#include "calls/lending.h"
#include "calls/native.h"

/* Whether an argument may take a NumPy function over through `__array_function__`. */
static int
entered_overrides(PyObject *value, int depth)
{
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyArray_Type) {
        return PyDataType_REFCHK(PyArray_DESCR((PyArrayObject *)value));
    }
    if (value == Py_None || type == &PyLong_Type || type == &PyFloat_Type ||
        type == &PyBool_Type || type == &PyComplex_Type || type == &PyUnicode_Type ||
        type == &PySlice_Type || type == &PyRange_Type || type == &PyType_Type ||
        PyArray_DescrCheck(value)) {
        return 0;
    }
    if (type == &PyTuple_Type || type == &PyList_Type) {
        if (depth == 0) {
            return 1;
        }
        for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); i++) {
            if (entered_overrides(PySequence_Fast_GET_ITEM(value, i), depth - 1)) {
                return 1;
            }
        }
        return 0;
    }
    return !PyArray_IsScalar(value, Generic) || (type->tp_flags & Py_TPFLAGS_HEAPTYPE);
}

/* Ask as a dispatcher does: call the function, and go through what it returns. -1 for an error. */
static int
entered_asks(PyObject *ask, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *answer = PyObject_Vectorcall(ask, args, (size_t)n, names);
    PyObject *all = answer == NULL ? NULL : PySequence_List(answer);
    Py_XDECREF(answer);
    Py_XDECREF(all);
    return all == NULL ? -1 : 0;
}

/* What was asked has raised, as it does for the dispatcher itself. If it has no frame, the call
 * failed, and the dispatcher has a text of its own for that. */
static PyObject *
entered_asking_failed(Native *self)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    if (trace != NULL) {
        PyErr_Restore(type, value, trace);
        return NULL;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    self->bypasses_handler = 1;
    return NULL;
}

/* A dispatcher of NumPy's: its implementation, rewritten, where no argument takes over. */
static PyObject *
entered_call(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Py_ssize_t all = n + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
    for (Py_ssize_t i = 0; i < all; i++) {
        if (entered_overrides(args[i], 3)) {
            self->bypasses_handler = 1;
            return NULL;
        }
    }
    PyObject *code = PyCell_GET(PyTuple_GET_ITEM(self->more, 0));
    PyObject *inner = PyTuple_GET_ITEM(self->more, 1);
    if (code == NULL || code == Py_None ||
        plain_code_of(inner) != PyTuple_GET_ITEM(self->more, 2)) {
        self->bypasses_handler = 1; /* it has no site left, or now has other code */
        return NULL;
    }
    if (code != self->code || !instance_is_current(self->instance, inner)) {
        PyObject *made = instance_of(code, inner);
        if (made == NULL) {
            return NULL;
        }
        Py_XSETREF(self->code, Py_NewRef(code));
        Py_XSETREF(self->instance, made);
    }
    PyObject *ask = PyTuple_GET_ITEM(self->more, 3);
    if (ask != Py_None && entered_asks(ask, args, n, names) < 0) { /* hstack(2.5) */
        return entered_asking_failed(self);
    }
    PyObject *instance = Py_NewRef(self->instance);
    PyObject *result = PyObject_Vectorcall(instance, args, (size_t)n, names);
    Py_DECREF(instance);
    return result;
}

/* The same, judged: see judge.h. */
static PyObject *
entered_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Judge *judge = (Judge *)PyTuple_GET_ITEM(self->more, 4);
    if ((PyObject *)judge != Py_None && judge->phase == WAITING) {
        int waits = judge_waits(judge);
        if (waits != 0) {
            Turn turn = {.is_timed = 0};
            return waits < 0 ? NULL
                             : judge_route(judge, &turn, self->site, self->callee, args, (size_t)n,
                                           names);
        }
    }
    PyObject *code = PyCell_GET(PyTuple_GET_ITEM(self->more, 0));
    int is_gone = code == NULL || code == Py_None;
    if ((PyObject *)judge == Py_None || judge->phase == KEPT || is_gone) {
        return entered_call(self, args, n, names);
    }
    if (judge->phase == LEFT) {
        self->bypasses_handler = judge->is_small;
        return NULL;
    }
    Turn turn;
    if (judge_begin(judge, &turn) < 0) {
        return NULL;
    }
    Py_INCREF(self);
    PyObject *result;
    if (turn.is_rewritten) {
        result = entered_call(self, args, n, names);
    }
    else {
        result = judge_route(judge, &turn, self->site, self->callee, args, (size_t)n, names);
    }
    if (judge_end(judge, &turn, result != NULL) < 0) {
        Py_CLEAR(result);
    }
    Py_DECREF(self);
    return result;
}

/* Call a class with functions lent to it; without any there is nothing to gain. */
static PyObject *
entered_with(Native *self, PyObject *const *lent, Py_ssize_t n_lent, PyObject *const *args,
             Py_ssize_t n, PyObject *names)
{
    Extent outer;
    int found = lending_begin(&outer, self->site, lent, n_lent);
    if (found < 0) {
        return NULL;
    }
    PyObject *result = NULL;
    if (found) {
        result = PyObject_Vectorcall(self->callee, args, (size_t)n, names);
    }
    lending_end(&outer);
    self->bypasses_handler = !found;
    return result;
}

/* A class of other code, whose objects may keep and call functions of the user's. */
static PyObject *
entered_lend(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return entered_with(self, args, n + (names == NULL ? 0 : PyTuple_GET_SIZE(names)), args, n,
                        names);
}

/* A class with an `__init__` in Python: making an object runs that rewritten. */
static PyObject *
entered_make(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *init = Py_XNewRef(
        _PyType_Lookup((PyTypeObject *)self->callee, self->site->state->init_name));
    PyObject *result = entered_with(self, &init, init != NULL, args, n, names);
    Py_XDECREF(init);
    return result;
}

const NativeRow entered_rows[] = {
    {"entered", entered_run},
    {"lend", entered_lend},
    {"make", entered_make},
    {NULL, NULL},
};
