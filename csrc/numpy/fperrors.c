#include "numpy/fperrors.h"

/* The modes of the four kinds, as `error_modes` in Python gives them: 1 for those that are ignored,
 * 2 for those that only warn, by their places in these bits. */
static const int KINDS[4] = {FE_DIVBYZERO, FE_OVERFLOW, FE_UNDERFLOW, FE_INVALID};

/* Ask for the modes, unless the state is the one that was asked about last. */
static long
fperrors_modes_now(State *state)
{
    PyObject *now = NULL;
    if (PyContextVar_Get(state->error_state, Py_None, &now) < 0) {
        return -1;
    }
    if (now != state->modes_of) {
        PyObject *found = PyObject_CallNoArgs(state->error_modes);
        long modes = found == NULL ? -1 : PyLong_AsLong(found);
        Py_XDECREF(found);
        if (modes < 0) {
            Py_DECREF(now);
            return -1;
        }
        state->modes = modes;
        Py_XSETREF(state->modes_of, Py_NewRef(now));
    }
    Py_DECREF(now);
    return state->modes;
}

/* Whether a filter turns warnings of errors into exceptions, or the user's code shows them. */
static int
fperrors_is_filtered(const State *state)
{
    PyObject *filters = PyDict_GetItemWithError(state->warnings, state->filters_name);
    PyObject *shown_by = PyDict_GetItemWithError(state->warnings, state->shown_name);
    if (filters == NULL || !PyList_CheckExact(filters) ||
        shown_by != PyDict_GetItemWithError(state->warnings, state->original_name)) {
        PyErr_Clear();
        return 1;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(filters); i++) {
        PyObject *filter = PyList_GET_ITEM(filters, i);
        if (!PyTuple_CheckExact(filter) || PyTuple_GET_SIZE(filter) < 3) {
            return 1;
        }
        PyObject *action = PyTuple_GET_ITEM(filter, 0), *category = PyTuple_GET_ITEM(filter, 2);
        if (!PyUnicode_Check(action) || !PyType_Check(category)) {
            return 1;
        }
        if (PyUnicode_CompareWithASCIIString(action, "error") == 0 &&
            PyType_IsSubtype((PyTypeObject *)PyExc_RuntimeWarning, (PyTypeObject *)category)) {
            return 1;
        }
    }
    return 0;
}

int
fperrors_may_raise(const State *state)
{
    long modes = fperrors_modes_now((State *)state);
    if (modes < 0) {
        return -1;
    }
    int warns = 0;
    for (int i = 0; i < 4; i++) {
        long mode = modes >> (2 * i) & 3;
        if (mode == 0) {
            return 1;
        }
        warns |= mode == 2;
    }
    return warns && fperrors_is_filtered(state);
}

int
fperrors_is_idle(const State *state, int raised)
{
    long modes = fperrors_modes_now((State *)state);
    if (modes < 0) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        if (raised & KINDS[i] && (modes >> (2 * i) & 3) != 1) {
            return 0;
        }
    }
    return 1;
}

/* The code of the function that runs, a new reference, with its globals, borrowed; or NULL. */
static PyCodeObject *
fperrors_running(PyObject **globals)
{
    PyFrameObject *frame = PyEval_GetFrame();
    *globals = PyEval_GetGlobals();
    return frame == NULL || *globals == NULL ? NULL : PyFrame_GetCode(frame);
}

/* Warn on a line of some code with these globals. */
static int
fperrors_warn_in(PyCodeObject *code, PyObject *globals, PyObject *message, int line)
{
    PyObject *registry = PyDict_GetItemString(globals, "__warningregistry__");
    if (registry == NULL) {
        PyObject *made = PyDict_New();
        if (made == NULL || PyDict_SetItemString(globals, "__warningregistry__", made) < 0) {
            Py_XDECREF(made);
            return -1;
        }
        Py_DECREF(made);
        registry = made;
    }
    PyObject *module = PyDict_GetItemString(globals, "__name__");
    module = module == NULL ? PyUnicode_FromString("<string>") : Py_NewRef(module);
    int failed = module == NULL ? -1
                                : PyErr_WarnExplicitObject(PyExc_RuntimeWarning, message,
                                                           code->co_filename, line, module,
                                                           registry);
    Py_XDECREF(module);
    return failed;
}

/* Warn on a line of the function that runs, or of the one that is given. */
static int
fperrors_warn_at(PyObject *message, PyObject *function, int line)
{
    PyObject *globals;
    PyCodeObject *code;
    if (function == NULL) {
        code = fperrors_running(&globals);
    }
    else {
        code = (PyCodeObject *)Py_NewRef(PyFunction_GET_CODE(function));
        globals = PyFunction_GET_GLOBALS(function);
    }
    if (code == NULL || line == 0) {
        Py_XDECREF(code);
        return PyErr_WarnEx(PyExc_RuntimeWarning, PyUnicode_AsUTF8(message), 1);
    }
    int failed = fperrors_warn_in(code, globals, message, line);
    Py_DECREF(code);
    return failed;
}

int
fperrors_raised(const State *state, const char *name, int raised, PyObject *function, int line)
{
    static const char *const what[4] = {"divide by zero", "overflow", "underflow",
                                        "invalid value"};
    long modes = fperrors_modes_now((State *)state);
    if (modes < 0) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        if (!(raised & KINDS[i]) || (modes >> (2 * i) & 3) == 1) {
            continue;
        }
        PyObject *message = PyUnicode_FromFormat("%s encountered in %s", what[i], name);
        int failed = message == NULL ? -1 : fperrors_warn_at(message, function, line);
        Py_XDECREF(message);
        if (failed < 0) {
            return -1;
        }
    }
    return 0;
}
