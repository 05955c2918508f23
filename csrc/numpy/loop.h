/* NumPy's inner loops: the one place that reads the capsule in which NumPy hands them out. */
#ifndef ALLOC_REWRITE_NUMPY_LOOP_H
#define ALLOC_REWRITE_NUMPY_LOOP_H

#include "state.h"

/* What goes over items: NumPy's inner loops, and all of our own that stand in their place. Zero, or
 * -1 with an exception; those of our own give no error. */
typedef PyArrayMethod_StridedLoop *Loop;

/* The parameters of a loop of our own: `data`, `dims` (the number of items) and `strides`. */
#define LOOP_PARAMETERS                                                           \
    PyArrayMethod_Context *Py_UNUSED(context), char *const *data, const npy_intp *dims, \
        const npy_intp *strides, NpyAuxData *Py_UNUSED(auxdata)

/* What NumPy tells of a loop; the layout is that of its capsule "numpy_1.24_ufunc_call_info". */
typedef struct {
    Loop loop;
    PyArrayMethod_Context *context; /* borrowed from the capsule */
    NpyAuxData *auxdata;            /* borrowed from the capsule */
    npy_bool needs_python;
    npy_bool raises_nothing;
} CallInfo;

/* Read a loop out of its capsule, which must outlive it. 1, 0 if the loop is not to be called from
 * here, or -1 with an exception. */
int loop_read(PyObject *capsule, CallInfo *call);

/* Whether a loop that was called has failed; asked with the GIL. Loops in the old style, as other
 * libraries have them, can't return that: they set an exception. Those whose flags are read the
 * quick way are NumPy's arithmetic, and don't. */
ALWAYS_INLINE int
loop_failed(int returned, int slow_status)
{
    return UNLIKELY(returned < 0) || (slow_status && UNLIKELY(PyErr_Occurred() != NULL));
}

#endif
