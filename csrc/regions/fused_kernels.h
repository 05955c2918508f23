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

enum fusible { FUSE_ADD, FUSE_SUBTRACT, FUSE_MULTIPLY, FUSE_DIVIDE, FUSE_NOTHING };

/* How two steps, or three, are put together. */
enum fusion {
    FUSE_LEFT,  /* (a first b) second c */
    FUSE_RIGHT, /* c second (a first b) */
    FUSE_BOTH,  /* (a first b) second (c third d) */
};

/* What a ufunc's loop for these types is here. */
enum fusible fusible_by_name(const char *ufunc);
/* The kernel for items of a type, or NULL. */
Fused fused_kernel(int type_num, enum fusion fusion, enum fusible first, enum fusible second,
                   enum fusible third);

/* The kernel of `where(a < b, x, y)` for the ufunc of a comparison of items of the type that is
 * chosen, or NULL. It leaves no flags behind, as comparisons of NumPy don't. */
Fused fused_choice(int type_num, const char *ufunc);

#endif
