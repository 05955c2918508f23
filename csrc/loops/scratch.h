/* Scratch memory: where a kernel makes arrays.
 *
 * It has two halves. New arrays go into one of them, one after the other. When the kernel commits,
 * those that its locals hold move to the other half, and all others are gone: a loop of any length
 * runs in bounded space. */
#ifndef ALLOC_REWRITE_LOOPS_SCRATCH_H
#define ALLOC_REWRITE_LOOPS_SCRATCH_H

#include "loops/kernel.h"

/* Have scratch memory, and put it into the frame; 0 if there is none. All sites share it, as they
 * do the log. */
int scratch_begin(State *state, const LoopKernel *kernel, int64_t *frame);
/* Move the arrays of the committed state to the other half. */
int64_t scratch_move(int64_t *frame);
/* If there was too little, have more the next time. */
void scratch_end(State *state, const int64_t *frame);

/* Whether an address lies there. */
static inline int
scratch_has(const int64_t *frame, int64_t address)
{
    return (uint64_t)(address - frame[FRAME_SCRATCH_BEGIN]) <
           2 * (uint64_t)frame[FRAME_SCRATCH_SIZE];
}

/* A block: how many bytes it has in all, or where it has moved to, negated; the dtype and the
 * number of axes; the shape; padding to 16 bytes; the items, in C order. */
#define SCRATCH_FIXED 2 /* words in front of the shape */

static inline int
scratch_axes(const int64_t *block)
{
    return (int)(block[1] >> 8);
}

static inline int
scratch_dtype(const int64_t *block)
{
    return (int)(block[1] & 255);
}

static inline const int64_t *
scratch_dims(const int64_t *block)
{
    return block + SCRATCH_FIXED;
}

static inline char *
scratch_data(const int64_t *block)
{
    return (char *)(block + ((SCRATCH_FIXED + scratch_axes(block) + 1) & ~1));
}

#endif
