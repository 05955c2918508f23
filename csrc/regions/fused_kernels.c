#include "regions/fused_kernels.h"

#define A (a[i])
#define B (b[i])
#define C (c[i])
#define D (d[i])

/* `count` items, and on to the next ones; an operand that is a scalar stays. */
#define GO_ON(count)   \
    a += by_a * count; \
    b += by_b * count; \
    c += by_c * count; \
    d += by_d * count; \
    out += count;      \
    n -= count;

/* Whole chunks, whose length the compiler knows: faster where there is a choice, and the same for
 * arithmetic, where they would only make the code twice as large. */
#define WHOLE_CHUNKS(expression)                    \
    while (n >= FUSED_CHUNK) {                      \
        INDEPENDENT                                 \
        for (int i = 0; i < FUSED_CHUNK; i++) {     \
            out[i] = expression;                    \
        }                                           \
        GO_ON(FUSED_CHUNK)                          \
    }
#define NO_WHOLE_CHUNKS(expression)

/* One kernel. A multiple of eight items at a time, so that the compiler adds no code for a rest,
 * then item by item. */
#define KERNEL(name, type, n_in, expression, whole_chunks)                           \
    FOR_EACH_PROCESSOR static int name(LOOP_PARAMETERS)                              \
    {                                                                                \
        const type *a = (const type *)data[0], *b = (const type *)data[1];           \
        const type *c = (const type *)data[2], *d = (const type *)data[(n_in)-1];    \
        type *out = (type *)data[n_in];                                              \
        npy_intp n = dims[0];                                                        \
        const npy_intp by_a = strides[0] != 0, by_b = strides[1] != 0;               \
        const npy_intp by_c = strides[2] != 0, by_d = strides[(n_in)-1] != 0;        \
        whole_chunks(expression)                                                     \
        while (n >= 8) {                                                             \
            const int eights = (int)(n < FUSED_CHUNK ? n : FUSED_CHUNK) & ~7;        \
            INDEPENDENT UNROLL_TWICE                                                 \
            for (int i = 0; i < eights; i++) {                                       \
                out[i] = expression;                                                 \
            }                                                                        \
            GO_ON(eights)                                                            \
        }                                                                            \
        for (int i = 0; i < (int)n; i++) {                                           \
            out[i] = expression;                                                     \
            ITEM_BY_ITEM;                                                            \
        }                                                                            \
        (void)d; /* there may be three operands only */                              \
        return 0;                                                                    \
    }

