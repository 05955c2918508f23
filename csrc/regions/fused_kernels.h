/* Two operations of arithmetic in one pass over memory, or three (then without divisions); and
 * choices between items by a comparison of others.
 *
 * Each of them rounds as it would alone (nothing is contracted), so the bits are those of NumPy's
 * loops one after the other; what is saved is writing and reading what lies between them.
 */
#ifndef ALLOC_REWRITE_REGIONS_FUSED_KERNELS_H
#define ALLOC_REWRITE_REGIONS_FUSED_KERNELS_H

#include "state.h"

#define FUSED_ARGS 5   /* with the result */
#define FUSED_CHUNK 64 /* items that a scalar has to be repeated for */

/* Over `n` items without gaps; an operand whose stride is 0 is a chunk of the same item. */
typedef void (*Fused)(char *const *args, const npy_intp *strides, npy_intp n);

/* Which of NumPy's ufuncs something is, if it is one that there is code for here. Another library's
 * ufunc may have the same name: Python tells by the object. */
enum known {
    KNOWN_ADD, /* the first four are parts of kernels of arithmetic */
    KNOWN_SUBTRACT,
    KNOWN_MULTIPLY,
    KNOWN_DIVIDE,
    KNOWN_LESS, /* and these six decide choices */
    KNOWN_LESS_EQUAL,
    KNOWN_GREATER,
    KNOWN_GREATER_EQUAL,
    KNOWN_EQUAL,
    KNOWN_NOT_EQUAL,
    KNOWN_MAXIMUM,
    KNOWN_MINIMUM,
    KNOWN_NOTHING,
};

/* How two steps, or three, are put together. */
enum fusion {
    FUSE_LEFT,  /* (a first b) second c */
    FUSE_RIGHT, /* c second (a first b) */
    FUSE_BOTH,  /* (a first b) second (c third d) */
};

/* What Python calls one of these; KNOWN_NOTHING for all else, and for NULL. */
enum known known_called(const char *name);
/* The kernel for items of a type, or NULL. */
Fused fused_kernel(int type_num, enum fusion fusion, enum known first, enum known second,
                   enum known third);

/* The kernel of `where(a < b, x, y)` for a comparison of items of the type that is chosen, or NULL.
 * It leaves no flags behind, as comparisons of NumPy don't. */
Fused fused_choice(int type_num, enum known comparison);

#endif
