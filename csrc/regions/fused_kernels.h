/* Two operations of arithmetic in one pass over memory, or three (then without divisions); and
 * choices between items by a comparison of others.
 *
 * Each of them rounds as it would alone (nothing is contracted), so the bits are those of NumPy's
 * loops one after the other; a kernel saves writing and reading the results in between.
 */
#ifndef ALLOC_REWRITE_REGIONS_FUSED_KERNELS_H
#define ALLOC_REWRITE_REGIONS_FUSED_KERNELS_H

#include "numpy/loop.h"
#include "regions/operations.h"

#define FUSED_CHUNK 64 /* items that a scalar has to be repeated for */

/* Kernels are loops over items without gaps; an operand whose stride is 0 is a chunk of the same
 * item. */

/* The kernel for items of a type, or NULL: two operations of arithmetic, or three. */
Loop fused_kernel(int type_num, enum fusion fusion, enum operation first, enum operation second,
                  enum operation third);

/* The kernel of `where(a < b, x, y)` for a comparison of items of the type that is chosen, or NULL.
 * As NumPy's comparisons, it raises no flags. */
Loop fused_choice(int type_num, enum operation comparison);

#endif