#define LEFT(first, x, second, y, type) \
    KERNEL(left_##first##_##second##_##type, type, 3, (A x B) y C, NO_WHOLE_CHUNKS)
#define RIGHT(first, x, second, y, type) \
    KERNEL(right_##first##_##second##_##type, type, 3, C y (A x B), NO_WHOLE_CHUNKS)
#define BOTH(first, x, second, y, third, z, type) \
    KERNEL(both_##first##_##second##_##third##_##type, type, 4, (A x B) y (C z D), NO_WHOLE_CHUNKS)
/* Where the order makes no difference, the operation on the left does for both. */
#define WITH_SECOND(first, x, type)      \
    LEFT(first, x, add, +, type)         \
    LEFT(first, x, subtract, -, type)    \
    LEFT(first, x, multiply, *, type)    \
    LEFT(first, x, divide, /, type)      \
    RIGHT(first, x, subtract, -, type)   \
    RIGHT(first, x, divide, /, type)
/* The same sum or product with its two halves exchanged. */
#define EXCHANGED(first, second, third, type)                                               \
    static int both_##first##_##second##_##third##_##type(                                  \
        PyArrayMethod_Context *context, char *const *data, const npy_intp *dims,            \
        const npy_intp *strides, NpyAuxData *auxdata)                                       \
    {                                                                                       \
        char *const given[] = {data[2], data[3], data[0], data[1], data[4]};                \
        const npy_intp by[] = {strides[2], strides[3], strides[0], strides[1], strides[4]}; \
        return both_##third##_##second##_##first##_##type(context, given, dims, by, auxdata); \
    }
#define WITH_THIRD(first, x, second, y, type)    \
    BOTH(first, x, second, y, add, +, type)      \
    BOTH(first, x, second, y, subtract, -, type) \
    BOTH(first, x, second, y, multiply, *, type)
#define IN_ANY_ORDER(second, y, type)                    \
    WITH_THIRD(add, +, second, y, type)                  \
    EXCHANGED(subtract, second, add, type)               \
    BOTH(subtract, -, second, y, subtract, -, type)      \
    BOTH(subtract, -, second, y, multiply, *, type)      \
    EXCHANGED(multiply, second, add, type)               \
    EXCHANGED(multiply, second, subtract, type)          \
    BOTH(multiply, *, second, y, multiply, *, type)
#define ALL(type)                              \
    WITH_SECOND(add, +, type)                  \
    WITH_SECOND(subtract, -, type)             \
    WITH_SECOND(multiply, *, type)             \
    WITH_SECOND(divide, /, type)               \
    IN_ANY_ORDER(add, +, type)                 \
    WITH_THIRD(add, +, subtract, -, type)      \
    WITH_THIRD(subtract, -, subtract, -, type) \
    WITH_THIRD(multiply, *, subtract, -, type) \
    IN_ANY_ORDER(multiply, *, type)

ALL(npy_double)
ALL(npy_float)

/* Choices: those of `<` and its like raise a flag for NaN, which NumPy's don't report. Three
 * kernels serve all six comparisons: `>` is `<` with its operands exchanged, and `!=` chooses what
 * `==` doesn't. */
#define CHOICE(name, kernel, p, q, x, y, type)                                            \
    static int name##_##type(PyArrayMethod_Context *context, char *const *data,           \
                             const npy_intp *dims, const npy_intp *strides,               \
                             NpyAuxData *auxdata)                                         \
    {                                                                                     \
        char *const given[] = {data[p], data[q], data[x], data[y], data[4]};              \
        const npy_intp by[] = {strides[p], strides[q], strides[x], strides[y], strides[4]}; \
        kernel##_##type##_kernel(context, given, dims, by, auxdata);                      \
        status_clear(0);                                                                  \
        return 0;                                                                         \
    }
#define CHOICES(type)                                                        \
    KERNEL(less_##type##_kernel, type, 4, (A < B) ? C : D, WHOLE_CHUNKS)        \
    KERNEL(less_equal_##type##_kernel, type, 4, (A <= B) ? C : D, WHOLE_CHUNKS) \
    KERNEL(equal_##type##_kernel, type, 4, (A == B) ? C : D, WHOLE_CHUNKS)      \
    CHOICE(less, less, 0, 1, 2, 3, type)                                     \
    CHOICE(less_equal, less_equal, 0, 1, 2, 3, type)                         \
    CHOICE(greater, less, 1, 0, 2, 3, type)                                  \
    CHOICE(greater_equal, less_equal, 1, 0, 2, 3, type)                      \
    CHOICE(equal, equal, 0, 1, 2, 3, type)                                   \
    CHOICE(not_equal, equal, 0, 1, 3, 2, type)

CHOICES(npy_double)
CHOICES(npy_float)

#define CHOICE_ROW(name) {name##_npy_double, name##_npy_float}

static const Loop choices[6][2] = {
    CHOICE_ROW(less),          CHOICE_ROW(less_equal), CHOICE_ROW(greater),
    CHOICE_ROW(greater_equal), CHOICE_ROW(equal),      CHOICE_ROW(not_equal),
};

Loop
fused_choice(int type_num, enum operation comparison)
{
    if (comparison < OP_LESS || comparison > OP_NOT_EQUAL ||
        (type_num != NPY_DOUBLE && type_num != NPY_FLOAT)) {
        return NULL;
    }
    return choices[comparison - OP_LESS][type_num == NPY_FLOAT];
}

#define THREE(kind, first, type) \
    {kind##_##first##_add_##type, kind##_##first##_subtract_##type, \
     kind##_##first##_multiply_##type}
#define FOUR(kind, first, type)                                     \
    {kind##_##first##_add_##type, kind##_##first##_subtract_##type, \
     kind##_##first##_multiply_##type, kind##_##first##_divide_##type}
#define RIGHT_FOUR(first, type)                                     \
    {left_##first##_add_##type, right_##first##_subtract_##type,    \
     left_##first##_multiply_##type, right_##first##_divide_##type}
#define SQUARE(first, type)                                             \
    {THREE(both, first##_add, type), THREE(both, first##_subtract, type), \
     THREE(both, first##_multiply, type)}
#define TABLES(type)                                                        \
    {                                                                       \
        .left = {FOUR(left, add, type), FOUR(left, subtract, type),         \
                 FOUR(left, multiply, type), FOUR(left, divide, type)},     \
        .right = {RIGHT_FOUR(add, type), RIGHT_FOUR(subtract, type),        \
                  RIGHT_FOUR(multiply, type), RIGHT_FOUR(divide, type)},    \
        .both = {SQUARE(add, type), SQUARE(subtract, type), SQUARE(multiply, type)}, \
    }

typedef struct {
    Loop left[4][4];
    Loop right[4][4];
    Loop both[3][3][3];
} Table;

static const Table tables[2] = {TABLES(npy_double), TABLES(npy_float)};

Loop
fused_kernel(int type_num, enum fusion fusion, enum operation first, enum operation second,
             enum operation third)
{
    if ((type_num != NPY_DOUBLE && type_num != NPY_FLOAT) || first > OP_DIVIDE ||
        second > OP_DIVIDE) {
        return NULL;
    }
    const Table *table = &tables[type_num == NPY_FLOAT];
    switch (fusion) {
    case FUSE_LEFT:
        return table->left[first][second];
    case FUSE_RIGHT:
        return table->right[first][second];
    default:
        if (first == OP_DIVIDE || second == OP_DIVIDE || third >= OP_DIVIDE) {
            return NULL;
        }
        return table->both[first][second][third];
    }
}
