#include "loops/paying.h"

#include "loops/log.h"

#define MOST_LOSS (-50000) /* nanoseconds that entering kernels may cost more than it brings */
#define MOST_GAIN 1000000  /* that a loop may have in hand against this */
#define FIRST_TRIAL 8      /* entries before the original code is timed, each time many times more */
#define RARER 8
#define VISITS 16          /* iterations of the original code that are timed */

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
    if (kernel->sweeps && !self->is_whole && done->iterations > 0) {
        int64_t each = took / done->iterations;
        if (self->best == 0 || each < self->best) {
            self->best = each;
        }
        if (self->trial == 0) {
            self->trial = FIRST_TRIAL;
        }
        if (++self->entries == self->trial) {
            self->visits = VISITS + 1;
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
    int64_t now = log_now();
    if (self->visits > VISITS) {
        self->began = now;
    }
    if (--self->visits > 0) {
        return 1;
    }
    /* What the original took may hold what lies between two runs of the loop, and time of others;
     * the kernel's best time holds neither. */
    int64_t original = (now - self->began) / VISITS;
    if (original + original / 4 < self->best) {
        *reason = "the original code, with its regions, is faster than machine code";
    }
    self->trial = self->trial < 1u << 24 ? self->trial * RARER : 0;
    self->best = 0;
    return 0;
}
