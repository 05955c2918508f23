/* Carrying out a variant's program over operands that lie ready. */
#ifndef ALLOC_REWRITE_UFUNCS_EXECUTE_H
#define ALLOC_REWRITE_UFUNCS_EXECUTE_H

#include "numpy/iteration.h"
#include "ufuncs/inline_cache.h"

/* What one run works on. */
typedef struct {
    Variant *variant; /* owned */
    PyArrayObject *arrays[MAX_IN];
    char *data[MAX_OPERANDS];
    npy_intp strides[MAX_OPERANDS]; /* of the innermost axis */
    ItemRoom items[MAX_IN];
} Run;

/* Run the loop and report as NumPy does what it raised; -1 with an exception. Without a nest it is
 * one call over items of the innermost strides. */
int execute(Kernel *kernel, const Run *run, npy_intp size, const Nest *nest);
int execute_report(Kernel *kernel, int raised, int slow_status);
/* Report floating point flags under a ufunc's name; -1 with an exception. */
int execute_report_as(const char *name, int raised);

/* The same for one call over items without gaps, which is the usual case. */
ALWAYS_INLINE int
execute_flat(Kernel *kernel, const Run *run, npy_intp size)
{
    const Variant *variant = run->variant;
    const Step *step = &variant->step;
    if (UNLIKELY(variant->any_cast || size > LARGE)) {
        return execute(kernel, run, size, NULL);
    }
    int is_checked = !step->call.raises_nothing;
    if (is_checked) {
        status_clear(variant->slow_status);
    }
    int returned = step->call.loop(step->call.context, run->data, &size, run->strides,
                                   step->call.auxdata);
    int raised = is_checked ? status_raised(variant->slow_status) : 0;
    if (loop_failed(returned, variant->slow_status)) {
        return -1;
    }
    return UNLIKELY(raised) ? execute_report(kernel, raised, variant->slow_status) : 0;
}

#endif
