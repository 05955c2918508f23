#include "numpy/loop.h"

int
loop_read(PyObject *capsule, CallInfo *call)
{
    const CallInfo *found = PyCapsule_GetPointer(capsule, "numpy_1.24_ufunc_call_info");
    if (found == NULL) {
        return -1;
    }
    *call = *found;
    return !call->needs_python && call->loop != NULL;
}
