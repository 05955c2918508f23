#include "numpy/masked.h"

/* The first item from `i` on at which the mask is no longer what it was there. */
ALWAYS_INLINE npy_intp
masked_run(const char *mask, npy_intp by, npy_intp i, npy_intp n, int is_true)
{
    while (i < n && (mask[i * by] != 0) == is_true) {
        i++;
    }
    return i;
}

int
masked_loop(PyArrayMethod_Context *context, char *const *data, const npy_intp *dims,
            const npy_intp *strides, NpyAuxData *auxdata)
{
    const Masked *masked = (const Masked *)auxdata;
    int old = masked->n_in, mask = old + 1, result = old + 2;
    char *at[STEP_OPERANDS];
    npy_intp by[STEP_OPERANDS], n = dims[0];
    int is_there = data[old] == data[result] && strides[old] == strides[result];
    for (int k = 0; k < old; k++) {
        by[k] = strides[k];
    }
    by[old] = strides[result];
    for (npy_intp first = 0, stop; first < n; first = stop) {
        int is_true = data[mask][first * strides[mask]] != 0;
        stop = masked_run(data[mask], strides[mask], first, n, is_true);
        npy_intp length = stop - first;
        if (is_true) {
            for (int k = 0; k < old; k++) {
                at[k] = data[k] + first * strides[k];
            }
            at[old] = data[result] + first * strides[result];
            if (masked->call.loop(context, at, &length, by, masked->call.auxdata) < 0) {
                return -1;
            }
        }
        else if (!is_there) {
            char *copied[2] = {data[old] + first * strides[old],
                               data[result] + first * strides[result]};
            npy_intp steps[2] = {strides[old], strides[result]};
            masked->copy(NULL, copied, &length, steps, NULL);
        }
    }
    return 0;
}
