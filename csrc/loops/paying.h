/* Whether it pays to enter the kernels of a site.
 *
 * Of a function without loops, and of short loops, entering takes the time: what the original code
 * would have taken is estimated. A loop whose kernel goes over whole arrays may be slower than the
 * regions of its original code: now and then the original does some iterations, and the clock
 * decides. */
#ifndef ALLOC_REWRITE_LOOPS_PAYING_H
#define ALLOC_REWRITE_LOOPS_PAYING_H

#include "loops/attempt.h"

typedef struct {
    int is_whole;         /* whether it is a function without loops */
    int64_t balance;      /* nanoseconds that kernels have brought; of a function, at most none */
    unsigned int entries; /* of kernels that go over arrays */
    unsigned int trial;   /* after how many of them the original code is timed; 0 at first */
    unsigned int visits;  /* iterations that the original code has still to do for that */
    int64_t began;        /* when it began with them */
    int64_t best;         /* nanoseconds of an iteration of a kernel, since the last trial; or 0 */
} Paying;

/* Count an entry that was worth and took so many nanoseconds; return why that doesn't pay, or
 * NULL. */
const char *paying_entered(Paying *self, const LoopKernel *kernel, const Done *done, int64_t took);

/* Whether the original code does the iteration that begins here, to be timed; `reason` says why
 * kernels don't pay if that is over and they don't. */
int paying_is_tried(Paying *self, const char **reason);

#endif
