#include "loops/inner.h"

#include "numpy/loop.h"
#include "numpy/record.h"

#include "ufuncs/execute.h"

/* Loops may clear the flags of the floating point unit, those of earlier operations too: so these
 * are looked at before. NumPy takes no notice of what loops raise that can't raise anything. */
static int64_t
inner_call(const CallInfo *call, char *const *data, const npy_intp *dims, const npy_intp *strides)
{
    if (status_raised(1)) {
        return 1;
    }
    if (loop_failed(call->loop(call->context, data, dims, strides, call->auxdata), 1)) {
        PyErr_Clear();
        return 1;
    }
    if (call->raises_nothing) {
        status_clear(1);
    }
    return 0;
}

/* The same for loops that say by a flag that they have failed, as those of linear algebra do. NumPy
 * takes no notice of other flags. */
static int64_t
inner_call_flagged(const CallInfo *call, char *const *data, const npy_intp *dims,
                   const npy_intp *strides)
{
    if (status_raised(1)) {
        return 1;
    }
    int failed = loop_failed(call->loop(call->context, data, dims, strides, call->auxdata), 1);
    failed |= (status_raised(1) & FE_INVALID) != 0;
    PyErr_Clear();
    status_clear(1);
    return failed;
}

PyObject *
inner_loop(PyObject *Py_UNUSED(module), PyObject *capsule)
{
    CallInfo call;
    int usable = loop_read(capsule, &call);
    if (usable < 0) {
        return NULL;
    }
    if (!usable) {
        Py_RETURN_NONE;
    }
    return PyLong_FromVoidPtr(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
}

PyObject *
inner_caller(int is_flagged)
{
    return PyLong_FromVoidPtr((void *)(uintptr_t)(is_flagged ? inner_call_flagged : inner_call));
}
