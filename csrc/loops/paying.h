/* Whether it pays to enter the kernels of a site.
 *
 * Of a function without loops, and of short loops, entering takes the time: what the original code
 * would have taken is estimated. Kernels that go over whole arrays may be slower than the regions
 * of the original code: now and then the original does some iterations, or calls, and the clock
 * decides: by the mean of iterations, which differ, or the shortest call. */
#ifndef ALLOC_REWRITE_LOOPS_PAYING_H
#define ALLOC_REWRITE_LOOPS_PAYING_H

#include "loops/attempt.h"

typedef struct {
    int is_whole;         /* whether it is a function without loops */
    int64_t balance;      /* nanoseconds that kernels have brought; of a function, at most none */
    unsigned int entries; /* of kernels that go over arrays */
    unsigned int trial;   /* after how many of them the original code is timed; 0 at first */
    unsigned int visits;  /* iterations that the original code has still to do for that */
    int64_t began;        /* when it began with one */
    int64_t original;     /* nanoseconds that one takes */
    int64_t best;         /* that one of a kernel has taken since the last trial; or 0 */
} Paying;

/* Nanoseconds: of this thread's processor time for loops, where the system has that. */
int64_t paying_clock(const Paying *self);

/* Whether the next entry of a kernel is to be timed. */
int paying_is_timed(const Paying *self, const LoopKernel *kernel);

/* Count an entry that took so many nanoseconds (0 if it wasn't timed); return why that doesn't pay,
 * or NULL. */
const char *paying_entered(Paying *self, const LoopKernel *kernel, const Done *done, int64_t took);

/* Whether the original code does the iteration that begins here, to be timed; `reason` says why
 * kernels don't pay if that is over and they don't. */
int paying_is_tried(Paying *self, const char **reason);

#endif
