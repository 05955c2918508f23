#include "loops/paying.h"

#include "loops/log.h"

#include <time.h>

#define MOST_LOSS (-50000) /* nanoseconds that entering kernels may cost more than it brings */
#define MOST_GAIN 1000000  /* that a loop may have in hand against this */
#define TIMED 4            /* entries that are timed before the original code is */
#define RARER 8            /* so many times more entries until that is done again */
#define VISITS 8           /* iterations of the original code that are timed */

int64_t
paying_clock(const Paying *self)
{
#ifdef CLOCK_THREAD_CPUTIME_ID
    struct timespec now;
    if (!self->is_whole && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0) {
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    }
#endif
    (void)self;
    return log_now(); /* which takes less time than short functions do */
}

int
paying_is_timed(const Paying *self, const LoopKernel *kernel)
{
    return kernel->sweeps && self->entries + TIMED >= self->trial;
}

const char *
paying_entered(Paying *self, const LoopKernel *kernel, const Done *done, int64_t took)
{
    self->balance += done->worth - attempt_price(kernel, self->is_whole);
    int64_t most = self->is_whole ? 0 : MOST_GAIN;
    if (self->balance > most) {
        self->balance = most;
    }
    if (self->balance <= MOST_LOSS) {
        return "to enter machine code takes longer than the original code";
    }
    if (kernel->sweeps && done->iterations > 0) {
        int64_t each = took / done->iterations;
        if (self->is_whole && took > 0) { /* from one call to the next, as the original's */
            int64_t now = paying_clock(self);
            each = self->began > 0 ? now - self->began : 0;
            self->began = now;
        }
        if (each > 0 && (self->best == 0 || each < self->best)) {
            self->best = each;
        }
        if (self->trial == 0) {
            self->trial = TIMED;
        }
        if (++self->entries == self->trial) {
            self->visits = VISITS + 1;
            self->original = 0;
        }
    }
    return NULL;
}

int
paying_is_tried(Paying *self, const char **reason)
{
    if (self->visits == 0) {
        return 0;
    }
    int64_t now = paying_clock(self), took = now - self->began;
    self->began = now;
    if (self->visits <= VISITS) {
        if (!self->is_whole) {
            self->original += took / VISITS;
        }
        else if (self->original == 0 || took < self->original) {
            self->original = took;
        }
    }
    if (--self->visits > 0) {
        return 1;
    }
    /* What the original of a loop took may hold what lies between two runs of it as well. */
    int64_t margin = self->original / (self->is_whole ? 16 : 4);
    if (self->original + margin < self->best) {
        *reason = "the original code, with its regions, is faster than machine code";
    }
    self->trial = self->trial < 1u << 24 ? self->trial * RARER : 0;
    self->best = self->began = 0;
    return 0;
}
