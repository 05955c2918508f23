#include "numpy/overlap.h"

int
overlaps(PyArrayObject *a, PyArrayObject *b)
{
    char *ends[2][2];
    PyArrayObject *both[2] = {a, b};
    for (int k = 0; k < 2; k++) {
        char *low = PyArray_BYTES(both[k]), *high = low + PyArray_ITEMSIZE(both[k]);
        for (int i = 0; i < PyArray_NDIM(both[k]); i++) {
            npy_intp reach = (PyArray_DIM(both[k], i) - 1) * PyArray_STRIDE(both[k], i);
            *(reach < 0 ? &low : &high) += reach;
        }
        ends[k][0] = low;
        ends[k][1] = high;
    }
    return ends[0][0] < ends[1][1] && ends[1][0] < ends[0][1];
}

int
extent_overlaps_itself(const Extent *extent, npy_intp itemsize)
{
    npy_intp reach = itemsize; /* bytes covered by the axes gone through */
    int nd = extent->nd;
    unsigned char done[MAX_AXES] = {0};
    for (int k = 0; k < nd; k++) {
        int next = 0;
        while (done[next]) {
            next++;
        }
        for (int i = next + 1; i < nd; i++) {
            if (!done[i] && Py_ABS(extent->strides[i]) < Py_ABS(extent->strides[next])) {
                next = i;
            }
        }
        done[next] = 1;
        npy_intp length = extent->dims[next], stride = Py_ABS(extent->strides[next]);
        if (length > 1) {
            if (stride < reach) {
                return 1;
            }
            reach += (length - 1) * stride;
        }
    }
    return 0;
}

int
overlaps_itself(PyArrayObject *array)
{
    Extent extent;
    if (PyArray_IS_C_CONTIGUOUS(array) || PyArray_IS_F_CONTIGUOUS(array)) {
        return 0;
    }
    return !extent_of(array, &extent) || extent_overlaps_itself(&extent, PyArray_ITEMSIZE(array));
}
