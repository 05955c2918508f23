#include "numpy/short_rows.h"

#include <math.h>
#include <string.h>

#define TRIED 40 /* rows */

static const double TRICKY[] = {0.1, 1e7,  3.3, -1e7,    0.7,      1e-3, -0.0, -0.0, -0.0, -0.0,
                                1e5, -0.3, 0.2, NAN, -NAN, -1e5, 9.9,  1e6,  -2.2};

/* As NumPy adds up a few items: one by one, to what the result starts with in the end. */
#define SUMS(type)                                                                             \
    static void sums_##type(void *sums, const void *items, npy_intp rows, npy_intp length,     \
                            const void *initial)                                               \
    {                                                                                          \
        const type *x = items, start = *(const type *)initial;                                 \
        type *to = sums;                                                                       \
        for (npy_intp r = 0; r < rows; r++, x += length) {                                     \
            type sum = (type)-0.0;                                                             \
            for (npy_intp k = 0; k < length; k++) {                                            \
                sum += x[k];                                                                   \
            }                                                                                  \
            to[r] = start + sum;                                                               \
        }                                                                                      \
    }                                                                                          \
                                                                                               \
    /* Whether the loop gives these bits for items whose sum depends on the order of additions,    \
     * for zeros, and for NaNs of both signs. */                                               \
    static int agrees_##type(const CallInfo *call, const void *initial)                        \
    {                                                                                          \
        type items[TRIED * SHORT_ROW], one[TRIED * SHORT_ROW];                                 \
        int same = 1;                                                                          \
        for (int i = 0; i < TRIED * SHORT_ROW; i++) {                                          \
            items[i] = (type)TRICKY[(i * i + i / 5) % (int)(sizeof(TRICKY) / sizeof(double))]; \
        }                                                                                      \
        for (npy_intp length = 1; same && length < SHORT_ROW; length++) {                      \
            npy_intp rows = TRIED * SHORT_ROW / length;                                        \
            sums_##type(one, items, rows, length, initial);                                    \
            for (npy_intp r = 0; same && r < rows; r++) {                                      \
                type other = *(const type *)initial;                                           \
                char *data[3] = {(char *)&other, (char *)(items + r * length), (char *)&other}; \
                npy_intp strides[3] = {0, sizeof(type), 0}, n = length;                        \
                same = call->loop(call->context, data, &n, strides, call->auxdata) == 0 &&     \
                       memcmp(one + r, &other, sizeof(type)) == 0;                             \
            }                                                                                  \
        }                                                                                      \
        status_clear(1);                                                                       \
        return same;                                                                           \
    }

SUMS(npy_double)
SUMS(npy_float)

RowSums
row_sums(int type_num, const CallInfo *call, const void *initial)
{
    if (type_num == NPY_DOUBLE) {
        return agrees_npy_double(call, initial) ? sums_npy_double : NULL;
    }
    if (type_num == NPY_FLOAT) {
        return agrees_npy_float(call, initial) ? sums_npy_float : NULL;
    }
    return NULL;
}
