#include "loops/attempt.h"

#include "loops/iterator.h"
#include "loops/log.h"
#include "loops/results.h"
#include "loops/scratch.h"
#include "numpy/fperrors.h"

#define SLICE_NS 4000000 /* after which a kernel lets others run */
#define BUDGET 20000     /* ticks between two looks at the clock */

/* A kernel asks whether to go on: 0, or 1 if its time is up or a flag is up. The first time it asks
 * its time begins: most kernels never do. */
static int64_t
attempt_commit(int64_t *frame)
{
    int64_t now = log_now();
    if (frame[FRAME_SLICE_END] == 0) {
        frame[FRAME_SLICE_END] = now + SLICE_NS;
    }
    return status_raised(1) != 0 || now > frame[FRAME_SLICE_END];
}

/* Let go of what the log has, which has been committed, and make room for new arrays. */
static int64_t
attempt_settle(int64_t *frame)
{
    if (frame[FRAME_IS_PUT]) {
        log_settle((const int64_t *)(intptr_t)frame[FRAME_LOG],
                   (const int64_t *)(intptr_t)frame[FRAME_POSITION]);
        frame[FRAME_IS_PUT] = 0;
    }
    return scratch_move(frame);
}

PyObject *
attempt(const LoopKernel *kernel, const Site *site, PyObject *const *args, const char **declined,
        Done *done)
{
    int is_idle = fperrors_is_idle(site->state, FE_UNDERFLOW);
    if (is_idle <= 0) {
        *declined = "NumPy is to report underflow";
        return NULL;
    }
    int64_t *frame = STACK_ARRAY(int64_t, kernel->size);
    State *state = (State *)site->state;
    if (!log_begin(state, frame) || !scratch_begin(state, kernel, frame)) {
        *declined = "no memory";
        return NULL;
    }
    const int64_t *log = state->loop_log;
    frame[FRAME_BUDGET] = BUDGET;
    frame[FRAME_COMMIT] = (int64_t)(intptr_t)attempt_commit;
    frame[FRAME_APPEND] = (int64_t)(intptr_t)kind_append;
    frame[FRAME_PUT] = (int64_t)(intptr_t)kind_put;
    frame[FRAME_IS_PUT] = 0;
    frame[FRAME_SETTLE] = (int64_t)(intptr_t)attempt_settle;
    frame[FRAME_COMMITTED] = -1;
    frame[FRAME_SLICE_END] = 0;
    kernel_fill(kernel, args, frame);
    status_clear(1);
    int64_t exit = kernel->run(frame);
    int raised = status_raised(1);
    if (raised) {
        status_clear(1);
    }
    const int64_t *end = (const int64_t *)(intptr_t)frame[FRAME_POSITION];
    const int64_t *mark = (const int64_t *)(intptr_t)frame[FRAME_MARK];
    const int64_t *words = frame + kernel->ended_at;
    is_idle = raised == 0 ? 1 : fperrors_is_idle(site->state, raised);
    PyObject *result = NULL;
    log_undo(mark, end);
    if (is_idle > 0 && frame[FRAME_ITERATIONS] > 1) {
        result = results_locals(kernel, site, exit, frame, words, args);
    }
    if (result == NULL) {
        log_undo(log, mark);
        words = frame + kernel->committed_at;
        if (frame[FRAME_COMMITTED] >= 0 && is_idle >= 0 && !PyErr_Occurred()) {
            result = results_locals(kernel, site, frame[FRAME_COMMITTED], frame, words, args);
        }
        *declined = raised ? "NumPy has a floating point error to report"
                           : "an iteration has something that only the original code does";
    }
    else if (frame[FRAME_IS_PUT]) {
        log_settle(log, mark);
    }
    log_end(state, frame);
    scratch_end(state, frame);
    if (result != NULL) {
        Kinds kind = kernel->kinds;
        iterator_write(&kind, args[0], &words);
        *done = (Done){frame[FRAME_WORTH], frame[FRAME_ITERATIONS]};
    }
    return result;
}
