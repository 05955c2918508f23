/* What memory held before a kernel stored something there, so that this can be taken back. */
#ifndef ALLOC_REWRITE_LOOPS_LOG_H
#define ALLOC_REWRITE_LOOPS_LOG_H

#include "loops/kernel.h"

/* Have a log, and put it into the frame; 0 if there is no memory. All sites share one: a kernel
 * runs under the GIL, and lets go of it nowhere. */
int log_begin(State *state, int64_t *frame);
/* Take back what was stored, down to a place in the log. */
void log_undo(const int64_t *begin, const int64_t *end);
/* Let go of what was there before, where numbers were stored into lists. */
void log_settle(const int64_t *begin, const int64_t *end);
/* If it was too short, have a longer one the next time. */
void log_end(State *state, const int64_t *frame);

/* Nanoseconds, from whenever. */
int64_t log_now(void);

#endif
