/* The Python function whose work a native does: the native runs only as long as that function has
 * the code and the defaults that it had when the native was made. */
#ifndef ALLOC_REWRITE_CALLS_BEHIND_H
#define ALLOC_REWRITE_CALLS_BEHIND_H

#include "state.h"

#define BEHIND_PARTS 3

typedef struct {
    PyObject *function;            /* owned, or NULL if there is none */
    PyObject *parts[BEHIND_PARTS]; /* owned, or NULL: what it does and takes */
} Behind;

/* What decides what a Python function does and takes, borrowed. */
ALWAYS_INLINE PyObject *
behind_part(PyObject *function, int i)
{
    const PyFunctionObject *now = (PyFunctionObject *)function;
    return i == 0 ? now->func_code : i == 1 ? now->func_defaults : now->func_kwdefaults;
}

ALWAYS_INLINE int
behind_is_current(const Behind *behind)
{
    if (behind->function != NULL) {
        for (int i = 0; i < BEHIND_PARTS; i++) {
            if (behind_part(behind->function, i) != behind->parts[i]) {
                return 0;
            }
        }
    }
    return 1;
}

static inline void
behind_take(Behind *behind, PyObject *function)
{
    behind->function = Py_NewRef(function);
    for (int i = 0; i < BEHIND_PARTS; i++) {
        behind->parts[i] = Py_XNewRef(behind_part(function, i));
    }
}

static inline void
behind_clear(Behind *behind)
{
    Py_CLEAR(behind->function);
    for (int i = 0; i < BEHIND_PARTS; i++) {
        Py_CLEAR(behind->parts[i]);
    }
}

static inline int
behind_traverse(const Behind *behind, visitproc visit, void *arg)
{
    Py_VISIT(behind->function);
    for (int i = 0; i < BEHIND_PARTS; i++) {
        Py_VISIT(behind->parts[i]);
    }
    return 0;
}

#endif
