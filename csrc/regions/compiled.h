/* The executor that calls machine code, and how a stage gets it.
 *
 * A plan that has run for some milliseconds is described to Python, which says which steps of each
 * stage have machine code, or will have. When all of it is there, the stages get their executors:
 * with the GIL held, where no other call runs the plan. No call waits for that, unless all plans
 * are to be compiled at once (COMPILES_NOW).
 */
#ifndef ALLOC_REWRITE_REGIONS_COMPILED_H
#define ALLOC_REWRITE_REGIONS_COMPILED_H

#include "regions/machine_code.h"
#include "regions/plan.h"

#define HOT 8000000 /* nanoseconds or so that the plans of a typing have taken in all, */
#define WARM 250000 /* and a plan by itself, so that asking does not take longer */

/* See to the executors of a plan that one call is about to run; -1 with an exception. */
int compiled_settle(const State *state, Typing *typing, Plan *plan, const Program *program);

ALWAYS_INLINE int
compiled_heat(const State *state, Typing *typing, Plan *plan, const Program *program)
{
    if (LIKELY(plan->is_settled)) {
        return 0;
    }
    plan->heat += plan->effort;
    typing->heat += plan->effort;
    int is_due = plan->is_asked || (plan->heat > WARM && typing->heat > HOT) || typing->is_ready ||
                 state->compiles == COMPILES_NOW;
    return is_due ? compiled_settle(state, typing, plan, program) : 0;
}

#endif
