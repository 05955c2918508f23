#include "arena/handler.h"

PyObject *
handler_set(PyObject *handler)
{
    COLLECTOR_OFF;
    PyObject *former = PyDataMem_SetHandler(handler);
    COLLECTOR_ON;
    return former;
}

/* What NumPy finds in the cache, or NULL if it has to look further. */
ALWAYS_INLINE PyObject *
handler_cached(const HandlerVariable *variable)
{
    PyThreadState *now = PyThreadState_Get();
    return variable->thread == now->id && variable->version == now->context_ver ? variable->cached
                                                                                : NULL;
}

/* Return the context's handler, and have it cached. A context that has none is given the one that
 * is in force anyway: only what a context has is cached. */
static NOINLINE PyObject *
handler_looked_up(HandlerVariable *variable)
{
    variable->cached = NULL;
    PyObject *handler = PyDataMem_GetHandler();
    if (handler != NULL && handler_cached(variable) != handler) {
        PyObject *same = handler_set(handler);
        if (same == NULL) {
            Py_CLEAR(handler);
        }
        Py_XDECREF(same);
    }
    return handler;
}

/* The same without the cache, as far as that can't be relied on. */
static NOINLINE int
handler_begin_distrusting(Stretch *stretch, State *state, PyObject *handler)
{
    HandlerVariable *variable = stretch->variable;
    if (variable != NULL) {
        PyObject *now = handler_cached(variable);
        stretch->former = handler_looked_up(variable);
        if (stretch->former == NULL) {
            return -1;
        }
        stretch->outer = now == stretch->former ? NULL : now;
        if (state->distrusted == 0) {
            variable->cached = handler;
            return 0;
        }
        state->distrusted--;
    }
    PyObject *former = handler_set(handler);
    if (former == NULL) {
        Py_XDECREF(stretch->former);
        return -1;
    }
    if (variable == NULL) {
        stretch->former = Py_NewRef(former);
    }
    Py_DECREF(former);
    return 0;
}

int
handler_begin(Stretch *stretch, State *state, PyObject *handler)
{
    HandlerVariable *variable = stretch->variable = state->handler_variable;
    stretch->former = stretch->outer = NULL;
    PyObject *now = variable == NULL ? NULL : handler_cached(variable);
    if (LIKELY(now != NULL && state->stretches == 0 && state->distrusted == 0)) {
        stretch->former = Py_NewRef(now);
        variable->cached = handler;
    }
    else if (handler_begin_distrusting(stretch, state, handler) < 0) {
        return -1;
    }
    stretch->ours = Py_NewRef(handler);
    state->stretches++;
    return 0;
}

void
handler_end(Stretch *stretch, State *state)
{
    HandlerVariable *variable = stretch->variable;
    PyObject *now = NULL;
    state->stretches--;
    if (LIKELY(variable != NULL)) {
        if (UNLIKELY(handler_cached(variable) != stretch->ours)) {
            state->distrusted = DISTRUSTED;
        }
        variable->cached = NULL;
        now = PyDataMem_GetHandler();
        Py_XDECREF(now); /* only compared from here on */
    }
    if (UNLIKELY(now != stretch->former)) { /* it was set, by us or by what was called */
        Py_XDECREF(handler_set(stretch->former));
    }
    if (UNLIKELY(stretch->outer != NULL) && handler_cached(variable) == stretch->former) {
        variable->cached = stretch->outer;
    }
    Py_DECREF(stretch->ours);
    Py_DECREF(stretch->former);
}

/* Whether NumPy takes its handler from the cache of this variable, which has just been set. */
static int
handler_is_obeyed(PyObject *object, PyObject *handler, PyObject *other)
{
    if (!Py_IS_TYPE(object, &PyContextVar_Type) ||
        Py_TYPE(object)->tp_basicsize != (Py_ssize_t)sizeof(HandlerVariable)) {
        return 0;
    }
    HandlerVariable *variable = (HandlerVariable *)object;
    if (handler_cached(variable) != handler) {
        return 0;
    }
    variable->cached = other;
    PyObject *first = PyDataMem_GetHandler();
    variable->cached = NULL;
    PyObject *second = PyDataMem_GetHandler();
    Py_XDECREF(first);
    Py_XDECREF(second);
    return first == other && second == handler && handler_cached(variable) == handler;
}

int
handler_learn(State *state, PyObject *handler)
{
    Py_CLEAR(state->handler_variable);
    state->distrusted = 0;
    PyObject *context = handler == NULL ? NULL : PyContext_New(); /* with no variable in it */
    if (context == NULL || PyContext_Enter(context) < 0) {
        Py_XDECREF(context);
        return PyErr_Occurred() ? -1 : 0;
    }
    PyObject *other = handler_set(handler);
    PyObject *names = other == NULL ? NULL : PySequence_List(context);
    if (names != NULL && PyList_GET_SIZE(names) == 1) {
        PyObject *variable = PyList_GET_ITEM(names, 0);
        if (handler_is_obeyed(variable, handler, other)) {
            state->handler_variable = (HandlerVariable *)Py_NewRef(variable);
        }
    }
    int failed = PyContext_Exit(context) < 0 || names == NULL;
    Py_XDECREF(names);
    Py_XDECREF(other);
    Py_DECREF(context);
    return failed ? -1 : state->handler_variable != NULL;
}
