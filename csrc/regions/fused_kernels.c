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

#define LEFT_AND_RIGHT(first, x, second, y, type)                  \
    KERNEL(left_##first##_##second##_##type, type, 3, (A x B) y C, NO_WHOLE_CHUNKS) \
    KERNEL(right_##first##_##second##_##type, type, 3, C y (A x B), NO_WHOLE_CHUNKS)
#define BOTH(first, x, second, y, third, z, type) \
    KERNEL(both_##first##_##second##_##third##_##type, type, 4, (A x B) y (C z D), NO_WHOLE_CHUNKS)
#define WITH_THIRD(first, x, second, y, type)    \
    BOTH(first, x, second, y, add, +, type)      \
    BOTH(first, x, second, y, subtract, -, type) \
    BOTH(first, x, second, y, multiply, *, type)
#define WITH_SECOND(first, x, type)            \
    LEFT_AND_RIGHT(first, x, add, +, type)     \
    LEFT_AND_RIGHT(first, x, subtract, -, type) \
    LEFT_AND_RIGHT(first, x, multiply, *, type) \
    LEFT_AND_RIGHT(first, x, divide, /, type)
#define WITH_BOTH(first, x, type)              \
    WITH_THIRD(first, x, add, +, type)         \
    WITH_THIRD(first, x, subtract, -, type)    \
    WITH_THIRD(first, x, multiply, *, type)
#define ALL(type)                  \
    WITH_SECOND(add, +, type)      \
    WITH_SECOND(subtract, -, type) \
    WITH_SECOND(multiply, *, type) \
    WITH_SECOND(divide, /, type)   \
    WITH_BOTH(add, +, type)        \
    WITH_BOTH(subtract, -, type)   \
    WITH_BOTH(multiply, *, type)

ALL(npy_double)
ALL(npy_float)

/* Choices: those of `<` and its like raise a flag for NaN, which NumPy's don't report. */
#define CHOICE(name, x, type)                                                               \
    KERNEL(name##_##type##_kernel, type, 4, (A x B) ? C : D, WHOLE_CHUNKS)                         \
    static int name##_##type(PyArrayMethod_Context *context, char *const *data,             \
                             const npy_intp *dims, const npy_intp *strides,                 \
                             NpyAuxData *auxdata)                                           \
    {                                                                                       \
        name##_##type##_kernel(context, data, dims, strides, auxdata);                      \
        status_clear(0);                                                                    \
        return 0;                                                                           \
    }
#define CHOICES(type)               \
    CHOICE(less, <, type)           \
    CHOICE(less_equal, <=, type)    \
    CHOICE(greater, >, type)        \
    CHOICE(greater_equal, >=, type) \
    CHOICE(equal, ==, type)         \
    CHOICE(not_equal, !=, type)

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
#define SQUARE(first, type)                                             \
    {THREE(both, first##_add, type), THREE(both, first##_subtract, type), \
     THREE(both, first##_multiply, type)}
#define TABLES(type)                                                        \
    {                                                                       \
        .left = {FOUR(left, add, type), FOUR(left, subtract, type),         \
                 FOUR(left, multiply, type), FOUR(left, divide, type)},     \
        .right = {FOUR(right, add, type), FOUR(right, subtract, type),      \
                  FOUR(right, multiply, type), FOUR(right, divide, type)},  \
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
