#include "loops/original.h"

#include "numpy/fperrors.h"

#define MOST_ARGUMENTS 4

/* Python takes no notice of what its functions raise in the floating point unit. Flags of earlier
 * operations are looked at first. */
static int64_t
original_call(PyObject *function, int64_t *words)
{
    PyObject *args[MOST_ARGUMENTS + 1];
    Py_ssize_t n = 0;
    int64_t failed = 1;
    if (status_raised(1) || words[3] > MOST_ARGUMENTS) {
        return 1;
    }
    for (const int64_t *at = words + 4; n < words[3]; at += 3, n++) {
        args[n] = kind_number((int)at[0], at + 1);
        if (args[n] == NULL) {
            break;
        }
    }
    if (n == words[3]) {
        PyObject *result = PyObject_Vectorcall(function, args, (size_t)n, NULL);
        int16_t kind[1] = {(int16_t)words[0]};
        Kinds wanted = kind, given = kind;
        if (result != NULL && kind_fits(&wanted, result)) {
            int64_t *at = words + 1;
            kind_fill(&given, result, &at);
            failed = 0;
        }
        Py_XDECREF(result);
    }
    while (n--) {
        Py_DECREF(args[n]);
    }
    PyErr_Clear(); /* the original code tries again */
    status_clear(1);
    return failed;
}

PyObject *
original_caller(void)
{
    return PyLong_FromVoidPtr((void *)(uintptr_t)original_call);
}
