#include "loops/frame.h"

#include "loops/log.h"
#include "loops/scratch.h"
#include "numpy/fperrors.h"

#define SLICE_NS 4000000 /* after which a kernel lets others run */
#define BUDGET 20000     /* ticks between two looks at the clock */

/* A kernel asks whether to go on: 0, or 1 if its time is up or a flag is up. */
static int64_t
frame_commit(int64_t *frame)
{
    return status_raised(1) != 0 || log_now() > frame[FRAME_SLICE_END];
}

/* Let go of what the log has, which has been committed, and make room for new arrays. */
static int64_t
frame_settle(int64_t *frame)
{
    if (frame[FRAME_IS_PUT]) {
        log_settle((const int64_t *)(intptr_t)frame[FRAME_LOG],
                   (const int64_t *)(intptr_t)frame[FRAME_POSITION]);
        frame[FRAME_IS_PUT] = 0;
    }
    return scratch_move(frame);
}

int
frame_begin(State *state, const LoopKernel *kernel, PyObject *const *args, int64_t *frame)
{
    if (!log_begin(state, frame) || !scratch_begin(state, kernel, frame)) {
        return 0;
    }
    frame[FRAME_BUDGET] = BUDGET;
    frame[FRAME_COMMIT] = (int64_t)(intptr_t)frame_commit;
    frame[FRAME_APPEND] = (int64_t)(intptr_t)kind_append;
    frame[FRAME_PUT] = (int64_t)(intptr_t)kind_put;
    frame[FRAME_IS_PUT] = 0;
    frame[FRAME_SETTLE] = (int64_t)(intptr_t)frame_settle;
    frame[FRAME_COMMITTED] = -1;
    kernel_fill(kernel, args, frame);
    frame[FRAME_SLICE_END] = log_now() + SLICE_NS;
    return 1;
}
