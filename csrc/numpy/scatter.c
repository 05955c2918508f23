#include "numpy/scatter.h"

#include <string.h>

ALWAYS_INLINE void
scatter_set(const Scatter *scatter, char *const *data, npy_intp n, npy_intp from_by, npy_intp by,
            npy_intp to_by, size_t size)
{
    const char *from = data[0], *at = data[1];
    char *to = data[2];
    npy_intp length = scatter->length, stride = scatter->stride;
    for (npy_intp i = 0; i < n; i++) {
        npy_intp number = *(const npy_intp *)at;
        number += number < 0 ? length : 0;
        if (LIKELY((npy_uintp)number < (npy_uintp)length)) { /* another thread may change it */
            memcpy(to + number * stride, from, size);
        }
        from += from_by;
        at += by;
        to += to_by;
    }
}

int
scatter_loop(PyArrayMethod_Context *Py_UNUSED(context), char *const *data, const npy_intp *dims,
             const npy_intp *strides, NpyAuxData *auxdata)
{
    const Scatter *scatter = (const Scatter *)auxdata;
    if (strides[1] == 0 && strides[2]) { /* one index for a row of another axis */
        npy_intp number = *(const npy_intp *)data[1];
        number += number < 0 ? scatter->length : 0;
        if (LIKELY((npy_uintp)number < (npy_uintp)scatter->length)) {
            char *row[2] = {data[0], data[2] + number * scatter->stride};
            scatter->copy(NULL, row, dims, (npy_intp[2]){strides[0], strides[2]}, NULL);
        }
    }
    else if (scatter->itemsize == 8 && strides[1] == sizeof(npy_intp) && strides[2] == 0) {
        scatter_set(scatter, data, dims[0], strides[0], sizeof(npy_intp), 0, 8);
    }
    else if (scatter->itemsize == 8) {
        scatter_set(scatter, data, dims[0], strides[0], strides[1], strides[2], 8);
    }
    else {
        scatter_set(scatter, data, dims[0], strides[0], strides[1], strides[2],
                    (size_t)scatter->itemsize);
    }
    return 0;
}
