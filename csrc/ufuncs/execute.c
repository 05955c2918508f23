#include "ufuncs/execute.h"

#include <string.h>

#define CAST_BLOCK 1024 /* items turned into another dtype at a time */

/* Call the loop once, turning what has another dtype block by block. -1 without an exception if a
 * cast raises flags: NumPy does it all again, and says whose they are. */
static int
execute_call_with_casts(const Run *run, char *const *data, npy_intp n, const npy_intp *strides,
                        int *raised)
{
    const Variant *variant = run->variant;
    const Step *step = &variant->step;
    npy_cdouble room[MAX_IN][CAST_BLOCK];
    for (npy_intp done = 0; done < n; done += CAST_BLOCK) {
        npy_intp block = n - done < CAST_BLOCK ? n - done : CAST_BLOCK;
        char *at[MAX_OPERANDS];
        npy_intp by[MAX_OPERANDS];
        if (variant->casts_raise) {
            *raised |= status_raised(variant->slow_status);
            status_clear(variant->slow_status);
        }
        for (int i = 0; i <= step->n_in; i++) {
            at[i] = data[i] + done * strides[i];
            by[i] = strides[i];
            if (variant->casts[i] == NULL || run->arrays[i] == NULL ||
                data[i] == run->items[i].bytes) {
                continue; /* scalars and arrays of one item were turned before */
            }
            cast_items(variant->casts[i], at[i], strides[i], room[i], block);
            at[i] = (char *)room[i];
            by[i] = PyDataType_ELSIZE(variant->descrs[i]);
        }
        if (variant->casts_raise && UNLIKELY(status_raised(0))) {
            status_clear(0);
            return -1;
        }
        if (step->call.loop(step->call.context, at, &block, by, step->call.auxdata) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
execute_call_nest(const Run *run, const Nest *nest, int axis, char *const *data)
{
    const Step *step = &run->variant->step;
    if (axis == 0) {
        return step->call.loop(step->call.context, data, &nest->dims[0], nest->strides[0],
                               step->call.auxdata);
    }
    char *at[MAX_OPERANDS];
    memcpy(at, data, sizeof(at));
    const npy_intp *strides = nest->strides[axis];
    const int n = step->n_in;
    for (npy_intp i = 0; i < nest->dims[axis]; i++) {
        int failed = axis > 1 ? execute_call_nest(run, nest, axis - 1, at)
                              : step->call.loop(step->call.context, at, &nest->dims[0],
                                                nest->strides[0], step->call.auxdata);
        if (failed < 0) {
            return -1;
        }
        for (int k = 0; k <= n; k++) {
            at[k] += strides[k];
        }
    }
    return 0;
}

NOINLINE int
execute_report_as(const char *name, int found)
{
    int errors = 0;
    errors |= found & FE_DIVBYZERO ? NPY_FPE_DIVIDEBYZERO : 0;
    errors |= found & FE_OVERFLOW ? NPY_FPE_OVERFLOW : 0;
    errors |= found & FE_UNDERFLOW ? NPY_FPE_UNDERFLOW : 0;
    errors |= found & FE_INVALID ? NPY_FPE_INVALID : 0;
    return PyUFunc_GiveFloatingpointErrors(name, errors);
}

NOINLINE int
execute_report(Kernel *kernel, int found, int slow_status)
{
    status_clear(slow_status);
    return execute_report_as(kernel->name, found);
}

int
execute(Kernel *kernel, const Run *run, npy_intp size, const Nest *nest)
{
    const Variant *variant = run->variant;
    const Step *step = &variant->step;
    int failed, raised = 0, checked = !step->call.raises_nothing;
    PyThreadState *others = size > LARGE ? PyEval_SaveThread() : NULL;
    if (checked) {
        status_clear(variant->slow_status);
    }
    if (LIKELY(nest == NULL && !variant->any_cast)) {
        failed = step->call.loop(step->call.context, run->data, &size, run->strides,
                                 step->call.auxdata);
    }
    else if (nest == NULL) {
        failed = execute_call_with_casts(run, run->data, size, run->strides, &raised);
    }
    else {
        failed = execute_call_nest(run, nest, nest->nd - 1, run->data);
    }
    raised = checked ? raised | status_raised(variant->slow_status) : 0;
    if (others != NULL) {
        PyEval_RestoreThread(others);
    }
    if (loop_failed(failed, variant->slow_status)) {
        return -1;
    }
    return UNLIKELY(raised) ? execute_report(kernel, raised, variant->slow_status) : 0;
}
