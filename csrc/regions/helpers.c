#include "regions/helpers.h"

/* The function of a method, looked up where that runs no Python code: in a plain object's class. */
static int
helpers_bound(Values *values, int number, PyObject *object, PyObject *name)
{
    PyTypeObject *type = object == NULL ? NULL : Py_TYPE(object);
    if (type == NULL || type->tp_getattro != PyObject_GenericGetAttr) {
        return 0;
    }
    PyObject *found = _PyType_Lookup(type, name);
    if (found == NULL || !PyFunction_Check(found)) {
        return 0;
    }
    PyObject *method = PyObject_GenericGetAttr(object, name); /* the object may have its own */
    int is_it = method != NULL && PyMethod_Check(method) &&
                PyMethod_GET_FUNCTION(method) == found && PyMethod_GET_SELF(method) == object;
    if (!is_it) {
        Py_XDECREF(method);
        PyErr_Clear();
        return 0;
    }
    values_keep(values, number, method); /* which keeps the function */
    values->of[number] = found;
    return 1;
}

/* A function that has the code that was inlined: the same, or an equal one from then on, as that
 * of a module that was loaded again. */
static int
helpers_function(Node *node, Values *values, int number, PyObject *function)
{
    if (function == NULL || !PyFunction_Check(function)) {
        return 0;
    }
    PyObject *code = plain_code_of(function);
    if (UNLIKELY(code != node->detail)) {
        if (code == NULL || PyObject_RichCompareBool(code, node->detail, Py_EQ) <= 0) {
            return 0;
        }
        Py_SETREF(node->detail, Py_NewRef(code));
    }
    values->of[number] = function;
    return 1;
}

static PyObject *
helpers_named(const PyFunctionObject *function, PyObject *name)
{
    PyObject *value = PyDict_GetItemWithError(function->func_globals, name);
    if (value == NULL && !PyErr_Occurred()) {
        value = PyDict_GetItemWithError(function->func_builtins, name);
    }
    return value;
}

static PyObject *
helpers_held(const PyFunctionObject *function, PyObject *number)
{
    Py_ssize_t at = PyLong_AsSsize_t(number);
    PyObject *cells = function->func_closure;
    return cells == NULL || at < 0 || at >= PyTuple_GET_SIZE(cells)
               ? NULL
               : PyCell_GET(PyTuple_GET_ITEM(cells, at));
}

static PyObject *
helpers_default(const PyFunctionObject *function, PyObject *parameter)
{
    if (PyUnicode_Check(parameter)) {
        PyObject *named = function->func_kwdefaults;
        return named == NULL || !PyDict_CheckExact(named)
                   ? NULL
                   : PyDict_GetItemWithError(named, parameter);
    }
    PyObject *all = function->func_defaults;
    Py_ssize_t at = all == NULL ? -1 : PyTuple_GET_SIZE(all) + PyLong_AsSsize_t(parameter);
    return at < 0 ? NULL : PyTuple_GET_ITEM(all, at);
}

/* Whether a value is what it was when the regions were looked for: None, a number or a text. */
static int
helpers_is_equal(PyObject *given, PyObject *known)
{
    return given == known || (given != NULL && Py_TYPE(given) == Py_TYPE(known) &&
                              PyObject_RichCompareBool(given, known, Py_EQ) == 1);
}

int
helper_value(const Program *program, Values *values, int number)
{
    Node *node = (Node *)&program->nodes[number];
    PyObject *given = values->of[node->operands[0]];
    if (node->kind == NODE_BOUND) {
        return helpers_bound(values, number, given, node->detail);
    }
    if (node->kind == NODE_FUNCTION) {
        return helpers_function(node, values, number, given);
    }
    if (node->kind == NODE_PINNED) {
        return helpers_is_equal(given, node->detail);
    }
    if (node->kind == NODE_SOMETHING) {
        return given != Py_None;
    }
    const PyFunctionObject *function = (PyFunctionObject *)given;
    PyObject *value = node->kind == NODE_NAMED  ? helpers_named(function, node->detail)
                      : node->kind == NODE_HELD ? helpers_held(function, node->detail)
                                                : helpers_default(function, node->detail);
    return value_found(values, number, Py_XNewRef(value));
}

/* ------------------------------------------------------------------ who watches */

#if PY_VERSION_HEX >= 0x030C0000
/* Whether a tool of `sys.monitoring` watches the code that runs, as one of all code does. */
static int
helpers_running_is_watched(PyThreadState *thread)
{
#if PY_VERSION_HEX < 0x030D0000
    struct _PyInterpreterFrame *frame = thread->cframe->current_frame;
#else
    struct _PyInterpreterFrame *frame = thread->current_frame;
#endif
    PyObject *code = frame == NULL ? NULL : PyUnstable_InterpreterFrame_GetCode(frame);
    unsigned char any = code == NULL || !PyCode_Check(code);
    if (!any) {
        const unsigned char *tools = (unsigned char *)((PyCodeObject *)code)->_co_monitoring;
        for (size_t i = 0; tools != NULL && i < WATCHES; i++) {
            any |= tools[i];
        }
    }
    Py_XDECREF(code);
    return any;
}
#endif

int
helpers_are_watched(void)
{
    PyThreadState *thread = PyThreadState_Get();
    if (thread->c_tracefunc != NULL || thread->c_profilefunc != NULL) {
        return 1;
    }
#if PY_VERSION_HEX >= 0x030C0000
    return helpers_running_is_watched(thread);
#else
    return 0;
#endif
}
