#include "numpy/select.h"

#include <string.h>

/* Items by size alone. Their dtype may need less alignment than a number of that size, as complex64
 * does, so these types need none. */
typedef npy_uint8 Item1;
typedef npy_uint16 AT_ANY_ADDRESS Item2;
typedef npy_uint32 AT_ANY_ADDRESS Item4;
typedef npy_uint64 AT_ANY_ADDRESS Item8;
typedef struct {
    Item8 half[2];
} Item16;

/* Items one after the other; an operand that is a scalar has been read. */
#define EACH_ITEM(type, one, other)    \
    INDEPENDENT                        \
    for (npy_intp i = 0; i < n; i++) { \
        type x = one, y = other;       \
        out[i] = chosen[i] ? x : y;    \
    }                                  \
    return 0;

/* A loop for each case: fastest. */
#define CASE_BY_CASE(type)                          \
    const type first_a = a[0], first_b = b[0];      \
    if (!strides[1] && !strides[2]) {               \
        EACH_ITEM(type, first_a, first_b)           \
    }                                               \
    if (!strides[1]) {                              \
        EACH_ITEM(type, first_a, b[i])              \
    }                                               \
    if (!strides[2]) {                              \
        EACH_ITEM(type, a[i], first_b)              \
    }                                               \
    EACH_ITEM(type, a[i], b[i])

#define SELECT_CHUNK 64 /* items that a scalar is repeated for */

/* An operand that is a scalar, as a chunk of the same item. */
#define REPEAT(type, operand, chunk)                      \
    type chunk[SELECT_CHUNK];                             \
    if (by_##operand == 0) {                              \
        const type item = operand[0];                     \
        for (int i = 0; i < SELECT_CHUNK && i < n; i++) { \
            chunk[i] = item;                              \
        }                                                 \
        operand = chunk;                                  \
    }

/* One loop for all cases: half as much code. */
#define IN_CHUNKS(type)                                              \
    const npy_intp by_a = strides[1] != 0, by_b = strides[2] != 0;   \
    REPEAT(type, a, same_a)                                          \
    REPEAT(type, b, same_b)                                          \
    while (n > 0) {                                                  \
        const int some = (int)(n < SELECT_CHUNK ? n : SELECT_CHUNK); \
        INDEPENDENT                                                  \
        for (int i = 0; i < some; i++) {                             \
            type one = a[i], other = b[i];                           \
            out[i] = chosen[i] ? one : other;                        \
        }                                                            \
        chosen += some;                                              \
        a += by_a * some;                                            \
        b += by_b * some;                                            \
        out += some;                                                 \
        n -= some;                                                   \
    }                                                                \
    return 0;

#define LOOPS(type, for_each_processor, cases)                                              \
    for_each_processor static int where_##type(LOOP_PARAMETERS)                             \
    {                                                                                       \
        npy_intp n = dims[0], size = (npy_intp)sizeof(type);                                \
        if (n > 0 && strides[0] == 1 && strides[3] == size &&                               \
            (strides[1] == size || !strides[1]) && (strides[2] == size || !strides[2])) {   \
            const npy_bool *chosen = (const npy_bool *)data[0];                             \
            const type *a = (const type *)data[1], *b = (const type *)data[2];              \
            type *out = (type *)data[3];                                                    \
            cases(type)                                                                     \
        }                                                                                   \
        const char *chosen = data[0], *x = data[1], *y = data[2];                           \
        char *out = data[3];                                                                \
        for (npy_intp i = 0; i < n; i++) {                                                  \
            type one = *(const type *)x, other = *(const type *)y;                          \
            *(type *)out = *(const npy_bool *)chosen ? one : other;                         \
            chosen += strides[0];                                                           \
            x += strides[1];                                                                \
            y += strides[2];                                                                \
            out += strides[3];                                                              \
        }                                                                                   \
        return 0;                                                                           \
    }                                                                                       \
                                                                                            \
    static int copy_##type(LOOP_PARAMETERS)                                               \
    {                                                                                     \
        const char *from = data[0];                                                       \
        char *to = data[1];                                                               \
        npy_intp size = (npy_intp)sizeof(type);                                           \
        if (strides[0] == size && strides[1] == size) {                                   \
            memcpy(to, from, (size_t)(dims[0] * size));                                   \
            return 0;                                                                     \
        }                                                                                 \
        for (npy_intp i = 0; i < dims[0]; i++) {                                          \
            *(type *)to = *(const type *)from;                                            \
            from += strides[0];                                                           \
            to += strides[1];                                                             \
        }                                                                                 \
        return 0;                                                                         \
    }

LOOPS(Item1, FOR_EACH_PROCESSOR, IN_CHUNKS)
LOOPS(Item2, FOR_EACH_PROCESSOR, IN_CHUNKS)
LOOPS(Item4, FOR_EACH_PROCESSOR, CASE_BY_CASE)
LOOPS(Item8, FOR_EACH_PROCESSOR, CASE_BY_CASE)
LOOPS(Item16, /* its two halves gain nothing from wider vectors */, CASE_BY_CASE)

#define CHOOSE(kind)          \
    switch (itemsize) {       \
    case 1:                   \
        return kind##_Item1;  \
    case 2:                   \
        return kind##_Item2;  \
    case 4:                   \
        return kind##_Item4;  \
    case 8:                   \
        return kind##_Item8;  \
    case 16:                  \
        return kind##_Item16; \
    default:                  \
        return NULL;          \
    }

Loop
where_loop(npy_intp itemsize)
{
    CHOOSE(where)
}

Loop
copy_loop(npy_intp itemsize)
{
    CHOOSE(copy)
}
