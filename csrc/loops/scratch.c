#include "loops/scratch.h"

#include <string.h>

#define SCRATCH_BYTES (1 << 18)      /* of a half, at first */
#define MOST_SCRATCH_BYTES (1 << 26) /* and at most */
#define NEAR (1 << 16) /* so much is used before room is made: it stays in the cache */

/* Use the rest of a half from here on. */
static void
scratch_use(int64_t *frame, int64_t from, int64_t end)
{
    frame[FRAME_SCRATCH] = from;
    frame[FRAME_SCRATCH_END] = end;
    frame[FRAME_SCRATCH_SOFT] = from + NEAR < end ? from + NEAR : from + (end - from) / 2;
}

/* Move a block, unless that has been done; return where it is. */
static int64_t
scratch_moved(int64_t address, int64_t *to)
{
    int64_t *block = (int64_t *)(intptr_t)address;
    if (block[0] < 0) {
        return -block[0];
    }
    int64_t moved = *to;
    memcpy((void *)(intptr_t)moved, block, (size_t)block[0]);
    *to += block[0];
    block[0] = -moved;
    return moved;
}

int64_t
scratch_move(int64_t *frame)
{
    const LoopKernel *kernel = (const LoopKernel *)(intptr_t)frame[FRAME_KERNEL];
    int64_t begin = frame[FRAME_SCRATCH_BEGIN], size = frame[FRAME_SCRATCH_SIZE];
    int64_t to = frame[FRAME_SCRATCH_END] == begin + size ? begin + size : begin;
    int64_t end = to + size;
    int64_t *words = frame + kernel->committed_at + kernel->n_state;
    int n = kernel->n_stored + kernel->n_attributes;
    for (int i = 0; i < n; i++, words += kernel->widest) {
        if (kernel_exit_kind(kernel, frame[FRAME_COMMITTED], i)[0] != KIND_ARRAY) {
            continue;
        }
        int is_view = words[0] < 0;
        int64_t owner = is_view ? ~words[0] : words[0];
        if (scratch_has(frame, owner)) {
            int64_t moved = scratch_moved(owner, &to);
            words[0] = is_view ? ~moved : moved;
            words[1] += moved - owner;
        }
    }
    scratch_use(frame, to, end);
    return 0;
}

int
scratch_begin(State *state, const LoopKernel *kernel, int64_t *frame)
{
    if (state->loop_scratch == NULL) {
        size_t size = state->loop_scratch_size ? state->loop_scratch_size : SCRATCH_BYTES;
        state->loop_scratch = PyMem_RawMalloc(2 * size + 64);
        if (state->loop_scratch == NULL) {
            return 0;
        }
        state->loop_scratch_size = size;
    }
    int64_t begin = ((int64_t)(intptr_t)state->loop_scratch + 63) & ~(int64_t)63;
    frame[FRAME_SCRATCH_BEGIN] = begin;
    frame[FRAME_SCRATCH_SIZE] = (int64_t)state->loop_scratch_size;
    frame[FRAME_SCRATCH_WANTED] = 0;
    frame[FRAME_KERNEL] = (int64_t)(intptr_t)kernel;
    scratch_use(frame, begin, begin + (int64_t)state->loop_scratch_size);
    return 1;
}

void
scratch_end(State *state, const int64_t *frame)
{
    size_t wanted = (size_t)frame[FRAME_SCRATCH_WANTED];
    if (wanted && state->loop_scratch_size < MOST_SCRATCH_BYTES) {
        PyMem_RawFree(state->loop_scratch);
        state->loop_scratch = NULL;
        wanted += state->loop_scratch_size;
        while (state->loop_scratch_size < wanted && state->loop_scratch_size < MOST_SCRATCH_BYTES) {
            state->loop_scratch_size *= 2;
        }
    }
}
