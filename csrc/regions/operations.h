/* The operations that regions know by more than their loops: one list, for enum, names and Python.
 *
 * Each is the ufunc of that name in NumPy itself: another library's may bear the same name, so
 * Python chooses by the object. The order counts where a comment says so.
 */
#ifndef ALLOC_REWRITE_REGIONS_OPERATIONS_H
#define ALLOC_REWRITE_REGIONS_OPERATIONS_H

#define UFUNC_OPERATIONS(X)                                                               \
    /* parts of fused arithmetic, in this order */                                        \
    X(ADD, "add")                                                                         \
    X(SUBTRACT, "subtract")                                                               \
    X(MULTIPLY, "multiply")                                                               \
    X(DIVIDE, "divide")                                                                   \
    /* comparisons that decide choices, in this order */                                  \
    X(LESS, "less")                                                                       \
    X(LESS_EQUAL, "less_equal")                                                           \
    X(GREATER, "greater")                                                                 \
    X(GREATER_EQUAL, "greater_equal")                                                     \
    X(EQUAL, "equal")                                                                     \
    X(NOT_EQUAL, "not_equal")                                                             \
    X(MAXIMUM, "maximum")                                                                 \
    X(MINIMUM, "minimum")                                                                 \
    X(NEGATIVE, "negative")                                                               \
    X(POSITIVE, "positive")                                                               \
    X(ABSOLUTE, "absolute")                                                               \
    X(SQUARE, "square")                                                                   \
    X(SQRT, "sqrt")                                                                       \
    X(RECIPROCAL, "reciprocal")                                                           \
    X(FLOOR, "floor")                                                                     \
    X(CEIL, "ceil")                                                                       \
    X(TRUNC, "trunc")                                                                     \
    X(RINT, "rint")                                                                       \
    X(LOGICAL_AND, "logical_and")                                                         \
    X(LOGICAL_OR, "logical_or")                                                           \
    X(LOGICAL_NOT, "logical_not")                                                         \
    X(BITWISE_AND, "bitwise_and")                                                         \
    X(BITWISE_OR, "bitwise_or")                                                           \
    X(BITWISE_XOR, "bitwise_xor")                                                         \
    X(INVERT, "invert")

/* What steps are besides; of all other ufuncs only NumPy's loop is known. */
#define OTHER_OPERATIONS(X) \
    X(WHERE, "where")       \
    X(CAST, "cast")         \
    X(COPY, "copy")         \
    X(PATCHWORK, "patchwork") \
    X(SCATTER, "scatter")   \
    X(FUSED, "fused")       \
    X(FEED, "feed")         \
    X(OTHER, "other")

#define OPERATION_MEMBER(name, text) OP_##name,
enum operation { UFUNC_OPERATIONS(OPERATION_MEMBER) OTHER_OPERATIONS(OPERATION_MEMBER) };
#undef OPERATION_MEMBER

/* How several operations became one step. */
enum fusion {
    FUSE_NOT,
    FUSE_LEFT,   /* (a first b) second c */
    FUSE_RIGHT,  /* c second (a first b) */
    FUSE_BOTH,   /* (a first b) second (c third d) */
    FUSE_CHOICE, /* where(a first b, c, d) */
};

#endif
